"""Pictures of portfolios and prices: efficient frontier, losses, levels of a multilevel estimate, sensitivities."""
from __future__ import annotations

import re

import numpy as np
from matplotlib.ticker import MaxNLocator

from qonverge.report.plot import ANSWER, BASELINE, GREY, HARDWARE, WARM, finish, label_lines, legend, new_axes

HISTOGRAM_BARS = 80


def frontier(run):
    """Return against risk: the frontier of continuous weights, and the portfolio that was found."""
    if "frontier/variance" not in run:
        return None
    risk, mean = np.sqrt(np.maximum(run["frontier/variance"], 0)), run["frontier/return"]
    figure, axes = new_axes()
    fine_risk, fine_mean = between_corners(risk, mean)
    axes.plot(100 * fine_risk, 100 * fine_mean, color=BASELINE, label="efficient frontier, continuous weights")
    axes.plot(100 * risk, 100 * mean, "o", color=BASELINE, markersize=2.6)
    columns = {"deviation of a corner / %": 100 * risk, "return of a corner / %": 100 * mean}
    if "variance" in run.values and "return" in run.values:
        x, y = 100 * np.sqrt(run.values["variance"].value), 100 * run.values["return"].value
        axes.plot([x], [y], "D", color=ANSWER, markersize=6, label="portfolio found")
        columns["deviation of the portfolio / %"], columns["return of the portfolio / %"] = [x], [y]
    axes.set_xlabel("standard deviation / % per period")
    axes.set_ylabel("expected return / % per period")
    legend(axes)
    return finish(figure, "frontier", "Efficient frontier",
                  "Least risk for each return without limits on the number of assets (dots: corner portfolios), and "
                  "the portfolio that was found under the deck's limits.", columns)


def between_corners(risk, mean):
    """The frontier between its corners. Weights are linear from corner to corner, so the variance is a parabola in the
    return; it begins level at least variance, and its slope has no jumps (Markowitz, critical line): that fixes all."""
    order = np.argsort(mean)
    y, v = mean[order], risk[order] ** 2
    slope, fine_mean, fine_variance = 0.0, [y[:1]], [v[:1]]
    for i in range(len(y) - 1):
        step = y[i + 1] - y[i]
        if step <= 0:
            continue
        t = np.linspace(0, 1, 21)[1:]
        middle = v[i] + slope * step / 2
        fine_mean.append(y[i] + t * step)
        fine_variance.append((1 - t) ** 2 * v[i] + 2 * t * (1 - t) * middle + t ** 2 * v[i + 1])
        slope = 2 * (v[i + 1] - v[i]) / step - slope
        if slope < 0:
            return risk, mean  # a degenerate corner: straight lines say no more than is known
    return np.sqrt(np.concatenate(fine_variance)), np.concatenate(fine_mean)


def losses(run):
    """Histogram of losses with value at risk and expected shortfall."""
    if "losses/counts" not in run:
        return None
    counts, (low, high) = run["losses/counts"], run["losses/range"]
    inner = counts[1:-1].astype(float)
    edges = np.linspace(low, high, len(inner) + 1)
    filled = np.flatnonzero(inner)
    if len(filled) == 0:
        return None
    first, last = edges[filled[0]], edges[filled[-1] + 1]
    bars = np.linspace(first, last, HISTOGRAM_BARS + 1)
    heights, _ = np.histogram((edges[:-1] + edges[1:]) / 2, bins=bars, weights=inner)
    share = heights / counts.sum()
    figure, axes = new_axes()
    axes.stairs(100 * share, bars, fill=True, color=ANSWER, alpha=0.35, linewidth=0)
    axes.set_ylim(bottom=0)
    marks = sorted((q.value, name) for name, q in run.quantities().items() if re.fullmatch(r"(var|es)_[\d_.]+", name))
    highest = max((name.split("_", 1)[1] for _, name in marks), default="")
    for value, name in marks:
        kind, level = name.split("_", 1)
        axes.axvline(value, color=WARM if kind == "var" else HARDWARE, linewidth=1.2,
                     alpha=1 if level == highest else 0.5,
                     linestyle="-" if kind == "var" else (0, (4, 2)),
                     label=f"{'VaR' if kind == 'var' else 'ES'} {level.replace('_', '.')} %")
    axes.set_xlabel("loss / currency")
    axes.set_ylabel("share of the scenarios / % per bar")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    legend(axes)
    return finish(figure, "losses", "Distribution of losses",
                  f"{int(counts.sum()):,} scenarios; value at risk (VaR) and expected shortfall (ES) are marked."
                  .replace(",", "\u202f"),
                  {"loss from / currency": bars[:-1], "loss to / currency": bars[1:], "share / %": 100 * share})


def levels(run):
    """What each level of a multilevel estimate adds."""
    names = sorted(n for n in run.values if re.fullmatch(r"level_\d+", n))
    if len(names) < 2:
        return None
    size = np.array([abs(run.values[n].value) for n in names])
    error = np.array([run.values[n].error or 0 for n in names])
    samples = np.array([int(re.match(r"(\d+) samples", run.values[n].description)[1]) for n in names])
    places = np.arange(len(names))
    figure, axes = new_axes()
    axes.plot(places, size, "o", color=ANSWER, markersize=4.5, label="mean of the level")
    axes.plot(places, error, "_", color=BASELINE, markersize=10, markeredgewidth=1.5, label="its standard error")
    axes.set_yscale("log")
    axes.set_xticks(places)
    axes.set_xlabel("level")
    axes.set_ylabel("absolute value / currency")
    for x, y, n in zip(places, size, samples):
        axes.annotate(f"{n:,}".replace(",", "\u202f"), (x, y), textcoords="offset points", xytext=(8, 0), va="center",
                      fontsize=7.5, color=GREY)
    axes.margins(x=0.2, y=0.15)
    legend(axes)
    return finish(figure, "levels", "Levels of the multilevel estimate",
                  "What each finer grid adds, its standard error, and the number of samples it got.",
                  {"level": places, "mean / currency": [run.values[n].value for n in names],
                   "standard error / currency": error, "samples": samples})


def bounds(run):
    """Lower and upper bound of an early exercise, with the reference between them."""
    if "upper_bound" not in run.values or "lower_bound" not in run.values:
        return None
    ends = [run.values["lower_bound"], run.values["upper_bound"]]
    figure, axes = new_axes()
    axes.errorbar([0, 1], [q.value for q in ends], yerr=[2 * (q.error or 0) for q in ends], fmt="o", color=ANSWER,
                  markersize=5, capsize=4)
    axes.set_xlim(-0.6, 1.6)
    axes.set_xticks([0, 1], ["lower bound:\nregressed policy", "upper bound:\nduality"])
    reference = run.baseline.get("reference_price")
    if reference:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, reference.value - 0.1 * (high - low)), max(high, reference.value + 0.1 * (high - low)))
        label_lines(axes, [(reference.value, "reference", BASELINE)])
    axes.grid(axis="x", visible=False)
    axes.set_ylabel("price / currency")
    return finish(figure, "bounds", "Bounds of the price",
                  "The true price lies between the two; bars of two standard errors" +
                  (", and the reference without simulation." if reference else "."),
                  {"bound": ["lower", "upper"], "price / currency": [q.value for q in ends],
                   "standard error / currency": [q.error or 0 for q in ends]})


PLOTS = (frontier, losses, levels, bounds)
