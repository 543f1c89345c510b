#!/usr/bin/env python3
"""How much there is of what in the OpenQASM 2 files of validation/data/circuits, counted by regular expressions.

usage: reference.py FOLDER            prints figures.json
       reference.py FOLDER FIGURES    exit code 1 if FIGURES is not what would be printed

Shares nothing with the reader: no grammar, only statements cut at ';' and braces. Per file: qubits, clbits, ops (gates,
measurements and resets as applied, definitions not expanded; conditions count with their operation), and with
definitions expanded down to the gates of qelib1.inc: gates, measures, resets, depth (longest chain over shared qubits,
measured and tested bits; barriers tie but count nothing)."""
import json
import os
import re
import sys

QELIB1 = """u3 u2 u1 cx id x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3 u0 u p sx sxdg swap cswap crx cry cp
csx cu rxx rzz rccx rc3x c3x c3sqrtx c4x U CX""".split()


def statements(text):
    text = re.sub(r"//[^\n]*", "", text)
    gates = {}
    for name, params, qubits, body in re.findall(r"\bgate\s+(\w+)\s*(\([^)]*\))?\s*([\w\s,]+)\{([^}]*)\}", text):
        calls = []
        for call in filter(None, (s.strip() for s in body.split(";"))):
            head, args = re.match(r"(\w+)\s*(?:\((?:[^()]|\([^()]*\))*\))?\s*(.*)", call, re.S).groups()
            calls.append((head, [a.strip() for a in args.split(",")]))
        gates[name] = ([q.strip() for q in qubits.split(",")], calls)
    text = re.sub(r"\bgate\s[^{]*\{[^}]*\}\s*;?", "", text)
    return gates, [" ".join(s.split()) for s in text.split(";") if s.strip()]


def expand(gates, name, qubits):
    if name not in gates:
        if name == "barrier":
            return [("barrier", qubits)]
        if name not in QELIB1:
            raise SystemExit(f"unknown gate {name}")
        return [("gate", qubits)]
    formal, calls = gates[name]
    out = []
    for inner, args in calls:
        out += expand(gates, inner, [qubits[formal.index(a)] for a in args])
    return out


class Counter:
    def __init__(self):
        self.q, self.c, self.nq, self.nc = {}, {}, 0, 0
        self.ops = self.gates = self.measures = self.resets = self.depth = 0
        self.level = {}

    def touch(self, things, counts):
        level = max((self.level.get(t, 0) for t in things), default=0) + counts
        for t in things:
            self.level[t] = level
        self.depth = max(self.depth, level)

    def bits(self, registers, operand, kind):
        name, index = re.match(r"(\w+)\s*(?:\[\s*(\d+)\s*\])?$", operand.strip()).groups()
        first, size = registers[name]
        if index is not None:
            return [(kind, first + int(index))], False
        return [(kind, first + i) for i in range(size)], True

    def broadcast(self, operands):
        length = max((len(bits) for bits, register in operands if register), default=1)
        for i in range(length):
            yield [bits[i] if register else bits[0] for bits, register in operands]

    def statement(self, gates, text, tested):
        condition = re.match(r"if\s*\(\s*(\w+)\s*==\s*\d+\s*\)\s*(.*)", text)
        if condition:
            return self.statement(gates, condition[2], self.bits(self.c, condition[1], "c")[0])
        declared = re.match(r"(qreg|creg)\s+(\w+)\s*\[\s*(\d+)\s*\]", text)
        if declared:
            size = int(declared[3])
            if declared[1] == "qreg":
                self.q[declared[2]] = (self.nq, size)
                self.nq += size
            else:
                self.c[declared[2]] = (self.nc, size)
                self.nc += size
            return None
        if re.match(r"(OPENQASM|include)\b", text):
            return None
        if text.startswith("measure"):
            q, c = re.match(r"measure\s+(.*?)\s*->\s*(.*)", text).groups()
            for pair in self.broadcast([self.bits(self.q, q, "q"), self.bits(self.c, c, "c")]):
                self.ops, self.measures = self.ops + 1, self.measures + 1
                self.touch(pair + tested, 1)
            return None
        name, args = re.match(r"(\w+)\s*(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?\s*(.*)", text).groups()
        operands = [self.bits(self.q, a, "q") for a in args.split(",")]
        if name == "barrier":
            self.touch([b for bits, _ in operands for b in bits], 0)
            return None
        for qubits in self.broadcast(operands):
            self.ops += 1
            if name == "reset":
                self.resets += 1
                self.touch(qubits + tested, 1)
                continue
            for kind, on in expand(gates, name, qubits):
                self.gates += kind == "gate"
                self.touch(on + tested, int(kind == "gate"))
        return None


def main():
    folder, figures = sys.argv[1], {}
    expected = json.load(open(os.path.join(folder, "expected.json"), encoding="utf-8"))["circuits"]
    for name, row in expected.items():
        if "qubits" not in row:
            continue
        counter = Counter()
        gates, lines = statements(open(os.path.join(folder, name), encoding="utf-8").read())
        for line in lines:
            counter.statement(gates, line, [])
        if (counter.nq, counter.nc, counter.ops) != (row["qubits"], row["clbits"], row["ops"]):
            print(f"{name}: {counter.nq} {counter.nc} {counter.ops}, expected.json has {row['qubits']} {row['clbits']} "
                  f"{row['ops']}", file=sys.stderr)
            return 1
        figures[name] = {"qubits": counter.nq, "clbits": counter.nc, "gates": counter.gates,
                         "measures": counter.measures, "resets": counter.resets, "depth": counter.depth}
    text = "{\n" + ",\n".join(f' "{name}": {json.dumps(row)}' for name, row in figures.items()) + "\n}\n"
    if len(sys.argv) > 2:
        return int(text != open(sys.argv[2], encoding="utf-8").read())
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
