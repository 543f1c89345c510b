"""Reads result files and checkpoints of Qonverge.

    import qonverge
    run = qonverge.read("h2o.h5")
    print(run.headline.value, run.headline.unit, run.baseline["fci_energy"].value)
    energies = run["journal/value"]          # a numpy array

A Run holds everything in memory; the file is closed again at once.
"""
from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from datetime import datetime

import h5py

from qonverge import seal
from qonverge.deck import parse_echo

SECTIONS = ("headline", "baseline", "resources", "values")


class RunFileError(Exception):
    """The file is missing, not one of Qonverge's, or not whole."""


@dataclass(frozen=True)
class Quantity:
    """A named number (or text) of a result, with its standard error (None: it has none)."""
    name: str
    value: float | int | str
    error: float | None
    unit: str
    description: str


@dataclass(frozen=True)
class Array:
    """A dataset: a numpy array, or a number or text if it is a scalar."""
    name: str
    values: object
    unit: str
    description: str


@dataclass(frozen=True)
class Timer:
    """Where time went: seconds on the rank with least, mean over ranks, on the rank with most."""
    name: str
    calls: int
    least: float
    mean: float
    most: float
    bytes: float


@dataclass
class Run:
    """A run as its file tells it."""
    path: str
    kind: str  # "result" or "checkpoint"
    task: str
    done: bool  # False: it was stopped early and holds what was known then
    steps: int
    total: int  # 0: not known
    parts: int  # starts of the program
    seconds: float
    provenance: dict
    deck_text: str
    settings: list  # of Setting
    arrays: dict = field(repr=False)  # of Array, by name
    headline: Quantity | None = None
    baseline: dict = field(default_factory=dict)
    resources: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)

    def __getitem__(self, name):
        """The values of a dataset, by its path in the file."""
        return self.arrays[name].values

    def __contains__(self, name):
        return name in self.arrays

    def get(self, name, default=None):
        """The values of a dataset, or `default`."""
        return self.arrays[name].values if name in self.arrays else default

    def setting(self, key, default=None):
        """The text of a key of the deck, its default included; `default` where it has no value."""
        for setting in self.settings:
            if setting.key == key and setting.value is not None:
                return setting.value
        return default

    @property
    def title(self):
        return self.setting("title", self.setting("output", os.path.basename(self.path)))

    @property
    def date(self):
        """When the file was written, with its time zone (UTC); None if the file does not say."""
        text = self.provenance.get("utc", "")
        try:
            return datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None

    def quantities(self):
        """All quantities by name, whatever their section."""
        head = {self.headline.name: self.headline} if self.headline else {}
        return {**head, **self.baseline, **self.resources, **self.values}

    def timers(self):
        """The timers, in the order of the file."""
        if "timers/names" not in self:
            return []
        columns = [self[f"timers/{name}"] for name in ("calls", "least", "mean", "most", "bytes")]
        rows = zip(self["timers/names"].split("\n"), *columns)
        return [Timer(name, int(calls), *(float(x) for x in rest)) for name, calls, *rest in rows]

    def memory(self):
        """Bytes at the peak: {what: (on the rank with most, all ranks)}."""
        if "memory/names" not in self:
            return {}
        rows = zip(self["memory/names"].split("\n"), self["memory/most"], self["memory/sum"])
        return {name: (float(most), float(total)) for name, most, total in rows}

    def counts(self):
        """Measured outcomes: {bits: how often}, the last character being bit 0; empty where nothing was measured."""
        if "counts/bits" not in self:
            return {}
        width = int(self["counts/width"])
        words = self["counts/bits"].reshape(len(self["counts/count"]), -1)
        outcomes = [sum(int(word) << (64 * k) for k, word in enumerate(row)) for row in words]
        return {format(bits, f"0{width}b"): int(n) for bits, n in zip(outcomes, self["counts/count"])}


def text_of(value):
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def load_arrays(file):
    arrays = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("integrity/") and not name.endswith(".xxh3"):
            values = item[()]
            if item.dtype.kind in "SO":
                values = text_of(values)
            elif item.shape == ():
                values = values.item()
            unit, description = (text_of(item.attrs.get(key, "")) for key in ("unit", "description"))
            arrays[name] = Array(name, values, unit, description)

    file.visititems(visit)
    return arrays


def section_of(arrays, section):
    """The quantities of a group; what is called NAME_error belongs to NAME."""
    names = [name for name in arrays if name.startswith(section + "/")]
    found = {}
    for name in names:
        if name.endswith("_error") and name[:-len("_error")] in arrays:
            continue
        array = arrays[name]
        error = arrays.get(name + "_error")
        short = name.split("/", 1)[1]
        known = error is not None and not math.isnan(error.values)
        found[short] = Quantity(short, array.values, error.values if known else None, array.unit, array.description)
    return found


def build(path, file):
    arrays = load_arrays(file)
    meta = {name: text_of(value) for name, value in file["meta"].attrs.items()} if "meta" in file else {}

    def scalar(name, default):
        return arrays[name].values if name in arrays else default

    head, baseline, resources, values = (section_of(arrays, section) for section in SECTIONS)
    return Run(path=str(path), kind=text_of(file.attrs.get("kind", "")), task=scalar("run/task", ""),
               done=bool(scalar("run/done", 0)), steps=int(scalar("run/step", 0)), total=int(scalar("run/total", 0)),
               parts=int(scalar("run/parts", 1)), seconds=float(scalar("run/seconds", 0)), provenance=meta,
               deck_text=scalar("meta/deck", ""), settings=parse_echo(scalar("meta/echo", "")), arrays=arrays,
               headline=next(iter(head.values()), None), baseline=baseline, resources=resources, values=values)


def read(path):
    """Reads a result file or checkpoint. Raises RunFileError, whose text says what is wrong with the file."""
    if not os.path.isfile(path):
        raise RunFileError(f"{path}: there is no such file")
    defect = seal.defect_of(path)
    if defect:
        raise RunFileError(f"{path}: {defect} (`qonverge info` says more)")
    try:
        with h5py.File(path, "r") as file:
            return build(path, file)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise RunFileError(f"{path}: cannot be read: {error} (`qonverge info` says more)") from error
