"""The tasks qaoa and ising-evolve through the command line: decks, restarts on other ranks, refusals."""
import json
import math
import os
import re
import unittest
from unittest import mock

from test_optimisation import DATA, SOURCE, Task

SMALL = os.path.join(DATA, "small")
CUT = f"model: {{objective: maxcut, graph: {SMALL}/reg3_n8_s1.txt}}\n"
FIVE = f"model: {{objective: portfolio, file: {DATA}/portfolio/port1.txt, assets: 10, cardinality: 4}}\n"


class Decks(Task):
    def solve(self, name, *arguments, ranks=1, output="."):
        self.run_deck(os.path.join(SOURCE, "config", name + ".yaml"), *arguments, ranks=ranks, output=output)
        return self.summary(name, output)

    def test_maxcut(self):
        found = self.solve("qaoa-maxcut")
        self.assertEqual(found["return_result"], 22)
        self.assertEqual(found["baseline"]["exact_objective"], 22)
        self.assertEqual(found["baseline"]["annealing_objective"], 22)
        self.assertGreater(found["values"]["approximation_ratio"], 0.95)
        self.assertEqual(found["resources"]["logical_qubits"], 16)
        self.assertEqual(found["resources"]["two_qubit_gates"], 6 * 24 * 2)
        probability = found["values"]["probability_of_optimum"]
        self.assertAlmostEqual(found["values"]["shots_to_solution"], math.log(0.01) / math.log(1 - probability), 9)

    def test_published_sequence(self):
        """The deck holds the angles of a row of labs_fixed_parameters.json."""
        found = self.solve("qaoa-labs")
        self.assertAlmostEqual(found["values"]["probability_of_optimum"], 0.1624906746, delta=1e-8)
        self.assertEqual(found["return_result"], found["baseline"]["exact_objective"])

    def test_portfolio_with_a_budget(self):
        """16 assets against enumeration: every shot is a portfolio of five."""
        found = self.solve("qaoa-portfolio")
        self.assertEqual(found["values"]["feasible_share"], 1)
        self.assertEqual(found["return_result"], found["baseline"]["exact_objective"])
        with open(os.path.join(SOURCE, "config", "qaoa-portfolio.yaml"), encoding="utf-8") as file:
            model = file.read().split("model:")[1].split("qaoa:")[0].replace("../validation", SOURCE + "/validation")
        self.run_deck(self.write("task: enumerate\nmodel:" + model))
        self.assertEqual(self.summary("result")["return_result"], found["return_result"])

    def test_annealing_in_time(self):
        one = self.solve("ising-evolve")
        self.assertLess(one["values"]["error_bound"], 1e-6)
        self.assertEqual(one["return_result"], one["baseline"]["exact_objective"])
        self.assertGreater(one["values"]["smallest_gap"], 0)
        self.assertEqual(self.solve("ising-evolve-pause")["return_result"], 22)
        short = ("--set", "evolve.time=2", "--set", "evolve.gap_points=3")
        one = self.solve("ising-evolve", *short, output="one")
        many = self.solve("ising-evolve", *short, ranks=4, output="many")
        for key, value in one["values"].items():
            if isinstance(value, float):
                self.assertAlmostEqual(value, many["values"][key], delta=1e-9 * (1 + abs(value)), msg=key)
        self.assertEqual(one["values"]["solution"], many["values"]["solution"])

    def test_slow_fields_find_the_ground_state(self):
        """The adiabatic limit: slower is better, and the energy comes to that of the ground state."""
        last = 0
        for length in (2, 8, 32):
            self.run_deck(self.write("task: ising-evolve\n" + CUT +
                                     f"evolve: {{time: {length}, tolerance: 1.0e-5, report_points: 1}}\n"),
                          "--restart", "none")
            probability = self.summary("result")["values"]["probability_of_optimum"]
            self.assertGreater(probability, last)
            last = probability
        self.assertGreater(last, 0.95)


