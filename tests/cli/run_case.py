"""Runs text cases of the command line, and compares what is said and the exit code, word by word.

    run_case.py --program build/bin/whitney [--configuration NAME] [--accept] CASE.txt ...

A case is a list of commands, run one after another by bash in a fresh folder:

    # a comment
    $ whitney info --json | head -1        a command; `> ` continues it on the next line
      {                                    two spaces: a line of standard output; `...` stands for any text in it,
      ...                                  and alone for any lines
    ! whitney: unknown verb "serch"...     a line of standard error
    [2]                                    the exit code, when it is not 0

Configurations rerun the same cases: `plain`, `one-core` (one thread, by affinity), `scalar` (no SIMD).
--accept rewrites the expectations of commands that differ (read the diff before you keep it).
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CONFIGURATIONS = {"plain": ([], {}), "one-core": (["taskset", "-c", "FIRST"], {}), "scalar": ([], {"WHITNEY_SIMD": "scalar"})}
TIMEOUT_SECONDS = 100


@dataclasses.dataclass
class Step:
    line: int
    command: str = ""
    stdout: list = dataclasses.field(default_factory=list)
    stderr: list = dataclasses.field(default_factory=list)
    code: int = 0
    comments: list = dataclasses.field(default_factory=list)


def parse(text, name):
    """Gives the steps of a case; a line that belongs to none of the forms is an error."""
    steps, comments = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line:
            comments.append(line)
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:], comments=comments))
            comments = []
        elif not steps:
            sys.exit(f"{name}:{number}: expected `$ command` or `# comment`, not: {line}")
        elif line.startswith("> ") and not (steps[-1].stdout or steps[-1].stderr):
            steps[-1].command += "\n" + line[2:]
        elif line.startswith("  "):
            steps[-1].stdout.append(line[2:])
        elif line == "!" or line.startswith("! "):
            steps[-1].stderr.append(line[2:])
        elif re.fullmatch(r"\[\d+\]", line):
            steps[-1].code = int(line[1:-1])
        else:
            sys.exit(f"{name}:{number}: expected `$ `, `> `, two spaces, `! `, `[code]` or `# `, not: {line}")
    return steps, comments


def matches(expected, actual):
    """True when the lines fit; `...` in a line is any text, alone any lines."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "..." else "[^\n]*".join(re.escape(part) for part in line.split("...")) + "\n"
        for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def run(step, folder, launcher, environment):
    made = subprocess.run([*launcher, "bash", "-c", step.command], cwd=folder, env=environment, capture_output=True,
                          text=True, errors="backslashreplace", stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
    return Step(step.line, step.command, made.stdout.splitlines(), made.stderr.splitlines(), made.returncode, step.comments)


def written(step):
    command = "\n> ".join(step.command.split("\n"))
    lines = [*step.comments, "$ " + command, *("  " + line for line in step.stdout), *("! " + line for line in step.stderr)]
    return lines + ([f"[{step.code}]"] if step.code else [])


def fits(step, actual):
    return (step.code == actual.code and matches(step.stdout, actual.stdout) and matches(step.stderr, actual.stderr))


def run_case(path, program, configuration, accept):
    """Returns the number of steps that went otherwise than expected."""
    steps, trailing = parse(path.read_text(encoding="utf-8"), path)
    launcher, more = CONFIGURATIONS[configuration]
    launcher = [word.replace("FIRST", str(min(os.sched_getaffinity(0)))) for word in launcher]
    bad, lines = 0, []
    with tempfile.TemporaryDirectory(prefix="whitney-cli-") as folder:
        bin_folder = pathlib.Path(folder, ".bin")
        bin_folder.mkdir()
        (bin_folder / "whitney").symlink_to(pathlib.Path(program).resolve())
        environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "CASE": str(path.parent.resolve()), **more}
        for step in steps:
            actual = run(step, folder, launcher, environment)
            good = fits(step, actual)
            lines += written(step if good else actual)
            if good:
                continue
            bad += 1
            print(f"{path}:{step.line}: {configuration}: expected\n" + "\n".join("    " + l for l in written(step)))
            print("  but it was\n" + "\n".join("    " + l for l in written(actual)), flush=True)
    if accept and bad:
        path.write_text("\n".join(lines + trailing) + "\n", encoding="utf-8")
    return bad


def self_test():
    steps, _ = parse("# one\n$ a\n> b\n  x ... y\n  ...\n! z\n[3]\n", "case")
    assert steps[0].command == "a\nb" and steps[0].code == 3 and steps[0].stderr == ["z"], steps
    assert matches(["x ... y", "..."], ["x 12 y"]) and matches(["x ... y", "..."], ["x  y", "p", "q"])
    assert not matches(["x ... y"], ["x 1 y", "more"]) and not matches([], ["x"]) and matches(["..."], [])
    assert "\n".join(written(steps[0])) == "# one\n$ a\n> b\n  x ... y\n  ...\n! z\n[3]"
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program")
    parser.add_argument("--configuration", choices=CONFIGURATIONS, default="plain")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if arguments.configuration == "one-core" and shutil.which("taskset") is None:
        sys.exit("one-core needs taskset (util-linux)")
    bad = sum(run_case(path, arguments.program, arguments.configuration, arguments.accept) for path in arguments.cases)
    if bad:
        sys.exit(f"{bad} command(s) went otherwise than expected")


if __name__ == "__main__":
    main()
