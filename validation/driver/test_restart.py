#!/usr/bin/env python3
"""Restart: a run that was cut anywhere, on any ranks, ends with the same numbers."""
import os
import unittest

from driver_test import DriverTest, is_dirty


class Smoke(DriverTest):
    def test_stop_and_continue(self):
        self.run_deck(folder="whole")
        self.run_deck("signal_step=10", code=75)
        self.run_deck()
        self.assertEqual(self.answer(), self.answer("whole"))


class Exactness(DriverTest):
    """A stop after each step k of 20."""

    def stop_after(self, steps, ranks):
        self.run_deck(folder="whole", ranks=ranks)
        whole = self.answer("whole")
        for k in steps:
            with self.subTest(k=k):
                folder = f"cut{k}"
                stopped = self.run_deck(f"signal_step={k}", folder=folder, ranks=ranks, code=75)
                self.assertEqual(stopped.err, "")
                self.assertIs(self.summary(folder)["success"], False)
                continued = self.run_deck(folder=folder, ranks=ranks)
                self.find(continued, rf"^restart from {folder}/maps.ckpt.h5  step = {k}  part = 2 ")
                self.find(continued, rf"^step {k + 1}/20  ")
                self.assertEqual(self.answer(folder), whole)
                self.assertEqual(self.files(folder), ["maps.h5", "maps.json"])

    def test_on_one_rank(self):
        self.stop_after(range(1, 20), 0)

    def test_on_two_ranks(self):
        self.stop_after(range(1, 20), 2)

    def test_on_four_ranks(self):
        self.stop_after((1, 8, 19), 4)

    def test_every_step_on_another_number_of_ranks(self):
        self.run_deck(folder="whole")
        for k in range(1, 20):
            self.run_deck(f"signal_step={k}", ranks=(1, 2, 4, 3)[k % 4], code=75)
        last = self.run_deck(ranks=2)
        self.assertEqual(self.answer(), self.answer("whole"))
        self.find(last, r"part = 20")


class Checkpoints(DriverTest):
    def test_cadence_and_two_generations(self):
        outcome = self.run_deck("run.checkpoint_every=0.000001 s", "fail=step", "fail_step=9", "fail_rank=0", ranks=2,
                                code=70)
        made = [line for line in outcome.lines if line.startswith("checkpoint out/maps.ckpt.h5  step = ")]
        self.assertEqual(len(made), 8)
        self.assertEqual(self.files(), ["maps.ckpt.h5", "maps.ckpt.prev.h5", "maps.json"])
        self.assertNotIn("checkpoint out", self.run_deck(folder="seldom").out)

    def damage(self, name):
        with open(self.path("out", name), "r+b") as file:
            file.seek(9000)
            file.write(b"\xff" * 64)

    def test_a_damaged_checkpoint_falls_back_and_then_fails(self):
        self.run_deck("run.checkpoint_every=0.000001 s", "signal_step=9", code=75)
        self.damage("maps.ckpt.h5")
        outcome = self.run_deck("signal_step=12", ranks=2, code=75)
        self.assertEqual(len(outcome.complaints), 2, outcome)
        self.assertRegex(outcome.complaints[0], r"^warning: out/maps\.ckpt\.h5: damaged: ")
        self.assertRegex(outcome.complaints[1], r"^warning: out/maps\.ckpt\.h5: not used; continuing from the previous "
                                                r"generation out/maps\.ckpt\.prev\.h5$")
        self.find(outcome, r"^restart from out/maps\.ckpt\.prev\.h5  step = 8  ")
        self.damage("maps.ckpt.h5")
        self.damage("maps.ckpt.prev.h5")
        outcome = self.run_deck(ranks=2, code=66)
        self.assertEqual(outcome.err.count("damaged"), 2, outcome)
        self.assertEqual(outcome.err.count("error:"), 1, outcome)
        self.run_deck(options=["--restart", "none"])
        self.run_deck(folder="whole")
        self.assertEqual(self.answer(), self.answer("whole"))

    def test_restart_from_a_file(self):
        self.run_deck("signal_step=4", code=75)
        os.rename(self.path("out", "maps.ckpt.h5"), self.path("kept.h5"))
        outcome = self.run_deck(folder="other", options=["--restart", "kept.h5"])
        self.find(outcome, r"^restart from kept\.h5  step = 4  ")
        self.assertIn("kept.h5", self.files("."))
        outcome = self.run_deck(folder="other", options=["--restart", "none.h5"], ranks=2, code=66)
        self.assert_message(outcome, r"error: none\.h5: there is no such file")
        outcome = self.run_deck(folder="other", options=["--restart", "other/maps.h5"], code=66)
        self.assert_message(outcome, r"error: other/maps\.h5: .*result.*checkpoint.*")

    def test_a_deck_that_has_changed(self):
        self.run_deck("signal_step=4", code=75)
        outcome = self.run_deck("rate=3.7", ranks=2, code=66)
        self.assertEqual(outcome.err.count("error:"), 1, outcome)
        for word in ("logistic.rate", "3.9", "3.7"):
            self.assertIn(word, outcome.err)
        outcome = self.run_deck("pause=0.001 s", ranks=2)
        self.find(outcome, r"step = 4  part = 2  \(the deck has changed in keys that may change\)$")

    def test_a_checkpoint_of_another_task(self):
        self.run_deck("signal_step=4", code=75)
        self.write("deck.yaml", "qonverge: 1\ntask: twin\noutput: maps\n")
        outcome = self.program("run", "deck.yaml", "-o", "out", ranks=2, code=66)
        self.assert_message(outcome, r"error: out/maps\.ckpt\.h5 belongs to the task 'logistic', not to 'twin': choose "
                                     r"another `output` or -o, or start afresh with --restart none")


