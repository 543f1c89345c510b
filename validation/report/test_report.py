#!/usr/bin/env python3
"""The pages that qonverge-report makes: each plot has its data, each part of the run is there, errors are said."""
import dataclasses
import os
import re
import shutil
import unittest
import xml.dom.minidom

import numpy as np

from report_test import (ARRAYS, FCIDUMPS, PAGES, ROOT, ReportTest, config, data_of, figures_of, make_page, numbers,
                         visible_text)
import qonverge
from qonverge.report.finance import between_corners
from qonverge.report.scan import ScanError
import layout


class Vqe(ReportTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = cls.run_deck(config("vqe-h2o.yaml"), "h2o")
        cls.run_ = qonverge.read(cls.file)
        cls.page = cls.page_of(cls.file)

    def test_page(self):
        page = self.page
        self.assertEqual(list(figures_of(page)), ["journal", "approach", "timers", "memory"])
        journal = data_of(page, "journal")
        np.testing.assert_array_equal(numbers(journal["energy / Hartree"]), self.run_["journal/value"])
        approach = data_of(page, "approach")
        fci = self.run_.baseline["fci_energy"].value
        np.testing.assert_allclose(numbers(approach["lowest above exact / Hartree"]),
                                   np.minimum.accumulate(self.run_["journal/value"]) - fci)
        # At the best point: of those that differ by rounding only, which one that is depends on the processor.
        energy = self.run_["journal/value"]
        norms = np.array(numbers(approach["gradient norm / Hartree/radian"]))[energy <= energy.min() + 1e-12]
        self.assertTrue(np.isclose(norms, self.run_.values["gradient_norm"].value, rtol=1e-7, atol=0).any())
        timers = data_of(page, "timers")
        self.assertIn("step", timers["timer"])
        self.assertIn("resident", data_of(page, "memory")["kind"])
        text = visible_text(page)
        # the three columns of the summary: published energies of this geometry (validation/physics)
        for part in ("Quantum answer −75.01248847 Hartree", "fci energy −75.01258567 Hartree",
                     "minus fci energy 0.0972 mHa", "hf energy −74.96302717 Hartree", "logical qubits 10",
                     "t count 32 400"):
            self.assertIn(part, text)
        # the deck with origins, provenance
        self.assertRegex(text, r"optimizer\.gradient_tolerance 1\.0e-6 \S*vqe-h2o\.yaml:12")
        self.assertRegex(text, r"ansatz\.order doubles-first default")
        self.assertIn("output h2o --set", text)
        self.assertRegex(text, r"petsc PETSc 3\.")
        self.assertIn("deck_hash " + self.run_.provenance["deck_hash"], text)

    def test_self_contained(self):
        page = self.page
        outside = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"|url\((?!#)([^)]*)\)|@import', page)
        self.assertEqual([o for o in outside if any(o) and not any("-" in x and x.startswith("#") for x in o)], [])
        self.assertNotIn("<script", page)
        for name, figure in figures_of(page).items():
            svg = re.search(r"<svg.*</svg>", figure, flags=re.S)[0]
            xml.dom.minidom.parseString(svg)
            ids = re.findall(r'\bid="([^"]+)"', svg)
            self.assertTrue(all(i.startswith(name + "-") for i in ids), name)

    def test_damaged_files(self):
        shutil.copy(self.file, self.path("cut.h5"))
        os.truncate(self.path("cut.h5"), 50000)
        with open(self.path("text.h5"), "w", encoding="utf-8") as file:
            file.write("not a run file")
        with open(self.file, "rb") as file:
            whole = file.read()
        with open(self.path("incomplete.h5"), "wb") as file:
            file.write(whole.replace(b"complete 1", b"complete 0", 1))
        size = len(whole)
        for name, message in (("cut.h5", f"cut.h5: it has 50000 bytes instead of {size}: a part of it is missing "
                               "(`qonverge info` says more)"),
                              ("text.h5", "text.h5: it does not begin with the seal of a Qonverge run file "
                               "(`qonverge info` says more)"),
                              ("incomplete.h5", "incomplete.h5: it was never completed: the program was stopped while "
                               "it wrote the file (`qonverge info` says more)"),
                              ("none.h5", "none.h5: there is no such file")):
            with self.assertRaises(qonverge.RunFileError) as raised:
                qonverge.read(self.path(name))
            self.assertEqual(str(raised.exception), self.path(message))
        self.assertEqual(self.report("none.h5", code=66)[1], "error: none.h5: there is no such file\n")

    def test_command_line(self):
        self.assertEqual(self.report("h2o.h5")[0], "h2o.html\n")
        with open(self.path("h2o.html"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.page)
        self.assertEqual(self.report("h2o.h5", "-o", "no/folder.html", code=74)[1],
                         "error: no/folder.html: cannot be written: No such file or directory\n")
        self.assertIn("(qonverge-report --help)", self.report(code=64)[1])
        self.assertLessEqual(len(self.report("--help")[0].splitlines()), 24)


class Scan(ReportTest):
    def test_scan(self):
        places = ("2.0", "0.5", "1.0", "0.7414")
        files = [self.run_deck(config("vqe-h2o.yaml"), f"h2_{r}",
                               f"molecule.fcidump={FCIDUMPS}/h2_sto3g_r{r}.fcidump") for r in places]
        page = self.page_of(*files, axis="r / Angstrom")
        data = data_of(page, "scan")
        self.assertEqual(numbers(data["r / Angstrom"]), [0.5, 0.7414, 1, 2])
        # UCCSD is exact for two electrons
        np.testing.assert_allclose(numbers(data["vqe_energy / Hartree"]), numbers(data["fci_energy / Hartree"]),
                                   atol=1e-9)
        # FCI of H2 in STO-3G at 0.7414 Angstrom: validation/data/README.md
        self.assertAlmostEqual(numbers(data["fci_energy / Hartree"])[1], -1.137270, places=5)
        self.assertTrue(all(d < 1e-3 for d in numbers(data_of(page, "scan-errors")["distance / mHa"])))
        self.assertIn("4 runs", visible_text(page))
        other = self.run_deck(config("vqe-h2o.yaml"), "twin", f"molecule.fcidump={FCIDUMPS}/h2_sto3g_r1.0.fcidump")
        self.assertEqual(self.report(files[2], other, code=66)[1],
                         "error: these files make no scan: no key of the decks has a number that is different in each "
                         "run: the decks do not differ\n")
        with self.assertRaisesRegex(ScanError, "the runs are of different tasks: circuit, vqe"):
            make_page([qonverge.read(files[0]), qonverge.read(self.run_deck(config("circuit-qpe.yaml"), "qpe"))])


class Circuit(ReportTest):
    def test_page(self):
        with open(self.path("terms.pauli"), "w", encoding="utf-8") as file:
            file.write("1.0 Z0\n0.5 X1 Y2\n-2.0 Z0 Z3\n")
        file = self.run_deck(config("circuit-qpe.yaml"), "qpe", f"measure.expectation={self.path('terms.pauli')}")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["shots", "distribution", "expectations", "timers", "memory"])
        shots = data_of(page, "shots")
        counts = run.counts()
        self.assertEqual(sum(counts.values()), 4096)
        self.assertEqual(dict(zip(shots["outcome"], map(int, shots["count"]))),
                         dict(sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:16]))
        probability = numbers(data_of(page, "distribution")["probability"])
        np.testing.assert_array_equal(probability, run["probabilities"])
        self.assertAlmostEqual(sum(probability), 1)
        values = data_of(page, "expectations")
        self.assertEqual(sorted(values["string"]), ["X1 Y2", "Z0", "Z0 Z3"])
        self.assertIn(f"two qubit gates {run.resources['two_qubit_gates'].value}", visible_text(page))

    def test_error_of_shots(self):
        head = qonverge.read(self.run_deck(config("circuit-qpe.yaml"), "shots")).headline
        self.assertAlmostEqual(head.error, np.sqrt(head.value * (1 - head.value) / 4096))


