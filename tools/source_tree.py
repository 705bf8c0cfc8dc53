"""What the static checks share: the files of the tree, C++ without comments, findings, and the command line."""

import argparse
import fnmatch
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^ ()\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


# Where a checkout is not git's, or belongs to somebody else: what the two commands make (.gitignore names the same).
_MADE = ("build", "build-*", ".git", ".venv", ".cache", "quickstart.out", "models", "peers", "dist", "__pycache__", ".pytest_cache")


def _walk(root):
    """Yields the files below `root` but those in folders that the two commands make."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not any(fnmatch.fnmatch(f, made) for made in _MADE))
        for name in sorted(names):
            yield str(pathlib.PurePath(folder, name).relative_to(root))


def _listed(root):
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return []
    return sorted(set(listed.stdout.split("\0")) - {""}) if listed.returncode == 0 else []


def files(root, *patterns):
    """Yields the files of the tree that match a pattern (`*` crosses folders) and that git does not ignore."""
    for name in _listed(root) or _walk(root):
        path = pathlib.PurePosixPath(name)
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns) and (pathlib.Path(root) / name).is_file():
            yield path


def blank(text, strings=True):
    """Replaces comments (and string contents) by spaces; lines keep their numbers."""

    def spaces(match):
        token = match.group()
        if token[0] == "/" or (strings and token[0] in "\"R"):
            return re.sub(r"[^\n]", " ", token)
        return token

    return _TOKENS.sub(spaces, text)


def includes(text):
    """Yields (line, bracket, path) of each include."""
    code = blank(text, strings=False)
    for match in _INCLUDE.finditer(code):
        yield code.count("\n", 0, match.start(2)) + 1, match.group(1), match.group(2)


def read(root, path):
    return (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace")


def main(check, self_test, description):
    """Runs `check(root)`, which yields sentences `file:line: what is wrong`; exits 1 when there are any."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--self-test", action="store_true", help="show that the check finds what it looks for")
    if parser.parse_args().self_test:
        self_test()
        print("self-test passed")
        return
    findings = list(check(ROOT))
    for finding in findings:
        print(finding)
    if findings:
        sys.exit(f"{len(findings)} finding(s)")


def findings_in(check, tree):
    """For self-tests: what `check` says about a tree given as {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return list(check(root))
