"""Pictures of amplitude estimation and QAOA: error against oracle calls, intervals, the register, depth and angles."""
from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from qonverge.report.plot import (ANSWER, BASELINE, GREY, HARDWARE, INK, WARM, axis_label, finish, label_lines, legend,
                                  new_axes)
from qonverge.report.sampling import draw_error

CLASSICAL = ("monte_carlo", "sobol")
LOOKS = ((ANSWER, "o"), (HARDWARE, "s"), (WARM, "^"), (INK, "v"), ("#5f8fb4", "D"), ("#86ad8b", "P"))
CLASSICAL_LOOKS = ((BASELINE, "x"), (GREY, "+"))


def error_of_calls(run):
    """Root mean square error against oracle calls (samples) of each method, with fitted slopes."""
    names = sorted(n for n in run.arrays if n.startswith("convergence/") and run[n].ndim == 2 and run[n].shape[1] >= 2)
    if not names:
        return None
    figure, axes = new_axes(height=3.9)
    columns = {}
    quantum = iter(LOOKS * 2)
    classical = iter(CLASSICAL_LOOKS * 2)
    for name in sorted(names, key=lambda n: n.split("/")[1] in CLASSICAL):
        method = name.split("/")[1]
        colour, mark = next(classical if method in CLASSICAL else quantum)
        calls, error = run[name][:, 0], run[name][:, 1]
        draw_error(axes, calls, error, method.replace("_", " "), colour, mark)
        columns[f"{method}: calls"], columns[f"{method}: error"] = calls, error
    axes.set_xlabel("oracle calls (Monte Carlo: samples)")
    axes.set_ylabel("root mean square error / currency")
    legend(axes)
    return finish(figure, "error-of-calls", "Error against oracle calls",
                  "Each method at growing accuracy, with its fitted power law; Monte Carlo falls with −0.5, amplitude "
                  "estimation with up to −1.", columns)


def intervals(run):
    """The interval of the amplitude after each round."""
    if "rounds/interval" not in run or len(run["rounds/interval"]) < 2:
        return None
    low, high = run["rounds/interval"].T
    rounds = np.arange(1, len(low) + 1)
    figure, axes = new_axes()
    axes.vlines(rounds, low, high, color=ANSWER, linewidth=2.4, label="interval")
    axes.plot(rounds, (low + high) / 2, "o", color=ANSWER, markersize=3.5)
    exact = run.values.get("amplitude_exact")
    if exact:
        label_lines(axes, [(exact.value, "exact", BASELINE)])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("round")
    axes.set_ylabel("amplitude")
    powers = run["rounds/counts"][:, 0] if "rounds/counts" in run else None
    columns = {"round": rounds, "low": low, "high": high}
    if powers is not None and len(powers) == len(rounds):
        columns["Grover iterations"] = powers
    return finish(figure, "intervals", "Interval after each round",
                  "What is known of the amplitude narrows with each round, whose circuits are longer than the ones "
                  "before.", columns)


def register(run):
    """What the register holds: probability of each value."""
    if "grid/value" not in run:
        return None
    states = len(run["grid/value"])
    value, place = np.unique(run["grid/value"], return_inverse=True)
    probability = np.bincount(place, weights=run["grid/probability"])
    if len(value) > 4096:
        return None
    figure, axes = new_axes()
    axes.vlines(value, 0, probability, color=ANSWER, linewidth=max(0.6, min(4, 200 / len(value))))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("value of the basis state, without discount / currency")
    axes.set_ylabel("probability")
    return finish(figure, "register", "What the register holds",
                  f"{states} basis states with {len(value)} different values, and the probability of each value.",
                  {"value / currency": value, "probability": probability})


def depth(run):
    """The objective reached at each number of layers."""
    if "qaoa/reached" not in run or np.isfinite(run["qaoa/reached"]).sum() < 2:
        return None
    reached, unit = np.asarray(run["qaoa/reached"]), run.arrays["qaoa/reached"].unit
    layers = np.arange(1, len(reached) + 1)[np.isfinite(reached)]
    reached = reached[np.isfinite(reached)]
    figure, axes = new_axes()
    axes.plot(layers, reached, "o-", color=ANSWER, markersize=4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("layers")
    axes.set_ylabel(axis_label("objective that is minimised", unit))
    return finish(figure, "depth", "Objective at each depth", "The best objective with so many layers.",
                  {"layers": layers, axis_label("objective", unit): reached})


def angles(run):
    """Phase and mixer angles, layer by layer."""
    values = run.get("qaoa/angles")
    layers = run.values.get("layers")
    if values is None or layers is None or len(values) != 2 * layers.value:
        return None
    half = int(layers.value)
    places = np.arange(1, half + 1)
    figure, axes = new_axes()
    axes.plot(places, values[:half], "o-", color=ANSWER, markersize=4, label="phase (gamma)")
    axes.plot(places, values[half:], "s-", color=HARDWARE, markersize=4, label="mixer (beta)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("layer")
    axes.set_ylabel("angle / radian")
    legend(axes)
    return finish(figure, "angles", "Angles of the layers", "Phase and mixer angle of each layer at the best point.",
                  {"layer": places, "gamma / radian": values[:half], "beta / radian": values[half:]})


def history(run):
    """Cost and probability of the optimum along an evolution in time."""
    if "evolve/history" not in run or len(run["evolve/history"]) < 2:
        return None
    s, time, _, _, _, cost, probability = run["evolve/history"].T
    unit = run.arrays["evolve/history"].unit
    figure, axes = new_axes()
    axes.plot(s, cost, color=ANSWER, label=axis_label("mean cost", unit))
    axes.set_xlabel("s = t / time")
    axes.set_ylabel(axis_label("mean cost", unit))
    right = axes.twinx()
    right.plot(s, probability, color=HARDWARE, label="probability of the optimum, right")
    right.set_ylim(0, max(1e-3, 1.05 * np.nanmax(probability)))
    right.set_ylabel("probability of the optimum")
    right.grid(visible=False)
    right.spines["right"].set_visible(True)
    lines = axes.get_lines() + right.get_lines()
    axes.legend(lines, [line.get_label() for line in lines], loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2,
                borderaxespad=0.2, columnspacing=1.4, handlelength=1.6)
    return finish(figure, "history", "Along the evolution",
                  "Mean cost of the state and the probability that a shot has the lowest cost of all configurations.",
                  {"s": s, "time": time, "mean cost": cost, "probability of the optimum": probability})


def gap(run):
    """The gap along the path."""
    if "evolve/gap" not in run or len(run["evolve/gap"]) < 2:
        return None
    s, lowest, following, difference = run["evolve/gap"].T
    unit = run.arrays["evolve/gap"].unit
    figure, axes = new_axes()
    axes.plot(s, difference, "o-", color=ANSWER, markersize=3.5)
    axes.set_yscale("log")
    axes.set_xlabel("s = t / time")
    axes.set_ylabel(axis_label("gap", unit or "unit of the cost"))
    return finish(figure, "gap", "Gap along the path",
                  "Energy from the ground state to the next state that the evolution can reach; where it is small the "
                  "evolution must be slow.",
                  {"s": s, "lowest energy": lowest, "next energy": following, "gap": difference})


PLOTS = (error_of_calls, intervals, register, depth, angles, history, gap)
