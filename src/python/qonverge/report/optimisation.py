"""Pictures of an optimisation: the journal of a variational run."""
from __future__ import annotations

import numpy as np

from qonverge.report.plot import (ANSWER, BASELINE, GREY, HARDWARE, WARM, axis_label, finish, label_lines, legend,
                                  new_axes)

CHEMICAL_ACCURACY = 1.6e-3  # Hartree
LABELS = {"hf_energy": "HF", "mp2_energy": "MP2", "fci_energy": "FCI", "exact": "exact", "exact_energy": "exact"}


def values_of(run):
    """(values, unit) of the journal; where the optimiser saw a scaled cost, the cost itself."""
    values, unit = run["journal/value"], run.arrays["journal/value"].unit
    scale, variables = run.values.get("scale"), run.values.get("variables")
    if scale and variables and "scale" in run.arrays["journal/value"].description:
        return values * scale.value * variables.value, scale.unit
    return values, unit


def references(run):
    """Baselines that are the same quantity as the journal: [(value, label)]. Only energies are known to be."""
    unit = run.arrays["journal/value"].unit
    if not unit:
        return []
    return [(q.value, LABELS.get(q.name, q.name.replace("_", " "))) for q in run.baseline.values()
            if isinstance(q.value, (int, float)) and q.unit == unit and np.isfinite(q.value)]


def what_of(run):
    return "energy" if run.arrays["journal/value"].unit == "Hartree" else "cost"


def view(values, others):
    """A range that shows the way to the minimum: what the line searches tried far above it is cut."""
    low = min(values.min(), *others) if others else values.min()
    high = max([np.percentile(values, 80), *others, values[0] if values[0] < np.percentile(values, 95) else low])
    pad = 0.08 * (high - low or abs(high) or 1)
    return low - pad, high + pad


def journal(run):
    """Value of each evaluation, with the baselines."""
    if "journal/value" not in run or len(run["journal/value"]) < 2:
        return None
    (values, unit), what = values_of(run), what_of(run)
    finite = values[np.isfinite(values)]
    lines = references(run)
    steps = np.arange(1, len(values) + 1)
    figure, axes = new_axes()
    bottom, top = view(finite, [v for v, _ in lines])
    axes.plot(steps, values, ".", color=ANSWER, markersize=3.5, label="evaluation")
    axes.plot(steps, np.fmin.accumulate(values), color=ANSWER, label="lowest so far")
    axes.set_ylim(bottom, top)
    above = int(np.sum(values > top))
    if above:
        axes.plot(steps[values > top], np.full(above, top - 0.02 * (top - bottom)), "^", color=GREY, markersize=3.5,
                  label=f"{above} above the frame")
    axes.set_xlabel("evaluation")
    axes.set_ylabel(axis_label(what, unit))
    label_lines(axes, [(v, text, BASELINE) for v, text in lines])
    legend(axes)
    return finish(figure, "journal", f"{what.capitalize()} of each evaluation",
                  "Each evaluation of the optimiser in order, and the lowest so far" +
                  (", with the classical baselines." if lines else "."),
                  {"evaluation": steps, axis_label(what, unit): values})


def approach(run):
    """Distance to the best reference, and the gradient, on a logarithmic axis."""
    if "journal/value" not in run or len(run["journal/value"]) < 2:
        return None
    values, unit = values_of(run)
    lowest = np.fmin.accumulate(values)
    exact = [q for name, q in run.baseline.items() if name.startswith(("fci", "exact"))]
    exact = [q.value for q in exact if isinstance(q.value, float) and q.unit == unit and q.value <= lowest[-1]]
    target = exact[0] if exact else lowest[-1]
    name = "exact" if exact else "the best found"
    excess = lowest - target
    steps = np.arange(1, len(values) + 1)
    shown = excess > 0
    if not shown.any():
        return None
    figure, axes = new_axes()
    axes.semilogy(steps[shown], excess[shown], color=ANSWER, label=axis_label(f"above {name}", unit))
    columns = {"evaluation": steps, axis_label(f"lowest above {name}", unit): excess}
    if "journal/gradient" in run:
        norm = np.linalg.norm(run["journal/gradient"], axis=1)
        gradient_unit = run.arrays["journal/gradient"].unit
        axes.semilogy(steps, norm, color=HARDWARE, linewidth=0.9, label=axis_label("gradient norm", gradient_unit))
        columns[axis_label("gradient norm", gradient_unit)] = norm
    axes.set_xlabel("evaluation")
    axes.set_ylabel(axis_label("distance", unit))
    if unit == "Hartree":
        label_lines(axes, [(CHEMICAL_ACCURACY, "1.6 mHa", WARM)])
    legend(axes)
    return finish(figure, "approach", f"Distance to {name}",
                  f"The lowest value so far, measured from {name}" +
                  (", and the norm of the gradient." if "journal/gradient" in run else ".") +
                  (" Chemical accuracy is 1.6 mHa." if unit == "Hartree" else ""), columns)


PLOTS = (journal, approach)
