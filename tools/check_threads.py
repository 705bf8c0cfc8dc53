"""Threads come from whitney/core/parallel.h alone: it honours limits, carries exceptions and keeps results repeatable."""

import re

import source_tree

DOOR = re.compile(r"^whitney/core/parallel[a-z_]*\.cc$")
THREADS = re.compile(r"\bstd::(thread|jthread|async|execution)\b|\btbb::|\bpthread_create\b|#\s*pragma\s+omp\b|\bomp_\w+\(")
HEADERS = re.compile(r"^(tbb/|oneapi/tbb|omp\.h$|execution$)")


def check(root):
    for path in source_tree.files(root, "whitney/*.h", "whitney/*.cc", "apps/*.h", "apps/*.cc", "python/*.cc",
                                  "python/*.h", "bench/*.cc", "bench/*.h"):
        if DOOR.match(str(path)) or path.name.endswith("_test.cc") or "_peer" in path.name:
            continue
        text = source_tree.read(root, path)
        for line, _, included in source_tree.includes(text):
            if HEADERS.match(included):
                yield f"{path}:{line}: includes <{included}>: use whitney/core/parallel.h"
        for number, line in enumerate(source_tree.blank(text).splitlines(), 1):
            found = THREADS.search(line)
            if found:
                yield f"{path}:{number}: uses {found.group()}: use whitney/core/parallel.h"


def self_test():
    tree = {
        "whitney/core/parallel_tbb.cc": "#include <oneapi/tbb/parallel_for.h>\ntbb::parallel_for();\n",
        "whitney/data/a.cc": "// std::thread\nstd::this_thread::yield();\nstd::thread t;\n",
        "whitney/data/a_test.cc": "std::thread t;\n",
        "apps/whitney/b.cc": "  #pragma omp parallel for\n",
    }
    findings = source_tree.findings_in(check, tree)
    assert [f.split(": ")[0] for f in findings] == ["apps/whitney/b.cc:1", "whitney/data/a.cc:3"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
