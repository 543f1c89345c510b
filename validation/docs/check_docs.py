#!/usr/bin/env python3
"""Holds README.md and docs/ against the program: links lead somewhere, decks are valid, commands do what is shown.

usage: check_docs.py links|decks|tables|html|commands [PAGE...]      with QV_PRODUCT the program, QV_BUILD its folder

How pages are written:
  ```console   lines `$ command` are run, in order, in a folder of the page's own where the repository's files stand;
               the lines below a command are its output: each must come, in this order, numbers to 1e-6 and times not at
               all; a line `...` stands for any lines, and at the end of a line for the rest of it.
  ```yaml      a block that begins with `qonverge: 1` is a deck that must be valid.
  <!-- file: NAME -->       above a block: the block is the file NAME of the page's folder
  <!-- not run: REASON -->  above a block: its commands are not run; allowed only as NOT_RUN says
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("QV_PRODUCT", "")
# Why a command of a page cannot be run by a test.
NOT_RUN = ("needs a cluster", "installs software", "takes minutes", "builds the program")
MOST_NOT_RUN = 10
COPIED = ("config", "jobs")  # decks name files as ../validation/..., which a link would lead out of the folder
LINKED = ("validation", "docs", "src", "io", "README.md", "spack", "spack.yaml", "CMakePresets.json")
BLOCK = re.compile(r"^(?:<!-- (file|not run): (.*?) -->\n+)?(?P<indent> *)```([\w-]*)\n(.*?)^(?P=indent)```$",
                   re.M | re.S)
TIME = re.compile(r"[\d.]+(e-?\d+)? s\b|\d+[mhd]\d\d[smh]?|\d{4}-\d\d-\d\d[T ][\d:]+( ?UTC|Z)?")


def pages():
    found = ["README.md"] + [os.path.join("docs", name) for name in os.listdir(os.path.join(ROOT, "docs"))]
    return sorted(name for name in found if name.endswith(".md"))


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def blocks(page):
    """(line, mark, its text, language, content) of each fenced block."""
    text = read(page)
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start(4) if match.start(4) >= 0 else match.start()) + 1
        yield line, match[1], match[2], match[4], match[5]


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S))


def anchors_of(text):
    """The anchors of the headings, as GitHub and the HTML pages make them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"`", "", head)).strip().lower().replace(" ", "-") for head in heads}


def check_links():
    bad = []
    for page in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
            if re.match(r"https?://|mailto:", target):
                bad.append(f"{page}: {target}: pages must be readable without a network")
                continue
            name, _, anchor = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
            if not os.path.exists(os.path.join(ROOT, path)):
                bad.append(f"{page}: {target}: there is no such file")
            elif anchor and anchor not in anchors_of(read(path)):
                bad.append(f"{page}: {target}: there is no such heading")
    for name in sorted(os.listdir(os.path.join(ROOT, "docs"))):
        if name.endswith(".md") and name != "index.md" and f"]({name}" not in read("docs/index.md"):
            bad.append(f"docs/index.md: {name} is missing in the table of contents")
    # Files that the text names in backquotes.
    for page in pages():
        for name in re.findall(r"`((?:config|docs|jobs|io|src|validation|cmake|spack)/[\w./-]+)`", read(page)):
            if not os.path.exists(os.path.join(ROOT, name)):
                bad.append(f"{page}: {name}: there is no such file")
    return bad


