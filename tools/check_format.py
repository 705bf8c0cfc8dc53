"""Every C++ file is as clang-format (19) lays it out; `tools/check_format.py --fix` lays them out."""

import os
import shutil
import subprocess
import sys

import source_tree

PROGRAM = os.environ.get("CLANG_FORMAT") or shutil.which("clang-format-19") or "clang-format"


def cpp_files(root):
    return [str(path) for path in source_tree.files(root, "*.h", "*.cc") if path.parts[0] != "build"]


def check(root):
    paths = cpp_files(root)
    if not paths:
        return
    made = subprocess.run([PROGRAM, "--dry-run", "--Werror", "--ferror-limit=1", *paths], cwd=root, capture_output=True, text=True)
    for line in made.stderr.splitlines():
        if "error:" in line:
            yield line.replace("code should be clang-formatted", "not as clang-format lays it out (tools/check_format.py --fix)")
    if made.returncode and "error:" not in made.stderr:
        yield f"{PROGRAM} failed: {made.stderr.strip()}"


def self_test():
    tree = {".clang-format": "BasedOnStyle: Google\n", "a.cc": "int  a ;\n", "b.cc": "int b;\n"}
    findings = source_tree.findings_in(check, tree)
    assert len(findings) == 1 and findings[0].startswith("a.cc:1:"), findings


if __name__ == "__main__":
    if sys.argv[1:] == ["--fix"]:
        sys.exit(subprocess.run([PROGRAM, "-i", *cpp_files(source_tree.ROOT)], cwd=source_tree.ROOT).returncode)
    source_tree.main(check, self_test, __doc__)
