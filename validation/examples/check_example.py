#!/usr/bin/env python3
"""Runs a ready deck as it stands and holds its answer: check_example.py PROGRAM DECK

The answer is held against a value made by others (EXPECTED, with its source), or else against the run's own exact
baseline; where neither exists, the run must be complete and its standard error small. A deck of config/node or
config/cluster must have the name of its output file.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

PSI4 = "Psi4 1.3.2: validation/data/chemistry/manifest.json"
QOKIT = "proven optimum: validation/data/optimisation/LABS_optimal_merit_factors.csv"
# deck: (answer, how far from it, source)
EXPECTED = {
    "vqe-h2o": (-75.012585671, 1.6e-3, PSI4),
    "ground-state-n2": (-107.622991595, 1e-8, PSI4),
    "labs": (108, 0, QOKIT),
    "labs-enumerate": (36, 0, QOKIT),
    "maxcut-g1": (11624, 0, "best known cut: validation/data/optimisation/best_known.json"),
    "tsp": (2020, 0, "TSPLIB"),
    "unit-commitment": (73043.86, 0.01, "dynamic programming: validation/data/optimisation/unit_commitment"),
    "unit-commitment-ramps": (58054.24, 0.01, "GLPK: validation/optimisation/unit_commitment.py"),
    "circuit-qft": (1, 1e-12, "a unitary keeps the norm"),
    "circuit-qpe": (0.128, 0.025, "amplitudes of the state: docs/circuit.md"),
    "node/vqe-h10": (-5.379954746, 1e-2, PSI4),
    "node/ground-state-c2h4": (-77.234605129, 1e-8, PSI4),
    "node/circuit-random": (1, 1e-4, "a unitary keeps the norm"),
    "node/anneal-labs": (175, 0, QOKIT),
    "node/enumerate-labs": (87, 0, QOKIT),
    "node/qaoa-labs": (26, 0, QOKIT),
    "node/ising-evolve": (26, 0, QOKIT),
}
# The exact answer to the same question, best first.
EXACT = ("exact_objective", "exact_on_grid", "reference_price", "delta_normal_var_99")
# Decks whose baseline is another model's answer, or a bound.
NO_BASELINE = ("risk-options", "node/risk-options", "portfolio")
MOST_SIGMAS = 4.5  # of some twenty draws none is further off, but for one run of ten thousand


def run(program, deck, folder):
    """The summary of the run, and how long it took."""
    start = time.monotonic()
    done = subprocess.run([program, "run", deck, "-o", folder, "-q"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{deck}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    names = [name for name in os.listdir(folder) if name.endswith(".json")]
    with open(os.path.join(folder, names[0]), encoding="utf-8") as file:
        return json.load(file), names[0][:-len(".json")], seconds


def judge(name, summary):
    """(what is wrong or None, what was compared)."""
    answer, error = summary["return_result"], summary["return_error"]
    if not summary["success"] or answer is None:
        return "the run is not complete", ""
    if name in EXPECTED:
        expected, far, source = EXPECTED[name]
        return (None if abs(answer - expected) <= far else "the answer is wrong"), f"expected {expected} ({source})"
    for key in EXACT:
        if key in summary["baseline"] and name not in NO_BASELINE:
            expected = summary["baseline"][key]
            far = MOST_SIGMAS * error if error else 1e-9 * max(1, abs(expected))
            return None if abs(answer - expected) <= far else "the answer is wrong", f"{key} = {expected}"
    if error is None and name != "portfolio":
        return "nothing to compare the answer with", ""
    return None if error is None or error <= 5e-3 * abs(answer) else "the error is large", "no exact answer"


def main():
    program, deck = sys.argv[1:]
    folder_of_deck, name = os.path.split(os.path.splitext(os.path.realpath(deck))[0])
    size = os.path.basename(folder_of_deck)
    with tempfile.TemporaryDirectory(prefix="qv-example-") as folder:
        summary, output, seconds = run(program, deck, folder)
    full = name if size == "config" else f"{size}/{name}"
    wrong, compared = judge(full, summary)
    print(f"{full}: {summary['return_name']} = {summary['return_result']} +- {summary['return_error']} after "
          f"{seconds:.1f} s; {compared}")
    if size != "config" and output != name:
        wrong = f"its output is {output}"
    if wrong:
        sys.exit(f"{full}: {wrong}")


if __name__ == "__main__":
    main()
