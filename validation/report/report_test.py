"""What the tests of the report share: runs that are made once, pages, and what stands on them."""
import base64
import csv
import html
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ["QV_PRODUCT"]
SCRIPT = os.path.join(ROOT, "src", "python", "qonverge-report")
FCIDUMPS = os.path.join(ROOT, "validation", "data", "chemistry", "fcidump")

sys.path.insert(0, os.path.join(ROOT, "src", "python"))

import qonverge  # noqa: E402 (found by the line above)
from qonverge.report import make_page  # noqa: E402

PAGES = []
ARRAYS = set()  # the datasets of all results that were read


def config(name):
    return os.path.join(ROOT, "config", name)


class ReportTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="qv-report-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)

    @classmethod
    def run_deck(cls, deck, output, *settings):
        """Runs a deck with `key=value` settings; the path of its result file."""
        sets = [word for setting in (f"output={output}", *settings) for word in ("--set", setting)]
        done = subprocess.run([PROGRAM, "run", deck, "-o", cls.folder, "-q", *sets], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode not in (0, 75):
            raise AssertionError(f"{deck}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return cls.path(output + ".h5")

    @classmethod
    def report(cls, *arguments, code=0):
        """Runs qonverge-report; (standard output, standard error)."""
        done = subprocess.run([sys.executable, "-B", SCRIPT, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, cwd=cls.folder)
        if done.returncode != code:
            raise AssertionError(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    @staticmethod
    def page_of(*files, axis=None):
        """The text of the page of result files, made in this process; it is kept for the look at all of them."""
        runs = [qonverge.read(file) for file in files]
        ARRAYS.update(name for run in runs for name in run.arrays)
        page = make_page(runs, axis)
        PAGES.append(page)
        return page


def figures_of(page):
    """{id: inner HTML} of the figures, in the order of the page."""
    return dict(re.findall(r'<figure id="([^"]+)">(.*?)</figure>', page, flags=re.S))


def data_of(page, figure):
    """The columns of the CSV behind a figure: {heading: texts}."""
    link = re.search(r'href="data:text/csv;base64,([^"]+)"', figures_of(page)[figure])
    rows = list(csv.reader(io.StringIO(base64.b64decode(link[1]).decode())))
    return {head: [row[i] for row in rows[1:] if row[i] != ""] for i, head in enumerate(rows[0])}


def numbers(texts):
    return [float(text) for text in texts]


def visible_text(page):
    """The page without pictures, style and tags."""
    page = re.sub(r"<(svg|style|head)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
