#!/usr/bin/env python3
"""The reader of result files: decks of every shape, outcomes wider than a word, quantities."""
import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "src", "python"))
import qonverge
from qonverge.deck import parse_echo

ECHO = '''qonverge: 1                       # a.yaml:1
title: "A # in \\"quotes\\""         # a.yaml:2
market:
  rate: 0.04                      # --set
  underlyings:                    # a.yaml:3
    - spot: 100                   # a.yaml:4
      dividend: 0                 # default
    - spot: 95                    # a.yaml:5
      # volatility: not set
  path: "x.txt"  # a.yaml:6, xxh3 0a92987f5e5c5bdb
report: [a, b]                    # a.yaml:7
'''


class Deck(unittest.TestCase):
    def test_echo(self):
        found = {s.key: (s.value, s.origin) for s in parse_echo(ECHO)}
        self.assertEqual(found, {
            "qonverge": ("1", "a.yaml:1"), "title": ('A # in "quotes"', "a.yaml:2"), "market.rate": ("0.04", "--set"),
            "market.underlyings[0].spot": ("100", "a.yaml:4"), "market.underlyings[0].dividend": ("0", "default"),
            "market.underlyings[1].spot": ("95", "a.yaml:5"), "market.underlyings[1].volatility": (None, ""),
            "market.path": ("x.txt", "a.yaml:6, xxh3 0a92987f5e5c5bdb"), "report": ("[a, b]", "a.yaml:7")})


class Outcomes(unittest.TestCase):
    def test_wide(self):
        arrays = {"counts/bits": np.array([[1, 1], [2, 0]], dtype=np.uint64), "counts/count": np.array([3, 4]),
                  "counts/width": 66}
        arrays = {name: qonverge.Array(name, values, "", "") for name, values in arrays.items()}
        run = qonverge.Run("x.h5", "result", "circuit", True, 1, 1, 1, 0.0, {}, "", [], arrays)
        self.assertEqual(run.counts(), {"01" + "0" * 63 + "1": 3, "0" * 64 + "10": 4})
        self.assertEqual(run.title, "x.h5")


if __name__ == "__main__":
    unittest.main(verbosity=1)
