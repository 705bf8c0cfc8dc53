"""Everything is compiled for the baseline processor; only the benches' *_peer_native.cc may name another."""

import re

import source_tree

FLAG = re.compile(r"-m(arch|tune|avx|sse|fma|cpu)\w*(=[\w-]+)?|__attribute__\s*\(\(\s*target|#\s*pragma\s+GCC\s+target")
NATIVE_PEER = re.compile(r"^\s*set_source_files_properties\(\$\{native\}")


def check(root):
    for path in source_tree.files(root, "*CMakeLists.txt", "*.cmake", "CMakePresets.json", "*.toml",
                                  "*.h", "*.cc"):
        for number, line in enumerate(source_tree.read(root, path).splitlines(), 1):
            code = re.sub(r"(#|//).*", "", line) if not line.lstrip().startswith("#pragma") else line
            found = FLAG.search(code)
            if not found or "_peer" in path.name:
                continue
            if "target" in found.group() and path.name.endswith("-inl.h"):
                continue  # inside a level of Highway's, instructions that it detects but does not name to the compiler
            if str(path) == "bench/CMakeLists.txt" and NATIVE_PEER.match(line):
                continue
            yield f"{path}:{number}: {found.group()}: no -march and the like; Highway picks the instructions at run time"


def self_test():
    tree = {
        "CMakeLists.txt": "add_compile_options(-march=haswell)\n",
        "bench/CMakeLists.txt": "  set_source_files_properties(${native} PROPERTIES COMPILE_OPTIONS -march=native)\n",
        "whitney/linalg/b-inl.h": "#pragma GCC target(\"avx512vnni\")\n",
        "whitney/linalg/a.cc": "// -mavx2\nint a = b -march;\n#pragma GCC target(\"avx2\")\n",
    }
    findings = source_tree.findings_in(check, tree)
    assert [f.split(": ")[0] for f in findings] == ["CMakeLists.txt:1", "whitney/linalg/a.cc:2", "whitney/linalg/a.cc:3"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