class Finance(ReportTest):
    def test_price(self):
        file = self.run_deck(config("price-asian.yaml"), "asian", "sampling.paths=512 Ki", "report=[convergence]",
                             "sampling.points=pseudo", "sampling.stop_at_error=1e-9")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["error-of-samples", "estimate-of-samples", "timers", "memory"])
        data = data_of(page, "error-of-samples")
        np.testing.assert_array_equal(numbers(data["paths"]), run["convergence"][:, 0])
        np.testing.assert_array_equal(numbers(data["standard error / currency"]), run["convergence"][:, 2])
        # plain Monte Carlo: the fitted slope that the page names is near -1/2, and is the program's own
        slope = float(re.search(r"falls with the power −(0\.\d+)", visible_text(page))[1])
        self.assertAlmostEqual(slope, 0.5, delta=0.05)
        self.assertAlmostEqual(slope, -run.values["error_exponent"].value, delta=0.006)
        estimate = data_of(page, "estimate-of-samples")
        self.assertAlmostEqual(numbers(estimate["price / currency"])[-1], run.headline.value, delta=run.headline.error)

    def test_levels(self):
        file = self.run_deck(config("price-local-volatility.yaml"), "levels", "sampling.stop_at_error=5e-2")
        data = data_of(self.page_of(file), "levels")
        run = qonverge.read(file)
        self.assertEqual(len(data["level"]), run.values["levels"].value)
        self.assertAlmostEqual(sum(numbers(data["mean / currency"])), run.headline.value)

    def test_bounds(self):
        file = self.run_deck(config("price-american.yaml"), "american", "sampling.paths=32 Ki",
                             "sampling.training_paths=8 Ki", "sampling.upper_paths=128")
        run = qonverge.read(file)
        data = data_of(self.page_of(file), "bounds")
        np.testing.assert_array_equal(numbers(data["price / currency"]),
                                      [run.values[f"{end}_bound"].value for end in ("lower", "upper")])

    def test_risk(self):
        file = self.run_deck(config("risk-100-shares.yaml"), "risk", "sampling.paths=128 Ki")
        page = self.page_of(file)
        data = data_of(page, "losses")
        self.assertAlmostEqual(sum(numbers(data["share / %"])), 100, places=6)
        self.assertIn("minus delta normal var 99", visible_text(page))
        self.assertIn("delta normal es 97.5", visible_text(self.page_of(self.run_deck(
            config("risk-options.yaml"), "options", "sampling.paths=32 Ki"))))
        self.assertNotIn("minus delta normal es 99", visible_text(page))

    def test_frontier(self):
        file = self.run_deck(config("portfolio.yaml"), "portfolio", "anneal.sweeps=256", "anneal.max_sweeps=1 Ki")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["frontier", "solutions", "timers", "memory"])
        data = data_of(page, "frontier")
        np.testing.assert_allclose(numbers(data["return of a corner / %"]), 100 * run["frontier/return"])
        # no portfolio lies above the frontier
        risk, mean = between_corners(np.sqrt(run["frontier/variance"]), run["frontier/return"])
        least = np.interp(run.values["return"].value, mean, risk)
        self.assertAlmostEqual(least ** 2, run.baseline["frontier_variance"].value, delta=1e-3 * least ** 2)
        self.assertLess(least, np.sqrt(run.values["variance"].value))


