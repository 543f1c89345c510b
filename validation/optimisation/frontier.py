#!/usr/bin/env python3
"""The cardinality-constrained frontier of port1 in the measure of Chang, Meade, Beasley and Sharaiha, by hand.

usage: frontier.py QONVERGE [POINTS [SWEEPS]]

Their problem (Comput. Oper. Res. 27 (2000) 1271): exactly ten assets, each at least 1 % of the capital, for 50 values
of the weight of risk, 0, 1/49, ..., 1. The error of a portfolio is the lesser of two deviations in per cent from the
frontier without constraints (the 2000 points of portef1.txt, joined by straight lines): of its standard deviation at
its return, and of its return at its standard deviation; where one of the two lies beyond the end of the frontier the
other counts. They report the mean and median over the 50 portfolios, on port1: genetic algorithm 1.0974 and 1.2181,
tabu search 1.1217 and 1.2181, simulated annealing 1.0957 and 1.2181. Weights are whole thousandths here, continuous
there. The rest of the error is the constraint's own: the ten assets at 1 % each hold a tenth of the capital away from
the frontier."""
import bisect
import json
import math
import os
import subprocess
import sys
import tempfile

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "optimisation", "portfolio")
DECK = """qonverge: 1
task: anneal
model: {{objective: portfolio, file: {data}/port1.txt, units: 1000, bits: 10, cardinality: 10, least_units: 10,
        risk_aversion: {a}}}
anneal: {{islands: 1, sweeps: {sweeps}, max_sweeps: {sweeps}}}
output: result
"""


def along(xs, ys, x):
    """The broken line at x, nan beyond its ends; xs ascend."""
    if not xs[0] <= x <= xs[-1]:
        return math.nan
    k = min(max(bisect.bisect_left(xs, x), 1), len(xs) - 1)
    return ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / (xs[k] - xs[k - 1])


def solve(program, aversion, sweeps):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "deck.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(DECK.format(data=DATA, a=aversion, sweeps=sweeps))
        subprocess.run([program, "run", path, "-o", folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            values = json.load(file)["values"]
    assert values["feasible"] == 1
    return values["return"], math.sqrt(values["variance"])


def frontier():
    """Returns and standard deviations of the published frontier, ascending."""
    with open(os.path.join(DATA, "portef1.txt"), encoding="utf-8") as file:
        rows = sorted((float(r), math.sqrt(float(v))) for r, v in (line.split() for line in file if line.strip()))
    return [r for r, _ in rows], [d for _, d in rows]


def error_of(mean, deviation, returns, deviations):
    by_risk = abs(deviation / along(returns, deviations, mean) - 1)
    by_return = abs(mean / along(deviations, returns, deviation) - 1)
    return 100 * min(e for e in (by_risk, by_return) if not math.isnan(e))


def main():
    points = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    sweeps = int(sys.argv[3]) if len(sys.argv) > 3 else 256
    returns, deviations = frontier()
    errors = []
    for k in range(points):
        aversion = k / (points - 1)
        mean, deviation = solve(sys.argv[1], aversion, sweeps)
        errors.append(error_of(mean, deviation, returns, deviations))
        print(f"aversion {aversion:.4f}  return {mean:.7f}  deviation {deviation:.7f}  error {errors[-1]:.4f} %",
              flush=True)
    errors.sort()
    median = (errors[(points - 1) // 2] + errors[points // 2]) / 2
    print(f"mean error {sum(errors) / points:.4f} %, median {median:.4f} %")


if __name__ == "__main__":
    main()
