"""A folder includes only from its own floor's folder and from lower floors (docs/architecture.md)."""

import source_tree

# Lowest first; folders of one floor do not see each other.
FLOORS = [["core"], ["linalg"], ["data"], ["codec", "text"], ["graph", "recommend"], ["search", "infer"], ["eval"],
          ["store"], ["server"]]
LEVEL = {folder: level for level, floor in enumerate(FLOORS) for folder in floor}
# The rooms of train/ stand on eval's floor, beside store and server; all of them see train/nn, and not each other. Nobody below
# sees them: what runs a method is loaded when it is called.
ON_TRAIN = "train/"
DOOR = "train/nn"


def folder_of(parts):
    """`parts` begin behind whitney/."""
    return "/".join(parts[:2]) if parts[0] == "train" and len(parts) > 2 else parts[0]


def sees(folder, other):
    if other.startswith(ON_TRAIN):
        return folder.startswith(ON_TRAIN) and other == DOOR
    if folder.startswith(ON_TRAIN):
        return LEVEL.get(other, len(FLOORS)) <= LEVEL["eval"]
    return LEVEL.get(other, len(FLOORS)) < LEVEL[folder]


def check(root):
    for path in source_tree.files(root, "whitney/*.h", "whitney/*.cc"):
        folder = folder_of(path.parts[1:])
        if folder not in LEVEL and not folder.startswith(ON_TRAIN):
            yield f"{path}:1: the folder {folder} stands on no floor (tools/check_floors.py)"
            continue
        for line, bracket, included in source_tree.includes(source_tree.read(root, path)):
            if bracket == "<" and included.split("/")[0] in ("torch", "ATen", "c10") and not folder.startswith(ON_TRAIN):
                yield f"{path}:{line}: includes <{included}>: only the rooms of whitney/train know libtorch"
            parts = included.split("/")
            if parts[0] in ("apps", "bench", "python", "tests", "examples"):
                yield f"{path}:{line}: the library includes {included}, which stands above it"
            if parts[0] != "whitney" or len(parts) < 3:
                continue
            other = folder_of(parts[1:])
            if other != folder and not sees(folder, other):
                yield f"{path}:{line}: {folder} includes {included}; {other} does not stand on a lower floor"


def self_test():
    tree = {
        "whitney/core/a.h": '#include "whitney/data/graph.h"\n',
        "whitney/search/b.cc": '#include <vector>\n#include "whitney/data/graph.h"\n// #include "whitney/eval/x.h"\n',
        "whitney/graph/c.cc": '\n#include "whitney/recommend/x.h"\n#include "whitney/graph/d.h"\n',
        "whitney/train/gnn/d.cc": '#include "whitney/train/nn/x.h"\n#include "whitney/eval/x.h"\n#include "whitney/store/x.h"\n'
                                  '#include "whitney/train/recsys/x.h"\n#include <torch/torch.h>\n',
        "whitney/train/nn/e.h": '#include "whitney/train/gnn/d.h"\n#include "whitney/train/nn/x.h"\n',
        "whitney/server/f.cc": '#include "whitney/train/nn/x.h"\n#include <torch/torch.h>\n',
    }
    findings = source_tree.findings_in(check, tree)
    assert sorted(f.split(": ")[0] for f in findings) == [
        "whitney/core/a.h:1", "whitney/graph/c.cc:2", "whitney/server/f.cc:1", "whitney/server/f.cc:2",
        "whitney/train/gnn/d.cc:3", "whitney/train/gnn/d.cc:4", "whitney/train/nn/e.h:1"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
