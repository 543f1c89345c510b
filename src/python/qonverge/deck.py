"""The echo of a deck, as a result file carries it (meta/echo): every key, its effective value and its origin."""
from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One key of the deck. `value` is the text as a deck would hold it; None: not set."""
    key: str  # "optimizer.max_evaluations"; records count from 0: "market.underlyings[0].spot"
    value: str | None
    origin: str  # "default", "config/vqe-h2o.yaml:13", "--set", or "" for a key that is not set

    @property
    def is_default(self):
        return self.origin == "default"


LINE = re.compile(r"^(?P<indent> *)(?P<dash>- )?(?P<off># )?(?P<name>[\w-]+):(?P<rest>.*)$")
# A value ends where a comment begins, which is not inside quotes.
VALUE = re.compile(r"""^\s*(?P<value>(?:"(?:\\.|[^"\\])*"|[^"#]|(?<!\s)\#)*?)\s*(?:\s\#\s(?P<origin>.*))?$""", re.X)


def parse_echo(text):
    """The settings of an echo, in its order."""
    settings = []
    above = []  # (column, name) of the maps that the line stands in
    records = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        column = len(match["indent"]) + (2 if match["dash"] else 0)
        while above and above[-1][0] >= column:
            above.pop()
        if match["dash"] and above:
            path = ".".join(name for _, name in above).split("[")[0]
            records[path] = records.get(path, -1) + 1
            base = above[-1][1].split("[")[0]
            above[-1] = (above[-1][0], f"{base}[{records[path]}]")
        key = ".".join([name for _, name in above] + [match["name"]])
        if match["off"]:
            settings.append(Setting(key, None, ""))
            continue
        parts = VALUE.match(match["rest"])
        value, origin = (parts["value"], parts["origin"] or "") if parts else (match["rest"].strip(), "")
        if value:
            settings.append(Setting(key, unquote(value), origin))
        else:
            above.append((column, match["name"]))
    return settings


def unquote(value):
    """The text of a value in double quotes; any other value as it stands."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
