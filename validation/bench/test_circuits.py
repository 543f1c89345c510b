#!/usr/bin/env python3
"""The benchmark circuits are the ones that other simulators were measured with, byte for byte: SHA-256 of the files for
12 qubits as the first generator of these benchmarks wrote them. Without output when right."""
import hashlib
import tempfile

import circuits

DIGESTS = {
    "qft": "47e42760f6d95f8bbcb4fc7e71a3b7d7df0566c4003f93a461b56ccd7272d479",
    "random_su4": "9ba78160265e8cde44ebd35e09f0488cb2730e82265ffab9c2705b63fa4d569d",
    "random_su4_line": "a6d557b445cd18b7d5de913fd7c961b00ca5cfb83d7fb8b0833f0e41fba71dfc",
    "tfim": "1917f922b4466043f2af02fa445e3a237dceb35c198a637be3ee46a43d2d7506",
    "qaoa": "fa5a17d6afc99868511ed4471261aaf75ca501584570fc5f9fee8875da97549a",
    "pauli_exp": "6ecd183478dd09041cc45cfd47093fb0ad035c6331741210f104d2b7ed027cf4",
    "pauli": "d57955da9c2024386bcdca152e6224d2115d00f3241b57015f40326b0d79467a",
}

with tempfile.TemporaryDirectory() as folder:
    for name, digest in DIGESTS.items():
        with open(circuits.write(folder, 12, name), "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        assert found == digest, f"{name}: {found}"
