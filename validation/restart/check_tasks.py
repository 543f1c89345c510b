#!/usr/bin/env python3
"""Row R1 of the reliability table for all tasks: the ready decks, stopped and taken up again.

usage: check_tasks.py PROGRAM ROOT [--full] [--jobs N] [DECK...]

Each deck is stopped after its first, its middle and its last step, and as often where it asks inside of its set-up, its
steps and its results whether to give up; with --full, and more decks, in 19 places each. What the same command then
gives is held against the run that was not cut: all arrays, values and baselines, bit for bit. One line a deck; exit
code 1 if one fails.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

from real_runs import Failure, expect

# Beside config/new, which has every task: a deck and what is set in it. Statistics over rounds that have ended, for
# each kind of search, and the other optimisers.
OTHERS = [("portfolio", f"anneal.method={method}", "anneal.max_sweeps=24 Ki", "anneal.first_round=1 Ki")
          for method in ("annealing", "exchange", "path-integral", "tabu")]
OTHERS += [("vqe-h2o", "optimizer.method=nm", "optimizer.max_evaluations=30"),
           ("vqe-h2o", "optimizer.method=cma-es", "optimizer.max_evaluations=30"),
           ("qaoa-maxcut", "qaoa.initial=interp", "qaoa.layers=2"), ("credit-estimation",),
           ("price-american", "sampling.paths=8 Ki")]
MORE = [("amplitude-estimation",), ("amplitude-estimation-spread",), ("amplitude-estimation-heston",),
        ("circuit-qpe",), ("circuit-qft",), ("ising-evolve", "evolve.time=2"), ("ising-evolve-pause",),
        ("price-asian", "sampling.paths=256 Ki"), ("price-basket",), ("price-local-volatility",),
        ("price-heston-barrier", "sampling.paths=64 Ki"), ("qaoa-maxcut",), ("qaoa-portfolio",), ("ground-state-n2",),
        ("risk-options", "sampling.paths=256 Ki"), ("risk-100-shares",), ("tsp",), ("maxcut-g1",), ("labs",),
        ("unit-commitment-ramps",), ("vqe-h2o",), ("vqe-h2o", "optimizer.method=spsa")]
TOLD_BY_THE_CLOCK = ("updates_per_second", "time_to_best", "time_to_best_lowest", "time_to_best_highest")
ABOUT_THE_RUN = ("integrity", "memory", "meta", "provenance", "run", "timers")


class Runs:
    """Of one deck, each in a folder of its own."""

    def __init__(self, program, deck, sets, home):
        self.program, self.deck, self.home = program, deck, home
        self.sets = [word for value in sets for word in ("--set", value)]

    def run(self, folder, fault=None, code=0):
        environment = {**os.environ, "TMPDIR": self.home}
        if fault:
            environment["QV_FAULT"] = fault
        words = [self.program, "run", self.deck, "-o", os.path.join(self.home, folder), *self.sets]
        done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        expect(done.returncode == code, f"{fault}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        expect("not freed" not in done.stderr, f"{fault}: {done.stderr}")
        return done.stdout

    def calls(self, site):
        folder = f"count-{site}"
        told = self.run(folder, f"{site}:0:0")
        return int(re.search(rf"^fault site {re.escape(site)}: (\d+) calls$", told, re.M)[1])

    def answer(self, folder):
        """Everything that the run found, by name."""
        path = os.path.join(self.home, folder)
        left = sorted(os.path.splitext(name)[1] for name in os.listdir(path))
        expect(left == [".h5", ".json"], f"left over: {os.listdir(path)}")
        with open(glob.glob(os.path.join(path, "*.json"))[0], encoding="utf-8") as file:
            summary = json.load(file)
        expect(summary["success"], "no success")
        found = {name: summary[name] for name in ("return_result", "return_error", "baseline", "resources")}
        found |= {name: value for name, value in summary["values"].items() if name not in TOLD_BY_THE_CLOCK}
        with h5py.File(glob.glob(os.path.join(path, "*.h5"))[0]) as file:
            def take(name, item):
                if isinstance(item, h5py.Dataset) and name.split("/")[0] not in ABOUT_THE_RUN and (
                        name.split("/")[-1] not in TOLD_BY_THE_CLOCK):
                    found[name] = numpy.asarray(item[()])
            file.visititems(take)
        return found

    def same(self, folder):
        """Compares with the run `whole`."""
        whole, found = self.answer("whole"), self.answer(folder)
        expect(sorted(whole) == sorted(found), f"{sorted(set(whole) ^ set(found))} on one side only")
        for name, value in whole.items():
            other = found[name]
            if isinstance(value, numpy.ndarray) and value.dtype.kind != "O":
                equal = value.dtype == other.dtype and value.tobytes() == other.tobytes()
            else:  # texts, and numbers whose shortest form is told
                equal = str(value) == str(other)
            expect(equal, f"{name} is {other}, but {value} in the run that was not cut")

    def cut(self, fault):
        """Stopped there and taken up again."""
        folder = fault.replace(":", "-")
        told = self.run(folder, fault, 75)
        again = self.run(folder)
        nothing = "stopped in the set-up, " in told or "nothing was made that could be saved" in told
        expect(("restart from" in again) != nothing, f"{fault}: restart or not:\n{told}{again}")
        try:
            self.same(folder)
        except Failure as failure:
            raise Failure(f"stopped at {fault}: {failure}") from None
        shutil.rmtree(os.path.join(self.home, folder))


def spread(last, count):
    """Up to so many of 1..last, the first and the last among them."""
    return sorted({1 + (last - 1) * i // max(1, count - 1) for i in range(count)})


def check(program, deck, sets, full):
    name = " ".join([os.path.relpath(deck, os.path.join(ROOT, "config")), *sets])
    memory = os.environ.get("QV_TEST_MEMORY", "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
    os.makedirs(memory, exist_ok=True)
    home = tempfile.mkdtemp(prefix="qv-tasks-", dir=memory)
    try:
        runs = Runs(program, deck, sets, home)
        runs.run("whole")
        steps, inside = runs.calls("stop"), runs.calls("stop.inside")
        cuts = [f"stop:{k}:0" for k in spread(steps, 19 if full else 3)]
        cuts += [f"stop.inside:{k}:0" for k in spread(inside, 19 if full else 3) if k <= inside]
        for fault in cuts:
            runs.cut(fault)
    except Failure as failure:
        print(f"{name}: failed: {failure}", flush=True)
        return False
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"{name}: {len(cuts)} cuts, after steps ({steps}) and inside ({inside} places): the same bits",
          flush=True)
    return True


def main(words):
    full, jobs = "--full" in words, 2
    if "--jobs" in words:
        at = words.index("--jobs")
        jobs = int(words[at + 1])
        del words[at:at + 2]
    words = [word for word in words if word != "--full"]
    if len(words) < 2:
        print(__doc__)
        return 64
    global ROOT
    program, ROOT = os.path.abspath(words[0]), os.path.abspath(words[1])
    config = os.path.join(ROOT, "config")
    cases = [(path, ()) for path in sorted(glob.glob(os.path.join(config, "new", "*.yaml")))]
    cases += [(os.path.join(config, name + ".yaml"), sets) for name, *sets in OTHERS + (MORE if full else [])]
    if words[2:]:
        cases = [case for case in cases if os.path.splitext(os.path.basename(case[0]))[0] in words[2:]]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        good = list(pool.map(lambda case: check(program, *case, full), cases))
    print(f"{sum(good)} of {len(good)} decks")
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
