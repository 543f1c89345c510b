"""R3, R4, R9, R10, R11: runs that are killed, signalled or run out of time."""
import contextlib
import os
import random
import re
import shutil
import signal
import statistics
import time

from real_runs import EVERY_STEP, expect

RANKS = 2


def started(task, folder, rng, longest):
    """A run that writes a checkpoint after every step, some random time after it has begun to read its deck."""
    running = task.start(folder, ranks=RANKS, sets=EVERY_STEP)
    running.wait_for("memory a rank")
    time.sleep(rng.uniform(0, longest))
    return running


def duration(task):
    """Seconds from the first line of the plan to the end, of a run with a checkpoint after every step."""
    folder = task.folder()
    running = task.start(folder, ranks=RANKS, sets=EVERY_STEP)
    running.wait_for("memory a rank")
    begun = time.monotonic()
    expect(running.end().code == 0, f"{task.name}: the run fails")
    return time.monotonic() - begun


def is_told(outcome):
    """Whether the one complaint is that the newest generation is not there."""
    return len(outcome.complaints) == 1 and re.fullmatch(
        r"warning: \S+/out\.ckpt\.h5 is not there, as a run that is killed while it changes generations leaves it: "
        r"continuing from the previous generation \S+/out\.ckpt\.prev\.h5", outcome.complaints[0])


def kill_between(task, n):
    """SIGKILL between the two renames of the n-th checkpoint that has a generation before it."""
    folder = task.folder()
    killed = task.run(folder, code=None, ranks=RANKS, sets=EVERY_STEP, fault=f"kill.rotate:{n}:0")
    expect(killed.code not in (0, 75), f"{task.name}: not killed: {killed}")
    names = os.listdir(folder)
    expect("out.ckpt.prev.h5" in names and "out.ckpt.h5" not in names, f"{task.name}: killed, but {names}")
    outcome = task.run(folder, code=75, ranks=RANKS, fault="stop:1:0")
    expect(is_told(outcome), f"{task.name}: after a kill between two renames: {outcome}")
    # Step n + 1 was being saved: its file is complete, but has no name yet.
    made = killed.numbers(r"^step (\d+)/")
    expect(outcome.numbers(r"^restart from .*step = (\d+)") == [made[n - 1]], f"{task.name}: {made} {outcome}")
    expect(not task.run(folder, ranks=RANKS).complaints, f"{task.name}: complaints after the restart")
    task.expect_same(folder, RANKS)


def continued(task, folder, killed):
    """Continues a killed run and returns the steps lost."""
    outcome = task.run(folder, ranks=RANKS)
    # A kill between two renames leaves the previous generation under its own name: told, and used.
    expect(not outcome.complaints or is_told(outcome), f"{task.name}: after a kill: {outcome}")
    task.expect_same(folder, RANKS)
    made = killed.numbers(r"^step (\d+)/")
    found = outcome.numbers(r"^restart from .*step = (\d+)")
    # Steps are numbered by passes in a circuit: they are counted. The last one saved may be untold, as the launcher,
    # which hands on what is told, was killed too.
    return sum(step > (found[0] if found else 0) for step in made)


def kill_all(check):
    """R3: SIGKILL of the launcher and all ranks at a random time, then the same command."""
    task = check.task
    task.reference(RANKS)
    longest = duration(task)

    def one(seed):
        folder = task.folder()
        running = started(task, folder, random.Random(seed), longest)
        finished = running.process.poll() is not None
        running.kill_all()
        killed = running.end()
        if finished:
            return -1
        finished = os.path.exists(os.path.join(folder, "out.h5"))
        loss = continued(task, folder, killed)
        return -1 if finished else loss

    wanted, lost, seed = check.count(25, 200), [], 0
    while len(lost) < wanted:
        found = check.each(one, [(seed + i,) for i in range(wanted - len(lost))])
        lost += [loss for loss in found if loss >= 0]
        seed += 1000
        expect(seed < 20000, f"{task.name}: the runs end before they can be killed")
    expect(statistics.median(lost) <= 1, f"{task.name}: the median loss is {statistics.median(lost)} checkpoints")
    between = check.each(lambda n: kill_between(task, n), [(n,) for n in check.count((1, 4), range(1, 18))])
    return (f"{len(lost)}/{wanted} kills of all ranks: 0 unreadable, 0 hangs, the same bits; lost steps: median "
            f"{statistics.median(lost):g}, most {max(lost)}; {len(between)}/{len(between)} between the two renames")


