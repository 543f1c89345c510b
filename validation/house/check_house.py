#!/usr/bin/env python3
"""The rules of the house, checked on the source.

usage: check_house.py CHECK ROOT [COMPILE_COMMANDS]     one check on a source tree
       check_house.py self-test                         each check on a tree with one planted violation

Prints one line per violation, "file:line: what: the rule". Exit code 0: none; 1: some; 77: a tool is missing (skipped).
"""
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
LINES_OF_FILE = 600
LINES_OF_FUNCTION = 60
COLUMNS = 120

# What each room may include, beside itself (docs/design.md).
BELOW = {
    "src/base": [],
    "src/parallel": ["src/base"],
    "io": ["src/parallel"],
    "src/state": ["src/parallel"],
    "src/circuit": ["src/state"],
    "src/operator": ["src/circuit"],
    "src/montecarlo": ["src/parallel"],
    "src/optimize": ["src/parallel"],
    "src/problem": ["src/operator", "src/montecarlo", "io"],
    "src/task": ["src/problem", "src/optimize"],
    "src/driver": ["src/task"],
    "src": ["src/driver"],  # src/main.c
}

# Libraries that only some rooms may know: name, headers, names in code, rooms.
LIBRARIES = [
    ("MPI", r"mpi\.h", r"MPI_(?!Comm\b)\w+", ["src/parallel", "io"]),
    ("the MPI handle", r"parallel/qv_comm_mpi\.h", r"MPI_Comm", ["src/parallel", "io", "src/optimize"]),
    ("PETSc and SLEPc", r"(petsc|slepc)\w*\.h", r"(Petsc|PETSC|Slepc|SLEPC|Tao|TAO|EPS)[A-Z_]\w*", ["src/optimize"]),
    ("HDF5", r"(hdf5|H5\w+)\.h", r"H5[A-Z]\w*", ["io"]),
    ("libyaml", r"yaml\.h", r"yaml_\w+", ["io"]),
    ("FFTW", r"fftw3\w*\.h", r"fftwf?_\w+", ["src/montecarlo", "src/state", "src/circuit", "src/problem"]),
]


GENERATED = ["qv_build.h"]  # made by the build, known to io/ alone


def rooms_below(room):
    found = {room}
    for lower in BELOW[room]:
        found |= rooms_below(lower)
    return found


def files_of(root, folders, endings):
    found = []
    for folder in folders:
        for path, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if n not in ("build", "data", "__pycache__")]
            found += [os.path.relpath(os.path.join(path, f), root) for f in files if f.endswith(endings)]
    return sorted(found)


def program_sources(root):
    return files_of(root, ["src", "io"], (".c", ".h", ".inc"))


def all_sources(root):
    return files_of(root, ["src", "io", "validation"], (".c", ".h", ".inc"))


def scripts(root):
    """Shell scripts: by their first line, since those that users call have no ending."""
    found = []
    for name in files_of(root, [".ci", "jobs", "validation"], ""):
        with open(os.path.join(root, name), "rb") as file:
            first = file.readline(100)
        if re.match(rb"#!.*\b(ba|da)?sh\b", first):
            found.append(name)
    return found


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def without_comments(text):
    """The code with comments blanked and literals emptied; line numbers stay. #include lines keep their names."""
    pattern = r'/\*.*?\*/|//[^\n]*|^[ \t]*#[ \t]*include[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        part = match.group(0)
        if part.lstrip().startswith("#"):
            return part
        return re.sub(r"[^\n]", " ", part)

    return re.sub(pattern, blank, text, flags=re.S | re.M)


def check_layering(root):
    bad = []
    for name in program_sources(root):
        room = os.path.dirname(name)
        if room not in BELOW:
            bad.append(f"{name}:1: the folder {room} is no room of docs/design.md")
            continue
        below = rooms_below(room)
        for number, line in enumerate(without_comments(read(root, name)).split("\n"), 1):
            quoted = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if quoted:
                target = quoted.group(1)
                target_room = os.path.dirname(target if target.startswith("io/") else "src/" + target)
                if target in GENERATED:
                    continue
                if "/" not in target or target_room not in BELOW:
                    bad.append(f'{name}:{number}: "{target}" names no room: write "room/qv_topic.h"')
                elif target_room not in below:
                    bad.append(f"{name}:{number}: {room} includes {target}: includes go only down")
            for library, header, code, rooms in LIBRARIES:
                included = re.match(rf'\s*#\s*include\s*[<"]({header})[>"]', line)
                used = code and not included and re.search(rf"\b{code}\b", line)
                if (included or used) and room not in rooms:
                    what = (included.group(1) if included else used.group(0))
                    bad.append(f"{name}:{number}: {what}: {library} is used only in {', '.join(rooms)}")
    return bad


