"""The HTML report of a run: `make_page(runs)` gives the text of one self-contained page."""
from qonverge.report.page import make_page

__all__ = ["make_page"]
