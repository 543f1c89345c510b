"""The seal of a run file: the text in its first 4096 bytes, which says whether the file was finished.

Looking at it costs nothing and finds files that were cut or never completed. Flipped bits are found by the digests,
which `qonverge info FILE` verifies. Layout: docs/file-formats.md.
"""
import os

BYTES = 4096
FIRST_LINE = "Qonverge run file: HDF5 after 4096 bytes"


def read_seal(path):
    """The lines of the seal as a dict of texts ("format", "kind", "complete", "bytes", ...); None if there is none."""
    with open(path, "rb") as file:
        head = file.read(BYTES)
    lines = head.split(b"\0", 1)[0].decode("ascii", errors="replace").splitlines()
    if not lines or lines[0] != FIRST_LINE:
        return None
    return dict(line.split(" ", 1) for line in lines[1:] if " " in line)


def defect_of(path):
    """What is wrong with the file as far as its seal tells, or None."""
    seal = read_seal(path)
    size = os.path.getsize(path)
    if seal is None:
        return "it does not begin with the seal of a Qonverge run file"
    if seal.get("complete") != "1":
        return "it was never completed: the program was stopped while it wrote the file"
    if seal.get("bytes", "").isdigit() and int(seal["bytes"]) != size:
        return f"it has {size} bytes instead of {seal['bytes']}: a part of it is missing"
    return None
