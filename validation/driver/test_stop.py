#!/usr/bin/env python3
"""Stopping early: signals, stop file, time limits, the end of a batch job."""
import os
import re
import signal
import stat
import threading
import time
import unittest

from driver_test import PATIENCE, DriverTest, Outcome


class StopTest(DriverTest):
    STEPS = 1200  # two minutes

    def start(self, *settings, ranks=0, env=None, until=None):
        """Starts a run of two minutes and waits for the text `until`, or for three steps."""
        arguments = ["run", "deck.yaml", "-o", "out"]
        for setting in ("logistic.pause=0.1 s", f"logistic.steps={self.STEPS}", *settings):
            arguments += ["--set", setting]
        process = self.launch(*arguments, ranks=ranks, env=env)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        self.seen = ""
        while until not in self.seen if until else self.seen.count("s/step") < 3:
            line = process.stdout.readline()
            self.assertTrue(line, self.seen)
            self.seen += line
        return process

    def start_held(self, *settings, ranks=0):
        """Starts a run whose second step lasts until self.let_go(), and waits for that step."""
        self.addCleanup(self.let_go)
        return self.start("logistic.hold=" + self.path("go"), *settings, ranks=ranks, until="step 1/")

    def let_go(self):
        self.write("go", "")

    def end(self, process, code):
        begun = time.monotonic()
        out, err = process.communicate(timeout=PATIENCE)
        outcome = Outcome(process.returncode, self.seen + out, err, time.monotonic() - begun)
        self.assertEqual(outcome.code, code, outcome)
        return outcome

    def assert_stopped(self, outcome, reason, file="out/maps.ckpt.h5"):
        found = self.find(outcome, rf"^stopped after step (\d+), because {reason}; checkpoint in {file}: "
                                   r"the same command continues$")
        self.assertEqual(outcome.lines[-1], found[0])
        self.assertEqual(outcome.err, "")
        self.assertLess(int(found[1]), self.STEPS)
        return int(found[1])

    def finish(self, ranks=0):
        """Continues with hardly more steps, now without a pause, and compares with a run that was not cut."""
        steps = f"steps={self.STEPS + 20}"
        self.run_deck(steps, ranks=ranks)
        self.run_deck(steps, folder="whole")
        self.assertEqual(self.answer()[1], self.answer("whole")[1])


class Signals(StopTest):
    def test_each_request_through_the_launcher(self):
        for name in ("USR1", "USR2", "XCPU"):
            with self.subTest(signal=name):
                process = self.start("run.seed=1", ranks=2)
                process.send_signal(getattr(signal, "SIG" + name))
                outcome = self.end(process, 75)
                step = self.assert_stopped(outcome, f"signal {name}")
                self.find(outcome, r"^timer ")  # tables also on an early stop
                self.assertEqual(self.summary()["error"]["error_type"], "QV_STOPPED")
                self.assertRegex(self.summary()["error"]["error_message"], rf"^stopped after step {step}: signal ")
                self.assertIn("maps.h5", self.files())
        self.finish(ranks=2)

    def test_a_storm_of_requests_is_one(self):
        process = self.start("run.checkpoint_every=0.000001 s")
        while process.poll() is None:
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.002)
        self.end(process, 75)
        self.finish()

    def test_a_storm_through_the_launcher_is_one(self):
        # Within one step: mpirun gives up its handlers before it ends, and a request then would end it.
        process = self.start_held(ranks=2)
        for _ in range(20):
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.005)
        self.let_go()
        self.end(process, 75)
        self.finish()

    def test_a_request_in_the_set_up(self):
        for ranks, signaled in ((0, "signal USR1"), (2, "a signal to another rank")):
            outcome = self.run_deck("run.seed=1", ranks=ranks, code=75, env={"QV_FAULT": "stop.inside:1:last"})
            self.assertEqual(outcome.lines[-1], f"stopped in the set-up, because {signaled}; nothing was made that "
                                                "could be saved: the same command begins again")
            self.assertEqual(self.files(), ["maps.json"])
            self.assertEqual(self.summary()["error"]["error_message"], f"stopped in the set-up: {signaled}")
        self.run_deck("run.seed=1")

    def test_xcpu_to_the_process(self):
        process = self.start()
        process.send_signal(signal.SIGXCPU)
        self.assert_stopped(self.end(process, 75), "signal XCPU")

    def test_interrupt_saves_the_state_and_nothing_else(self):
        for number, name in ((signal.SIGINT, "INT"), (signal.SIGTERM, "TERM")):
            process = self.start()
            process.send_signal(number)
            outcome = self.end(process, 75)
            self.assert_stopped(outcome, f"signal {name}")
            self.assertEqual([n for n in self.files() if "ckpt" not in n], ["maps.json"])
        self.finish()

    def test_term_to_the_launcher_leaves_a_good_checkpoint(self):
        # By default the launcher leaves one second, which a busy machine may spend elsewhere; it always waits for all
        # of the time that it leaves.
        for patience in (2, 10, 50):
            process = self.start(ranks=2, env={"OMPI_MCA_odls_base_sigkill_timeout": str(patience)})
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
            self.assertNotEqual(process.returncode, 0)  # mpirun's own code, whatever the ranks return
            if "maps.ckpt.h5" in self.files():
                break
        self.find(self.program("info", "out/maps.ckpt.h5"), "a checkpoint file, complete")
        self.finish(ranks=2)

    def test_a_second_interrupt_ends_at_once(self):
        for _ in range(5):
            process = self.start_held()
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGTERM)  # batch systems send it twice: still one request
            time.sleep(1)
            if process.poll() is None:
                break
            self.end(process, 128 + signal.SIGTERM)  # the machine stood still between the two
        else:
            self.fail("two interrupts within milliseconds are not one")
        for _ in range(60):  # inside a step that does not end
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            if process.poll() is not None:
                break
        self.end(process, 128 + signal.SIGTERM)


