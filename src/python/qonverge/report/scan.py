"""Pictures of several runs that differ in one thing: answers along a scan, and their distance to the exact ones."""
from __future__ import annotations

import re

import numpy as np

from qonverge.report.baseline import answers_the_same
from qonverge.report.plot import (ANSWER, BASELINE, GREY, HARDWARE, INK, WARM, axis_label, finish, label_lines,
                                  legend, new_axes)

NOT_PHYSICS = ("title", "output", "qonverge", "run.")
MARKS = ((BASELINE, "s"), (HARDWARE, "^"), (WARM, "v"), (GREY, "D"), (INK, "x"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class ScanError(Exception):
    """The runs do not make a scan."""


def number_of(text):
    """The number that a value of the deck begins with, if it is one with at most a unit behind it."""
    match = re.fullmatch(r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)(?: \S+)?", text or "")
    return float(match[1]) if match else None


def numbers_in_names(texts):
    """The one number that differs among texts of the same shape, such as file names: its values, or None."""
    shapes = {NUMBER.sub("#", text) for text in texts}
    found = [NUMBER.findall(text) for text in texts]
    if len(shapes) != 1:
        return None
    columns = [column for column in zip(*found) if len(set(column)) > 1]
    return [float(x) for x in columns[0]] if len(columns) == 1 else None


def coordinate(runs):
    """(name of what is scanned, its value in each run)."""
    keys = [s.key for s in runs[0].settings if not s.key.startswith(NOT_PHYSICS)]
    varied = [key for key in keys if len({run.setting(key) for run in runs}) > 1]
    if len({run.task for run in runs}) > 1:
        raise ScanError("the runs are of different tasks: " + ", ".join(sorted({run.task for run in runs})))
    for key in varied:
        texts = [run.setting(key) or "" for run in runs]
        values = [number_of(text) for text in texts]
        values = values if None not in values else numbers_in_names(texts)
        if values and len(set(values)) == len(runs):
            return (key if None not in [number_of(t) for t in texts] else f"number in {key}"), np.array(values)
    raise ScanError("no key of the decks has a number that is different in each run: " +
                    (", ".join(varied) + " differ" if varied else "the decks do not differ"))


def scan(runs, axis=None):
    """The pictures of a scan, with the runs put in order. `axis`: how to name the coordinate ("r / Angstrom")."""
    name, places = coordinate(runs)
    order = np.argsort(places)
    places, runs = places[order], [runs[i] for i in order]
    return [p for p in (answers(runs, places, axis or name), errors(runs, places, axis or name)) if p], runs, places


def common_baselines(runs):
    names = [n for n, q in runs[0].baseline.items() if answers_the_same(runs[0].headline, q)]
    return [n for n in names if all(n in run.baseline for run in runs)]


def answers(runs, places, axis):
    """Headline and baselines along the scan."""
    if any(run.headline is None for run in runs):
        return None
    head, unit = runs[0].headline.name, runs[0].headline.unit
    columns = {axis: places, axis_label(head, unit): [run.headline.value for run in runs]}
    figure, axes = new_axes()
    for name, (colour, mark) in zip(common_baselines(runs), MARKS):
        columns[axis_label(name, unit)] = [run.baseline[name].value for run in runs]
        axes.plot(places, columns[axis_label(name, unit)], mark + "-", color=colour, markersize=3.5, linewidth=0.9,
                  label=name.replace("_", " "))
    axes.errorbar(places, columns[axis_label(head, unit)], yerr=[run.headline.error or 0 for run in runs], fmt="o-",
                  color=ANSWER, markersize=4, label=head.replace("_", " "))
    axes.set_xlabel(axis)
    axes.set_ylabel(axis_label("energy" if unit == "Hartree" else "answer", unit or "units of the deck"))
    legend(axes)
    return finish(figure, "scan", "Answers along the scan",
                  f"{len(runs)} runs; the answer and its classical baselines.", columns)


def errors(runs, places, axis):
    """Distance of the answer to the exact baseline along the scan."""
    exact = [n for n in common_baselines(runs) if n.startswith(("fci", "exact", "reference"))] if all(
        run.headline for run in runs) else []
    if not exact:
        return None
    unit = runs[0].headline.unit
    scale, shown_unit = (1e3, "mHa") if unit == "Hartree" else (1, unit or "units of the deck")
    distance = np.array([scale * abs(run.headline.value - run.baseline[exact[0]].value) for run in runs])
    if not (distance > 0).any():
        return None
    figure, axes = new_axes()
    axes.semilogy(places, distance, "o-", color=ANSWER, markersize=4)
    axes.set_xlabel(axis)
    axes.set_ylabel(axis_label(f"distance to {exact[0].replace('_', ' ')}", shown_unit))
    if unit == "Hartree":
        low, high = axes.get_ylim()
        axes.set_ylim(low, max(high, 3))
        label_lines(axes, [(1.6, "1.6 mHa", WARM)])
    return finish(figure, "scan-errors", "Distance to the exact answer", "Absolute, on a logarithmic axis." +
                  (" Chemical accuracy is 1.6 mHa." if unit == "Hartree" else ""),
                  {axis: places, axis_label("distance", shown_unit): distance})
