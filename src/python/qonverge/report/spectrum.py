"""Pictures of levels: energies of a sector, objectives of the best configurations."""
from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from qonverge.report.plot import ANSWER, BASELINE, GREY, axis_label, finish, label_lines, legend, new_axes


def energies(run):
    """Lowest energies of the sector, with the reference determinant."""
    if "ground_state/energy" not in run:
        return None
    values = np.asarray(run["ground_state/energy"])
    figure, axes = new_axes()
    axes.hlines(values, np.arange(len(values)) - 0.35, np.arange(len(values)) + 0.35, color=ANSWER, linewidth=2)
    reference = [(q.value, "HF", BASELINE) for q in run.baseline.values() if q.name == "hf_energy"]
    heights = [*values, *(v for v, _, _ in reference)]
    pad = 0.12 * (max(heights) - min(heights) or 1)
    axes.set_ylim(min(heights) - pad, max(heights) + pad)
    axes.set_xlim(-0.6, max(len(values) - 0.4, 0.6))
    if len(values) <= 12:
        axes.set_xticks(np.arange(len(values)))
    axes.set_xlabel("state of the sector, 0 is the ground state")
    axes.set_ylabel("energy / Hartree")
    label_lines(axes, reference)
    return finish(figure, "energies", "Lowest energies",
                  "Exact energies in the sector of the electrons, and the Hartree-Fock determinant.",
                  {"state": np.arange(len(values)), "energy / Hartree": values})


def reference_lines(run):
    """Objectives of the baselines; equal ones share a line."""
    found = {}
    for q in run.baseline.values():
        if q.name.endswith("_objective") and isinstance(q.value, float):
            name = q.name[:-len("_objective")]
            found.setdefault(q.value, []).append("bound" if name == "frontier" else name)
    return [(value, ", ".join(sorted(names)), BASELINE) for value, names in found.items()]


def solutions(run):
    """Objectives of the configurations that were kept."""
    if "solutions/objective" not in run or len(run["solutions/objective"]) < 2:
        return None
    values, feasible = np.asarray(run["solutions/objective"]), np.asarray(run["solutions/feasible"]) > 0
    unit = run.headline.unit if run.headline else ""
    places = np.arange(1, len(values) + 1)
    figure, axes = new_axes()
    axes.plot(places[feasible], values[feasible], "o", color=ANSWER, markersize=4.5, label="all constraints hold")
    if not feasible.all():
        axes.plot(places[~feasible], values[~feasible], "x", color=GREY, markersize=5, label="a constraint is broken")
    lines = reference_lines(run)
    heights = [*values, *(value for value, _, _ in lines)]
    pad = 0.1 * (max(heights) - min(heights) or abs(heights[0]) or 1)
    axes.set_ylim(min(heights) - pad, max(heights) + pad)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if all(height == int(height) for height in heights):
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("configuration, in order of cost")
    axes.set_ylabel(axis_label("objective", unit))
    label_lines(axes, lines)
    legend(axes)
    return finish(figure, "solutions", "Best configurations",
                  "Objective of the configurations of lowest cost (penalties included in the cost, not here)." +
                  (" The bound is that of continuous weights." if "frontier_objective" in run.baseline else ""),
                  {"configuration": places, axis_label("objective", unit): values, "feasible": feasible.astype(int)})


PLOTS = (energies, solutions)
