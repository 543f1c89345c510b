"""The tasks anneal and enumerate through the command line."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import frontier

PRODUCT = os.environ["QV_PRODUCT"]
MPIRUN = os.environ["QV_MPIRUN"]
SOURCE = os.environ["QV_SOURCE"]
DATA = os.path.join(SOURCE, "validation", "data", "optimisation")


class Task(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="qv-optimisation-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_deck(self, deck, *arguments, ranks=1, code=0, output="."):
        command = [MPIRUN, "-q", "-n", str(ranks)] if ranks > 1 else []
        command += [PRODUCT, "run", deck, "-o", os.path.join(self.folder, output), *arguments]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def summary(self, name, output="."):
        with open(os.path.join(self.folder, output, name + ".json"), encoding="utf-8") as file:
            return json.load(file)

    def write(self, text):
        path = os.path.join(self.folder, "deck.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("qonverge: 1\n" + text + "output: result\n")
        return path


class Decks(Task):
    def solve(self, name, objective, *arguments):
        self.run_deck(os.path.join(SOURCE, "config", name + ".yaml"), *arguments)
        summary = [self.summary(f[:-5]) for f in os.listdir(self.folder) if f.endswith(".json")][0]
        self.assertAlmostEqual(summary["return_result"], objective, delta=1e-9 * abs(objective))
        self.assertEqual(summary["values"]["feasible"], 1)
        return summary

    def test_maxcut(self):
        self.solve("maxcut-g1", 11624)

    def test_labs(self):
        self.solve("labs", 108)

    def test_labs_by_enumeration(self):
        self.assertEqual(self.solve("labs-enumerate", 36)["values"]["proven"], 1)

    def test_tour(self):
        self.solve("tsp", 2020)

    def test_portfolio(self):
        found = self.solve("portfolio", -0.0003375591162, "--set", "anneal.max_sweeps=32 Ki")
        self.assertLess(found["baseline"]["frontier_objective"], found["return_result"])
        with open(os.path.join(SOURCE, "config", "portfolio.yaml"), encoding="utf-8") as file:
            text = file.read().replace("task: anneal", "task: enumerate")
        text = text.replace("../validation", SOURCE + "/validation")
        lines = [line for line in text.splitlines() if not line.startswith(("anneal", "qonverge", "output"))]
        self.run_deck(self.write("\n".join(lines) + "\n"))
        self.assertEqual(self.summary("result")["return_result"], found["return_result"])

    def test_frontier_of_ten_assets(self):
        """The middle of 50 portfolios of exactly ten: its error is the median that three heuristics published."""
        mean, deviation = frontier.solve(PRODUCT, 26 / 49, 16)
        self.assertAlmostEqual(frontier.error_of(mean, deviation, *frontier.frontier()), 1.2181, delta=1e-4)

    def test_graphs_in_parts(self):
        """Two rings and a vertex by itself: a cut, and a gap that does not vanish, though each part can be flipped."""
        path = os.path.join(self.folder, "parts.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("9 8\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n5 6 1\n6 7 1\n7 8 1\n8 5 1\n")
        model = f"model: {{objective: maxcut, graph: {path}}}\n"
        for task, more in (("enumerate", ""), ("anneal", "anneal: {sweeps: 512, max_sweeps: 512}\n"),
                           ("qaoa", "qaoa: {layers: 2}\n"),
                           ("ising-evolve", "evolve: {time: 5, gap_points: 6}\n")):
            self.run_deck(self.write(f"task: {task}\n{model}{more}"))
            self.assertEqual(self.summary("result")["return_result"], 8, task)
        self.assertGreater(self.summary("result")["values"]["smallest_gap"], 0.5)

    def test_unit_commitment(self):
        text = self.run_deck(os.path.join(SOURCE, "config", "unit-commitment.yaml"), "--set", "model.hours=6")
        self.assertIn("hour 3, 600 MW: unit 2 250 MW unit 3 300 MW unit 4 50 MW (starts); dispatch 12450.36", text)


class Restart(Task):
    """A run that is stopped and taken up on other ranks gives what an uninterrupted one gives."""

    def compare(self, deck, name):
        self.run_deck(deck, output="whole")
        with mock.patch.dict(os.environ, QV_FAULT="stop:1:last"):  # as by a signal, but always at the same step
            self.run_deck(deck, ranks=2, code=75, output="parts")
        self.run_deck(deck, ranks=3, output="parts")
        whole, parts = self.summary(name, "whole"), self.summary(name, "parts")
        self.assertEqual(whole["return_result"], parts["return_result"])
        for key, value in whole["values"].items():
            if "time" not in key and key != "updates_per_second":
                self.assertEqual(value, parts["values"][key], key)

    def test_anneal(self):
        for method in ("auto", "tabu"):
            model = f"{{objective: portfolio, file: {DATA}/portfolio/port1.txt, units: 20, bits: 3, cardinality: 8}}"
            limits = "islands: 3, sweeps: 12 Ki, max_sweeps: 12 Ki"
            deck = self.write(f"task: anneal\nmodel: {model}\nanneal: {{method: {method}, {limits}}}\n")
            self.compare(deck, "result")
            shutil.rmtree(os.path.join(self.folder, "whole"))
            shutil.rmtree(os.path.join(self.folder, "parts"))

    def test_enumerate(self):
        self.compare(self.write("task: enumerate\nmodel: {objective: labs, length: 29}\n"), "result")


class Refusals(Task):
    def expect(self, deck, code, *messages):
        text = self.run_deck(self.write(deck), code=code)
        for message in messages:
            self.assertIn(message, text)

    def test_missing_keys(self):
        self.expect("task: anneal\nmodel: {objective: maxcut}\n", 65,
                    "objective 'maxcut' needs the key 'model.graph': add it")
        self.expect("task: anneal\nmodel: {objective: labs}\n", 65, "objective 'labs' needs the key 'model.length'")
        self.expect("task: anneal\nmodel: {objective: partition}\n", 65,
                    "objective 'partition' needs the key 'model.numbers'")

    def test_too_large_to_enumerate(self):
        self.expect("task: enumerate\nmodel: {objective: labs, length: 45}\n", 65,
                    "the problem has 45 variables: enumeration stops at 44; use task anneal")

    def test_options_that_contradict(self):
        model = "task: anneal\nmodel: {objective: labs, length: 9}\n"
        self.expect(model + "anneal: {slices: 6}\n", 65, "6 slices: a multiple of 4 is needed")
        self.expect(model + "anneal: {hot: 1, cold: 2}\n", 65, "the lowest temperature, 2, is not below the highest, 1")

    def test_files_at_fault(self):
        path = os.path.join(self.folder, "bad.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("3 2\n1 2 1\n1 9 1\n")
        self.expect(f"task: anneal\nmodel: {{objective: maxcut, graph: {path}}}\n", 66,
                    "bad.txt:3: the second vertex (numbered from 1) is 9, but must lie in 1..3")

    def test_files_of_no_kind(self):
        """Random bytes instead of each kind of model file: one message, which a terminal can show."""
        path = os.path.join(self.folder, "noise")
        with open(path, "wb") as file:
            file.write(bytes((37 * k * k + 11 * k + 199) % 251 for k in range(300)))
        cases = {"maxcut, graph": "is not a whole number: the number of vertices should stand here",
                 "qubo, file": "noise:",
                 "portfolio, units: 3, file": "noise:",
                 "unit-commitment, file": "noise:",
                 "tsp, file": "noise:",
                 "knapsack, file": "noise:",
                 "mimo, file": "noise:"}
        for key, message in cases.items():
            text = self.run_deck(self.write(f"task: anneal\nmodel: {{objective: {key}: {path}}}\n"), code=66)
            self.assertEqual(text.count("error:"), 1, text)
            self.assertIn(message, text)
            self.assertTrue(all(c.isprintable() or c == "\n" for c in text), repr(text))

    def test_too_large_for_a_statevector(self):
        graph = os.path.join(DATA, "gset", "G1.txt")
        for task in ("qaoa", "ising-evolve"):
            more = "evolve: {time: 1}\n" if task == "ising-evolve" else ""
            self.expect(f"task: {task}\nmodel: {{objective: maxcut, graph: {graph}}}\n" + more, 65,
                        "the problem has 800 variables: a statevector has at most 62 qubits; use task anneal")


if __name__ == "__main__":
    unittest.main()
