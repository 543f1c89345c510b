#!/usr/bin/env python3
"""The command line: exit codes and messages, help, version, check, plan, info, schema."""
import json
import os
import time
import unittest

from driver_test import PATIENCE, PRODUCT, DriverTest


class Usage(DriverTest):
    CASES = [
        ([], "a command is missing: qonverge run DECK (`qonverge --help` lists all commands)"),
        (["rnu"], "'rnu' is not a command: did you mean 'run'? (`qonverge --help` lists them)"),
        (["frobnicate"], "'frobnicate' is not a command (`qonverge --help` lists them)"),
        (["deck.yaml"], "'deck.yaml' is not a command: did you mean `qonverge run deck.yaml`?"),
        (["run"], "'run' needs the name of a file: qonverge run DECK (a deck is never read from standard input)"),
        (["info"], "'info' needs the name of a file: qonverge info FILE.h5"),
        (["explain"], "'explain' needs the name of a key: qonverge explain KEY"),
        (["new"], "'new' needs the name of a task: qonverge new TASK"),
        (["watch", "a", "b"], "'b' is one argument too many for 'watch'"),
        (["explain", "logistic.ratte"], "'logistic.ratte' is no key, section or task of a deck: did you mean "
                                        "'logistic.rate'? (`qonverge schema --markdown` lists all)"),
        (["explain", "paus"], "'paus' is no key, section or task of a deck: did you mean 'logistic.pause'? "
                              "(`qonverge schema --markdown` lists all)"),
        (["explain", "frobnicate"], "'frobnicate' is no key, section or task of a deck (`qonverge schema --markdown` "
                                    "lists all)"),
        (["new", "logistic"], "there is no new deck for 'logistic' (tasks: )"),
        (["run", "-"], "the deck is not read from standard input, which a launcher does not hand on reliably: "
                       "save it and give its name"),
        (["run", "/dev/stdin"], "the deck is not read from standard input, which a launcher does not hand on reliably: "
                                "save it and give its name"),
        (["run", "deck.yaml", "other.yaml"], "'other.yaml' is one argument too many for 'run'"),
        (["schema", "deck.yaml"], "'deck.yaml' is one argument too many for 'schema'"),
        (["run", "deck.yaml", "--restrat", "none"],
         "unknown option '--restrat': did you mean '--restart'? (`qonverge run --help` lists the options)"),
        (["run", "deck.yaml", "--wibble"], "unknown option '--wibble' (`qonverge run --help` lists the options)"),
        (["run", "deck.yaml", "-x"], "unknown option '-x' (`qonverge run --help` lists the options)"),
        (["plan", "deck.yaml", "--restart=none"],
         "'plan' has no option '--restart' (`qonverge plan --help` lists its options)"),
        (["run", "deck.yaml", "--maxtime"], "option '--maxtime' needs a value: --maxtime TIME"),
        (["run", "deck.yaml", "-o"], "option '-o' needs a value: --output-dir DIR"),
        (["run", "deck.yaml", "--quiet=yes"], "option '--quiet' takes no value"),
        (["run", "deck.yaml", "--maxtime", "90"],
         "--maxtime: '90' is not a duration: write 3.9h, 90 min, 3600 s or 01:30:00"),
        (["run", "deck.yaml", "--maxtime", "soon"],
         "--maxtime: 'soon' is not a duration: write 3.9h, 90 min, 3600 s or 01:30:00"),
        (["run", "deck.yaml", "--maxtime", "0 s"],
         "--maxtime: '0 s' is not a duration: write 3.9h, 90 min, 3600 s or 01:30:00"),
        (["plan", "deck.yaml", "--ranks", "0"], "--ranks: '0' is not a number from 1 to 2147483648"),
        (["plan", "deck.yaml", "--ranks", "4x"], "--ranks: '4x' is not a number from 1 to 2147483648"),
        (["plan", "deck.yaml", "--qubits", "63"], "--qubits: '63' is not a number from 1 to 62"),
    ]

    def test_every_mistake_is_named_and_exits_with_64(self):
        for arguments, message in self.CASES:
            with self.subTest(arguments=arguments):
                outcome = self.program(*arguments, code=64)
                self.assertEqual(outcome.err, "error: " + message + "\n")
                self.assertEqual(outcome.out, "")

    def test_many_ranks_complain_once(self):
        outcome = self.program("rnu", ranks=3, code=64)
        self.assertEqual(outcome.err, "error: " + self.CASES[1][1] + "\n")


