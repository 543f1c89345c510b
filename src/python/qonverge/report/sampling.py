"""Pictures of measured and sampled quantities: shots, distributions, expectation values, errors against samples."""
from __future__ import annotations

import numpy as np
from matplotlib.ticker import LogFormatterSciNotation

from qonverge.report.plot import ANSWER, BASELINE, GREY, finish, legend, new_axes, number

MOST_BARS = 16


def shots(run):
    """The most frequent outcomes."""
    counts = run.counts()
    if not counts:
        return None
    total = sum(counts.values())
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    shown = rows[:MOST_BARS]
    share = np.array([n / total for _, n in shown])
    error = np.sqrt(share * (1 - share) / total)
    figure, axes = new_axes(height=0.9 + 0.17 * max(len(shown), 4))
    places = np.arange(len(shown))
    axes.barh(places, share, height=0.72, color=ANSWER, xerr=error,
              error_kw={"ecolor": GREY, "elinewidth": 0.9, "capsize": 1.5})
    axes.set_yticks(places, [bits for bits, _ in shown], family="DejaVu Sans Mono",
                    fontsize=8 if len(shown[0][0]) <= 24 else max(3, 8 * 24 / len(shown[0][0])))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("share of the shots")
    axes.set_ylabel("outcome (bit 0 last)")
    rest = len(rows) - len(shown)
    tail = (f" {rest} further outcomes hold {100 * (1 - share.sum()):.3g} % of the shots." if rest else "")
    return finish(figure, "shots", "Measured outcomes",
                  f"{number(total)} shots, {len(rows)} different outcomes; bars of one standard error." + tail,
                  {"outcome": [b for b, _ in shown], "count": [n for _, n in shown], "share": share,
                           "standard error": error})


def distribution(run):
    """The exact joint distribution of some qubits."""
    values = run.get("probabilities")
    if values is None:
        return None
    figure, axes = new_axes()
    places = np.arange(len(values))
    if len(values) <= 512:
        axes.vlines(places, 0, values, color=ANSWER, linewidth=max(0.6, min(6, 220 / len(values))))
    else:
        axes.plot(places, values, color=ANSWER, linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"outcome of qubits {run.setting('measure.probabilities', '')}, the first is bit 0"
                    if len(run.setting("measure.probabilities", "")) < 40 else "outcome of the chosen qubits")
    axes.set_ylabel("probability")
    return finish(figure, "distribution", "Exact distribution",
                  "The joint distribution of the chosen qubits, from the state itself: without sampling error.",
                  {"outcome": places, "probability": values})


def string_of(x, z):
    """"X0 Z3" of a pair of masks."""
    places = [q for q in range(64) if (x | z) >> q & 1]
    return " ".join(f"{'Y' if x >> q & z >> q & 1 else 'X' if x >> q & 1 else 'Z'}{q}" for q in places) or "1"


def expectations(run):
    """Expectation value of each Pauli string."""
    if "expectation/value" not in run:
        return None
    values = run["expectation/value"]
    names = [string_of(int(x), int(z)) for x, z in run["expectation/strings"]]
    order = np.argsort(-np.abs(values), kind="stable")[:MOST_BARS]
    figure, axes = new_axes(height=0.9 + 0.17 * max(len(order), 4))
    axes.barh(np.arange(len(order)), values[order], height=0.72, color=ANSWER)
    longest = max(len(names[i]) for i in order)
    axes.set_yticks(np.arange(len(order)), [names[i] for i in order], fontsize=min(8, max(3, 160 / longest)))
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.7)
    axes.set_xlim(-1.05, 1.05)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("expectation value")
    axes.set_ylabel("Pauli string")
    return finish(figure, "expectations", "Expectation values",
                  f"The {len(order)} largest of {len(values)} strings, without their coefficients.",
                  {"string": [names[i] for i in order], "expectation value": values[order]})


def slope_of(samples, errors):
    """Least squares of log error against log samples: (slope, factor), or None with fewer than three points."""
    good = (samples > 0) & (errors > 0) & np.isfinite(errors)
    if good.sum() < 3 or np.ptp(np.log(samples[good])) == 0:
        return None
    slope, intercept = np.polyfit(np.log(samples[good]), np.log(errors[good]), 1)
    return slope, np.exp(intercept)


def draw_error(axes, samples, errors, name, colour, marker="o"):
    """Errors with their fitted power law; returns the slope or None."""
    good = (samples > 0) & (errors > 0) & np.isfinite(errors)
    fit = slope_of(samples, errors)
    label = f"{name}, slope {fit[0]:.2f}".replace("-", "\u2212") if fit else name
    axes.loglog(samples[good], errors[good], marker, color=colour, markersize=3.2, label=label)
    if fit:
        ends = np.array([samples[good].min(), samples[good].max()])
        axes.loglog(ends, fit[1] * ends ** fit[0], color=colour, linewidth=1.1)
    return fit[0] if fit else None


def error_of_samples(run):
    """Standard error against samples, with the fitted slope and that of plain Monte Carlo."""
    table = run.get("convergence")
    if table is None or table.ndim != 2 or table.shape[1] != 3 or len(table) < 2:
        return None
    samples, _, errors = table.T
    if not (errors > 0).any():
        return None
    figure, axes = new_axes()
    slope = draw_error(axes, samples, errors, "standard error", ANSWER)
    start = np.flatnonzero((errors > 0) & np.isfinite(errors))[0]
    ends = np.array([samples[start], samples.max()])
    axes.loglog(ends, errors[start] * (ends / ends[0]) ** -0.5, color=GREY, linestyle=(0, (4, 2)), linewidth=0.9,
                label="slope −0.50: plain Monte Carlo")
    axes.set_xlabel("paths")
    axes.set_ylabel("standard error / currency")
    axes.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(1.5, 0.6)))  # often less than a decade
    legend(axes)
    return finish(figure, "error-of-samples", "Error against samples",
                  "Both axes logarithmic." +
                  (f" The error falls with the power {slope:.2f} of the number of paths; plain Monte Carlo falls with "
                   "−0.50.".replace("-", "−") if slope is not None else ""),
                  {"paths": samples, "standard error / currency": errors})


def estimate_of_samples(run):
    """The estimate with two standard errors, against samples."""
    table = run.get("convergence")
    if table is None or table.ndim != 2 or table.shape[1] != 3 or len(table) < 2:
        return None
    samples, values, errors = table.T
    figure, axes = new_axes()
    order = np.argsort(samples, kind="stable")
    axes.fill_between(samples[order], (values - 2 * errors)[order], (values + 2 * errors)[order], color=ANSWER,
                      alpha=0.18, linewidth=0, label="two standard errors")
    axes.plot(samples[order], values[order], "o-", color=ANSWER, markersize=2.6, linewidth=1, label="estimate")
    reference = run.baseline.get("reference_price")
    if reference:
        axes.axhline(reference.value, color=BASELINE, linewidth=0.9, linestyle=(0, (4, 2)), label="reference")
    axes.set_xscale("log")
    axes.set_xlabel("paths")
    axes.set_ylabel("price / currency")
    legend(axes)
    return finish(figure, "estimate-of-samples", "Estimate against samples",
                  "The running estimate with two standard errors" +
                  (" and the reference without simulation." if reference else "."),
                  {"paths": samples, "price / currency": values, "standard error / currency": errors})


PLOTS = (shots, distribution, expectations, error_of_samples, estimate_of_samples)
