"""Turns Debian's package index into a dependency graph and a table of attributes that Whitney reads.

    apt-cache dumpavail | python3 packages.py -o OUT

writes OUT/edges.tsv      package<TAB>package it depends on; a package without any edge stands alone on its line
   and OUT/attributes.jsonl  one package a line: section, priority, architecture, installed_size (kB), maintainer, tags,
                             num_dependencies, synopsis

An edge is made of Depends, Pre-Depends and Recommends, one for each alternative of `a | b`. A virtual package stands for
all packages that provide it. Names that nobody provides are left out.
"""

import argparse
import json
import pathlib
import re
import sys

RELATIONS = ("Depends", "Pre-Depends", "Recommends")


def read_stanzas(lines):
    """Yields each stanza as {field: value}, continued lines joined."""
    stanza, field = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if stanza:
                yield stanza
            stanza, field = {}, None
        elif line[0] in " \t":
            if field:
                stanza[field] += " " + line.strip()
        else:
            field, _, value = line.partition(":")
            stanza[field] = value.strip()
    if stanza:
        yield stanza


def clauses(relation):
    """Splits `a (>= 1) | b:any, c [amd64]` into [["a", "b"], ["c"]]."""
    for clause in relation.split(","):
        names = [re.split(r"[\s(\[:<]", alternative.strip(), maxsplit=1)[0] for alternative in clause.split("|")]
        names = [name for name in names if name]
        if names:
            yield names


def dependency_edges(packages):
    """Yields (package, package it depends on), each pair once, in the order of the index."""
    providers = {}
    for name, stanza in packages.items():
        for provided in clauses(stanza.get("Provides", "")):
            providers.setdefault(provided[0], []).append(name)
    for name, stanza in packages.items():
        targets = {}
        for relation in RELATIONS:
            for alternatives in clauses(stanza.get(relation, "")):
                for target in alternatives:
                    targets.update(dict.fromkeys([target] if target in packages else providers.get(target, [])))
        targets.pop(name, None)
        for target in targets:
            yield name, target


def tags(value):
    """Splits `role::program, works-with::{audio,video}` into its tags."""
    found = []
    for prefix, group, plain in re.findall(r"([\w:+.-]+::)\{([^}]*)\}|([^\s,{}]+)", value):
        found += [prefix + part.strip() for part in group.split(",")] if group else [plain]
    return found


def attributes(name, stanza):
    row = {"package": name}
    for field in ("Section", "Priority", "Architecture", "Maintainer"):
        if stanza.get(field):
            row[field.lower()] = stanza[field]
    if stanza.get("Installed-Size", "").isdigit():
        row["installed_size"] = int(stanza["Installed-Size"])
    row["tags"] = tags(stanza.get("Tag", ""))
    row["num_dependencies"] = sum(1 for field in ("Depends", "Pre-Depends") for _ in clauses(stanza.get(field, "")))
    row["synopsis"] = stanza.get("Description", "").split("  ")[0]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", nargs="?", default="-", help="a Packages file; standard input when left out")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("."), help="folder to write to")
    arguments = parser.parse_args()

    source = sys.stdin if arguments.index == "-" else open(arguments.index, encoding="utf-8", errors="replace")
    packages = {}
    with source:
        for stanza in read_stanzas(source):
            if "Package" in stanza:
                packages.setdefault(stanza["Package"], stanza)  # the first of several versions
    if not packages:
        sys.exit("packages.py: no package in the input; is it the output of `apt-cache dumpavail`?")

    arguments.output.mkdir(parents=True, exist_ok=True)
    num_edges, connected = 0, set()
    with open(arguments.output / "edges.tsv", "w", encoding="utf-8") as file:
        for name, target in dependency_edges(packages):
            file.write(f"{name}\t{target}\n")
            connected.update((name, target))
            num_edges += 1
        for name in packages:
            if name not in connected:
                file.write(f"{name}\n")
    with open(arguments.output / "attributes.jsonl", "w", encoding="utf-8") as file:
        for name, stanza in packages.items():
            file.write(json.dumps(attributes(name, stanza), ensure_ascii=False) + "\n")
    print(f"{len(packages)} packages, {num_edges} edges, {len(packages) - len(connected)} packages without any", file=sys.stderr)


if __name__ == "__main__":
    main()
