"""The command line of qonverge-report."""
from __future__ import annotations

import argparse
import os
import sys

from qonverge.reader import RunFileError, read
from qonverge.report.page import make_page
from qonverge.report.scan import ScanError

USAGE, INPUT, OUTPUT = 64, 66, 74  # the exit codes of qonverge


def parser():
    made = argparse.ArgumentParser(
        prog="qonverge-report", description="Makes one self-contained HTML page of a result file, or of several that "
        "make a scan.", epilog="Exit codes: 0 done, 64 wrong command line, 66 a file cannot be read, 74 the page "
        "cannot be written.")
    made.add_argument("files", nargs="+", metavar="RUN.h5", help="result file of qonverge; several: a scan")
    made.add_argument("-o", "--output", metavar="PAGE.html", help="where to write (default: beside the first file)")
    made.add_argument("--axis", metavar="NAME", help='how to name what is scanned, with its unit: "r / Angstrom"')
    made.error = lambda message: sys.exit(fail(USAGE, f"{message} (qonverge-report --help)"))
    return made


def fail(code, message):
    print(f"error: {message}", file=sys.stderr)
    return code


def main(arguments=None):
    """Returns the exit code."""
    options = parser().parse_args(arguments)
    first = os.path.splitext(options.files[0])[0]
    target = options.output or (first if len(options.files) == 1 else first + "-scan") + ".html"
    try:
        page = make_page([read(path) for path in options.files], options.axis)
    except RunFileError as error:
        return fail(INPUT, error)
    except ScanError as error:
        return fail(INPUT, f"these files make no scan: {error}")
    try:
        with open(target, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        return fail(OUTPUT, f"{target}: cannot be written: {error.strerror}")
    print(target)
    return 0
