"""Results of Qonverge in Python: `qonverge.read("h2o.h5")` gives a Run. Needs h5py, and nothing else.

The manual page is docs/python.md; `qonverge.report` makes the HTML page of qonverge-report and needs matplotlib too.
"""
from qonverge.reader import Array, Quantity, Run, RunFileError, Timer, read
from qonverge.deck import Setting

__all__ = ["Array", "Quantity", "Run", "RunFileError", "Setting", "Timer", "read"]