def kill_one(check):
    """R4: SIGKILL of one rank: the launcher ends, and the run continues."""
    task = check.task
    task.reference(RANKS)
    longest = duration(task)

    def one(seed):
        rng = random.Random(seed)
        folder = task.folder()
        running = started(task, folder, rng, longest / 2)
        ranks = running.children()
        if running.process.poll() is not None or len(ranks) != RANKS:
            running.end()
            return None
        os.kill(rng.choice(ranks), signal.SIGKILL)
        begun = time.monotonic()
        killed = running.end()
        seconds = time.monotonic() - begun
        if killed.code == 0 and "\ndone after" in killed.out:  # the rank had ended before
            return None
        expect(killed.code != 0, f"{task.name}: exit code 0 after the kill of a rank")
        expect(seconds <= 5 + longest, f"{task.name}: the launcher took {seconds:.1f} s to end")
        continued(task, folder, killed)
        return seconds

    wanted, times, seed = check.count(4, 25), [], 0
    while len(times) < wanted:
        found = check.each(one, [(seed + i,) for i in range(wanted - len(times))])
        times += [seconds for seconds in found if seconds is not None]
        seed += 1000
        expect(seed < 20000, f"{task.name}: the runs end before a rank can be killed")
    return f"{len(times)}/{wanted} kills of one rank: the launcher ends in at most {max(times):.1f} s, the same bits"


def semaphores(check):
    """R9: what a kill inside MPI_File_open leaves in memory, planted under every name that a run opens."""
    task = check.task
    task.reference(RANKS)
    folder = task.folder()
    names = ["out.h5", "out.ckpt.h5", "out.h5.tmp.4711", "out.ckpt.h5.tmp.4711"]
    planted = [f"/dev/shm/sem.OMPIO_{name}" for name in names]
    try:
        for path in planted:
            with open(path, "wb") as file:
                file.write(bytes(32))
        env = {"SLURM_JOB_ID": "4711", "SLURM_JOB_END_TIME": "4000000000"}
        task.run(folder, code=75, ranks=RANKS, fault="stop:9:0", env=env)
        task.run(folder, ranks=RANKS, env=env)
    finally:
        for path in planted:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
    task.expect_same(folder, RANKS)
    return f"{len(planted)}/{len(planted)} stale semaphores: stops, continues and ends as ever"


def signals(check):
    """R10: USR1 at a random time, every third time twice; checkpoints are being written most of the time."""
    task = check.task
    task.reference(RANKS)
    longest = duration(task)

    def one(seed):
        rng = random.Random(seed)
        folder = task.folder()
        running = started(task, folder, rng, 0.8 * longest)
        # To the ranks, as the launcher hands it on, which gives up its own handlers before it ends.
        for _ in range(2 if seed % 3 == 0 else 1):
            for rank in running.children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rank, signal.SIGUSR1)
            time.sleep(rng.uniform(0, 0.02))
        outcome = running.end()
        if "\ndone after" in outcome.out:  # the signal came too late
            return False
        expect(outcome.code == 75 and not outcome.complaints, f"{task.name}: after USR1: {outcome}")
        continued(task, folder, outcome)
        return True

    wanted, made, seed = check.count(15, 30), 0, 0
    while made < wanted:
        made += sum(check.each(one, [(seed + i,) for i in range(wanted - made)]))
        seed += 1000
        expect(seed < 20000, f"{task.name}: the runs end before the signal")
    return f"{made}/{wanted} signals at random times, each third one twice: exit 75, the same bits"


def limits(check):
    """R11: no time limit is exceeded, from the start of the process to its end, and none ends the run much too early; a
    chain of limited runs gives what the whole one gives. By hand, with --jobs 1: other load counts as time used."""
    task = check.long()
    task.reference(0)
    told = []
    for limit in (5, 10, 20, 30, 60):
        folder = task.folder()
        outcome = task.run(folder, code=75, ranks=0, options=["--maxtime", f"{limit} s"])
        expect(outcome.seconds <= limit, f"{task.name}: {outcome.seconds:.2f} s of {limit}: {outcome}")
        told.append(f"{limit} s: {outcome.seconds:.1f}")
        shutil.rmtree(folder)
    folder, parts, code = task.folder(), 0, 75
    while code == 75:
        outcome = task.run(folder, code=None, ranks=0, options=["--maxtime", "20 s"])
        code, parts = outcome.code, parts + 1
        expect(code in (0, 75) and parts < 60, f"{task.name}: part {parts}: {outcome}")
    task.expect_same(folder, 0)
    return f"limits and what was used of them: {', '.join(told)}; a chain of {parts} parts of 20 s: the same bits"


ROWS = {"R3": kill_all, "R4": kill_one, "R9": semaphores, "R10": signals, "R11": limits}
