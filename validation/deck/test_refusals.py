#!/usr/bin/env python3
"""Decks that the reader of decks accepts and the problem behind them refuses: the message and its place, text by text.

usage: test_refusals.py PROGRAM ROOT"""
import os
import subprocess
import sys
import tempfile

PROGRAM, ROOT = sys.argv[1:]
WATER = os.path.join(ROOT, "config", "vqe-h2o.yaml")
CIRCUIT = "qonverge: 1\ntask: circuit\ncircuit: {qasm: c.qasm}\n"
BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[26];\nh q[0];\n'

# deck (a path or a text), program beside it, --set, exit code, a part of the message
CASES = [
    (WATER, "", ["molecule.occupied_alpha=[1, 2, 3, 4, 5]"], 65,
     "give occupied_alpha and occupied_beta together, or neither"),
    (WATER, "", ["molecule.frozen=[1]", "molecule.active=[1, 2]"], 65, "orbital 1 is both frozen and active"),
    (WATER, "", ["molecule.occupied_alpha=[1, 2]", "molecule.occupied_beta=[1, 2]"], 65,
     "2 orbitals are named for 5 active electrons of this spin"),
    (WATER, "", ["molecule.frozen=[1]", "molecule.occupied_alpha=[1, 2, 3, 4]", "molecule.occupied_beta=[2, 3, 4, 5]"],
     65, "orbital 1 is not an active one"),
    (WATER, "", ["molecule.frozen=[1, 2, 3, 4, 5, 6, 7]"], 65, "0 active orbitals: 1 to 31 can be treated"),
    (WATER, "", ["molecule.ms2=8"], 65,
     "10 electrons with ms2 = 8, of which 0 are frozen, do not fit into 7 active orbitals"),
    (WATER, "", ["molecule.ms2=1"], 65,
     "10 electrons cannot have ms2 = 1, spin-up less spin-down electrons: both are even or both are odd"),
    (CIRCUIT, BELL, ["measure.probabilities=[" + ", ".join(str(q) for q in range(25)) + "]"], 65,
     "25 qubits: at most 24"),
    (CIRCUIT, BELL, ["measure.probabilities=[26]"], 65, "qubit 26: the program has 26"),
    (CIRCUIT, BELL, ["measure.amplitudes=['011']"], 65, "'011' is not a bit string of the 26 qubits of the program"),
    (CIRCUIT, BELL + "opaque magic a;\nmagic q[0];\n", [], 66, "the gate 'magic' is opaque: nobody knows its matrix"),
    (CIRCUIT, BELL + "creg c[64];\nmeasure q[0] -> c[0];\n", ["measure.shots=5"], 66,
     "the program has 64 classical bits: shots of at most 63 can be counted"),
    (CIRCUIT, BELL + "creg c[1];\nmeasure q[0] -> c[0];\nh q[0];\n", [], 65,
     "the program measures, resets or decides on the way: say how many shots to run"),
    *((CIRCUIT, BELL + "creg c[1];\nmeasure q[0] -> c[0];\nh q[0];\n", ["measure.shots=5", f"measure.{key}"], 65,
       "each shot ends in a state of its own: only shots can be counted")
      for key in ("state=true", "expectation=empty.txt", "amplitudes=['011']", "probabilities=[0]")),
    (CIRCUIT, BELL, ["measure.expectation=empty.txt"], 66, "empty.txt: is empty"),
    (CIRCUIT, 'include "c.qasm";\n', [], 66, "does a file include itself?"),
]


def run(deck, program, sets):
    with tempfile.TemporaryDirectory() as folder:
        if not os.path.isabs(deck):
            with open(os.path.join(folder, "deck.yaml"), "w", encoding="utf-8") as file:
                file.write(deck)
            with open(os.path.join(folder, "c.qasm"), "w", encoding="utf-8") as file:
                file.write(program)
            with open(os.path.join(folder, "empty.txt"), "w", encoding="utf-8"):
                deck = "deck.yaml"
        words = [PROGRAM, "check", deck]
        for value in sets:
            words += ["--set", value]
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)


def main():
    bad = 0
    for deck, program, sets, code, text in CASES:
        found = run(deck, program, sets)
        if found.returncode != code or text not in found.stderr or found.stderr.count("error") < 1:
            print(f"expected {code}, '{text}' with {sets}, found {found.returncode}: {found.stderr}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
