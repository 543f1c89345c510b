"""What the tests of the driver share: decks, launches, and what came out."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["QV_DRIVER_PROGRAM"]  # the driver with the logistic task
PRODUCT = os.environ["QV_PRODUCT"]  # qonverge itself
MPIRUN = os.environ["QV_MPIRUN"]
PATIENCE = 600  # seconds after which a run counts as hanging, on any machine
DECK = """qonverge: 1
title: Twenty steps
task: logistic
logistic: {size: 1 Ki, steps: 20}
output: maps
"""


class Outcome:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        self.lines = out.splitlines()
        self.complaints = err.splitlines()

    def __repr__(self):
        return f"exit code {self.code} after {self.seconds:.2f} s\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def command_of(arguments, ranks, program=PROGRAM):
    launcher = [MPIRUN, "-q", "-n", str(ranks)] if ranks else []
    return launcher + [program] + list(arguments)


class DriverTest(unittest.TestCase):
    maxDiff = None
    home = None  # where the folders of the tests are made

    def setUp(self):
        if self.home:
            os.makedirs(self.home, exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix="qv-driver-", dir=self.home)
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("deck.yaml", DECK)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def launch(self, *arguments, ranks=0, env=None, program=PROGRAM):
        """Starts the program; ranks 0: without a launcher."""
        return subprocess.Popen(command_of(arguments, ranks, program), cwd=self.folder, text=True,
                                env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def program(self, *arguments, ranks=0, code=0, env=None, program=PROGRAM):
        """Runs the program to its end and checks its exit code."""
        begun = time.monotonic()
        process = self.launch(*arguments, ranks=ranks, env=env, program=program)
        out, err = process.communicate(timeout=PATIENCE)
        outcome = Outcome(process.returncode, out, err, time.monotonic() - begun)
        self.assertEqual(outcome.code, code, outcome)
        return outcome

    def run_deck(self, *settings, folder="out", ranks=0, code=0, env=None, options=()):
        """Runs deck.yaml with `key=value` settings below `logistic` or with a full path."""
        sets = []
        for setting in settings:
            prefix = "" if "." in setting.split("=")[0] or setting.startswith(("task", "output")) else "logistic."
            sets += ["--set", prefix + setting]
        return self.program("run", "deck.yaml", "-o", folder, *sets, *options, ranks=ranks, code=code, env=env)

    def summary(self, folder="out"):
        with open(self.path(folder, "maps.json"), encoding="utf-8") as file:
            return json.load(file)

    def answer(self, folder="out"):
        """What must be the same however a run was cut: the headline, bit for bit, and all maps."""
        summary = self.summary(folder)
        self.assertTrue(summary["success"])
        return summary["return_result"], summary["values"]["fingerprint"]

    def files(self, folder="out"):
        return sorted(os.listdir(self.path(folder)))

    def assert_message(self, outcome, pattern):
        """Exactly one line on standard error, which matches."""
        self.assertEqual(len(outcome.complaints), 1, outcome)
        self.assertRegex(outcome.complaints[0], "^" + pattern + "$", outcome)

    def find(self, outcome, pattern):
        """The only line of standard output that matches, as a match."""
        found = [m for m in (re.search(pattern, line) for line in outcome.lines) if m]
        self.assertEqual(len(found), 1, f"{pattern}\n{outcome}")
        return found[0]


def is_dirty():
    text = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return "-dirty" in text
