#!/usr/bin/env python3
"""What does not fit is refused before anything is allocated, with what would fit: test_limits.py PROGRAM MPIEXEC ROOT.

The figures follow from the sizes: 16 bytes an amplitude, two states in VQE with adjoint gradients, 2 MiB of buffers for
each state, 90 % of what the node offers."""
import os
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM, MPIEXEC, ROOT = sys.argv[1:]
HOST = socket.gethostname()
CIRCUIT = "qonverge: 1\ntask: circuit\ncircuit: {kind: qft, qubits: 40}\noutput: out\n"
VQE = f"""qonverge: 1
task: vqe
molecule: {{fcidump: {ROOT}/validation/data/chemistry/fcidump/n2_sto3g_r1.0977.fcidump}}
baseline: [hf]
optimizer: {{max_evaluations: 10}}
output: out
"""
GROUND = f"""qonverge: 1
task: ground-state
molecule: {{fcidump: {ROOT}/validation/data/chemistry/fcidump/n2_sto3g_r1.0977.fcidump, taper: false}}
output: out
"""


def run(deck, env, ranks=1, sets=(), disk=None):
    """Exit code and what stands on standard error; `disk`: the output folder is a file system of this size."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "deck.yaml"), "w", encoding="utf-8") as file:
            file.write(deck)
        os.mkdir(os.path.join(folder, "o"))
        words = [MPIEXEC, "-q", "-n", str(ranks), PROGRAM, "run", "deck.yaml", "-o", "o", "--quiet"]
        for value in sets:
            words += ["--set", value]
        if disk:
            mount = f'mount -t tmpfs -o size={disk} none o && exec "$@"'
            words = ["unshare", "-m", "bash", "-c", mount, "-"] + words
        done = subprocess.run(words, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)
        return done.returncode, done.stderr


def too_short_a_limit():
    """Time that does not suffice for one step: given up inside it, in time. The limit is about what a start takes with
    its launch, a third of a step: machines differ too much for seconds, and where others work another one is tried."""
    begun = time.monotonic()
    run(VQE, {"SLURM_MEM_PER_NODE": "1"})
    start = time.monotonic() - begun
    for factor in (1, 1.5, 0.7, 2, 0.5):
        limit = f"{start * factor:.2f}" if start * factor < 9.99 else f"{min(59, start * factor):.1f}"
        found = run(GROUND, {}, 1, [f"run.max_time={limit} s"])
        text = (f"warning: not one step was finished within the time limit of {limit} s: another run as short begins "
                "where this one did\n")
        if found == (75, text):
            return True
        print(f"expected exit code 75:\n{text}found {found[0]}:\n{found[1]}")
    return False


def main():
    slurm = {"SLURM_MEM_PER_NODE": "1024"}
    cases = [
        ((CIRCUIT, slurm, 2), 71,
         f"error: the run needs 16.00 TiB on node {HOST} (2 ranks of 8.00 TiB), which offers 1.00 GiB, of which it may "
         "take 90 %; 25 qubits would fit; 65536 ranks, 2 on a node, would do\n"),
        ((VQE, {"SLURM_MEM_PER_NODE": "16"}), 71,
         f"error: the run needs 34.01 MiB on node {HOST} (1 ranks of 34.01 MiB), which offers 16.00 MiB, of which it "
         "may take 90 %; 18 qubits would fit; 4 ranks, 1 on a node, would do\n"),
        ((VQE, {"SLURM_MEM_PER_CPU": "8", "SLURM_CPUS_ON_NODE": "2"}, 1, ["baseline=[hf, fci]"]), 71,
         f"error: the run needs 331.01 MiB on node {HOST} (1 ranks of 331.01 MiB), which offers 16.00 MiB, of which it "
         "may take 90 %; 15 qubits would fit; 32 ranks, 1 on a node, would do\n"),
        ((VQE, {"SLURM_MEM_PER_NODE": "1"}), 71,
         f"error: the run needs 34.01 MiB on node {HOST} (1 ranks of 34.01 MiB), which offers 1.00 MiB, of which it "
         "may take 90 %; no number of ranks would do\n"),
    ]
    mount = ["unshare", "-m", "mount", "-t", "tmpfs", "none", tempfile.gettempdir()]
    if subprocess.run(mount, capture_output=True).returncode == 0:
        cases += [
            ((CIRCUIT, {}, 2, ["circuit.qubits=20"], "1m"), 74,
             "error: o/out.ckpt.h5: a checkpoint needs 16.00 MiB, and the disk has room for 1020.00 KiB; that of 15 "
             "qubits would fit: choose another folder with -o\n"),
            ((CIRCUIT, {}, 1, ["circuit.qubits=19"], "20m"), 0,
             "warning: o/out.ckpt.h5: while a checkpoint is written there are 3 of them, of 8.00 MiB each, and the "
             "disk has room for 20.00 MiB: a later one will fail (exit 74, with the last good one kept)\n"),
        ]
    bad = not too_short_a_limit()
    for arguments, code, text in cases:
        found = run(*arguments)
        if found != (code, text):
            print(f"expected exit code {code}:\n{text}found {found[0]}:\n{found[1]}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