class StopFile(StopTest):
    def test_it_is_seen_and_removed(self):
        process = self.start(ranks=2)
        self.write("out/stop", "")
        outcome = self.end(process, 75)
        self.assert_stopped(outcome, "a stop file was found")
        self.assertNotIn("stop", self.files())
        self.finish(ranks=2)

    def test_one_from_before_does_not_count(self):
        os.mkdir(self.path("out"))
        self.write("out/stop", "")
        outcome = self.run_deck(ranks=2)
        self.assert_message(outcome, "warning: out/stop was left from an earlier run and is removed: create it again "
                                     "to stop this run")
        self.assertEqual(self.files(), ["maps.h5", "maps.json"])


class Stalls:
    """How long this machine kept somebody waiting who slept and wrote a few bytes to the disk, in seconds."""

    def __init__(self, folder):
        self.path, self.seconds, self.over = os.path.join(folder, "stalls"), 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.is_set():
            begun = time.monotonic()
            time.sleep(0.02)
            with open(self.path, "w", encoding="utf-8") as file:
                file.write("here\n")
                os.fsync(file.fileno())
            self.seconds += max(0, time.monotonic() - begun - 0.025)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class TimeLimits(StopTest):
    home = os.environ["QV_TEST_MEMORY"]  # a disk takes now a tenth of a second, now two

    UNIT = []  # found once

    @property
    def unit(self):
        """In which times are told here: a second, or more on a machine that takes long to start anything."""
        if not self.UNIT:
            starts = [self.run_deck("run.seed=9", folder=f"start{i}", ranks=2).seconds for i in range(2)]
            self.UNIT.append(max(1, 2 * min(starts)))
        return self.UNIT[0]

    def run_for(self, limit, least, pause, *settings, ranks=0):
        """A run that ends by itself after `least` to `limit` units, but for the time that the machine stood still:
        nobody can foresee that. Another run is tried if it did so at the wrong moment."""
        limit, least, pause = (round(self.unit * time, 3) for time in (limit, least, pause))
        for attempt in range(6):
            folder = f"for{limit}-{attempt}"
            with Stalls(self.folder) as stalls:
                outcome = self.run_deck(f"pause={pause} s", "steps=4000", *settings, folder=folder, code=75,
                                        ranks=ranks, options=["--maxtime", f"{limit} s"])
            self.assert_stopped(outcome, r"the time limit \(--maxtime\) is near", f"{folder}/maps.ckpt.h5")
            wall = self.summary(folder)["provenance"]["wall_seconds"]
            if least - stalls.seconds <= wall <= limit + stalls.seconds:
                left_out = "\nno time is left for the results so far: they are in the checkpoint\n" in outcome.out
                self.assertEqual(left_out, "maps.h5" not in self.files(folder), outcome)
                return outcome
        self.fail(f"the run took {wall} s of {limit}, of which the machine stood still {stalls.seconds} s\n{outcome}")

    def test_maxtime_is_used_and_never_exceeded(self):
        for limit in (4, 8):
            self.run_for(limit, 0.9 * limit, 0.05, ranks=2)

    def test_a_checkpoint_that_takes_less_than_was_guessed(self):
        outcome = self.run_for(4, 3.2, 0.05, "size=16 Mi")  # 128 MiB at 200 MB/s, once and a half: a second
        steps = [int(step) for step in re.findall(r"^checkpoint .*  step = (\d+)", outcome.out, re.M)]
        self.assertIn(len(steps), (1, 2), outcome)
        self.assertEqual(len(steps) == 2, steps[-1] > steps[0], outcome)

    def test_long_steps_are_foreseen(self):
        self.run_for(4, 1.6, 0.8)

    def test_the_deck_the_command_line_and_the_batch_job(self):
        soon = {"SLURM_JOB_END_TIME": str(int(time.time()) + 100000)}
        cases = [
            ([], {}, None),
            (["run.max_time=2 h"], {}, (7190, "run.max_time")),
            (["run.max_time=2 h"], soon, (7190, "run.max_time")),
            ([], soon, (99000, "the end of the batch job")),
        ]
        for settings, env, expected in cases:
            outcome = self.run_deck(*settings, "run.seed=2", env=env, options=["--restart", "none"])
            if expected is None:
                self.assertNotIn("time limit", outcome.out)
            else:
                self.find(outcome, rf"^time limit = .+ \({expected[1]}\)$")
        outcome = self.run_deck("run.max_time=2 h", "run.seed=3", options=["--maxtime", "3 h"])
        self.find(outcome, r"^time limit = (3h00m|2h59m|2h60m) \(--maxtime\)$")

    def test_the_end_that_squeue_tells(self):
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "squeue"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\necho "$@" > "$(dirname "$0")/asked"\ncat "$(dirname "$0")/answer"\n')
        os.chmod(self.path("bin", "squeue"), stat.S_IRWXU)
        env = {"PATH": self.path("bin") + ":" + os.environ["PATH"], "SLURM_JOB_ID": "4711"}
        self.write("bin/answer", time.strftime("%Y-%m-%dT%H:%M:%S\n", time.localtime(time.time() + 7200)))
        outcome = self.run_deck("run.seed=2", env=env)  # a launcher could put another squeue in front
        self.find(outcome, r"^time limit = (2h00m|1h59m|1h60m) \(the end of the batch job\)$")
        with open(self.path("bin", "asked"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "-h -j 4711 -o %e\n")
        for answer in ("N/A\n", "", "2026-13-45T99:00:00\n"):
            self.write("bin/answer", answer)
            outcome = self.run_deck("run.seed=2", env=env, options=["--restart", "none"])
            self.assertNotIn("time limit", outcome.out)
        env["SLURM_JOB_ID"] = "1; touch evil"
        self.assertNotIn("time limit", self.run_deck("run.seed=3", env=env).out)
        self.assertNotIn("evil", self.files("."))

    def test_no_time_is_left(self):
        env = {"SLURM_JOB_END_TIME": str(int(time.time()) - 10)}
        outcome = self.run_deck(ranks=2, env=env, code=78)
        self.assert_message(outcome, "error: no time is left: the end of the batch job was over before the first step")

    def test_a_chain_of_jobs_equals_the_single_run(self):
        self.run_deck("steps=80", folder="whole")
        parts, code = 0, 75
        while code == 75:
            process = self.launch("run", "deck.yaml", "-o", "out", "--set", "logistic.steps=80", "--set",
                                  f"logistic.pause={0.1 * self.unit} s", "--maxtime", f"{5 * self.unit} s", ranks=2)
            out, err = process.communicate(timeout=PATIENCE)
            code = process.returncode
            parts += 1
            self.assertLess(parts, 40)
        self.assertEqual(code, 0, out + err)
        self.assertGreater(parts, 1)
        self.assertEqual(self.answer(), self.answer("whole"))


if __name__ == "__main__":
    unittest.main()