class Sandbox:
    """A folder in which the commands of one page run as in a clone of the repository with the program built."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="qv-docs-")
        for name in LINKED:
            os.symlink(os.path.join(ROOT, name), os.path.join(self.folder, name))
        for name in COPIED:
            shutil.copytree(os.path.join(ROOT, name), os.path.join(self.folder, name))
        for name in ("build-program", "install-dependencies"):  # all is there: `house-jobs` tests what they do
            with open(os.path.join(self.folder, "jobs", name), "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n")
        os.makedirs(os.path.join(self.folder, "build", "release"))
        os.symlink(PROGRAM, os.path.join(self.folder, "build", "release", "qonverge"))
        path = [os.path.join(self.folder, "build", "release"), os.path.join(ROOT, "src", "python"),
                os.path.dirname(sys.executable), os.environ["PATH"]]
        self.environment = {**os.environ, "PATH": ":".join(path), "PYTHONDONTWRITEBYTECODE": "1",
                            "PYTHONPATH": os.path.join(ROOT, "src", "python"), "COLUMNS": "80"}

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(content)

    def run(self, command):
        """(exit code, both outputs) of a shell command."""
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200)
        return done.returncode, done.stdout

    def close(self):
        shutil.rmtree(self.folder)


def words_of(line):
    return TIME.sub("TIME", line).split()


def same_word(shown, got):
    if shown == got:
        return True
    try:
        a, b = float(shown.rstrip(",")), float(got.rstrip(","))
    except ValueError:
        return False
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 1e-9


def same_line(shown, got):
    a, b = words_of(shown), words_of(got)
    if a and a[-1] == "...":
        a, b = a[:-1], b[:len(a) - 1]
    return len(a) == len(b) and all(map(same_word, a, b))


def missing_line(expected, output):
    """The first line of `expected` that does not come in its turn, or None."""
    lines = output.splitlines()
    place, free = 0, False
    for shown in expected:
        if shown.strip() == "...":
            free = True
            continue
        at = place
        while at < len(lines) and not same_line(shown, lines[at]):
            if not free:
                return shown
            at += 1
        if at == len(lines):
            return shown
        place, free = at + 1, False
    return None


def commands_of(content):
    """[(command, lines shown below it)]; a command goes on behind a backslash."""
    found = []
    for line in content.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (found[-1][0][:-1] + line.strip(), [])
        elif found:
            found[-1][1].append(line)
    return found


def check_page(page):
    bad, not_run = [], []
    sandbox = Sandbox()
    try:
        for line, mark, value, language, content in blocks(page):
            if mark == "file":
                sandbox.write(value, content)
            if mark == "not run":
                not_run.append(f"{page}:{line}: {value}")
                if value not in NOT_RUN:
                    bad.append(f"{page}:{line}: '{value}' is no reason not to run a command")
                continue
            if language != "console":
                continue
            for command, expected in commands_of(content):
                code, output = sandbox.run(command)
                missing = missing_line(expected, output)
                allowed = code == 0 or re.search(rf"exit(s with| code) {code}\b|error: ", "\n".join(expected))
                if not allowed:
                    bad.append(f"{page}:{line}: `{command}` ends with {code}:\n{output}")
                elif missing is not None:
                    bad.append(f"{page}:{line}: `{command}` does not print\n  {missing}\nbut\n{output}")
    finally:
        sandbox.close()
    return bad, not_run


def check_commands(names):
    bad, not_run = [], []
    for page in names or pages():
        page_bad, page_not_run = check_page(page)
        bad += page_bad
        not_run += page_not_run
    for page in pages():  # commands belong into blocks that are run, but for the benches, which measure for minutes
        if page == "docs/performance.md":
            continue
        for number, text in enumerate(read(page).split("\n"), 1):
            if re.match(r" {4}(\$ )?(qonverge|jobs/|mpirun|sbatch|apt-get|cmake |spack |build/|validation/\S+ *($|-))",
                        text):
                bad.append(f"{page}:{number}: a command outside of a console block: {text.strip()}")
    print(f"{len(not_run)} blocks are not run:", *not_run, sep="\n  ")
    if len(not_run) > MOST_NOT_RUN:
        bad.append(f"{len(not_run)} blocks are not run: at most {MOST_NOT_RUN}")
    return bad


def check_decks():
    bad, count = [], 0
    sandbox = Sandbox()
    for page in pages():
        for line, mark, value, language, content in blocks(page):
            if mark == "file":
                sandbox.write(value, content)
            if language == "yaml" and content.startswith("qonverge: 1"):
                count += 1
                sandbox.write("config/page.yaml", content)
                code, output = sandbox.run("qonverge check config/page.yaml")
                if code != 0:
                    bad.append(f"{page}:{line}: a deck that is not valid:\n{output}")
    sandbox.close()
    print(f"{count} decks")
    return bad


def check_tables():
    """What the pages list is there, and what is there is listed: tests, tasks, decks, the page's name in the manual."""
    bad = []
    listed = subprocess.run(["ctest", "--test-dir", os.environ["QV_BUILD"], "-N"], text=True, capture_output=True)
    tests = re.findall(r"^ *Test +#\d+: (\S+)$", listed.stdout, flags=re.M)
    rows = [row for row in read("docs/validation.md").split("\n") if re.match(r"\| (?!---|quantity)", row)]
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        names = re.findall(r"`([^`]+)`", cells[-1])
        if len(cells) != 5 or not all(cells) or not names:
            bad.append(f"docs/validation.md: a row that does not name its values, source, agreement and test: {row}")
        bad += [f"docs/validation.md: there is no test '{name}'" for name in names
                if not any(re.search(name, test) for test in tests)]
    schema = subprocess.run([PROGRAM, "schema", "--markdown"], text=True, capture_output=True)
    tasks = re.findall(r"^## Task `(.*)`$", schema.stdout, flags=re.M)
    heads = re.findall(r"^## .*$", read("docs/validation.md"), flags=re.M)
    examples = read("docs/examples.md")
    for task in tasks:
        if not any(f"`{task}`" in head for head in heads):
            bad.append(f"docs/validation.md: no section of task {task}")
        bad += [f"{page}: no task {task}" for page in ("README.md", "docs/examples.md")
                if f"`{task}`" not in read(page)]
    for folder, column in (("", 2), ("node", 3), ("cluster", 4)):
        cells = " ".join(row.split("|")[column] for row in examples.split("\n") if row.startswith("| `"))
        for name in sorted(os.listdir(os.path.join(ROOT, "config", folder))):
            if name.endswith(".yaml") and f"`{name}`" not in cells:
                bad.append(f"docs/examples.md: {folder or 'config'} has a deck {name} that is not listed")
    print(f"{len(rows)} rows, {len(tests)} tests, {len(tasks)} tasks")
    if not rows or not tests or not tasks:
        bad.append("a list is empty")
    return bad


