"""A method's name, its files and the registry agree.

Each `register_…({.name = "node-classification", …` of whitney/<folder> has its header whitney/<folder>/node_classification.h,
and `whitney methods --json` lists exactly the names registered in the sources.

    check_registry.py [--program build/bin/whitney]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import source_tree

_REGISTERED = re.compile(r"\b(?:register_\w+|declare_method)\s*(?:<[^;{}]*>)?\s*\([^;]*?\.name\s*=\s*\"([^\"]+)\"")


def registered_names(root):
    """Yields (path, name) of every registration in the library's sources."""
    for path in source_tree.files(root, "whitney/*.cc"):
        if path.name.endswith(("_test.cc", "_fuzz.cc")):
            continue
        for match in _REGISTERED.finditer(source_tree.blank(source_tree.read(root, path), strings=False)):
            yield path, match.group(1)


def check(root, listed=None):
    """`listed`: the names that the program knows; None: only the files are compared."""
    names = set()
    for path, name in registered_names(root):
        names.add(name)
        header = path.with_name(name.replace("-", "_") + ".h")
        if not (root / header).is_file():
            yield f"{path}: registers {name}, but there is no {header}"
    if listed is not None:
        for name in sorted(names - listed):
            yield f"{name} is registered in the sources, but `whitney methods` does not list it"
        for name in sorted(listed - names):
            yield f"`whitney methods` lists {name}, but no source registers it in the usual form"


def names_of(program):
    listed = json.loads(subprocess.run([program, "methods", "--json"], check=True, capture_output=True, text=True).stdout)
    methods = listed["methods"] if isinstance(listed, dict) else listed
    return {method["name"] for method in methods}


def self_test():
    tree = {
        "whitney/graph/fastrp.cc": 'const bool registered = register_graph_learner<FastRPOptions>(\n    {.name = "fastrp",\n'
                                   '     .example = "x; y"}, fastrp);\n',
        "whitney/graph/fastrp.h": "",
        "whitney/eval/tasks.cc": 'register_task<A>({.name = "node-classification"}, run);  // .name = "not-this"\n',
        "whitney/eval/tasks_test.cc": 'register_task<A>({.name = "only-a-test"}, run);\n',
    }
    findings = source_tree.findings_in(lambda root: check(root, {"fastrp", "ghost"}), tree)
    assert len(findings) == 3 and "there is no whitney/eval/node_classification.h" in findings[0], findings
    assert findings[1].startswith("node-classification is registered") and "ghost" in findings[2], findings
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    findings = list(check(source_tree.ROOT, names_of(arguments.program) if arguments.program else None))
    if findings:
        sys.exit("\n".join(findings))


if __name__ == "__main__":
    main()
