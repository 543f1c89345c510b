"""Pictures of what the run took: time by timer, memory by kind."""
from __future__ import annotations

import numpy as np

from qonverge.report.plot import ANSWER, GREY, HARDWARE, finish, new_axes

MOST_ROWS = 12


def timers(run):
    """Seconds by timer."""
    rows = sorted(run.timers(), key=lambda t: -t.most)[:MOST_ROWS]
    rows = [t for t in rows if t.most > 0]
    if not rows:
        return None
    mean = np.array([t.mean for t in rows])
    spread = np.array([[t.mean - t.least for t in rows], [t.most - t.mean for t in rows]]).clip(min=0)
    figure, axes = new_axes(height=0.8 + 0.2 * max(len(rows), 4))
    places = np.arange(len(rows))
    axes.barh(places, mean, height=0.66, color=HARDWARE)
    if spread.any():
        axes.errorbar(mean, places, xerr=spread, fmt="none", ecolor=GREY, elinewidth=0.9, capsize=1.5)
    axes.set_yticks(places, [t.name for t in rows])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("time / s, mean over ranks")
    return finish(figure, "timers", "Where the time went",
                  "Timers lie inside one another, so they do not add up. The lines reach from the fastest rank to the "
                  "slowest. Only the last part of a run that was stopped is counted.",
                  {"timer": [t.name for t in rows], "calls": [t.calls for t in rows],
                   "least / s": [t.least for t in rows], "mean / s": mean, "most / s": [t.most for t in rows]})


def memory(run):
    """Bytes at the peak, by kind."""
    rows = [(name, most) for name, (most, _) in run.memory().items() if most > 0]
    if not rows:
        return None
    figure, axes = new_axes(height=0.8 + 0.2 * max(len(rows), 4))
    places = np.arange(len(rows))
    axes.plot([most / 2 ** 20 for _, most in rows], places, "o", color=ANSWER, markersize=5)
    axes.set_yticks(places, [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("peak memory / MiB, rank with most")
    return finish(figure, "memory", "Where the memory went",
                  "Peak of each kind, which need not have come at the same time; logarithmic.",
                  {"kind": [name for name, _ in rows], "peak / MiB": [most / 2 ** 20 for _, most in rows]})


PLOTS = (timers, memory)
