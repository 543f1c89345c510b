"""Which classical baselines answer the same question as the headline, and what is said where there is none."""
from __future__ import annotations

CLASSICAL = ("anneal", "enumerate", "ground-state", "price", "risk")
NONE = {
    "circuit": "None but the simulation itself, which is exact.",
    "enumerate": "None needed: every configuration was looked at, so that the answer itself is exact.",
    "anneal": "The program knows no closed form or exact method for this instance; task <code>enumerate</code> proves the "
              "optimum of up to 44 variables.",
}
# Why an answer stands without an error.
EXACT = {
    "vqe": "No statistical error: the energy is that of the whole state, not of shots.",
    "ground-state": "No statistical error; the residual bounds the numerical one.",
    "circuit": "No statistical error: computed from the whole state.",
    "qaoa": "The best of all shots, not a mean: it has no error.",
    "ising-evolve": "The best of all shots, not a mean: it has no error.",
    "anneal": "The best that was found, not a mean: it has no error, and is not proved.",
    "enumerate": "Proved: it has no error.",
}


def answers_the_same(head, q):
    """Whether a baseline is the same quantity as the headline: of one unit, and named alike but for its method."""
    last = head.name.split("_")[-1]
    alike = (q.name in ("exact_on_grid", "monte_carlo") or q.name.endswith(head.name) or
             (last.isalpha() and q.name.split("_")[-1] == last))
    return isinstance(q.value, (int, float)) and isinstance(head.value, (int, float)) and q.unit == head.unit and alike


def without_baseline(task):
    return NONE.get(task, "The program knows no closed form or exact method for this instance.")


def without_error(run):
    """What to say of a headline that has no error; nothing where it has one."""
    return "" if run.headline is None or run.headline.error else EXACT.get(run.task, "")
