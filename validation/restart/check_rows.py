#!/usr/bin/env python3
"""The rows of the reliability table (docs/restart.md) for the real tasks `vqe` and `circuit`.

usage: check_rows.py PROGRAM MPIEXEC ROOT [--full] [--jobs N] [--from N] ROW...

ROW is R1, R2, ... or R1:vqe, R1:circuit. Without --full the counts are those of the test run. One line a row; exit code
1 if one fails. With --full R8 tells how far it is, and --from lets it go on there.
"""
import concurrent.futures
import os
import resource
import shutil
import sys
import tempfile
import time

import rows_damage
import rows_exact
import rows_killed
from real_runs import Failure, Task

ROWS = {**rows_exact.ROWS, **rows_killed.ROWS, **rows_damage.ROWS}


class Check:
    """What a row needs: the task, how much of it, and several runs at a time."""

    def __init__(self, make_task, full, jobs, begin):
        self.make_task, self.full, self.jobs, self.begin = make_task, full, jobs, begin
        self.task = make_task("run")

    def small(self):
        """The same task with three or four steps of milliseconds."""
        return self.make_task("small", small=True)

    def long(self):
        """The same task with two minutes of work or more."""
        return self.make_task("long", long=True)

    def count(self, short, full):
        return full if self.full else short

    def note(self, text):
        """Tells what goes on in a row of many minutes."""
        if self.full:
            print(text, file=sys.stderr, flush=True)

    def each(self, function, cases):
        """Calls function(*case) for all cases, some at a time; the results in order."""
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            return [done.result() for done in [pool.submit(function, *case) for case in cases]]


def processor_seconds():
    """Of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def check(row, name, arguments, **how):
    program, mpiexec, root = os.path.abspath(arguments[0]), arguments[1], os.path.abspath(arguments[2])
    # In memory where the system has a place for that: hundreds of checkpoints with all their fsyncs.
    memory = os.environ.get("QV_TEST_MEMORY", "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
    os.makedirs(memory, exist_ok=True)
    home = tempfile.mkdtemp(prefix="qv-rows-", dir=memory)
    begun, used = time.monotonic(), processor_seconds()
    failure = None
    try:
        molecules = os.path.join(root, "validation", "data", "chemistry", "fcidump")

        def make_task(folder, **how):
            return Task(name, program, mpiexec, molecules, os.path.join(home, folder), **how)
        text = ROWS[row](Check(make_task, **how))
    except Failure as error:
        failure = text = f"failed: {error}"
    finally:
        shutil.rmtree(home, ignore_errors=True)
    used = processor_seconds() - used
    print(f"{row:4} {name:8} {text} ({time.monotonic() - begun:.0f} s, {used:.0f} s of processors)", flush=True)
    return failure is None


def main(words):
    how = {"full": "--full" in words, "jobs": 4, "begin": 0}
    for option, name in (("--jobs", "jobs"), ("--from", "begin")):
        if option in words:
            at = words.index(option)
            how[name] = int(words[at + 1])
            del words[at:at + 2]
    words = [word for word in words if word != "--full"]
    arguments, rows = words[:3], words[3:]
    if len(arguments) < 3 or not rows or any(row.split(":")[0] not in ROWS for row in rows):
        print(__doc__)
        print("rows: " + ", ".join(ROWS))
        return 64
    good = True
    for row in rows:
        name = row.partition(":")[2]
        for task in [name] if name else ["vqe", "circuit"]:
            good = check(row.split(":")[0], task, arguments, **how) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
