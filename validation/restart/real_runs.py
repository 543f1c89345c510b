"""Short runs of the real tasks `vqe` and `circuit`, for tests that cut them: decks, launches, what must be the same."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import h5py
import numpy

HANG = 600  # seconds after which a run counts as hanging
EVERY_STEP = ["run.checkpoint_every=0.000001 s", "run.progress_every=0.000001 s"]


def processes():
    """{process id: (state, process id of the parent)} of this machine."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            found[int(pid)] = state, int(parent)
        except OSError:  # it has ended
            pass
    return found


class Failure(Exception):
    pass


def expect(holds, text):
    if not holds:
        raise Failure(text)


class Outcome:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        self.complaints = [line for line in err.splitlines() if line]

    def numbers(self, pattern):
        return [int(m) for m in re.findall(pattern, self.out, re.M)]

    def __str__(self):
        return f"exit code {self.code}\n{self.out[-2000:]}\n{self.err}"


class Running:
    """A run under way."""

    def __init__(self, words, folder, env, patience):
        self.patience = patience
        self.begun = time.monotonic()
        self.out = open(os.path.join(folder, "stdout"), "w+", encoding="utf-8")
        self.err = open(os.path.join(folder, "stderr"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(words, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.err, start_new_session=True)

    def children(self):
        """Process ids of the ranks."""
        return [pid for pid, (_, parent) in processes().items() if parent == self.process.pid]

    def said(self):
        self.out.flush()
        with open(self.out.name, encoding="utf-8") as file:
            return file.read()

    def wait_for(self, text, times=1):
        """Waits until the log holds the text; False if the run ended before."""
        while self.said().count(text) < times:
            if self.process.poll() is not None:
                return False
            expect(time.monotonic() - self.begun < HANG, f"the log never said '{text}'")
            time.sleep(0.005)
        return True

    def kill_all(self):
        """SIGKILL to the launcher and to every rank; returns when they are gone."""
        killed = [self.process.pid] + self.children()
        for pid in killed:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while any(state != "Z" for pid, (state, _) in processes().items() if pid in killed):
            time.sleep(0.005)

    def end(self):
        try:
            code = self.process.wait(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise Failure(f"a run hung for {self.patience} s: {self.process.args}") from None
        seconds = time.monotonic() - self.begun
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return Outcome(code, *texts, seconds)


class Task:
    """A deck of twenty steps, a small one of a few, or a long one of two minutes. `name` is vqe or circuit. The small
    circuit has qubits enough for the gates of a pass to be grouped, and passes left after its first step."""

    def __init__(self, name, program, mpiexec, molecules, home, small=False, long=False):
        self.name, self.program, self.mpiexec, self.home = name, program, mpiexec, home
        os.makedirs(self.home)
        self.patience = HANG
        if long and name == "vqe":
            deck = self.vqe(os.path.join(molecules, "n2_sto3g_r1.4.fcidump"), 800)
            deck["ansatz"] = {"trotter_steps": 160}
        elif long:
            deck = self.circuit(24, 600)
        elif name == "vqe":
            deck = self.vqe(os.path.join(molecules, "lih_sto3g_r1.5949.fcidump"), 4 if small else 19)
        else:
            deck = self.circuit(18, 9) if small else self.circuit(16, 262)
        self.deck = os.path.join(self.home, "deck.yaml")
        with open(self.deck, "w", encoding="utf-8") as file:
            json.dump({"qonverge": 1, "task": name, "output": "out", **deck}, file)
        self.count = 0
        self.whole = {}

    @staticmethod
    def vqe(molecule, evaluations):
        return {"molecule": {"fcidump": molecule, "taper": True}, "optimizer": {"max_evaluations": evaluations}}

    def circuit(self, qubits, layers):
        pick = random.Random(1)
        lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{qubits}];"]
        for _ in range(layers):
            order = list(range(qubits))
            pick.shuffle(order)
            lines += [f"u3({pick.uniform(0, 3)},{pick.uniform(0, 6)},{pick.uniform(0, 6)}) q[{q}];" for q in order]
            lines += [f"cx q[{a}],q[{b}];" for a, b in zip(order[::2], order[1::2])]
            lines += [f"swap q[{order[0]}],q[{order[5]}];", f"cu1({pick.uniform(0, 3)}) q[{order[3]}],q[{order[8]}];"]
        strings = [" ".join(f"{pick.choice('XYZ')}{q}" for q in pick.sample(range(qubits), 3)) for _ in range(8)]
        with open(os.path.join(self.home, "long.qasm"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(self.home, "strings.txt"), "w", encoding="utf-8") as file:
            file.write("".join(f"{pick.uniform(-1, 1)} {text}\n" for text in strings))
        return {"circuit": {"qasm": "long.qasm"}, "run": {"seed": 2},
                "measure": {"shots": 200, "probabilities": [0, 7], "state": True, "expectation": "strings.txt"}}

    def folder(self, copy_of=None):
        self.count += 1
        path = os.path.join(self.home, f"run{self.count}")
        if copy_of:
            shutil.copytree(copy_of, path)
        else:
            os.makedirs(path)
        return path

    def start(self, folder, ranks=1, sets=(), options=(), fault=None, env=None, within=()):
        words = list(within) + ([self.mpiexec, "-q", "-n", str(ranks)] if ranks else [])
        words += [self.program, "run", self.deck, "-o", folder]
        for value in sets:
            words += ["--set", value]
        # MPI's own files: runs that start at once disturb each other in a common folder, and what killed ranks leave
        # behind disturbs later ones.
        extra = {"TMPDIR": folder, "OMPI_MCA_btl_vader_backing_directory": folder}
        if fault:
            extra["QV_FAULT"] = fault
        return Running(words + list(options), folder, {**extra, **(env or {})}, self.patience)

    def run(self, folder, code=0, **how):
        outcome = self.start(folder, **how).end()
        expect(code is None or outcome.code == code, f"{self.name}: expected exit code {code}, found {outcome} {how}")
        return outcome

    def reference(self, ranks=1):
        """The answer of the run that was not cut."""
        if ranks not in self.whole:
            folder = self.folder()
            self.run(folder, ranks=ranks)
            self.whole[ranks] = self.answer(folder)
        return self.whole[ranks]

    def answer(self, folder):
        """All arrays of the result and the numbers of the summary that do not tell the time."""
        with open(os.path.join(folder, "out.json"), encoding="utf-8") as file:
            summary = json.load(file)
        expect(summary["success"], f"{folder}: no success")
        found = {"result": numpy.float64(summary["return_result"])}
        with h5py.File(os.path.join(folder, "out.h5")) as file:
            def take(name, item):
                if isinstance(item, h5py.Dataset) and name.split("/")[0] in (
                        "state", "counts", "probabilities", "expectation", "journal", "ansatz"):
                    found[name] = item[()]
            file.visititems(take)
        expect(len(found) > 4, f"{folder}: too few results: {sorted(found)}")
        return found

    def expect_same(self, folder, ranks=1):
        """Bit for bit what the run on so many ranks gives that was not cut, and nothing is left beside the results."""
        whole, found = self.reference(ranks), self.answer(folder)
        expect(sorted(whole) == sorted(found), f"{self.name}: {sorted(found)} instead of {sorted(whole)}")
        for name, value in whole.items():
            same = numpy.asarray(value).tobytes() == numpy.asarray(found[name]).tobytes()
            expect(same, f"{self.name}: {name} differs from the run that was not cut ({folder})")
        # What a killed run has left of a file goes when the next run, a minute later, finds it. Results of a build
        # without a name, killed after them, are made again and kept as the previous ones.
        left = sorted(name for name in os.listdir(folder)
                      if name.startswith("out.") and ".tmp." not in name and name != "out.prev.h5")
        expect(left == ["out.h5", "out.json"], f"{self.name}: left over: {left}")

    def expect_close(self, folder, relative=1e-12):
        """What the uncut run on one rank gives, to rounding; counted things are the same. The largest difference."""
        whole, found = self.reference(1), self.answer(folder)
        most = 0.0
        for name, value in whole.items():
            value, other = numpy.asarray(value), numpy.asarray(found[name])
            expect(value.shape == other.shape, f"{self.name}: the shape of {name} is {other.shape}")
            if name.startswith(("journal/parameters", "journal/gradient", "ansatz")):
                continue  # the way there; the energies must agree
            if value.dtype.kind in "iu":
                expect((value == other).all(), f"{self.name}: {name} differs")
                continue
            if value.dtype.names:
                value, other = value["r"] + 1j * value["i"], other["r"] + 1j * other["i"]
            scale = max(1.0, float(numpy.abs(value).max()))
            most = max(most, float(numpy.abs(value - other).max()) / scale)
        expect(most <= relative, f"{self.name}: differs by {most:.2e} from the run that was not cut")
        return most

    def leftovers(self, folder):
        return [name for name in os.listdir(folder) if ".tmp" in name]