def check_html():
    """The manual as HTML: a page for each, and every link and picture leads somewhere."""
    bad = []
    with tempfile.TemporaryDirectory(prefix="qv-html-") as folder:
        done = subprocess.run([os.path.join(ROOT, "docs", "make-html"), folder], text=True, capture_output=True)
        if done.returncode == 69:
            print(done.stderr)
            sys.exit(77)
        if done.stdout != os.path.join(folder, "index.html") + "\n":
            return [f"docs/make-html: {done.stdout}{done.stderr}"]
        texts = {}
        for name in sorted(name for name in os.listdir(folder) if name.endswith(".html")):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                texts[name] = file.read()
        wanted = {os.path.basename(page)[:-3] + ".html" for page in pages() if page.startswith("docs/")}
        bad += [f"docs/make-html does not make {name}" for name in wanted - set(texts)]
        for name, text in texts.items():
            for target in re.findall(r'(?:href|src)="([^"]*)"', text):
                path, _, anchor = target.partition("#")
                if not os.path.exists(os.path.join(folder, path or name)):
                    bad.append(f"{name}: {target}: there is no such file")
                elif anchor and f'id="{anchor}"' not in texts[path or name]:
                    bad.append(f"{name}: {target}: there is no such heading")
            if re.search(r"^ *```|^\|", re.sub(r"<pre>.*?</pre>", "", text, flags=re.S), flags=re.M):
                bad.append(f"{name}: a table or a block that was not understood")
        print(f"{len(texts)} pages")
    return bad


def main():
    check = sys.argv[1] if len(sys.argv) > 1 else ""
    if check == "links":
        bad = check_links()
    elif check == "decks":
        bad = check_decks()
    elif check == "tables":
        bad = check_tables()
    elif check == "html":
        bad = check_html()
    elif check == "commands":
        bad = check_commands(sys.argv[2:])
    else:
        print(__doc__)
        return 64
    print(*bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
