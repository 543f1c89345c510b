#!/usr/bin/env python3
"""Writes the benchmark circuits as standard OpenQASM 2, the same bytes on every machine.

usage: circuits.py FOLDER QUBITS [NAME ...]

  qft               Fourier transform, with its final swaps
  random_su4        20 layers of random two-qubit gates on random pairs, each given as u3, cx, rz, ry
  random_su4_line   the same on neighbours of a line, brickwork
  tfim              ten Trotter steps of the transverse-field Ising chain
  qaoa              eight layers of MaxCut QAOA on a random 3-regular graph
  pauli_exp         ten exponentials of Pauli strings without identities, as ladders of cx
  pauli_rotations   the same ten as 'angle STRING' lines, for exp(-i angle/2 STRING)
  pauli             1000 strings as Jordan-Wigner makes them of a molecule, 'coefficient STRING' lines

STRING[i] acts on qubit i."""
import math
import os
import random
import sys

SEED = 1
LAYERS = 20
STEPS = 10
QAOA_LAYERS = 8
EXPONENTIALS = 10
STRINGS = 1000


def program(qubits, comment, *notes):
    return ["OPENQASM 2.0;", 'include "qelib1.inc";', f"// {comment}", f"qreg q[{qubits}];", *notes]


def gate(name, angles, *qubits):
    listed = ",".join(repr(float(angle)) for angle in angles)
    return name + (f"({listed})" if angles else "") + " " + ",".join(f"q[{q}]" for q in qubits) + ";"


