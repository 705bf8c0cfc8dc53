"""A folder includes only from its own floor's folder and from lower floors (docs/architecture.md)."""

import source_tree

# Lowest first; folders of one floor do not see each other.
FLOORS = [["core"], ["linalg"], ["data"], ["codec", "text"], ["graph", "recommend"], ["search", "infer"], ["eval"],
          ["store"], ["server"]]
LEVEL = {folder: level for level, floor in enumerate(FLOORS) for folder in floor}


def check(root):
    for path in source_tree.files(root, "whitney/*.h", "whitney/*.cc"):
        folder = path.parts[1]
        if folder not in LEVEL:
            yield f"{path}:1: the folder {folder} stands on no floor (tools/check_floors.py)"
            continue
        for line, _, included in source_tree.includes(source_tree.read(root, path)):
            parts = included.split("/")
            if parts[0] in ("apps", "bench", "python", "tests", "examples"):
                yield f"{path}:{line}: the library includes {included}, which stands above it"
            if parts[0] != "whitney" or len(parts) < 3 or parts[1] == folder:
                continue
            if LEVEL.get(parts[1], len(FLOORS)) >= LEVEL[folder]:
                yield f"{path}:{line}: {folder} includes {included}; {parts[1]} does not stand on a lower floor"


def self_test():
    tree = {
        "whitney/core/a.h": '#include "whitney/data/graph.h"\n',
        "whitney/search/b.cc": '#include <vector>\n#include "whitney/data/graph.h"\n// #include "whitney/eval/x.h"\n',
        "whitney/graph/c.cc": '\n#include "whitney/recommend/x.h"\n#include "whitney/graph/d.h"\n',
    }
    findings = source_tree.findings_in(check, tree)
    assert [f.split(": ")[0] for f in findings] == ["whitney/core/a.h:1", "whitney/graph/c.cc:2"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
