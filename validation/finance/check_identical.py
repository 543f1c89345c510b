#!/usr/bin/env python3
"""A price does not know on how many ranks and threads it was found.

usage: check_identical.py QONVERGE MPIRUN DECK[,KEY=VALUE...]...

Runs each deck, with the given settings, on 1, 2, 3 and 4 ranks with 1 and 2 threads each, and compares every number
of the results in the JSON summaries, bit for bit. Prints the number of runs; exit code 1 and both where two differ.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile


def run(program, mpirun, words, ranks, threads):
    deck, settings = words[0], [word for setting in words[1:] for word in ("--set", setting)]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    with tempfile.TemporaryDirectory() as folder:
        command = [mpirun, "-q", "-n", str(ranks), program, "run", deck, "-o", folder, "-q"] + settings
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        with open(glob.glob(os.path.join(folder, "*.json"))[0], encoding="utf-8") as file:
            data = json.load(file)
    return {key: data[key] for key in ("return_result", "return_error", "baseline", "values")}


def main():
    program, mpirun = sys.argv[1:3]
    runs = 0
    for argument in sys.argv[3:]:
        words = argument.split(",")
        first = run(program, mpirun, words, 1, 1)
        runs += 1
        for ranks in (1, 2, 3, 4):
            for threads in (1, 2):
                if (ranks, threads) == (1, 1):
                    continue
                other = run(program, mpirun, words, ranks, threads)
                runs += 1
                if other != first:
                    print(f"{argument} on {ranks} ranks with {threads} threads: {other}, on one: {first}")
                    return 1
    print(f"{runs} runs of {len(sys.argv) - 3} decks, identical")
    return 0


if __name__ == "__main__":
    sys.exit(main())
