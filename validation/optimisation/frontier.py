#!/usr/bin/env python3
"""How near portfolios of at most ten assets come to the published frontier without limits, by hand.

usage: frontier.py QONVERGE [POINTS]

For risk aversions spread evenly over (0, 1), port1 is solved with weights of whole hundredths and at most ten assets.
The error of a portfolio is Chang's (Chang, Meade, Beasley, Sharaiha, Comput. Oper. Res. 27 (2000) 1271): the lesser of
the deviations in per cent of its standard deviation at its return, and of its return at its standard deviation. Their
best heuristics had mean errors of 1.0957 % (simulated annealing), 1.0974 % (genetic algorithm) and 1.1217 % (tabu
search) on port1, with exactly ten assets of at least 1 % each, a narrower problem than this one."""
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
model: {{objective: portfolio, file: {data}/port1.txt, units: 100, bits: 7, cardinality: 10, risk_aversion: {a}}}
anneal: {{islands: 1, sweeps: 256, max_sweeps: 256}}
output: result
"""


def along(xs, ys, x):
    """The broken line at x; xs ascend."""
    k = min(max(bisect.bisect_left(xs, x), 1), len(xs) - 1)
    return ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / (xs[k] - xs[k - 1])


def solve(program, aversion):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "deck.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(DECK.format(data=DATA, a=aversion))
        subprocess.run([program, "run", path, "-o", folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            values = json.load(file)["values"]
    assert values["feasible"] == 1
    return values["return"], math.sqrt(values["variance"])


def main():
    points = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with open(os.path.join(DATA, "portef1.txt"), encoding="utf-8") as file:
        rows = sorted((float(r), math.sqrt(float(v))) for r, v in (line.split() for line in file if line.strip()))
    returns, deviations = [r for r, _ in rows], [d for _, d in rows]
    errors = []
    for k in range(points):
        mean, deviation = solve(sys.argv[1], (k + 0.5) / points)
        by_risk = abs(deviation / along(returns, deviations, mean) - 1)
        by_return = abs(mean / along(deviations, returns, deviation) - 1)
        errors.append(100 * min(by_risk, by_return))
        print(f"aversion {(k + 0.5) / points:.3f}  return {mean:.7f}  deviation {deviation:.7f}  "
              f"error {errors[-1]:.4f} %", flush=True)
    print(f"mean error {sum(errors) / len(errors):.4f} %, median {sorted(errors)[len(errors) // 2]:.4f} %")


if __name__ == "__main__":
    main()
