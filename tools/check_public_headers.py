"""A public header (whitney/**.h but *-inl.h) shows only std and whitney: no third-party include, no such type. Headers of
whitney/train may show libtorch, but for declarations (*_options.h), which programs without libtorch read."""

import re

import source_tree

THIRD_PARTY = re.compile(r"\b(tbb|hwy|roaring|simdjson|dnnl|toml|nanobind|torch|Eigen|rocksdb|rc)::|\b(ZSTD_|XXH\d|lzma_)")


def shows_libtorch(path):
    return str(path).startswith("whitney/train/") and not path.name.endswith("_options.h")


def check(root):
    for path in source_tree.files(root, "whitney/*.h"):
        if path.name.endswith(("-inl.h", "_test.h")):
            continue
        text = source_tree.read(root, path)
        if not re.match(r"\s*#pragma once", source_tree.blank(text)):
            yield f"{path}:1: does not begin with #pragma once"
        for line, bracket, included in source_tree.includes(text):
            if included.startswith("torch/") and shows_libtorch(path):
                continue
            if bracket == "<" and ("/" in included or "." in included):
                yield f"{path}:{line}: includes <{included}>: only std and whitney belong in a public header"
            elif bracket == '"' and not included.startswith("whitney/"):
                yield f'{path}:{line}: includes "{included}": write the path from the root, "whitney/..."'
        for number, line in enumerate(source_tree.blank(text).splitlines(), 1):
            found = THIRD_PARTY.search(line)
            if found and not (found.group() == "torch::" and shows_libtorch(path)):
                yield f"{path}:{number}: names {found.group()}: third-party types stay in .cc and *-inl.h files"


def self_test():
    tree = {
        "whitney/data/a.h": "#pragma once\n#include <vector>\n#include <hwy/highway.h>\n",
        "whitney/data/b-inl.h": "#pragma once\n#include <hwy/highway.h>\n",
        "whitney/data/c.h": '/// Text.\n#pragma once\n#include "whitney/core/error.h"\ntbb::x y;  // tbb::z\n',
        "whitney/data/d.h": "#include <vector>\n",
        "whitney/train/nn/e.h": "#pragma once\n#include <torch/torch.h>\ntorch::Tensor e();\n",
        "whitney/train/gnn/f_options.h": "#pragma once\ntorch::Tensor f();\n",
    }
    findings = source_tree.findings_in(check, tree)
    assert [f.split(": ")[0] for f in findings] == ["whitney/data/a.h:3", "whitney/data/c.h:4", "whitney/data/d.h:1",
                                                      "whitney/train/gnn/f_options.h:2"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