class Quantum(ReportTest):
    def test_amplitude_estimation(self):
        file = self.run_deck(config("amplitude-estimation.yaml"), "ae", "convergence.levels=4",
                             "convergence.repetitions=8")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["error-of-calls", "intervals", "register", "timers", "memory"])
        data = data_of(page, "error-of-calls")
        for method in ("iterative", "monte_carlo"):
            np.testing.assert_array_equal(numbers(data[method + ": calls"]), run["convergence/" + method][:, 0])
            np.testing.assert_array_equal(numbers(data[method + ": error"]), run["convergence/" + method][:, 1])
        # the register's mean, discounted, is the exact value that the run names
        register = data_of(page, "register")
        mean = np.dot(numbers(register["value / currency"]), numbers(register["probability"]))
        self.assertAlmostEqual(np.exp(-0.05) * mean, run.baseline["exact_on_grid"].value)
        self.assertEqual(numbers(data_of(page, "intervals")["low"])[-1], run["rounds/interval"][-1][0])
        self.assertIn("minus exact on grid", visible_text(page))


    def test_qaoa(self):
        file = self.run_deck(config("qaoa-maxcut.yaml"), "qaoa", "qaoa.initial=interp", "qaoa.layers=3")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["journal", "approach", "depth", "angles", "solutions", "timers",
                                                  "memory"])
        data = data_of(page, "depth")
        np.testing.assert_array_equal(numbers(data["layers"]), [1, 2, 3])
        self.assertAlmostEqual(numbers(data["objective"])[-1], run.values["optimised_objective"].value, places=6)
        # the journal is of the last depth; the page shows the cost, not what the optimiser's scale made of it
        self.assertAlmostEqual(min(numbers(data_of(page, "journal")["cost"])), run.values["optimised_objective"].value)
        data = data_of(page, "angles")
        np.testing.assert_array_equal(numbers(data["gamma / radian"]) + numbers(data["beta / radian"]),
                                      run["qaoa/angles"])
        self.assertIn("minus exact objective", visible_text(page))

    def test_evolution(self):
        file = self.run_deck(config("ising-evolve.yaml"), "evolve", "evolve.time=5", "evolve.gap_points=5")
        run = qonverge.read(file)
        page = self.page_of(file)
        self.assertEqual(list(figures_of(page)), ["history", "gap", "solutions", "timers", "memory"])
        self.assertAlmostEqual(numbers(data_of(page, "history")["mean cost"])[-1], run.values["expectation"].value)
        self.assertAlmostEqual(min(numbers(data_of(page, "gap")["gap"])), run.values["smallest_gap"].value)


