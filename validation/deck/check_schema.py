#!/usr/bin/env python3
"""The JSON Schema against the reader: check_schema.py DECK_TOOL

What the reader accepts, the schema accepts: all decks in good/, and random ones made of right and wrong values for
every key. Of the decks in bad/, the schema refuses those listed below. Decks are loaded with YAML 1.2's core schema, as
editors do. Exit code 77 (skipped) without python3-jsonschema or python3-yaml.
"""
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema, python3-yaml)")
    sys.exit(77)

HERE = pathlib.Path(__file__).parent

REFUSED = """
    unknown-key unknown-key-swapped unknown-key-prefix unknown-key-case unknown-key-no-idea unknown-section
    unknown-title misplaced-key misplaced-section misplaced-top key-of-other-task section-of-other-task
    dotted-key record-unknown-key record-nested-unknown-key missing-format missing-task unknown-task
    task-is-a-list format-is-a-word format-zero missing-key missing-section missing-in-record missing-records
    section-is-a-word section-is-a-list section-is-empty key-is-a-section key-is-a-list key-is-empty
    key-is-null key-is-tilde list-is-a-word list-is-a-section list-is-empty records-is-a-section
    records-is-a-word record-is-a-word options-is-a-list options-value-is-a-list options-value-is-empty
    bool-yes bool-number bool-quoted int-word int-fraction int-range int-negative int-quoted int-multiple
    int-separators count-unit count-fraction count-word count-range real-inf real-word real-unit real-percent
    real-range real-quoted string-empty choice-near choice-no-idea duration-bare duration-unit
    duration-two-parts duration-clock duration-clock-minutes duration-negative duration-auto duration-word
    years-bare years-unit size-bare size-unit size-negative list-entry-wrong list-entry-range
    list-entry-is-a-list list-entry-empty choice-list-twice choice-list-wrong include-is-a-word
    include-is-a-section include-entry-is-a-list merge-key all-at-once
""".split()

