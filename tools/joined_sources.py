"""Says which sources may be compiled as one: groups whose file-local names do not clash.

joined_sources.py --size N FILE ...   prints `group FILE` for each file that shares a group
"""

import argparse
import re
import sys

import source_tree

_LOCAL = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
_TYPE = re.compile(r"^(?:template *<.*> *)?(?:struct|class|enum class|enum|union|using) (\w+)")
_VALUE = re.compile(r"\b(\w+)(?:\[[^\]]*\])* *(?:\(|=|\{|;)")
_SHARED = re.compile(r"using [\w:]+;|[A-Z_0-9]+\(")  # may stand twice; tests have names of their own
_PUBLIC = re.compile(r"^(?:class|struct|enum class|using) (?:WHITNEY_API )?(\w+)", re.M)
_STATIC = re.compile(r"^static .*$", re.M)
# A macro would reach the files behind it; a unit that Highway compiles once a level includes itself.
_ALONE = re.compile(r"^[ \t]*#[ \t]*(?:define|undef)\b|foreach_target\.h|-inl\.h", re.M)


def local_names(text):
    """The names that a source keeps to itself: in its unnamed namespaces, and static ones."""
    code = source_tree.blank(text)
    names = set()
    for body in _LOCAL.findall(text) + ["\n".join(_STATIC.findall(code))]:
        for line in source_tree.blank(body).split("\n"):
            if not line or line[0] in " \t}#)":
                continue
            found = _TYPE.match(line) or _VALUE.search(line)
            if found and not _SHARED.match(line):
                names.add(found.group(1))
    # Test suites are classes by name; the same test twice would be one symbol twice.
    names.update("test " + name for name in re.findall(r"^(?:TEST|TEST_F|RC_GTEST_PROP)\((\w+, *\w+)", code, re.M))
    return names


class _Group:
    """Paths that may be joined, their local names, the types among them, and all words of their code."""

    def __init__(self):
        self.paths, self.names, self.types, self.words = [], set(), set(), set()

    def takes(self, names, types, words):
        # A type of one file's own would hide the library's of that name from the others.
        return not (names & self.names or types & self.words or self.types & words)

    def add(self, path, names, types, words):
        self.paths.append(path)
        self.names |= names
        self.types |= types
        self.words |= words


def public_types(root):
    """The names of the types that headers declare: a source with one of its own by such a name stays alone."""
    return {name for path in source_tree.files(root, "whitney/*.h")
            for name in _PUBLIC.findall(source_tree.read(root, path))}


def groups(sources, size, public=frozenset()):
    """Packs (path, text) pairs, in their order, into lists of at most `size` paths without a clash."""
    made = []
    for path, text in sources:
        names = local_names(text)
        types = {name for name in names if name[0].isupper()}
        if _ALONE.search(text) or types & public:
            continue
        words = set(re.findall(r"[A-Z]\w+", source_tree.blank(text)))
        group = next((one for one in made if len(one.paths) < size and one.takes(names, types, words)), None)
        if group is None:
            group = _Group()
            made.append(group)
        group.add(path, names, types, words)
    return [group.paths for group in made if len(group.paths) > 1]


def self_test():
    local = "namespace whitney {{\nnamespace {{\n{}\n}}  // namespace\n}}  // namespace whitney\n"
    sources = [("a.cc", local.format("constexpr int kBlock = 3;\nstruct Row {\n  int id;\n};")),
               ("b.cc", local.format("int read(const Row& row) {\n  return kBlock;\n}")),
               ("c.cc", local.format("// kBlock is another's\nstd::vector<int> kBlock[2] = {};")),
               ("d.cc", "#define HWY 1\n"),
               ("e.cc", "TEST(Row, Reads) {\n  int kBlock = 1;\n}\n"),
               ("f.cc", "TEST(Row, Reads) {}\n")]
    assert groups(sources, 2) == [["b.cc", "c.cc"]], groups(sources, 2)
    assert groups(sources, 9) == [["b.cc", "c.cc", "e.cc"]], groups(sources, 9)
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--size", type=int, default=4)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    sources = [(path, source_tree.read(source_tree.ROOT, path)) for path in sorted(arguments.files)]
    for number, paths in enumerate(groups(sources, arguments.size, public_types(source_tree.ROOT))):
        for path in paths:
            print(f"{number} {path}")


if __name__ == "__main__":
    sys.exit(main())