class Pages(DriverTest):
    OPTIONS = {
        "run": ["-o, --output-dir DIR", "--restart WHAT", "--maxtime TIME", "--set KEY=VALUE", "--log FILE",
                "-q, --quiet", "--echo", "--check"],
        "check": ["--set KEY=VALUE", "--echo"],
        "plan": ["--set KEY=VALUE", "--ranks N", "--qubits N", "--machine FILE"],
        "machine": ["--qubits N"],
        "info": [],
        "schema": ["--markdown"],
        "explain": [],
        "new": ["-o, --output-dir DIR"],
        "watch": [],
    }

    def test_help_fits_a_screen_and_names_everything(self):
        whole = self.program("--help", ranks=2)
        self.assertEqual(whole.err, "")
        self.assertEqual(whole.out.count("qonverge run DECK "), 1)  # once, not once a rank
        for code in (0, 64, 65, 66, 69, 70, 71, 74, 75, 78, 79):
            self.assertRegex(whole.out, rf"\b{code} \w")
        for command, options in self.OPTIONS.items():
            self.assertIn("qonverge " + command, whole.out)
            page = self.program(command, "--help")
            self.assertEqual(page.out, self.program("help", command).out)
            self.assertLessEqual(len(page.lines), 24)
            self.assertLessEqual(max(map(len, page.lines)), 110)
            listed = [line[2:24].strip() for line in page.lines if line.startswith("  -")]
            self.assertEqual(listed, options + ["-h, --help"])
        self.assertLessEqual(len(whole.lines), 24)
        self.assertLessEqual(max(map(len, whole.lines)), 80)

    def test_version_names_commit_compiler_and_libraries(self):
        for program in (None, PRODUCT):
            outcome = self.program("--version", ranks=2, **({"program": program} if program else {}))
            self.assertRegex(outcome.lines[0], r"^qonverge \d+\.\d+\.\d+ \(([0-9a-f]{12}(-dirty)?|unknown)\)$")
            for name in ("compiler", "flags", "mpi", "hdf5", "libyaml", "petsc", "slepc", "gsl"):
                self.find(outcome, rf"^{name} = \S")
            self.assertEqual(outcome.err, "")

    def test_schema_is_json_and_markdown(self):
        outcome = self.program("schema", ranks=2)
        schema = json.loads(outcome.out)
        self.assertIn("$schema", schema)
        self.assertIn("logistic.rate", self.program("schema", "--markdown").out)
        json.loads(self.program("schema", program=PRODUCT).out)


class CheckAndPlan(DriverTest):
    def test_a_valid_deck(self):
        expected = r"^deck.yaml is valid: task = logistic  ranks = 2  memory a rank = 4.00 KiB  checkpoint = 8.00 KiB$"
        for arguments in (["check", "deck.yaml"], ["run", "--check", "deck.yaml"], ["--check", "deck.yaml"]):
            outcome = self.program(*arguments, ranks=2)
            self.assertEqual(len(outcome.lines), 1, outcome)
            self.find(outcome, expected)
        self.assertEqual(self.files("."), ["deck.yaml"])

    def test_echo_says_where_values_come_from(self):
        outcome = self.program("check", "deck.yaml", "--echo", "--set", "logistic.rate=3.5")
        self.find(outcome, r"rate: 3.5 +# --set")
        self.find(outcome, r"steps: 20 +# deck.yaml:4")
        self.find(outcome, r"seed: 1 +# default")

    def test_an_invalid_deck_is_reported_as_the_reader_puts_it(self):
        self.write("bad.yaml", DECK_WITH_TYPO)
        for command in ("check", "plan", "run"):
            outcome = self.program(command, "bad.yaml", ranks=2, code=65)
            self.assertTrue(outcome.err.startswith("bad.yaml:4:12: error: "), outcome)
            self.assertEqual(outcome.err.count("error:"), 1, outcome)
            self.assertIn("did you mean 'size'", outcome.err)

    def test_missing_files(self):
        outcome = self.program("check", "none.yaml", ranks=2, code=66)
        self.assert_message(outcome, r"error: cannot read the deck 'none\.yaml': No such file or directory")
        outcome = self.program("run", "deck.yaml", "--set", "output=a/b", code=65)
        self.assertIn("'a/b' has a slash: the folder is chosen with -o DIR", outcome.err)

    def test_a_failure_in_the_plan(self):
        outcome = self.program("check", "deck.yaml", "--set", "logistic.fail=plan", ranks=2, code=70)
        self.assert_message(outcome, "error: a planted failure in plan")

    def test_plan_for_any_machine(self):
        settings = ["--set", "logistic.qubits=30", "--set", "logistic.power_of_two=true"]
        outcome = self.program("plan", "deck.yaml", *settings, "--ranks", "4", ranks=2)
        for line in ("task = logistic", "ranks = 4", "legal ranks = powers of two", "memory a rank = 4.00 GiB",
                     "memory of all ranks = 16.00 GiB", "checkpoint = 8.00 KiB"):
            self.assertIn(line, outcome.lines)
        self.find(outcome, r"iterations = 20 +Iterations of each map")
        outcome = self.program("plan", "deck.yaml", *settings, "--ranks", "3", "--qubits", "40")
        self.assertIn("legal ranks = powers of two  (the planned number is not one of them)", outcome.lines)
        self.assertIn("memory of all ranks = 16.00 TiB", outcome.lines)
        self.assertIn("legal ranks = any number", self.program("plan", "deck.yaml").lines)


