#!/usr/bin/env python3
"""Whether anneal reaches the best known value of each published instance, and in what processor time (of the whole
program, start included), as a table in Markdown, by hand.

usage: best_known.py QONVERGE [SEEDS [FOLDER]]      FOLDER holds biqmac/, gset/ and best_known.json"""
import json
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DECK = """qonverge: 1
task: anneal
model: {{objective: {kind}, {key}: {path}}}
anneal: {{target: {best}, max_sweeps: 8 Mi}}
run: {{seed: {seed}}}
output: result
"""


def instances(folder, known):
    """Name, path and whether it is a cut."""
    for path, _, files in sorted(os.walk(folder)):
        for file in sorted(files):
            name = file.replace(".sparse", "").replace(".txt", "")
            if name in known and ("biqmac" in path or "gset" in path):
                yield name, os.path.join(path, file), not name.startswith(("bqp", "gka", "be"))


def solve(program, deck):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "deck.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(deck)
        subprocess.run([program, "run", path, "-o", folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            found = json.load(file)["return_result"]
    return found, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    folder = sys.argv[3] if len(sys.argv) > 3 else os.path.join(HERE, "..", "data", "optimisation")
    with open(os.path.join(folder, "best_known.json"), encoding="utf-8") as file:
        known = json.load(file)["best_known"]
    print("| instance | best known | reached | worst distance | processor time: median | longest |")
    print("| --- " * 6 + "|")
    for name, path, cut in instances(folder, known):
        runs = [solve(sys.argv[1], DECK.format(kind="maxcut" if cut else "qubo", key="graph" if cut else "file",
                                               path=os.path.abspath(path), best=known[name], seed=seed))
                for seed in range(1, seeds + 1)]
        worst = max(abs(found - known[name]) for found, _ in runs)
        hits = sum(abs(found - known[name]) < 1e-9 * abs(known[name]) for found, _ in runs)
        times = sorted(cpu for _, cpu in runs)
        print(f"| {name} | {known[name]} | {hits} of {seeds} | {worst:g} | {times[seeds // 2]:.2f} s "
              f"| {times[-1]:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
