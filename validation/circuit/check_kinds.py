#!/usr/bin/env python3
"""Circuits that are built by name and size: exported, they are the programs that their definitions say; run, they give
the amplitudes of a dense simulation of the exported program; planned, they take any number of qubits; and every mistake
in their keys is named. usage: check_kinds.py PROGRAM"""
import cmath
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import circuits

PROGRAM = sys.argv[1]
BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\nh q[0];\ncx q[0],q[2];\n'
MEASURED = BELL + "creg c[1];\nmeasure q[0] -> c[0];\n"


def call(folder, command, circuit, *options, measure=None):
    deck = {"qonverge": 1, "task": "circuit", "circuit": circuit, "measure": measure or {}, "output": "out"}
    with open(os.path.join(folder, "deck.yaml"), "w") as file:
        json.dump(deck, file)
    return subprocess.run([PROGRAM, command, "deck.yaml", *options], cwd=folder, capture_output=True, text=True)


def gates_of(text):
    """(name, angles, qubits) of each gate of a flat program on one register."""
    found = []
    for name, angles, qubits in re.findall(r"^(\w+)(?:\(([^)]*)\))? (q\[.*\]);", text, re.MULTILINE):
        if name != "qreg":
            found.append((name, [float(a) for a in angles.split(",") if angles], [int(q) for q in
                                                                                  re.findall(r"\d+", qubits)]))
    return found


def exported(folder, circuit):
    done = call(folder, "run", {**circuit, "export": "circuit.qasm"}, "-q", "--restart", "none",
                measure={"state": True})
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "circuit.qasm")) as file, h5py.File(os.path.join(folder, "out.h5")) as result:
        return gates_of(file.read()), numpy.array(result["state"][:])


def same_gates(got, want):
    assert len(got) == len(want), (len(got), len(want))
    for (name, angles, qubits), (other, wanted, places) in zip(got, want):
        name, other = ({"u1": "p", "cu1": "cp"}.get(n, n) for n in (name, other))
        symmetric = name in ("cp", "swap", "rzz")
        assert name == other and (sorted(qubits) == sorted(places) if symmetric else qubits == places), (name, other)
        assert numpy.allclose(angles, wanted, rtol=1e-15, atol=0)


def matrix(name, a):
    u3 = lambda t, p, l: [[math.cos(t / 2), -cmath.exp(1j * l) * math.sin(t / 2)],
                          [cmath.exp(1j * p) * math.sin(t / 2), cmath.exp(1j * (p + l)) * math.cos(t / 2)]]
    half = lambda sign: cmath.exp(sign * 0.5j * a[0])
    return {"x": lambda: [[0, 1], [1, 0]], "h": lambda: [[0.5 ** 0.5, 0.5 ** 0.5], [0.5 ** 0.5, -(0.5 ** 0.5)]],
            "u3": lambda: u3(*a), "ry": lambda: u3(a[0], 0, 0), "rx": lambda: u3(a[0], -math.pi / 2, math.pi / 2),
            "rz": lambda: numpy.diag([half(-1), half(1)]),
            "rzz": lambda: numpy.diag([half(-1), half(1), half(1), half(-1)]),
            "cu1": lambda: numpy.diag([1, 1, 1, cmath.exp(1j * a[0])]),
            "swap": lambda: numpy.eye(4)[[0, 2, 1, 3]],
            "cx": lambda: numpy.eye(4)[[0, 3, 2, 1]]}[name]()  # the control is the low bit


def dense(gates, n):
    state = numpy.zeros((2,) * n, complex)
    state[(0,) * n] = 1
    for name, angles, qubits in gates:
        k = len(qubits)
        axes = [n - 1 - q for q in reversed(qubits)]
        tensor = numpy.array(matrix(name, angles), complex).reshape((2,) * (2 * k))
        state = numpy.moveaxis(numpy.tensordot(tensor, state, (range(k, 2 * k), axes)), range(k), axes)
    return state.reshape(-1)


def check_programs(folder):
    same_gates(exported(folder, {"kind": "qft", "qubits": 7})[0], gates_of("\n".join(circuits.qft(7))))
    same_gates(exported(folder, {"kind": "ising", "qubits": 7})[0], gates_of("\n".join(circuits.tfim(7))))
    for kind in ("qft", "random", "random-line", "ising", "qaoa"):
        circuit = {"kind": kind, "qubits": 6, "start": "010110"}
        gates, state = exported(folder, circuit)
        assert numpy.allclose(dense(gates, 6), state, rtol=0, atol=1e-12), kind
        if kind != "qft":
            depth = {"random": 20, "random-line": 20, "ising": 10, "qaoa": 8}[kind]
            layers = {"random": 30, "random-line": 25, "ising": 11, "qaoa": 15}[kind] * depth
            assert len(gates) == 3 + layers + (6 if kind == "qaoa" else 0), (kind, len(gates))
        if kind.startswith("random") or kind == "qaoa":
            assert exported(folder, circuit)[0] == gates
            assert exported(folder, {**circuit, "seed": 2})[0] != gates
    edges = {tuple(sorted(q)) for name, _, q in exported(folder, {"kind": "qaoa", "qubits": 10})[0] if name == "rzz"}
    assert len(edges) == 15 and all(sum(v in e for e in edges) == 3 for v in range(10)), edges


