#!/usr/bin/env python3
"""Every message of a failure is read by a test (R21).

usage: check_messages.py ROOT     prints the messages in src/ and io/ of which no test knows a part; exit code 1 if any

A message counts as read if WINDOW successive characters of one of its fixed parts (all of it, if it is shorter) stand
in a file below validation/. What cannot be made to happen in a test is listed below, with the reason; an entry for a
message that is gone is an error too.
"""
import os
import re
import sys

WINDOW = 14
CALL = re.compile(r"\b(\w*fail\w*|\w*refuse\w*|\w*_error)\s*\(")
CONVERSION = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|z|j)?[a-zA-Z%]")

LIBRARY = "a call of the library fails that the fault sites reach, with one of several names of the operation"
MEMORY = "qv_alloc fails, which fault site alloc provokes; the text is that of the caller"
SYSTEM = "needs a disk, a quota or a file system that fails in a way that no fault site imitates"
INTERNAL = "an internal check: no input leads there"
SIZE = "needs an input beyond what a test can hold in time or memory"
KEYS = "the reader of decks refuses the values that would lead here; for callers of the library"
EXCEPTIONS = {
    "opening its root": LIBRARY,
    "opening the group '%s'": LIBRARY,
    "counting the chunks of '%s'": LIBRARY,
    "listing the file": LIBRARY,
    "opening the file": LIBRARY,
    "writing '%s' from element %": LIBRARY,
    "opening the file on all ranks": LIBRARY,
    "making the group '%s'": LIBRARY,
    "no memory is left to hash the deck": MEMORY,
    "no memory is left to read a file": MEMORY,
    "%s: no memory is left to read it": MEMORY,
    "%s: no memory is left for the summary": MEMORY,
    "no memory is left for a digest": MEMORY,
    "no memory for a simplex of %d parameters": MEMORY,
    "no memory for a %d x %d matrix": MEMORY,
    "nothing was written": SYSTEM,
    "%s: its size cannot be found: %s": SYSTEM,
    "your quota is used up": SYSTEM,
    "%s: %d bytes cannot be reserved for %s: %s": SYSTEM,
    "%s: writing failed: %s": SYSTEM,
    "%s: reading failed": SYSTEM,
    "%s: a chunk of '%s' is not where HDF5 says it is": INTERNAL,
    "rank 0 did not read '%s', which another rank's deck names": INTERNAL,
    "the power of this gate could not be computed": INTERNAL,
    "expected a classical type": INTERNAL,
    "a function takes numbers": INTERNAL,
    "a gate with more than %d controls": INTERNAL,
    "unknown kind of gate %d": INTERNAL,
    "the simplex method of GSL failed: %s": INTERNAL,
    "the method %s ended without a reason": INTERNAL,
    "PETSc: %s failed with code %d (%s)": INTERNAL,
    "unknown market model %d": INTERNAL,
    "the state is lost at time %g: its change in one step is %g": INTERNAL,
    "the optimiser %s asks for the value %g of parameter %d after %d evaluations": INTERNAL,
    "%s: more than %zu MiB of OpenQASM text": SIZE,
    "an expression that is too long": SIZE,
    "the model has %lld terms, too many to enumerate": SIZE,
    "a book has at most %d underlyings": SIZE,
    "a book has at most %d positions": SIZE,
    "from 1 to %d columns of returns are possible": SIZE,
    "Sobol points repeat after 2^32 of a replicate: at most %d x 2^32 paths": SIZE,
    "%s: %d colours for %d vertices make %lld variables; from 1 to %d are possible": SIZE,
    "contract: 1 to %d underlyings, not %d": KEYS,
    "market: 1 to %d underlyings, not %d": KEYS,
    "contract.settle_at: only a knock-in of cash or asset pays at the hit": KEYS,
    "%d MPI ranks are too many for %d qubits: start at most %d": KEYS,
}


def files_of(root, folders, endings):
    for folder in folders:
        for path, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [name for name in names if name != "__pycache__"]
            for name in files:
                if name.endswith(endings) and name != os.path.basename(__file__):
                    yield os.path.join(path, name)


def read(path):
    with open(path, encoding="utf-8", errors="ignore") as file:
        return file.read(1 << 20)


def arguments_of(text, begin):
    """The text between the parenthesis at `begin` and the one that closes it."""
    depth, inside, at = 0, False, begin
    while at < len(text):
        character = text[at]
        if inside:
            at += character == "\\"
            inside = text[at] != '"' or character == "\\"
        elif character == '"':
            inside = True
        else:
            depth += (character == "(") - (character == ")")
            if depth == 0:
                break
        at += 1
    return text[begin + 1:at]


def messages_of(root):
    """(place, format) of everything with a blank that is handed to a function that fails, refuses or reports errors."""
    for path in sorted(files_of(root, ["src", "io"], (".c",))):
        text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), read(path), flags=re.S)
        for call in CALL.finditer(text):
            arguments = re.sub(r'"\s*PRI\w+\s*"', "d", arguments_of(text, call.end() - 1))
            arguments = re.sub(r'"\s*"', "", arguments)
            for literal in re.findall(r'"((?:\\.|[^"\\])*)"', arguments):
                if " " in literal:
                    yield f"{os.path.relpath(path, root)}:{text.count(chr(10), 0, call.start()) + 1}", literal


def known_of(root):
    """What the tests say, with their strings joined over line ends and without escapes."""
    texts = []
    for path in files_of(root, ["validation"], ("",)):
        if f"{os.sep}data{os.sep}" not in path or path.endswith((".txt", ".json", ".yaml", ".md")):
            texts.append(read(path))
    text = re.sub(r'"\s*\n\s*[rf]{0,2}"', "", "\n".join(texts))
    return text.replace("\\", "")


def is_known(message, known):
    parts = [part.replace("\\", "").strip() for part in CONVERSION.split(message)]
    length = min(WINDOW, max(len(part) for part in parts))
    return any(part[at:at + length] in known for part in parts for at in range(len(part) - length + 1))


def main(root):
    known, used, bad, count = known_of(root), set(), 0, 0
    for place, message in messages_of(root):
        count += 1
        used.add(message)
        if is_known(message, known) or message in EXCEPTIONS:
            continue
        print(f'{place}: "{message}": no test reads this message')
        bad += 1
    for message in EXCEPTIONS:
        if message not in used:
            print(f'check_messages.py: "{message}" is an exception, but no message any more')
            bad += 1
    if count < 300:
        print(f"only {count} messages were found: the search is broken")
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
