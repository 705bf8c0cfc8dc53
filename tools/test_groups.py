"""Tells which tests need not run again: those whose inputs have not changed since they passed.

    test_groups.py unchanged --state FOLDER BUILD ...    prints a pattern of labels for `ctest -LE`
    test_groups.py keep --state FOLDER                   after ctest --output-junit FOLDER/junit.xml: remembers what passed

A build describes its groups of tests in BUILD/test_groups/*.txt: the label, which also begins the names of the group's
tests, then its inputs, a file or folder a line. A file counts as changed when its size or its time of change is another: a
test may run once too often, never once too seldom. Inputs of every group are the tests' own definitions, the
installed packages, the models and data at hand, and the environment.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree

import report_skips
import source_tree

ENVIRONMENT = re.compile(r"^WHITNEY_|_OPTIONS$|^RC_PARAMS$|^GTEST_")
KEYS, SKIPPED, JUNIT, LOG = "test_keys.json", "skipped_before.txt", "junit.xml", "Testing/Temporary/LastTest.log"


def stamps(path):
    """Yields a line for a file, or for each file in a folder."""
    path = pathlib.Path(path)
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                yield from stamps(os.path.join(folder, name))
    elif path.exists():
        status = path.stat()
        yield f"{path} {status.st_size} {status.st_mtime_ns}"
    else:
        yield f"{path} is not there"


def surroundings(root):
    """Lines for what every test depends on."""
    lines = [f"{name}={value}" for name, value in sorted(os.environ.items()) if ENVIRONMENT.search(name)]
    for place in [root / "cmake", root / "models", "/var/lib/dpkg/status"]:
        lines += stamps(place)
    for place in sorted((root / ".venv").glob(".*.sum")):
        lines += stamps(place)
    data = pathlib.Path(os.environ.get("WHITNEY_DATA", root / ".." / "shared" / "data"))
    if data.is_dir():  # large, and not written by anything here: its entries tell it from another
        lines += [f"{entry.name} {entry.stat().st_mtime_ns}" for entry in sorted(data.iterdir())]
    return lines


def groups(builds):
    """Gives the inputs of each group, by label."""
    found = {}
    for build in builds:
        for file in sorted(pathlib.Path(build).glob("test_groups/*.txt")):
            label, *inputs = file.read_text().split("\n")
            found[label] = [line for line in inputs if line]
    return found


def keys(root, builds):
    around, known, made = "\n".join(surroundings(root)), {}, {}
    for label, inputs in groups(builds).items():
        digest = hashlib.sha256(around.encode())
        for path in inputs:
            if path not in known:
                known[path] = "\n".join(stamps(path))
            digest.update(f"{known[path]}\n".encode())
        made[label] = digest.hexdigest()
    return made


def stamp_of(state, label):
    return state / "passed" / (label.replace("/", "-") + ".json")


def unchanged(root, state, builds):
    """Gives the labels to leave out; writes the present keys, and what was skipped when those last ran."""
    now = keys(root, builds)
    (state / "passed").mkdir(parents=True, exist_ok=True)
    (state / KEYS).write_text(json.dumps(now))
    left_out, skipped = [], []
    for label, key in now.items():
        stamp = stamp_of(state, label)
        kept = json.loads(stamp.read_text()) if stamp.is_file() else {}
        if kept.get("key") == key:
            left_out.append(label)
            skipped += kept["skipped"]
    (state / SKIPPED).write_text("".join(f"{line}\n" for line in skipped))
    (state / JUNIT).unlink(missing_ok=True)
    return left_out


def pattern(labels):
    return "^(" + "|".join(re.escape(label).replace("/", "[/]") for label in labels) + ")$" if labels else ""


def keep(state):
    """Remembers the groups of which every test ran and passed; nothing where ctest was stopped."""
    if not (state / JUNIT).is_file():
        return
    cases = {case.get("name"): case.get("status") for case in xml.etree.ElementTree.parse(state / JUNIT).iter("testcase")}
    skipped = list(report_skips.skips((state / LOG).read_text(encoding="utf-8", errors="replace")))
    for label, key in json.loads((state / KEYS).read_text()).items():
        def belongs(name, label=label):
            return name == label or name.startswith(label + ".")

        statuses = [status for name, status in cases.items() if belongs(name)]
        if statuses and set(statuses) == {"run"}:
            lines = [f"{test}: {reason}" for test, reason in skipped if belongs(test)]
            stamp_of(state, label).write_text(json.dumps({"key": key, "skipped": lines}))


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        state = root / "state"
        log = state / LOG
        log.parent.mkdir(parents=True)
        for name, text in {"a.o": "1", "b.o": "2", "build/test_groups/a.txt": f"asan/a\n{root}/a.o\n",
                           "build/test_groups/b.txt": f"b\n{root}/b.o\n{root}/data\n", "data/x": "3"}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)

        def run(cases, log_text=""):
            rows = "".join(f'<testcase name="{name}" status="{status}"/>' for name, status in cases.items())
            (state / JUNIT).write_text(f"<testsuite>{rows}</testsuite>")
            log.write_text(log_text)
            keep(state)

        assert unchanged(root, state, [root / "build"]) == []
        run({"asan/a.0": "run", "asan/a.1": "run", "b.0": "run", "b.1": "fail"},
            "1/1 Test: asan/a.0\n/x/a_test.cc:3: Skipped\nno data\n")
        assert unchanged(root, state, [root / "build"]) == ["asan/a"]
        assert (state / SKIPPED).read_text() == "asan/a.0: a_test.cc:3: no data\n"
        run({"b.0": "run", "b.1": "run"})
        assert unchanged(root, state, [root / "build"]) == ["asan/a", "b"]
        assert pattern(["asan/a", "cli.b"]) == r"^(asan[/]a|cli\.b)$"
        (root / "data/y").write_text("4")  # a new file in a folder
        assert unchanged(root, state, [root / "build"]) == ["asan/a"]
        (root / "a.o").unlink()
        assert unchanged(root, state, [root / "build"]) == []
    print("self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["unchanged", "keep"])
    parser.add_argument("--state", type=pathlib.Path, required=True)
    parser.add_argument("builds", nargs="*")
    arguments = parser.parse_intermixed_args()
    if arguments.command == "keep":
        return keep(arguments.state)
    print(pattern(unchanged(source_tree.ROOT, arguments.state, arguments.builds)))


if __name__ == "__main__":
    main()
