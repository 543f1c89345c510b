#!/usr/bin/env python3
"""One run from deck to results: log, progress, files, failures, refusals."""
import os
import pty
import re
import subprocess
import unittest

from driver_test import PATIENCE, DriverTest, command_of


def seconds(text):
    """Of a duration as the program writes it: 0.42 s, 1m05s, 2h00m."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+) ?([smhd])", text))


class Results(DriverTest):
    def test_files_summary_and_log(self):
        outcome = self.run_deck(folder="deep/er/out", ranks=2)
        self.assertEqual(outcome.err, "")
        self.assertEqual(self.files("deep/er/out"), ["maps.h5", "maps.json"])
        summary = self.summary("deep/er/out")
        self.assertEqual(summary["schema_name"], "qonverge_summary")
        self.assertEqual((summary["title"], summary["task"]), ("Twenty steps", "logistic"))
        self.assertIs(summary["success"], True)
        self.assertIsNone(summary["error"])
        # The midpoint rule for pi with 20 intervals, to the last bit but one.
        exact = sum(4 / (1 + ((i + 0.5) / 20) ** 2) / 20 for i in range(20))
        self.assertAlmostEqual(summary["return_result"], exact, delta=1e-15)
        self.assertEqual(summary["return_error"], 0.2)
        self.assertEqual(summary["baseline"], {"exact_pi": 3.141592653589793})
        self.assertEqual(summary["values"]["finished"], 1)
        provenance = summary["provenance"]
        self.assertEqual((provenance["ranks"], provenance["routine"]), (2, "logistic"))
        self.assertTrue(provenance["command_line"].endswith("run deck.yaml -o deep/er/out"))
        self.assertEqual(outcome.lines[0], "Twenty steps")
        self.find(outcome, r"^  deck_hash +=( [0-9a-f]{16})$")
        self.find(outcome, r"^memory a rank = 4.00 KiB  checkpoint = 8.00 KiB$")
        self.assertRegex(outcome.lines[-1], r"^done after \S+( s)?: results in deep/er/out/maps.h5 and "
                                            r"deep/er/out/maps.json$")

    def test_the_same_numbers_on_any_ranks(self):
        answers = set()
        for ranks in (0, 2, 3, 4):
            self.run_deck(folder=f"on{ranks}", ranks=ranks)
            answers.add(self.answer(f"on{ranks}"))
        self.assertEqual(len(answers), 1, answers)

    def test_tables_of_time_and_memory(self):
        outcome = self.run_deck("pause=0.01 s", ranks=2)
        self.find(outcome, r"^timer +calls +min s +mean s +max s +% +GB/s$")
        row = self.find(outcome, r"^step +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +-$")
        self.assertEqual(row[1], "20")
        least, mean, most = (float(row[i]) for i in (2, 3, 4))
        self.assertTrue(0.2 <= least <= mean <= most < outcome.seconds, row[0])
        self.find(outcome, r"^memory at its peak +most a rank +all ranks$")
        self.find(outcome, r"^state +4.00 KiB +8.00 KiB$")
        self.find(outcome, r"^resident +\S+ MiB +\S+ MiB$")
        self.find(outcome, r"^planned +4.00 KiB +8.00 KiB$")
        self.find(outcome, r"^resident before the set-up +\S+ MiB +\S+ MiB$")
        self.find(outcome, r"^\(resident - before\) / planned = [\d.]+$")

    def test_quiet_and_log_file(self):
        outcome = self.run_deck(ranks=2, options=["-q", "--log", "run.log"])
        self.assertEqual(outcome.lines[:2], ["", "Result"])
        self.assertNotIn("step 1/20", outcome.out)
        with open(self.path("run.log"), encoding="utf-8") as file:
            self.assertEqual(file.read(), outcome.out)
        outcome = self.run_deck(folder="two", ranks=2, options=["--log", "none/run.log"], code=74)
        self.assert_message(outcome, "error: none/run.log: cannot be opened for the log: No such file or directory")

    def test_a_folder_that_cannot_be_made(self):
        outcome = self.run_deck(folder="deck.yaml/out", ranks=2, code=74)
        self.assert_message(outcome, "error: deck.yaml/out: the output folder cannot be made: Not a directory")
        outcome = self.run_deck(folder="deck.yaml", code=74)
        self.assert_message(outcome, "error: deck.yaml: the output folder cannot be made: a file of that name is in "
                                     "the way")

    def test_memory_that_is_not_freed_is_told(self):
        outcome = self.run_deck("leak=true", ranks=2)
        self.assert_message(outcome, "warning: 4096 bytes were not freed: please report this")


class Progress(DriverTest):
    LINE = r"^step (\d+)/20  x = 0\.\d{6}  [\d.e-]+ s/step  left (\S+( s)?)$"

    def steps(self, outcome, pattern=LINE):
        return [int(m[1]) for m in (re.match(pattern, line) for line in outcome.lines) if m]

    def test_a_batch_log_is_sparse(self):
        self.assertEqual(self.steps(self.run_deck("run.progress_every=1 h")), [1, 2, 3, 20])
        every = self.run_deck("pause=0.05 s", "run.progress_every=0.22 s", folder="two")
        shown = self.steps(every)
        self.assertEqual(shown[:3] + shown[-1:], [1, 2, 3, 20])
        self.assertTrue(6 <= len(shown) <= 5 + every.seconds / 0.22, shown)
        self.assertNotIn("\r", every.out)
        self.assertNotIn("\033", every.out)

    def test_left_is_the_mean_of_the_steps_times_their_number(self):
        outcome = self.run_deck("pause=0.2 s", "steps=4")
        left = [seconds(re.search(r"left (\S+( s)?)$", line)[1]) for line in outcome.lines if "s/step" in line]
        self.assertEqual(len(left), 4)
        for value, done in zip(left, (1, 2, 3, 4)):
            mean = (0.2, outcome.seconds / done)  # at least and at most
            self.assertTrue((4 - done) * mean[0] - 0.05 <= value <= (4 - done) * mean[1] + 0.6, outcome)

    def test_an_unknown_total_has_no_end(self):
        outcome = self.run_deck("unknown_total=true")
        shown = self.steps(outcome, r"^step (\d+)  x = 0\.\d{6}  [\d.e-]+ s/step  after \S+( s)?$")
        self.assertEqual(shown, [1, 2, 3, 20])

    def test_a_share_of_the_work_gives_the_time_left(self):
        outcome = self.run_deck("unknown_total=true", "share=true", "pause=0.05 s", "run.progress_every=0.01 s")
        lines = [line for line in outcome.lines if "s/step" in line]
        self.assertRegex(lines[0], r"^step 1  x = \S+  \S+ s/step  after \S+( s)?$")  # one share says no pace yet
        left = [seconds(re.search(r"^step \d+  .*  left (\S+( s)?)$", line)[1]) for line in lines[1:]]
        self.assertGreaterEqual(len(left), 10)
        for value, done in zip(left, range(2, 21)):
            self.assertLessEqual((20 - done) * 0.05 - 0.02, value, outcome)
        self.assertEqual(left[-1], 0)

    def test_a_terminal_gets_one_line_rewritten(self):
        control, terminal = pty.openpty()
        command = command_of(["run", "deck.yaml", "--set", "logistic.pause=0.05 s"], 0)
        process = subprocess.Popen(command, cwd=self.folder, env={**os.environ, "QV_TERMINAL": "1"}, stdout=terminal,
                                   stdin=subprocess.DEVNULL)
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(control, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(control)
        self.assertEqual(process.wait(), 0)
        text = shown.decode()
        rewritten = re.findall(r"\r\x1b\[K(\[#*\.*\] step \d+/20  x = [^\r\n]*)", text)
        self.assertTrue(5 <= len(rewritten) <= 20, text)
        self.assertTrue(all(len(line) < 80 for line in rewritten), rewritten)
        self.assertRegex(text, r"\x1b\[Kstep 20/20  x = ")  # the last one stays


class Failures(DriverTest):
    def test_each_function_on_each_rank(self):
        for where, rank in (("create", 0), ("create", 1), ("create", -1), ("step", 0), ("step", 1), ("step", -1),
                            ("save", 1), ("load", 1), ("finish", 1)):
            with self.subTest(where=where, rank=rank):
                self.fail_in(where, rank)

    def fail_in(self, where, rank):
        folder = f"{where}{rank}"
        self.run_deck("signal_step=3", folder=folder, ranks=2, code=75)
        settings = ["fail=" + where, f"fail_rank={rank}", "fail_step=6"]
        if where == "save":
            settings.append("signal_step=6")
        outcome = self.run_deck(*settings, folder=folder, ranks=2, code=70)
        suffix = "" if rank < 0 else rf" \(rank {rank}; 1 of 2 ranks failed\)"
        self.assert_message(outcome, f"error: a planted failure in {where}{suffix}")
        error = self.summary(folder)
        self.assertIs(error["success"], False)
        self.assertEqual(error["error"]["error_type"], "QV_ERR_INTERNAL")
        self.assertIn(f"a planted failure in {where}", error["error"]["error_message"])
        self.assertIn("maps.ckpt.h5", self.files(folder))
        self.assertEqual([name for name in self.files(folder) if ".tmp" in name], [])
        self.run_deck(folder=folder, ranks=2)  # the last good checkpoint continues
        self.assertEqual(self.files(folder), ["maps.h5", "maps.json"])

    def test_a_nan_exits_with_79_and_keeps_the_checkpoint(self):
        outcome = self.run_deck("nan_step=5", "run.checkpoint_every=0.000001 s", ranks=2, code=79)
        self.assert_message(outcome, r"error: step 5: map 0 is not a number \(rank 0; 1 of 2 ranks failed\)")
        self.assertEqual(self.summary()["error"]["error_type"], "QV_ERR_NUMERIC")
        self.find(self.program("info", "out/maps.ckpt.h5"), r"step = 4/20  not done")

    def test_ranks_that_disagree_about_the_end(self):
        outcome = self.run_deck("split_step=5", ranks=2, code=70)
        self.assert_message(outcome, "error: task 'logistic': some ranks are done after step 5 and others are not")

    def test_ranks_that_are_no_power_of_two(self):
        outcome = self.run_deck("power_of_two=true", ranks=3, code=78)
        self.assert_message(outcome, "error: task 'logistic' spreads its state over a power of two of ranks, and 3 is "
                                     "none: start it on 2 or 4")
        self.assertIs(self.summary()["success"], False)
        self.run_deck("power_of_two=true", ranks=2)

    def test_more_memory_than_there_is(self):
        outcome = self.run_deck("qubits=45", ranks=2, code=71)
        found = re.match(r"^error: the run needs 512\.00 TiB on node \S+ \(2 ranks of 256\.00 TiB\), which offers "
                         r"([\d.]+) ([MGTP])iB, of which it may take 90 %; (\d+) qubits would fit; (\d+) ranks, 2 on a "
                         r"node, would do\n$", outcome.err)
        self.assertTrue(found, outcome)
        offered = float(found[1]) * 2.0 ** {"M": 20, "G": 30, "T": 40, "P": 50}[found[2]]
        qubits, ranks = int(found[3]), int(found[4])
        self.assertTrue(16 * 2.0**qubits <= 0.91 * offered and 16 * 2.0 ** (qubits + 1) >= 0.89 * offered, outcome)
        self.assertTrue(2 * 16 * 2.0**45 / ranks <= 0.91 * offered, outcome)
        self.assertTrue(2 * 16 * 2.0**45 / (ranks / 2) >= 0.89 * offered, outcome)
        outcome = self.run_deck("bytes=500 TiB", code=71)
        self.assert_message(outcome, r"error: the run needs 500\.00 TiB on node \S+ \(1 ranks of 500\.00 TiB\), which "
                                     r"offers \S+ [MGTP]iB, of which it may take 90 %; no number of ranks would do")
        self.assertEqual(self.summary()["error"]["error_type"], "QV_ERR_MEMORY")


class Faults(DriverTest):
    """Walks the error paths: the n-th call of a kind fails on one rank."""

    def walk(self, site, rank, first, stride, code):
        failures = 0
        for n in range(first, 10000, stride):
            env = {"QV_FAULT": f"{site}:{n}:{rank}"}
            process = self.launch("run", "deck.yaml", "-o", "out", "--restart", "none", "--set", "logistic.steps=3",
                                  "--set", "run.checkpoint_every=0.000001 s", ranks=2, env=env)
            _, err = process.communicate(timeout=PATIENCE)
            if process.returncode == 0:
                self.assertEqual(err, "")
                break
            with self.subTest(site=site, rank=rank, n=n):
                self.assertEqual(process.returncode, code, err)
                self.assertEqual(len(err.splitlines()), 1, err)  # one message, and all memory given back
                self.assertEqual([name for name in os.listdir(self.folder) if ".tmp" in name], [])
                if os.path.isdir(self.path("out")):
                    self.assertEqual([name for name in self.files() if ".tmp" in name], [])
            failures += 1
        self.assertGreater(failures, 5)

    def test_memory_on_the_last_rank(self):
        self.walk("alloc", "last", 1, 7, 71)

    def test_memory_on_the_first_rank(self):
        self.walk("alloc", "0", 2, 31, 71)

    def test_agreements(self):
        self.walk("agree", "1", 3, 23, 74)


if __name__ == "__main__":
    unittest.main()