DECK_WITH_TYPO = """qonverge: 1
title: A typo
task: logistic
logistic: {siez: 10}
"""


class Info(DriverTest):
    def test_a_result(self):
        self.run_deck(ranks=2)
        outcome = self.program("info", "out/maps.h5", ranks=2)
        self.assertEqual(outcome.lines[0], "out/maps.h5: a result file, complete, all digests right")
        self.find(outcome, r"^task = logistic  step = 20/20  done  parts = 1  time = ")
        self.find(outcome, r"^  ranks +=( 2)$")
        self.find(outcome, r"^  git +=( \S+)$")
        self.find(outcome, r"^  headline/pi +f64 +scalar +=( 3\.14180098689)  Midpoint sum$")
        self.find(outcome, r"^  baseline/exact_pi +f64 +scalar +=( 3\.14159265359)  Pi$")
        self.find(outcome, r"^  logistic/x +f64 +1024 +the maps$")
        self.find(outcome, r"^  run/seconds +f64 +scalar +=( \S+) s  wall-clock time, over all parts of the run$")
        self.find(outcome, r"^  timers/most +f64 +\d+ +s  seconds, on the rank with most$")

    def test_a_checkpoint(self):
        self.run_deck("signal_step=7", code=75)
        outcome = self.program("info", "out/maps.ckpt.h5")
        self.assertEqual(outcome.lines[0], "out/maps.ckpt.h5: a checkpoint file, complete, all digests right")
        self.find(outcome, r"^task = logistic  step = 7/20  not done  parts = 1  time = ")
        self.find(outcome, r"^  logistic/step +i64 +scalar +=( 7)  iterations made$")

    def test_what_is_wrong_with_a_file(self):
        self.run_deck()
        with open(self.path("out", "maps.h5"), "rb") as file:
            good = file.read()
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 4
        cases = [("cut.h5", good[:-100], "cut.h5: "), ("flipped.h5", bytes(flipped), "flipped.h5: damaged: "),
                 ("empty.h5", b"", "empty.h5: "), ("text.h5", b"hello\n" * 2000, "text.h5: "),
                 ("half.h5", good[:5000], "half.h5: ")]
        told = {}
        for name, content, message in cases:
            with open(self.path(name), "wb") as file:
                file.write(content)
            outcome = self.program("info", name, ranks=2, code=66)
            self.assert_message(outcome, "error: " + message + ".+")
            told[name] = outcome.lines
        self.assertEqual(told["empty.h5"] + told["text.h5"], [])
        size = len(good)
        self.assertEqual(told["cut.h5"][0], f"cut.h5: a result file, completed, {size - 100} of {size} bytes there")
        self.assertIn("  damaged  (names, shapes and attributes)", told["cut.h5"])
        self.assertEqual(told["half.h5"][1:], ["its index is lost: nothing can be said of its datasets"])
        self.assertEqual(told["flipped.h5"][0], f"flipped.h5: a result file, completed, {size} of {size} bytes there")
        self.assertEqual([line.split()[0] for line in told["flipped.h5"][1:]].count("damaged"), 1)
        self.assertIn("  whole    run/step", told["flipped.h5"])
        outcome = self.program("info", "none.h5", ranks=2, code=66)
        self.assert_message(outcome, r"error: none\.h5: there is no such file")
        self.assertTrue(os.path.exists(self.path("out", "maps.h5")))


class Explain(DriverTest):
    def test_a_key(self):
        outcome = self.program("explain", "logistic.pause", ranks=2)
        self.assertEqual(outcome.lines, ["logistic.pause", "  Time that a step takes", "  type     duration in s",
                                         "  written  with its unit (s, min, h, d or H:MM:SS): `90 s`, `01:30:00`",
                                         "  range    (0,inf)", "  default  0.000001 s", "  restart  may change",
                                         "  tasks    logistic, twin", "  since    0.1"])
        self.assertEqual(self.program("explain", "pause").out, outcome.out)
        self.assertIn("  choices  none, plan, create,", self.program("explain", "logistic.fail").out)

    def test_a_section_and_a_task(self):
        section = self.program("explain", "run")
        self.assertEqual(section.lines[0], "run (tasks: all)")
        self.find(section, r"^  run\.seed +(1) +\S")
        task = self.program("explain", "logistic")
        self.find(task, r"^  logistic\.steps +(20) +Iterations in all$")
        vqe = self.program("explain", "vqe", program=PRODUCT)
        self.assertEqual(vqe.lines[0], "task vqe")
        self.find(vqe, r"^  molecule\.fcidump +(required) ")