class Kinds(Task):
    """What the decks above leave out, on small problems."""

    def values(self, text, *arguments, ranks=1):
        self.run_deck(self.write("task: qaoa\n" + text), "--restart", "none", *arguments, ranks=ranks)
        return self.summary("result")

    def test_starts_reach_the_same_optimum(self):
        ratios = [self.values(CUT + f"qaoa: {{layers: 3, initial: {start}}}\n")["values"]["approximation_ratio"]
                  for start in ("ramp", "fixed-angles", "interp", "fourier")]
        self.assertLess(max(ratios) - min(ratios), 0.01)
        self.assertGreater(min(ratios), 0.9)

    def test_growing_depth_never_loses(self):
        reached = []
        for layers in (1, 2, 3):
            found = self.values(CUT + f"qaoa: {{layers: {layers}, initial: interp}}\n")
            reached.append(found["values"]["optimised_objective"])
        self.assertGreater(reached[0], reached[1])
        self.assertGreater(reached[1], reached[2])

    def test_warm_start(self):
        found = self.values(CUT + "qaoa: {layers: 1, warm_start: true}\n")
        plain = self.values(CUT + "qaoa: {layers: 1}\n")
        self.assertGreater(found["values"]["probability_of_optimum"], plain["values"]["probability_of_optimum"])

    def test_recursion_solves(self):
        for name, cost in (("reg3_n12_s1", "maxcut"), ("sk_n10_s1", "ising")):
            model = f"model: {{objective: {cost}, graph: {SMALL}/{name}.txt}}\n"
            found = self.values(model + "qaoa: {layers: 1, recursive: true, cutoff: 4}\n")
            self.assertEqual(found["values"]["variables_enumerated"], 4)
            self.assertEqual(found["return_result"], found["baseline"]["annealing_objective"])
        found = self.values("model: {objective: labs, length: 3}\nqaoa: {recursive: true, cutoff: 1}\n")
        self.assertEqual(found["return_result"], 1)

    def test_tail_and_gibbs(self):
        mean = self.values(CUT + "qaoa: {layers: 2}\n")["values"]
        for objective in ("cvar, cvar_part: 0.25", "gibbs"):
            other = self.values(CUT + f"qaoa: {{layers: 2, objective: {objective}}}\n")["values"]
            self.assertLess(other["optimised_objective"], mean["optimised_objective"])

    def test_grover_and_colours(self):
        with open(os.path.join(self.folder, "square.txt"), "w", encoding="utf-8") as file:
            file.write("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
        model = f"model: {{objective: colouring, graph: {self.folder}/square.txt, colours: 3}}\n"
        for mixer in ("grover", "xy-ring", "xy-complete"):
            found = self.values(model + f"qaoa: {{layers: 2, mixer: {mixer}}}\n")
            self.assertEqual(found["return_result"], 0)
            self.assertEqual(found["values"]["feasible_share"], 1)

    def test_values_on_the_fly_and_many_ranks(self):
        for mixer in ("x", "xy-ring", "grover"):
            text = FIVE + f"qaoa: {{layers: 2, mixer: {mixer}}}\noptimizer: {{max_evaluations: 12}}\n"
            one = self.values(text)
            for other in (self.values(text, "--set", "qaoa.diagonal=on-the-fly"), self.values(text, ranks=4)):
                self.assertEqual(one["values"]["solution"], other["values"]["solution"])
                for key in ("expectation", "probability_of_optimum", "optimised_objective"):
                    self.assertAlmostEqual(one["values"][key], other["values"][key], delta=1e-10)


class Restart(Task):
    """A run that is stopped and taken up on other ranks gives what an uninterrupted one gives."""

    def compare(self, deck):
        self.run_deck(deck, output="whole")
        with mock.patch.dict(os.environ, QV_FAULT="stop:7:0"):  # as by a signal, but always at the same step
            self.run_deck(deck, ranks=2, code=75, output="parts")
        self.run_deck(deck, ranks=4, output="parts")
        whole, again = self.summary("result", "whole"), self.summary("result", "parts")
        self.assertEqual(whole["return_result"], again["return_result"])
        for key, value in whole["values"].items():
            if isinstance(value, (int, float)):
                self.assertAlmostEqual(value, again["values"][key], delta=1e-8 * (1 + abs(value)), msg=key)

    def give_up_inside(self, deck):
        """In the set-up, in the middle of the work, and while the results are made: the same bits afterwards."""
        exact = ("--set", "baseline=[exact]")
        with mock.patch.dict(os.environ, QV_FAULT="stop.inside:0:0"):
            told = self.run_deck(deck, *exact, output="alone")
        asked = int(re.search(r"^fault site stop\.inside: (\d+) calls$", told, re.M)[1])
        self.assertGreater(asked, 20)
        for ask in (1, asked // 2, asked):
            folder = f"inside{ask}"
            with mock.patch.dict(os.environ, QV_FAULT=f"stop.inside:{ask}:0"):
                told = self.run_deck(deck, *exact, code=75, output=folder)
            self.assertEqual("stopped in the set-up" in told, ask == 1)
            self.run_deck(deck, *exact, output=folder)
            whole, again = self.summary("result", "alone"), self.summary("result", folder)
            for part in ("return_result", "values", "baseline"):
                self.assertEqual(whole[part], again[part])

    def test_inside_a_step(self):
        self.give_up_inside(self.write("task: qaoa\nmodel: {objective: labs, length: 12}\n"
                                       "qaoa: {layers: 4}\noptimizer: {max_evaluations: 8}\n"))
        self.give_up_inside(self.write("task: ising-evolve\nmodel: {objective: labs, length: 12}\n"
                                       "evolve: {time: 2, tolerance: 1.0e-4}\n"))

    def test_grown_angles(self):
        self.compare(self.write("task: qaoa\nmodel: {objective: labs, length: 15}\n"
                                "qaoa: {layers: 9, initial: interp}\noptimizer: {max_evaluations: 30}\n"))

    def test_recursion(self):
        self.compare(self.write(f"task: qaoa\nmodel: {{objective: ising, graph: {SMALL}/sk_n18_s1.txt}}\n"
                                "qaoa: {layers: 2, recursive: true}\noptimizer: {max_evaluations: 20}\n"))

    def test_evolution(self):
        self.compare(self.write(f"task: ising-evolve\nmodel: {{objective: ising, graph: {SMALL}/sk_n14_s1.txt}}\n"
                                "evolve: {time: 25, tolerance: 1.0e-5, gap_points: 4}\n"))


class Refusals(Task):
    def expect(self, deck, *messages, code=65):
        text = self.run_deck(self.write(deck), code=code)
        for message in messages:
            self.assertIn(message, text)

    def test_angles(self):
        qaoa = "task: qaoa\n" + CUT
        self.expect(qaoa + "qaoa: {layers: 2, initial: given, gamma: [1], beta: [1, 2]}\n",
                    "1 angles in qaoa.gamma for 2 layers: one for each layer is needed")
        self.expect(qaoa + "qaoa: {layers: 1, gamma: [1]}\n",
                    "angles are given, but 'qaoa.initial' is 'ramp': set it to 'given'")
        self.expect(qaoa + "qaoa: {layers: 12, initial: fixed-angles}\n",
                    "fixed angles of degree 3 are known for up to 11 layers, not 12: take 'interp' beyond that")
        self.expect("task: qaoa\nmodel: {objective: labs, length: 6}\nqaoa: {initial: fixed-angles}\n",
                    "fixed angles are known for the largest cut of regular graphs of degree 3 to 11 with weights 1")

    def test_mixers(self):
        qaoa = "task: qaoa\n" + CUT
        self.expect(qaoa + "qaoa: {mixer: xy-ring}\n",
                    "mixer 'xy-ring' keeps the number of ones among variables, but this problem (maxcut) does not fix "
                    "it: take mixer x or grover")
        self.expect(qaoa + "qaoa: {mixer: grover, warm_start: true}\n",
                    "mixer 'grover' does not go with 'qaoa.warm_start': take mixer x")
        self.expect(qaoa + "qaoa: {recursive: true, warm_start: true}\n",
                    "'qaoa.recursive' does not go with 'qaoa.warm_start'")
        self.expect(qaoa + "qaoa: {recursive: true, initial: interp}\n",
                    "'interp' does not go with 'qaoa.recursive'")
        self.expect(qaoa + "optimizer: {gradient: parameter-shift}\n",
                    "the phases of a cost are no Pauli rotations: take 'adjoint' or 'none'")

    def test_sizes(self):
        for task, extra in (("qaoa", ""), ("ising-evolve", "evolve: {time: 1}\n")):
            self.expect(f"task: {task}\nmodel: {{objective: labs, length: 63}}\n{extra}",
                        "the problem has 63 variables: a statevector has at most 62 qubits; use task anneal")
        self.expect("task: qaoa\nmodel: {objective: labs, length: 45}\n", "the run needs 1.00 PiB", code=71)

    def test_schedules(self):
        evolve = "task: ising-evolve\n" + CUT
        lists = "a custom schedule needs the lists evolve.at, evolve.field_at and evolve.cost_at, of one length"
        self.expect(evolve + "evolve: {time: 1, schedule: custom}\n", lists)
        self.expect(evolve + "evolve: {time: 1, schedule: custom, at: [0, 1], field_at: [1], cost_at: [0, 1]}\n", lists)
        self.expect(evolve + "evolve: {time: 1, schedule: custom, at: [0, 0.5], field_at: [1, 0], cost_at: [0, 1]}\n",
                    "evolve.at must ascend from 0 to 1")
        self.expect(evolve + "evolve: {time: 1, at: [0, 1]}\n",
                    "'evolve.at' is given, but 'evolve.schedule' is linear: set it to custom")
        self.expect(evolve + "evolve: {time: 1, gap_points: 1}\n", "the path has two ends: 0 or at least 2 points")

    def test_nothing_to_do(self):
        with open(os.path.join(self.folder, "zero.txt"), "w", encoding="utf-8") as file:
            file.write("3 1\n1 2 0\n")
        model = f"model: {{objective: ising, graph: {self.folder}/zero.txt}}\n"
        for task, extra in (("qaoa", ""), ("ising-evolve", "evolve: {time: 1}\n")):
            self.expect(f"task: {task}\n{model}{extra}", "the cost is constant: there is nothing to optimise")


if __name__ == "__main__":
    unittest.main()