def qft(n):
    lines = program(n, "QFT")
    for target in reversed(range(n)):
        lines.append(gate("h", [], target))
        lines += [gate("cu1", [math.pi / 2 ** (target - control)], control, target)
                  for control in reversed(range(target))]
    return lines + [gate("swap", [], q, n - 1 - q) for q in range(n // 2)]


def any_two_qubit_gate(draw, a, b):
    """Fifteen free angles: one-qubit gates around the three-cx form of a general two-qubit gate."""
    angle = [draw.uniform(0, 2 * math.pi) for _ in range(15)]
    return [gate("u3", angle[0:3], a), gate("u3", angle[3:6], b), gate("cx", [], b, a), gate("rz", angle[6:7], a),
            gate("ry", angle[7:8], b), gate("cx", [], a, b), gate("ry", angle[8:9], b), gate("cx", [], b, a),
            gate("u3", angle[9:12], a), gate("u3", angle[12:15], b)]


def random_pairs(n):
    draw = random.Random(SEED)
    lines = program(n, f"random SU(4) depth {LAYERS} random pairs")
    for _ in range(LAYERS):
        order = list(range(n))
        draw.shuffle(order)
        for k in range(n // 2):
            lines += any_two_qubit_gate(draw, order[2 * k], order[2 * k + 1])
    return lines


def random_line(n):
    draw = random.Random(SEED)
    lines = program(n, f"random SU(4) depth {LAYERS} brickwork nn")
    for layer in range(LAYERS):
        for q in range(layer % 2, n - 1, 2):
            lines += any_two_qubit_gate(draw, q, q + 1)
    return lines


def tfim(n):
    time_step, coupling, field = 0.1, 1.0, 0.7
    lines = program(n, f"TFIM chain Trotter {STEPS} steps")
    for _ in range(STEPS):
        lines += [gate("rzz", [-2 * coupling * time_step], q, q + 1) for q in range(n - 1)]
        lines += [gate("rx", [-2 * field * time_step], q) for q in range(n)]
    return lines


def cubic_graph(n):
    """Three half-edges a vertex, paired at random until no loop and no double edge is left."""
    draw = random.Random(SEED)
    while True:
        ends = [vertex for vertex in range(n) for _ in range(3)]
        draw.shuffle(ends)
        edges = {tuple(sorted(pair)) for pair in zip(ends[::2], ends[1::2])}
        if len(edges) == 3 * n // 2 and all(a != b for a, b in edges):
            return sorted(edges)


def qaoa(n):
    p, edges = QAOA_LAYERS, cubic_graph(n)
    gammas, betas = [0.3 + 0.5 * k / p for k in range(p)], [0.6 * (1 - k / p) for k in range(p)]
    lines = program(n, f"QAOA p={p} 3-regular MaxCut",
                    "//@qaoa " + " ".join(map(repr, gammas)) + " | " + " ".join(map(repr, betas)),
                    "//@edges " + " ".join(f"{a}-{b}" for a, b in edges))
    lines += [gate("h", [], q) for q in range(n)]
    for gamma, beta in zip(gammas, betas):
        lines += [gate("rzz", [gamma], a, b) for a, b in edges]
        lines += [gate("rx", [2 * beta], q) for q in range(n)]
    return lines


def rotations(n):
    """The strings and angles of the exponentials."""
    draw = random.Random(SEED)
    for _ in range(EXPONENTIALS):
        string = "".join(draw.choice("XYZ") for _ in range(n))
        yield string, draw.uniform(0.1, 1.0)


def pauli_exp(n):
    into = {"X": ["h"], "Y": ["sdg", "h"], "Z": []}
    back = {"X": ["h"], "Y": ["h", "s"], "Z": []}
    ladder = [gate("cx", [], q, q + 1) for q in range(n - 1)]
    lines = program(n, f"{EXPONENTIALS} Pauli exponentials of weight n")
    for string, angle in rotations(n):
        lines += [gate(name, [], q) for q in range(n) for name in into[string[q]]]
        lines += [*ladder, gate("rz", [angle], n - 1), *reversed(ladder)]
        lines += [gate(name, [], q) for q in range(n) for name in back[string[q]]]
    return lines


def pauli_rotations(n):
    return [f"{angle!r} {string}" for string, angle in rotations(n)]


def letters(n, at):
    return "".join(at.get(q, "I") for q in range(n))


def pauli(n):
    """Number operators, their products, hops X Z..Z X and double excitations with their chains of Z; a string that is
    drawn twice keeps its place and takes the later coefficient."""
    draw = random.Random(SEED + 7)
    found = {letters(n, {q: "Z"}): draw.uniform(-1, 1) for q in range(n)}
    for i in range(n):
        for j in range(i + 1, n):
            found[letters(n, {i: "Z", j: "Z"})] = draw.uniform(-0.3, 0.3)
    for _ in range(50 * STRINGS):
        if len(found) >= STRINGS:
            break
        if draw.random() < 0.3:
            ends = sorted(draw.sample(range(n), 2))
            word, chain = 2 * draw.choice("XY"), range(ends[0], ends[1])
        else:
            ends = sorted(draw.sample(range(n), 4))
            word = draw.choice(["XXXX", "XXYY", "XYXY", "XYYX", "YYYY", "YXYX", "YXXY", "YYXX"])
            chain = [*range(ends[0], ends[1]), *range(ends[2], ends[3])]
        found[letters(n, {**dict.fromkeys(chain, "Z"), **dict(zip(ends, word))})] = draw.uniform(-0.1, 0.1)
    return [f"{coefficient!r} {string}" for string, coefficient in list(found.items())[:STRINGS]]


CIRCUITS = {"qft": qft, "random_su4": random_pairs, "random_su4_line": random_line, "tfim": tfim, "qaoa": qaoa,
            "pauli_exp": pauli_exp}
LISTS = {"pauli_rotations": pauli_rotations, "pauli": pauli}


def write(folder, n, name):
    """Writes one of them and returns its path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{name}_n{n}." + ("qasm" if name in CIRCUITS else "txt"))
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join({**CIRCUITS, **LISTS}[name](n)) + "\n")
    return path


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for wanted in sys.argv[3:] or [*CIRCUITS, *LISTS]:
        write(sys.argv[1], int(sys.argv[2]), wanted)