class Completion(DriverTest):
    def test_a_complete_run_is_not_made_again(self):
        self.run_deck()
        first = self.summary()["provenance"]["utc"], self.answer()
        outcome = self.run_deck(ranks=2)
        if is_dirty():  # the build has no name, so its results are made again
            self.find(outcome, "^step 20/20")
        else:
            self.assertEqual(outcome.lines[-1],
                             "already complete: results in out/maps.h5 (--restart none makes the run again)")
            self.assertNotIn("step 1/20", outcome.out)
            self.assertEqual(self.files(), ["maps.h5", "maps.json"])
            self.assertEqual((self.summary()["provenance"]["utc"], self.answer()), first)
        outcome = self.run_deck(ranks=2, options=["--restart", "none"])
        self.find(outcome, "^step 20/20")
        self.assertTrue(outcome.lines[-1].endswith("; those of the run before have .prev in their name"), outcome)
        self.assertEqual(self.files(), ["maps.h5", "maps.json", "maps.prev.h5"])

    def test_results_of_another_deck_are_kept(self):
        self.run_deck("rate=3.5", ranks=2)
        old = self.answer()
        self.run_deck("rate=3.6", "signal_step=5", code=75)
        self.run_deck("rate=3.6", "signal_step=9", code=75)
        self.run_deck("rate=3.6")
        self.assertNotEqual(self.answer(), old)
        self.assertEqual(self.files(), ["maps.h5", "maps.json", "maps.prev.h5"])
        self.find(self.program("info", "out/maps.prev.h5"), rf"fingerprint +i64 +scalar +=( {old[1]})  ")

    def test_earlier_results_that_are_damaged(self):
        self.run_deck()
        with open(self.path("out", "maps.h5"), "wb") as file:
            file.write(b"not a result")
        outcome = self.run_deck(ranks=2)
        self.assert_message(outcome, r"warning: the results of an earlier run cannot be read and are replaced: "
                                     r"out/maps\.h5: .+")
        self.assertEqual(self.files(), ["maps.h5", "maps.json"])

    def test_a_kept_checkpoint_goes_on_with_larger_limits(self):
        self.run_deck("run.keep_checkpoint=true", ranks=2)
        self.assertIn("maps.ckpt.h5", self.files())
        outcome = self.run_deck("steps=30", ranks=2)
        self.find(outcome, r"^restart from out/maps\.ckpt\.h5  step = 20  ")
        self.assertEqual(self.files(), ["maps.h5", "maps.json", "maps.prev.h5"])
        self.run_deck("steps=30", folder="whole")
        self.assertEqual(self.answer()[1], self.answer("whole")[1])

    def test_a_run_that_was_killed_after_its_last_step(self):
        self.run_deck("fail=finish", "run.keep_checkpoint=true", code=70)
        outcome = self.run_deck("fail=finish", "run.keep_checkpoint=true", code=70, ranks=2)
        self.find(outcome, r"step = 20  part = 2$")
        self.assertNotIn("step 20/20", outcome.out)  # no step is made twice


if __name__ == "__main__":
    unittest.main()