class Classical(ReportTest):
    def test_search_and_proof(self):
        text = visible_text(self.page_of(self.run_deck(config("maxcut-g1.yaml"), "cut")))
        self.assertIn("not a mean: it has no error, and is not proved", text)
        self.assertIn("task enumerate proves the optimum of up to 44 variables", text)
        self.assertIn("cost −11 624 lowest cost found", text)
        page = self.page_of(self.run_deck(config("labs-enumerate.yaml"), "proved"))
        self.assertIn("every configuration was looked at", visible_text(page))
        # whole numbers have whole ticks, long texts stand behind a click
        self.assertNotIn(".", "".join(data_of(page, "solutions")["objective"]).replace(".0", ""))


class Others(ReportTest):
    def test_ground_state(self):
        file = self.run_deck(config("ground-state-n2.yaml"), "n2", "ground_state.roots=3")
        data = data_of(self.page_of(file), "energies")
        np.testing.assert_array_equal(numbers(data["energy / Hartree"]), qonverge.read(file)["ground_state/energy"])

    def test_stopped_run(self):
        run = qonverge.read(self.run_deck(config("circuit-qpe.yaml"), "qpe"))
        text = visible_text(make_page([dataclasses.replace(run, done=False)]))
        self.assertIn("This run is not complete", text)
        self.assertIn("stopped after step 1", text)
        text = visible_text(make_page([dataclasses.replace(run, done=False, kind="checkpoint", headline=None)]))
        self.assertIn("Not known yet", text)


class Described(ReportTest):
    """Late: every dataset of the results so far stands on the page about file formats."""

    def test_arrays(self):
        with open(os.path.join(ROOT, "docs", "file-formats.md"), encoding="utf-8") as file:
            listed = set(re.findall(r"`([\w/]+)`", file.read()))
        known = {name for name in ARRAYS if name.split("/")[0] in ("headline", "baseline", "resources", "values", "run",
                                                                   "timers", "memory", "meta")}
        methods = {name for name in ARRAYS if name.startswith("convergence/")}
        self.assertGreaterEqual(len(ARRAYS - known), 30)
        self.assertEqual(sorted(ARRAYS - known - methods - listed), [])


class Look(ReportTest):
    """Last: all pages that were made, in a browser as wide as a phone and as a desk."""

    def test_pages(self):
        if not layout.BROWSER:
            self.skipTest("there is no chromium")
        self.assertGreaterEqual(len(PAGES), 8)
        bodies = [re.search(r"<body>(.*)</body>", page, flags=re.S)[1] for page in PAGES]
        page = PAGES[0].replace(bodies[0], "".join(bodies))
        for made in PAGES:  # a number that does not say what it is
            self.assertNotIn('<td class="what"></td>', made)
        for width in (1200, 500):
            seen = layout.measure(page, width, self.folder)
            self.assertLessEqual(seen["scroll"], seen["width"])
            self.assertGreaterEqual(len(seen["figures"]), 26)
            for figure in seen["figures"]:
                self.assertGreaterEqual(figure["texts"], 4, figure)
                self.assertEqual((figure["over"], figure["outside"]), (0, 0), figure)
                self.assertGreater(figure["width"], 0.6 * min(width, 480), figure)


def load_tests(loader, _tests, _pattern):
    """The look at all pages comes last."""
    classes = (Vqe, Scan, Circuit, Finance, Quantum, Classical, Others, Described, Look)
    return unittest.TestSuite(loader.loadTestsFromTestCase(c) for c in classes)


if __name__ == "__main__":
    unittest.main(verbosity=1)