def check_transforms(folder):
    """Against numpy's transform: whole, there and back, and on a register of a program's state."""
    n, x = 7, 0b1011001
    y = numpy.arange(2 ** n)
    _, state = exported(folder, {"kind": "qft", "qubits": n, "start": f"{x:07b}"})
    assert numpy.allclose(state, numpy.exp(2j * math.pi * x * y / 2 ** n) / 2 ** (n / 2), rtol=0, atol=1e-13)
    _, state = exported(folder, {"kind": "qft", "qubits": n, "start": f"{x:07b}", "inverse": True})
    assert numpy.allclose(state, numpy.exp(-2j * math.pi * x * y / 2 ** n) / 2 ** (n / 2), rtol=0, atol=1e-13)
    with open(os.path.join(folder, "bell.qasm"), "w") as file:
        file.write(BELL)
    _, state = exported(folder, {"qasm": "bell.qasm", "kind": "qft", "register": [2, 0]})
    start = numpy.zeros((2, 2, 2), complex)  # axes: qubits 2, 1, 0
    start[0, 0, 0] = start[1, 0, 1] = 0.5 ** 0.5
    register = start.transpose(2, 0, 1).reshape(4, 2)  # qubit 2 is the low bit
    want = (2 * numpy.fft.ifft(register, axis=0)).reshape(2, 2, 2).transpose(1, 2, 0).reshape(-1)
    assert numpy.allclose(state, want, rtol=0, atol=1e-13)
    whole, _ = exported(folder, {"kind": "qft", "qubits": 12})
    part, _ = exported(folder, {"kind": "qft", "qubits": 12, "degree": 4})
    assert len(whole) - len(part) == sum(12 - m for m in range(5, 12))


def check_plans(folder):
    for kind, passes in (("qft", 8), ("random", 200)):
        deck = {"kind": kind, "qubits": 10, "start": "0000000001"}
        done = call(folder, "plan", deck, "--qubits", "44", "--ranks", "4096")
        assert done.returncode == 0, done.stderr
        values = dict(re.findall(r"^ *(\w[\w ]*\w) += +(\S.*?)(?:  .*)?$", done.stdout, re.MULTILINE))
        assert values["memory a rank"] == "64.00 GiB" and values["qubits"] == "44", values
        assert 1 <= int(values["memory_passes"]) <= passes, values
        times = {name: float(values[name].split()[0]) for name in
                 ("estimated_time", "time_in_memory", "time_in_gates", "time_on_network")}
        assert math.isclose(times.pop("estimated_time"), sum(times.values()), rel_tol=1e-8) and min(times.values()) > 0


def check_mistakes(folder):
    with open(os.path.join(folder, "measured.qasm"), "w") as file:
        file.write(MEASURED)
    cases = [
        ({}, "no circuit: name a program in circuit.qasm, or set circuit.kind and circuit.qubits"),
        ({"kind": "qft"}, "'qft' is built by size: set circuit.qubits"),
        ({"kind": "random", "qasm": "bell.qasm"}, "only kind: qft can follow a program of circuit.qasm"),
        ({"qasm": "bell.qasm", "qubits": 3}, "the program of circuit.qasm says this itself: leave circuit.qubits out"),
        ({"qasm": "bell.qasm", "kind": "qft", "start": "000"},
         "the program of circuit.qasm says this itself: leave circuit.start out"),
        ({"qasm": "bell.qasm", "degree": 2}, "circuit.degree is for kind: qft"),
        ({"kind": "ising", "qubits": 4, "register": [1]}, "circuit.register is for kind: qft"),
        ({"kind": "ising", "qubits": 4, "inverse": True}, "circuit.inverse is for kind: qft"),
        ({"kind": "qft", "qubits": 4, "depth": 3}, "the Fourier transform has no layers: see circuit.degree"),
        ({"kind": "qft", "qubits": 4, "register": [1, 4]}, "qubit 4: the circuit has 4"),
        ({"kind": "qft", "qubits": 4, "register": [1, 2, 1]}, "qubit 1 stands twice in the register"),
        ({"kind": "qft", "qubits": 4, "start": "012"}, "'012' is not a bit string of the 4 qubits of the circuit"),
        ({"kind": "qaoa", "qubits": 5},
         "a 3-regular graph has an even number of vertices, 4 or more: 5 qubits make none"),
        ({"qasm": "measured.qasm", "kind": "qft"}, "circuit.kind: qft can follow only a program that applies gates"),
    ]
    for circuit, text in cases:
        done = call(folder, "check", circuit)
        assert done.returncode in (65, 66) and text in done.stderr, (circuit, done.returncode, done.stderr)
    done = call(folder, "plan", {"qasm": "bell.qasm"}, "--qubits", "44")
    assert done.returncode == 64, done.stderr
    assert "the program has 3 qubits, and --qubits asks for 44: only circuits that are built by size" in done.stderr
    done = subprocess.run([PROGRAM, "machine", "--qubits", "31"], capture_output=True, text=True)
    assert done.returncode == 64 and "--qubits: 31 amplitude bits a rank are not 16 to 30" in done.stderr, done.stderr


with tempfile.TemporaryDirectory() as where:
    check_programs(where)
    check_transforms(where)
    check_plans(where)
    check_mistakes(where)
