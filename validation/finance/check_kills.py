#!/usr/bin/env python3
"""A price does not know that its run was killed.

usage: check_kills.py QONVERGE DECK KILLS [MPIRUN...]

Runs the deck once undisturbed; then again, killed (SIGKILL) up to KILLS times at random moments, at least half of that,
and started by the same command until it ends; compares result and error in the JSON summaries, bit for bit. Prints how
often it was killed.
"""
import glob
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time


def command(program, deck, folder, launcher):
    return launcher + [program, "run", deck, "-o", folder, "--set", "run.checkpoint_every=0.05 s",
                       "--set", "run.progress_every=3600 s"]


def summary(folder):
    with open(glob.glob(os.path.join(folder, "*.json"))[0], encoding="utf-8") as file:
        data = json.load(file)
    return data["return_result"], data["return_error"]


def kill_all(pid):
    """Kills a launcher and its ranks, which have process groups of their own."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            ranks = [int(word) for word in file.read().split()]
    except FileNotFoundError:  # a kernel that does not list children: the ranks end by themselves, a little later
        ranks = []
    for one in [pid] + ranks:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass


def killed(words, seconds):
    """Whether the run was still going when it was killed after so many seconds."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    if process.poll() is not None:
        return False
    kill_all(process.pid)
    process.wait()
    return True


def disturbed(words, folder, kills, length):
    """Starts and kills the run until it has been killed so often, or has ended; how often it was killed."""
    count = 0
    for _ in range(10 * kills):
        count += killed(words, random.uniform(0.08, 0.2) * length)
        if count == kills or glob.glob(os.path.join(folder, "*.json")):
            break
    return count


def main():
    program, deck, kills, launcher = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    random.seed(5)
    with tempfile.TemporaryDirectory() as whole:
        begun = time.monotonic()
        subprocess.run(command(program, deck, whole, launcher), check=True, stdout=subprocess.DEVNULL)
        length = time.monotonic() - begun
        for _ in range(4):
            with tempfile.TemporaryDirectory() as cut:
                words = command(program, deck, cut, launcher)
                count = disturbed(words, cut, kills, length)
                subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
                if summary(whole) != summary(cut):
                    print(f"after {count} kills: {summary(cut)}, undisturbed: {summary(whole)}")
                    return 1
            if 2 * count >= kills:
                print(f"{count} kills, identical")
                return 0
            length /= 2  # others have left the machine since the run was timed
    print(f"the run ended after {count} kills")
    return 1


if __name__ == "__main__":
    sys.exit(main())
