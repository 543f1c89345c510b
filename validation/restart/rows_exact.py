"""R1, R2, R13: a run that is cut gives what the whole run gives; a run that has lost its numbers stops."""
import os
import shutil

import h5py

from real_runs import EVERY_STEP, expect

STEPS = 20


def stop_after_each_step(check):
    """R1: a signal after step k, for k = 1..19, and once more after every step in one chain."""
    task = check.task
    counts, within = [], []
    for ranks in check.count((0,), (0, 1, 2, 4)):
        task.reference(ranks)

        def one(k, ranks=ranks):
            folder = task.folder()
            task.run(folder, code=75, ranks=ranks, fault=f"stop:{k}:0")
            outcome = task.run(folder, ranks=ranks)
            expect("restart from" in outcome.out, f"{task.name}: no restart after step {k}")
            task.expect_same(folder, ranks)

        def inside(k, ranks=ranks):
            """In the set-up, a step or the results, where it is asked for the k-th time whether to give up."""
            folder = task.folder()
            outcome = task.run(folder, code=None, ranks=ranks, fault=f"stop.inside:{k}:last")
            expect(outcome.code in (0, 75), f"{task.name}: given up inside: {outcome}")
            if outcome.code:
                task.run(folder, ranks=ranks)
            task.expect_same(folder, ranks)
            return [0] if "\nstopped in the set-up, " in outcome.out else outcome.numbers(r"^stopped after step (\d+)")

        cases = check.each(one, [(k,) for k in range(1, STEPS)])
        counts.append(f"{len(cases)}/{STEPS - 1} on {ranks or 'one process, no launcher'}")
        found = check.each(inside, [(k,) for k in (1, 2, 3, 10, 20, 24, 40, 60, 64, 66, 68, 70)])
        steps = [at for step in found for at in step]
        expect(len(steps) >= 3, f"{task.name}: given up inside at {steps} only")
        within.append(f"{len(steps)}/{len(steps)}")
    folder, parts = task.folder(), 1
    while task.run(folder, code=None, ranks=0, fault="stop:1:0").code == 75:
        parts += 1
        expect(parts < 5 * STEPS, f"{task.name}: the chain does not end")
    task.expect_same(folder, 0)
    expect(parts >= STEPS, f"{task.name}: a chain of only {parts} parts")
    return (f"stopped after step k and continued, the same bits: {', '.join(counts)} ranks; given up inside a step or "
            f"the results {', '.join(within)}; chain of {parts} parts")


def dataset(folder, name):
    with h5py.File(os.path.join(folder, "out.ckpt.h5")) as file:
        return file[name][()]


def other_ranks(check):
    """R2: written by P, read by P' for all pairs; the state that was read, and the final result."""
    task = check.task
    sizes = (1, 2, 4, 8)
    task.reference(1)
    most = [0.0]
    kept = "circuit/state" if task.name == "circuit" else "journal/value"

    def stop_on(ranks):
        middle = task.folder()
        task.run(middle, code=75, ranks=ranks, fault="stop:9:0")
        if task.name == "vqe":
            return middle, middle
        whole, late = task.folder(), task.folder()  # late: the state is final, half of the strings are known
        steps = len(task.run(whole, ranks=ranks, sets=["run.progress_every=0.000001 s"]).numbers(r"^step (\d+)/"))
        task.run(late, code=75, ranks=ranks, fault=f"stop:{steps - 1}:0")
        return middle, late

    stopped = dict(zip(sizes, check.each(stop_on, [(ranks,) for ranks in sizes])))

    def pair(written, read):
        folder = task.folder(copy_of=stopped[written][0])
        task.run(folder, ranks=read)
        most[0] = max(most[0], task.expect_close(folder))
        folder = task.folder(copy_of=stopped[written][1])
        before = dataset(folder, kept)
        task.run(folder, code=75, ranks=read, fault="stop:1:0")
        after = dataset(folder, kept)[:len(before)]
        expect(before.tobytes() == after.tobytes(), f"{task.name}: {kept} changes from {written} to {read} ranks")

    pairs = check.each(pair, [(p, q) for p in sizes for q in sizes if p != q])
    return f"{len(pairs)}/12 pairs of ranks: read back bit for bit, results to {most[0]:.0e}"


NUMBERS = {  # fault, what the message says
    "vqe": [("state.nan:5:0", "the state holds values that are not numbers after evaluation 5"),
            ("state.nan:5:last", "the state holds values that are not numbers after evaluation 5"),
            ("state.drift:5:all", "the norm of the state is 1.000001 after evaluation 5"),
            ("value.nan:5:0", "the energy of evaluation 5 is nan"),
            ("gradient.nan:5:last", "the derivative of the energy by parameter 0 is nan in evaluation 5")],
    "circuit": [("state.nan:9:0", "the state holds values that are not numbers after 20 passes"),
                ("state.nan:9:last", "the state holds values that are not numbers after 20 passes"),
                ("state.drift:9:all", "the norm of the state is 1.000001 after 20 passes"),
                ("state.nan:8:last", "the state holds values that are not numbers before a checkpoint"),
                ("state.drift:8:all", "the norm of the state is 1.000001 before a checkpoint")],
}


def lost_numbers(check):
    """R13: NaN and drift are found in the step in which they come up; the checkpoint before them stays, and continues.

    A circuit's state is looked at twice a step here, after the passes and before the checkpoint."""
    task = check.task
    task.reference(2)

    def one(fault, text):
        folder = task.folder()
        outcome = task.run(folder, code=79, ranks=2, sets=EVERY_STEP, fault=fault)
        expect(len(outcome.complaints) == 1, f"{task.name}, {fault}: {outcome}")
        expect(text in outcome.err, f"{task.name}, {fault}: {outcome.err}")
        steps = outcome.numbers(r"^checkpoint .*step = (\d+)")
        expect(not task.leftovers(folder), f"{task.name}, {fault}: {task.leftovers(folder)}")
        outcome = task.run(folder, ranks=2)
        expect(outcome.numbers(r"^restart from .*step = (\d+)") == steps[-1:], f"{task.name}, {fault}: {outcome}")
        task.expect_same(folder, 2)
        shutil.rmtree(folder, ignore_errors=True)

    cases = check.each(one, NUMBERS[task.name])
    return f"{len(cases)}/{len(cases)} planted NaNs and drifts: exit 79 in that step, the checkpoint before continues"


ROWS = {"R1": stop_after_each_step, "R2": other_ranks, "R13": lost_numbers}
