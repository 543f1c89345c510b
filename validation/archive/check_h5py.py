#!/usr/bin/env python3
"""Reads a run file with h5py, as users do: complex numbers, units, descriptions, texts, root attributes.

usage: check_h5py.py MPIEXEC PROGRAM FOLDER [...]"""
import datetime
import os
import subprocess
import sys

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: this Python has no h5py")
    sys.exit(77)

STEP, TOTAL = 4, 150001


def value(i):
    """check_value of archive_check.h, in whole arrays."""
    with numpy.errstate(over="ignore"):
        words = i.astype(numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    return (words >> numpy.uint64(12)).astype(float) * 2.0**-52 - 0.5


def check(condition, what):
    if not condition:
        sys.exit("failed: " + what)


def main():
    mpiexec, program, folder = sys.argv[1:4]
    folder = os.path.join(folder, "h5py")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "a.h5")
    subprocess.run([mpiexec, "-q", "-n", "2", program, "write", path, str(STEP), str(TOTAL)], check=True)
    with h5py.File(path, "r") as file:
        real = value(numpy.arange(2 * TOTAL)) + STEP
        state = file["state/amplitudes"]
        check(state.dtype == numpy.complex128 and state.shape == (TOTAL,), "the type of a complex slab")
        check(numpy.array_equal(state[()], real[0::2] + 1j * real[1::2]), "the values of a complex slab")
        check(numpy.array_equal(file["state/real"][()], real), "the values of a real slab")
        check(file["small/c64"].dtype == numpy.complex64, "the type of a small complex array")
        check(file["small/c64"][1, 2] == 4.5 + STEP + 1j * (5.5 + STEP), "a small complex array")
        wide = file["small/wide"]
        check(wide.shape == (5, 3, 70) and wide.compression == "gzip" and wide.shuffle, "a compressed array")
        check(numpy.array_equal(wide[()].ravel(), value(numpy.arange(1050)) + STEP), "its values")
        energy = file["journal/energy"]
        check(energy[()] == -75.012345678901234 and energy.shape == (), "a number")
        check(energy.attrs["unit"] == "Hartree" and energy.attrs["description"] == "an energy", "unit and description")
        check(file["meta/deck"][()].decode() == "qonverge: 1\ntitle: h\u00e4ndisch\n", "a text")
        check(file["state/amplitudes.xxh3"].shape == (3,), "the digests of three blocks")
        root = dict(file.attrs)
        check(root["format"] == "qonverge" and root["formatVersion"] == 1, "the format")
        check(root["kind"] == "checkpoint", "the kind")
        check(root["software"] == "Qonverge" and root["softwareVersion"].count(".") == 2, "the software")
        check("hdf5@" + ".".join(map(str, h5py.version.hdf5_version_tuple)) in root["softwareDependencies"].split(";"),
              "the libraries: " + root["softwareDependencies"])
        date = datetime.datetime.strptime(root["date"], "%Y-%m-%d %H:%M:%S %z")
        check(abs((datetime.datetime.now(datetime.timezone.utc) - date).total_seconds()) < 600, "the date")
        check(set(root) >= {"author", "machine"}, "author and machine")
        check(file.userblock_size == 4096, "the seal's place")
    with open(path, "rb") as file:
        check(file.read(42).startswith(b"Qonverge run file: "), "the seal's first line")


main()