class New(DriverTest):
    """Each task of the program has a new deck that runs; so a new task cannot forget it."""

    def test_every_task(self):
        schema = self.program("schema", "--markdown", program=PRODUCT).out
        tasks = [line.split("`")[1] for line in schema.splitlines() if line.startswith("## Task `")]
        self.assertGreaterEqual(len(tasks), 7)
        for task in tasks:
            with self.subTest(task=task):
                outcome = self.program("new", task, "-o", ".", program=PRODUCT)
                self.assertEqual(outcome.lines[-1], f"to run it: qonverge run {task}.yaml")
                self.assertIn(f"{task}.yaml", outcome.lines)
                self.program("run", f"{task}.yaml", "-q", program=PRODUCT)
                with open(self.path(f"{task}.yaml"), encoding="utf-8") as file:
                    text = file.read()
                self.assertIn("# run.checkpoint_every ", text)
        outcome = self.program("new", "vqe", program=PRODUCT, code=64)
        self.assertEqual(outcome.err, "error: vqe.yaml is there already: it is not overwritten\n")
        outcome = self.program("new", "vqe", "-o", "none", program=PRODUCT, code=74)
        self.assertEqual(outcome.err, "error: none/vqe.yaml: cannot be written: No such file or directory\n")
        outcome = self.program("new", "prize", program=PRODUCT, code=64)
        self.assertIn("there is no new deck for 'prize': did you mean 'price'? (tasks: ", outcome.err)


class Watch(DriverTest):
    def watch(self, *arguments, code=0, env=None):
        return self.program("watch", *arguments, code=code, env=env)

    def test_done_stopped_failed(self):
        self.assertEqual(self.watch().lines, ["no runs in ."])
        self.run_deck(folder="out")
        self.run_deck("signal_step=7", "output=cut", folder="out", code=75)
        self.run_deck("fail=step", "output=bad", folder="out", code=70)
        self.write("out/other.json", "[1, 2]")
        lines = self.watch("out").lines
        self.assertEqual(len(lines), 3, lines)
        self.assertRegex(lines[0], r"^bad +failed +a planted failure in step")
        self.assertRegex(lines[1], r"^cut +stopped +stopped after step 7: .*USR1.*: the same command continues$")
        self.assertRegex(lines[2], r"^maps +done +pi = 3\.141801 \+- 0\.2 +after \S+( s)?$")
        self.assertEqual(self.watch("none", code=66).err,
                         "error: none: the folder cannot be read: No such file or directory\n")

    def test_running_then_killed(self):
        process = self.launch("run", "deck.yaml", "-o", "out", "--set", "logistic.pause=0.2 s", "--set",
                              "logistic.steps=9000")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE
        line = ""
        while " running " not in line and time.monotonic() < deadline:
            time.sleep(0.2)
            line = (self.watch("out").lines or [""])[0] if os.path.isdir(self.path("out")) else ""
        self.assertRegex(line, r"^maps +running +\[#*\.*\] step \d+/9000  x = 0\.\d+  [\d.]+ s/step  left \S+$")
        self.assertRegex(self.watch("out").lines[1],
                         r"task logistic on \S+, 1 rank x 1 thread, for \S+( s)?, last sign ")
        process.kill()
        process.wait()
        self.assertRegex(self.watch("out").lines[0], r"^maps +killed +step \d+/9000 .*the same command continues from")
        self.run_deck(folder="out")
        self.assertEqual(self.files("out"), ["maps.h5", "maps.json"])

    def test_the_queue(self):
        self.write("squeue", f"#!/bin/sh\necho '12|PENDING|N/A|Priority|vqe|{os.path.realpath(self.folder)}'\n"
                   "echo '13|RUNNING|N/A|None|vqe|/'\necho '14|PENDING|N/A|None|other|/elsewhere'\necho odd\n")
        os.chmod(self.path("squeue"), 0o755)
        self.run_deck(folder="out")
        path = self.folder + ":" + os.environ["PATH"]
        lines = self.watch("out", env={"PATH": path}).lines
        self.assertEqual(lines[1:], ["vqe              queued      job 12 waits (Priority), expected to start: N/A"])


if __name__ == "__main__":
    unittest.main()