def check_headers(root, commands):
    """Each header compiles alone, with the include folders of the build and all warnings."""
    with open(commands, encoding="utf-8") as file:
        entries = json.load(file)
    flags = []
    for entry in entries:
        words = shlex.split(entry["command"])
        for i, word in enumerate(words):
            pair = words[i:i + 2] if word == "-isystem" else [word] if word.startswith(("-I", "-D")) else []
            known = [f[0].split("=")[0] for f in flags]  # a test may build a file several times with other macros
            if pair and pair not in flags and (len(pair) == 2 or pair[0].split("=")[0] not in known):
                flags.append(pair)
    base = ["-std=c17", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror", "-fsyntax-only"]
    base += [f"-I{root}/src", f"-I{root}"]
    compiler = shlex.split(entries[0]["command"])[0] if entries else "cc"

    def compile_alone(name):
        command = [compiler] + base + [w for pair in flags for w in pair] + ["-x", "c", "-"]
        relative = name[4:] if name.startswith("src/") else name
        result = subprocess.run(command, input=f'#include "{relative}"\n', capture_output=True, text=True)
        if result.returncode == 0:
            return []
        errors = [line for line in result.stderr.split("\n") if "error:" in line]
        return [f"{name}:1: does not compile alone: {errors[0] if errors else result.stderr}"]

    headers = [n for n in program_sources(root) if n.endswith(".h")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for part in pool.map(compile_alone, headers) for line in part]


def check_size(root):
    bad = []
    sources = all_sources(root)
    for name in sources + scripts(root) + files_of(root, ["validation", "jobs", "spack"], ".py"):
        lines = read(root, name).split("\n")
        if len(lines) - 1 > LINES_OF_FILE:
            bad.append(f"{name}:1: {len(lines) - 1} lines: a file has at most {LINES_OF_FILE}")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                bad.append(f"{name}:{number}: {len(line)} columns: a line has at most {COLUMNS}")
    if not shutil.which("ctags"):
        return bad if bad else None
    if sources:
        output = subprocess.run(["ctags", "--languages=C", "--langmap=C:.c.h.inc", "--kinds-C=f", "--fields=+ne",
                                 "--output-format=json", "-f", "-"] + sources,
                                cwd=root, capture_output=True, text=True, check=True).stdout
        for line in output.splitlines():
            tag = json.loads(line)
            length = tag.get("end", tag["line"]) - tag["line"] + 1
            if length > LINES_OF_FUNCTION:
                bad.append(f"{tag['path']}:{tag['line']}: {tag['name']} has {length} lines: "
                           f"a function has at most {LINES_OF_FUNCTION}")
    return bad


def check_words(root):
    """Nothing left open, no drawer for odds and ends, no trace of the machine it was written on."""
    bad = []
    open_end = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    here = os.path.realpath(root)
    own_path = re.compile(r"(?<![\w./}])" + re.escape(here) + "/" if here.count("/") > 1 else r"(?!)")
    folders = [".ci", "cmake", "config", "docs", "io", "jobs", "spack", "src", "validation"]
    for name in files_of(root, folders, ""):
        if re.search(r"(^|[/_])(utils?|misc|helpers?|stuff)([/_.]|$)", name):
            bad.append(f"{name}:1: is named after no topic: say in the name what it is about")
        for number, line in enumerate(read(root, name).split("\n"), 1):
            match = open_end.search(line)
            if match:
                bad.append(f"{name}:{number}: {match.group(0)}: finish it, or open an issue")
            if own_path.search(line):
                bad.append(f"{name}:{number}: names a path of this machine")
    return bad


def lines_of_tool(command, root):
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    return [line for line in (result.stdout + result.stderr).split("\n") if re.match(r"[^ ]+:\d+:", line)]


def check_format(root):
    sources = all_sources(root)
    if not shutil.which("clang-format"):
        return None
    return lines_of_tool(["clang-format", "--dry-run", "-Werror"] + sources, root) if sources else []


def check_shell(root):
    found = scripts(root) + files_of(root, ["jobs", "validation"], ".sbatch")
    if not shutil.which("shellcheck"):
        return None
    command = ["shellcheck", "-x", "--source-path=SCRIPTDIR", "--format=gcc", "--shell=bash"]
    return lines_of_tool(command + found, root) if found else []


CHECKS = {
    "layering": check_layering,
    "headers": check_headers,
    "size": check_size,
    "words": check_words,
    "format": check_format,
    "shell": check_shell,
}

# For each rule: check, file, its content, and a part of the line that must be printed.
FUNCTION = "void qv_f(void);\nvoid qv_f(void)\n{\n" + "  ;\n" * 60 + "}\n"
PLANTED = [
    ("layering", "src/base/qv_x.c", '#include "parallel/qv_comm.h"\n', "qv_x.c:1: src/base includes parallel/"),
    ("layering", "src/state/qv_x.c", '\n#include "io/qv_deck.h"\n', ":2: src/state includes io/qv_deck.h"),
    ("layering", "io/qv_x.c", '#include "qv_deck.h"\n', '"qv_deck.h" names no room'),
    ("layering", "src/utilities/qv_x.c", "\n", "src/utilities is no room"),
    ("layering", "src/task/qv_x.c", "int f(void) { return MPI_Init(0, 0); }\n", "MPI_Init: MPI is used only in"),
    ("layering", "src/problem/qv_x.c", "#include <mpi.h>\n", "mpi.h: MPI is used only in"),
    ("layering", "src/task/qv_x.c", '#include "parallel/qv_comm_mpi.h"\n', "the MPI handle is used only in"),
    ("layering", "src/task/qv_x.c", "extern MPI_Comm comm;\n", "MPI_Comm: the MPI handle is used only in"),
    ("layering", "src/optimize/qv_x.c", "MPI_Comm c; void f(void) { MPI_Barrier(c); }\n", "MPI_Barrier: MPI is used"),
    ("layering", "src/task/qv_x.c", "static Tao tao; void f(void) { TaoSolve(tao); }\n", "TaoSolve: PETSc"),
    ("layering", "src/problem/qv_x.c", "#include <slepceps.h>\n", "slepceps.h: PETSc"),
    ("layering", "src/task/qv_x.c", "void f(void) { H5Fclose(1); }\n", "H5Fclose: HDF5"),
    ("layering", "src/driver/qv_x.c", "#include <yaml.h>\n", "yaml.h: libyaml"),
    ("layering", "src/operator/qv_x.c", "void f(void) { fftw_execute(0); }\n", "fftw_execute: FFTW"),
    ("headers", "src/base/qv_x.h", "size_t qv_x(void);\n", "src/base/qv_x.h:1: does not compile alone"),
    ("size", "io/qv_x.c", "\n" * 601, "io/qv_x.c:1: 601 lines"),
    ("size", "src/state/qv_x.c", FUNCTION, "src/state/qv_x.c:2: qv_f has 63 lines"),
    ("size", "jobs/long", "#!/bin/bash\n# " + "x" * 119 + "\n", "jobs/long:2: 121 columns"),
    ("words", "src/base/qv_misc.c", "\n", "is named after no topic"),
    ("words", "validation/utils/x.c", "\n", "is named after no topic"),
    ("words", "docs/x.md", "\nTO" "DO: more\n", "docs/x.md:2: TO" "DO: finish it"),
    ("words", "docs/x.md", "see @ROOT@/docs/y.md\n", "docs/x.md:1: names a path of this machine"),
    ("format", "src/base/qv_x.c", "int  x ;\n", "src/base/qv_x.c:1:"),
    ("shell", "jobs/x", "#!/bin/bash\nrm $1\n", "jobs/x:2:"),
]
# A tree that keeps every rule, so that only the planted violation can be what is found.
GOOD = {
    "src/base/qv_good.h": "#ifndef QV_GOOD_H\n#define QV_GOOD_H\n\n/* MPI_Init and H5Fopen are only named here. */\n"
                          "void qv_good(void);\n\n#endif\n",
    "src/base/qv_good.c": '#include "base/qv_good.h"\n\nvoid qv_good(void)\n{\n  const char *text = "yaml_parse /* ";\n'
                          "  (void)text;\n}\n",
    "src/task/qv_good.c": '#include "io/qv_deck.h"\n#include "base/qv_good.h"\n',
    "jobs/good": "#!/usr/bin/env bash\necho good\n",
    ".clang-format": "BasedOnStyle: LLVM\nBreakBeforeBraces: Custom\nBraceWrapping:\n  AfterFunction: true\n"
                     "SortIncludes: Never\n",
}


def plant(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def run_check(name, root, commands):
    check = CHECKS[name]
    return check(root, commands) if name == "headers" else check(root)


def self_test():
    failures = 0
    for check, name, content, expected in [(c, "", "", "") for c in CHECKS] + PLANTED:
        with tempfile.TemporaryDirectory() as root:
            commands = os.path.join(root, "compile_commands.json")
            plant(root, "compile_commands.json", '[{"command": "cc -c x.c"}]')
            for good_name, good in GOOD.items():
                plant(root, good_name, good)
            if name:
                plant(root, name, content.replace("@ROOT@", root))
            found = run_check(check, root, commands)
        if found is None:
            print(f"{check}: not tested, its tool is missing")
        elif (not name and found) or (name and not any(expected in line for line in found)):
            print(f"{check} with {name or 'nothing'} planted: expected '{expected}', found {found}")
            failures += 1
    return 1 if failures else 0


def main(arguments):
    if arguments == ["self-test"]:
        return self_test()
    if len(arguments) < 2 or arguments[0] not in CHECKS:
        print(__doc__)
        return 64
    found = run_check(arguments[0], os.path.abspath(arguments[1]), arguments[2] if len(arguments) > 2 else "")
    if found is None:
        print(f"{arguments[0]}: skipped, its tool is not installed (jobs/install-dependencies test)")
        return SKIPPED
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