NULLS = ("~", "null", "Null", "NULL", "")
BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: what the JSON Schema is written for."""


def construct(loader, node):
    text = node.value
    if node.style is not None:
        return text
    if text in NULLS:
        return None
    if text in BOOLS:
        return BOOLS[text]
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+", text):
        return int(text[2:], 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text[2:], 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)", text):
        return float("-inf" if text[0] == "-" else "inf")
    if text in (".nan", ".NaN", ".NAN"):
        return float("nan")
    return text


CoreLoader.yaml_implicit_resolvers = {}
CoreLoader.add_constructor("tag:yaml.org,2002:str", construct)

# For every key of the test schema: texts that the reader may or may not accept.
NUMBERS = ["0", "1", "-1", "+5", "007", "64", "65", "1.5", "1.0", "1e3", ".5", "5.", "1e999", ".inf", ".nan", "0x1F",
           "'4'", "4 Ki", "4Ki", "4 MiB", "word", "true", "~", "", "[1]", "{a: 1}", "9007199254740993"]
TEXTS = ["word", "'two words'", "12", "1.5", "true", "null", "'null'", "''", "0x1F", ".inf", "2026-01-31", "no", "[a]",
         '"ü"', "{a: b}"]
LISTS = ["[]", "[1, 2]", "[0.5, 1e1]", "[a, b]", "[63, 64]", "[-10, 10]", "['1']", "1", "[[1]]", "[~]", "[11]"]
TIMES = ["90 s", "90s", "+1 h", "-1 h", "10 min", "1.5e1 d", "01:30:00", "1:75:00", "90:00", "auto", "90", "never",
         "0 s", "'2 h'", "1 year", "6 months", "90 days", "101 years"]
SIZES = ["1 B", "1 kB", "2.5 GiB", "4GiB", "4 gb", "4096", "-1 B", "+1 B", "1e3 MB"]
CANDIDATES = {
    "title": TEXTS, "output": TEXTS,
    "run.precision": ["single", "double", "half", "'single'", "1"], "run.seed": NUMBERS,
    "run.checkpoint_every": TIMES, "run.max_time": TIMES, "run.memory": SIZES + NUMBERS,
    "run.verbose": ["true", "false", "yes", "'true'", "True", "1"],
    "run.debug": ["{level: 1}", "{level: '1'}", "{level: true}", "{level: all}", "{level: 2}", "{}", "{dump: x}", "1",
                  ""],
    "measure.groups": ["[{}]", "[{label: a}, {}]", "[{lable: a}]", "[1]", "[]"],
    "circuit.qubits": NUMBERS, "circuit.depth": NUMBERS, "circuit.entangler": ["cz", "cx", "'cz'", "cy"],
    "circuit.repeat": ["true", "false", "no"], "circuit.angles": LISTS, "circuit.order": LISTS,
    "measure.shots": NUMBERS + ["4 Mi", "'500'", "1 T", "3 k", "+3 M"],
    "measure.pauli": LISTS + ["[XX, 'Y Z', 5, true]"],
    "measure.report": ["[energy]", "[energy, variance]", "[energy, energy]", "[]", "energy", "[power]"],
    "molecule.fcidump": ["molecules/h2.fcidump", "'molecules/h2.fcidump'"], "molecule.mapping": ["parity", "none"],
    "molecule.distance": NUMBERS, "optimizer.method": ["nm", "cg", "sd"], "optimizer.gradient_tolerance": NUMBERS,
    "optimizer.max_evaluations": NUMBERS,
    "optimizer.options": ["{}", "{a: 1, b: true, c: x}", "{a: ''}", "{a: [1]}", "[]", "{1: 2, true: no}"],
    "market.spot": NUMBERS, "market.rate": NUMBERS, "market.surface": ["surfaces/local.csv"],
    "market.assets": ["[]", "[{name: a}]", "[{name: a, weight: .5, history: surfaces/local.csv}]", "[{weight: 1}]",
                      "[{name: a, weight: 2}]", "[{name: a, extra: 2}]", "{name: a}"],
    "contracts": ["[]", "[{kind: asian, strike: 1}]", "[{kind: asian}]",
                  "[{kind: barrier, strike: 1e2, barrier: {level: 5}}]",
                  "[{kind: european, strike: 5., maturity: 6 months, fixings: 1 k}]",
                  "[{kind: asian, strike: 1}, {kind: asian, strike: 1, maturity: 5}]",
                  "[{kind: asian, strike: 1, extra: 2}]", "{kind: asian}", "[x]",
                  "[{kind: asian, strike: 1, barrier: {knock: in}}]"],
}
SECTIONS = {"circuit": ["circuit", "measure"], "vqe": ["molecule", "optimizer", "measure"],
            "price": ["market", "contracts"]}
USUAL = {"circuit.qubits": "4", "molecule.fcidump": "molecules/h2.fcidump", "market.spot": "100", "contracts": "[]"}


def random_deck(rng):
    task = rng.choice(list(SECTIONS))
    names = ["title", "output", "run"] + SECTIONS[task]
    values = {key: text for key, text in USUAL.items() if key.split(".")[0] in names}
    keys = [key for key in CANDIDATES if key.split(".")[0] in names]
    for key in rng.sample(keys, rng.randint(1, 3)):
        values[key] = rng.choice(CANDIDATES[key])
    lines = ["qonverge: 1", f"task: {task}"]
    for name in names:
        below = [key for key in values if key.startswith(name + ".")]
        if name in values:
            lines.append(f"{name}: {values[name]}")
        elif below:
            lines.append(f"{name}:")
            lines += [f"  {key.split('.')[1]}: {values[key]}" for key in below]
    return "\n".join(lines) + "\n"


def load(path):
    return yaml.load(path.read_bytes(), Loader=CoreLoader)


def verdicts(tool, paths):
    command = [tool, "check"] + [str(path) for path in paths]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.rsplit(" ", 1)[0]: line.rsplit(" ", 1)[1] == "ok" for line in out.splitlines()}


def main(tool):
    schema = json.loads(subprocess.run([tool, "schema"], check=True, capture_output=True, text=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = []
    good = sorted(list((HERE / "good").glob("*.yaml")) + list((HERE / "good").glob("*.json")))
    for path in good:
        for error in validator.iter_errors(load(path)):
            wrong.append(f"{path.name} is right, but the schema says: {error.message}")
    for name in REFUSED:
        path = HERE / "bad" / f"{name}.yaml"
        if path.exists() and validator.is_valid(load(path)):
            wrong.append(f"{path.name} is wrong, but the schema accepts it")
        elif not path.exists():
            wrong.append(f"there is no {path.name}")
    rng = random.Random(2026)
    accepted = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        texts = {}
        for name in ("molecules", "surfaces"):
            shutil.copytree(HERE / "good" / name, pathlib.Path(folder) / name)
        for i in range(1500):
            path = pathlib.Path(folder) / f"{i}.yaml"
            texts[str(path)] = random_deck(rng)
            path.write_text(texts[str(path)], encoding="utf-8")
        for name, fine in verdicts(tool, sorted(texts)).items():
            accepted += fine
            valid = validator.is_valid(load(pathlib.Path(name)))
            refused += not fine and not valid
            if fine and not valid:
                wrong.append("the reader accepts, the schema refuses:\n" + texts[name])
    print("\n".join(wrong[:20]))
    print(f"{len(good)} right decks accepted, {len(REFUSED)} wrong ones refused; of 1500 random decks the "
          f"reader accepts {accepted}, and the schema refuses {refused} of the other {1500 - accepted}")
    if accepted < 300 or refused < 300:
        wrong.append("the random decks are no test")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))
