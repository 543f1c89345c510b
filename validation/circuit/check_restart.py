#!/usr/bin/env python3
"""Stops long circuits inside the circuit by USR1 and continues them: one on other numbers of ranks, one, whose passes
are others where more threads share the memory, on other numbers of threads. The signal goes to a rank: mpirun gives up
its own handlers before it ends, and a signal that came then would end it.

The result must be that of an uninterrupted run: samples equal, probabilities to 1e-12.
usage: check_restart.py PROGRAM MPIEXEC"""
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import h5py

program, mpiexec = sys.argv[1:]
QUBITS, LAYERS = 19, 300
SITES, STEPS = 20, 120  # from 20 on each rank, the planner weighs passes against arithmetic


def write_random(path):
    pick = random.Random(1)
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{QUBITS}];"]
    for _ in range(LAYERS):
        order = list(range(QUBITS))
        pick.shuffle(order)
        lines += [f"u3({pick.uniform(0, 3)},{pick.uniform(0, 6)},{pick.uniform(0, 6)}) q[{q}];" for q in order]
        lines += [f"cx q[{a}],q[{b}];" for a, b in zip(order[::2], order[1::2])]
        lines += [f"swap q[{order[0]}],q[{order[5]}];", f"cu1({pick.uniform(0, 3)}) q[{order[3]}],q[{order[8]}];"]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def write_chain(path):
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{SITES}];"]
    for _ in range(STEPS):
        lines += [f"rzz(0.3) q[{q}],q[{q + 1}];" for q in range(SITES - 1)]
        lines += [f"rx(0.2) q[{q}];" for q in range(SITES)]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def command(folder, ranks):
    return [mpiexec, "-q", "-n", str(ranks), program, "run", os.path.join(folder, "deck.yaml"), "-o", folder]


def ranks_of(launcher):
    """Process ids of the launcher's children."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == launcher:
                    found.append(int(pid))
        except OSError:  # it has ended
            pass
    return found


def result(folder):
    with h5py.File(os.path.join(folder, "out.h5")) as file:
        return list(file["counts/bits"][:]), list(file["counts/count"][:]), list(file["probabilities"][:])


def environment(threads):
    return dict(os.environ, OMP_NUM_THREADS=str(threads))


def check(write_circuit, launches):
    """launches: (ranks, threads), the first for the whole run; then in turns."""
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as cut:
        for folder in (whole, cut):
            write_circuit(os.path.join(folder, "long.qasm"))
            deck = {"qonverge": 1, "task": "circuit", "circuit": {"qasm": "long.qasm"},
                    "measure": {"shots": 500, "probabilities": [0, 7, 18]}, "run": {"seed": 2}, "output": "out"}
            with open(os.path.join(folder, "deck.yaml"), "w") as file:
                json.dump(deck, file)
        ranks, threads = launches[0]
        assert subprocess.run(command(whole, ranks), stdout=subprocess.DEVNULL,
                              env=environment(threads)).returncode == 0
        stops = 0
        for attempt in range(40):
            ranks, threads = launches[attempt % len(launches)]
            run = subprocess.Popen(command(cut, ranks), stdout=subprocess.PIPE, text=True, env=environment(threads))
            for line in run.stdout:
                if line.startswith(("restart from", "step ")):  # signals are handled by now
                    break
            time.sleep(0.2 * 1.3 ** attempt)  # so that the slowest machine comes to an end
            for rank in ranks_of(run.pid)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rank, signal.SIGUSR1)
            run.communicate()
            code = run.returncode
            stops += code == 75
            assert code in (0, 75), f"exit {code}"
            if code == 0:
                break
        assert code == 0 and stops > 0, f"{stops} stops, last exit {code}"
        expected, got = result(whole), result(cut)
        assert expected[0] == got[0] and expected[1] == got[1], "samples differ"
        assert max(abs(a - b) for a, b in zip(expected[2], got[2])) < 1e-12, "probabilities differ"
        print(f"{stops} stops, the result is that of the uninterrupted run")


check(write_random, [(1, 1), (4, 1), (2, 1), (8, 1)])
check(write_chain, [(1, 1), (1, 8)])
