#!/usr/bin/env python3
"""Runs the circuits of validation/data/circuits through the program and compares with expected.json.

Probabilities of basis states and expectation values of X, Y, Z and ZZ must agree to 1e-10, in single precision to 1e-5.
The outcomes of programs that measure must lie within five standard errors of the exact distribution.
usage: check_circuits.py PROGRAM DATA QUBITS PRECISION LAUNCHER..."""
import json
import math
import os
import subprocess
import sys
import tempfile

import h5py

program, data, most, precision, launcher = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:]
SHOTS = 4000
TOLERANCE = 1e-10 if precision == "double" else 1e-5


def paulis(n):
    strings = [f"{letter}{q}" for letter in "ZXY" for q in range(n)]
    return strings + [f"Z{q} Z{q + 1}" for q in range(n - 1)]


def run(folder, path, measure):
    deck = {"qonverge": 1, "task": "circuit", "circuit": {"qasm": path}, "measure": measure,
            "run": {"precision": precision, "seed": 5}, "output": "out"}
    with open(os.path.join(folder, "deck.yaml"), "w") as file:
        json.dump(deck, file)
    done = subprocess.run(launcher + [program, "run", os.path.join(folder, "deck.yaml"), "-o", folder, "--quiet",
                                      "--restart", "none"], capture_output=True, text=True)
    return done.returncode, done.stderr


def exact(folder, name, path, want):
    n = want["qubits"]
    top = list(want["amp2_top"])
    with open(os.path.join(folder, "list.pauli"), "w") as file:
        file.writelines(f"1 {string}\n" for string in paulis(n))
    code, text = run(folder, path, {"amplitudes": top, "expectation": "list.pauli"})
    assert code == 0, f"{name}: exit {code}: {text}"
    with h5py.File(os.path.join(folder, "out.h5")) as file:
        got = [abs(a) ** 2 for a in file["amplitudes"][:]]
        masks, values = file["expectation/strings"][:], file["expectation/value"][:]
    worst = max(abs(g - want["amp2_top"][t]) for g, t in zip(got, top))
    table = {(int(x), int(z)): v for (x, z), v in zip(masks, values)}
    for q in range(n):
        bit = 1 << q
        worst = max(worst, abs(table[0, bit] - want["expZ"][q]), abs(table[bit, 0] - want["expX"][q]),
                    abs(table[bit, bit] - want["expY"][q]))
    for q in range(n - 1):
        worst = max(worst, abs(table[0, 3 << q] - want["expZZ_chain"][q]))
    assert worst < TOLERANCE, f"{name}: deviation {worst}"


def sampled(folder, name, path, want):
    code, text = run(folder, path, {"shots": SHOTS})
    assert code == 0, f"{name}: exit {code}: {text}"
    with h5py.File(os.path.join(folder, "out.h5")) as file:
        width = int(file["counts/width"][()])
        counts = {format(int(b), f"0{width}b"): int(c) for b, c in zip(file["counts/bits"][:], file["counts/count"][:])}
    for outcome, p in want["distribution_top"].items():
        limit = 5 * math.sqrt(max(p * (1 - p), 1e-12) * SHOTS) + 1
        assert abs(counts.get(outcome, 0) - p * SHOTS) <= limit, f"{name}: {outcome}: {counts.get(outcome, 0)}, p {p}"


compared = 0
with open(os.path.join(data, "expected.json")) as file:
    circuits = json.load(file)["circuits"]
with tempfile.TemporaryDirectory() as folder:
    for name, want in sorted(circuits.items()):
        if want.get("qubits", 99) > most:
            continue
        path = os.path.join(data, name)
        if want.get("known", "").startswith("cat:"):
            n = want["qubits"]
            code, text = run(folder, path, {"amplitudes": ["0" * n, "1" * n]})
            assert code == 0, f"{name}: exit {code}: {text}"
            with h5py.File(os.path.join(folder, "out.h5")) as file:
                worst = max(abs(abs(a) ** 2 - 0.5) for a in file["amplitudes"][:])
            assert worst < TOLERANCE, f"{name}: deviation {worst}"
            compared += 1
        if "amp2_top" in want:
            exact(folder, name, path, want)
            compared += 1
        if "distribution_top" in want and want["qubits"] <= 12:
            sampled(folder, name, path, want)
            compared += 1
print(f"{compared} comparisons agree")
sys.exit(0 if compared > 40 else 1)
