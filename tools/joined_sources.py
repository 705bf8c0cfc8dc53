"""Makes files that compile several sources as one: what their headers and templates cost is then paid once.

A name that a source keeps to itself may clash with another's; such names are renamed by a macro around that source,
and sources where that is not safe are left to be compiled alone.

joined_sources.py --size N --into FOLDER FILE ...   prints what to compile instead of the files, one path a line
"""

import argparse
import pathlib
import re
import sys

import source_tree

_LOCAL = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
_TYPE = re.compile(r"^(?:template *<.*> *)?(?:struct|class|enum class|enum|union|using) (\w+)")
_VALUE = re.compile(r"\b(\w+)(?:\[[^\]]*\])* *(?:\(|=|\{|;)")
_HEAD = re.compile(r"template *<.*>")  # of a template that stands in the next line
_SHARED = re.compile(r"using [\w:]+;|[A-Z_0-9]+\(|static_assert\b")  # may stand twice; tests have names of their own
_PUBLIC = re.compile(r"^(?:class|struct|enum class|using) (?:WHITNEY_API )?(\w+)|^\w[^=;(\n]*?\b(\w+)\(", re.M)
_STATIC = re.compile(r"^static .*$", re.M)
_TEST = re.compile(r"^(?:TEST|TEST_F|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\((\w+), *(\w+)", re.M)
_WORD = re.compile(r"[A-Za-z_]\w*")
# A word that belongs to something else: a member, or a name of another namespace.
_NOT_ITS_OWN = re.compile(r"(?:\.|->|::) *(\w+)")
# A macro would reach the files behind it; a unit that Highway compiles once a level includes itself.
_ALONE = re.compile(r"^[ \t]*#[ \t]*(?:define|undef|if\w*)\b|foreach_target\.h|-inl\.h", re.M)


def declared_names(text):
    """The names that lines without an indent declare, but for namespaces."""
    names = set()
    for line in source_tree.blank(text).split("\n"):
        if not line or line[0] in " \t}#)" or line.startswith("namespace ") or _HEAD.fullmatch(line):
            continue
        found = _TYPE.match(line) or _VALUE.search(line)
        if found and not _SHARED.match(line):
            names.add(found.group(1))
            if "(" not in line:
                names.update(re.findall(r", (\w+) = ", line))
    return names


def local_names(text):
    """The names that a source keeps to itself: in its unnamed namespaces, and static ones."""
    return declared_names("\n".join(_LOCAL.findall(text) + _STATIC.findall(source_tree.blank(text))))


def public_names(root):
    """The names of the types and functions that headers declare: one of a source's own would hide it from others."""
    return {name for path in source_tree.files(root, "whitney/*.h", "apps/*.h")
            for names in _PUBLIC.findall(source_tree.read(root, path)) for name in names if name}


class _Source:
    """A source's text, its local names, those among them that a macro may rename, and those that it must."""

    def __init__(self, path, text, header_words, public):
        code = source_tree.blank(text)
        self.path, self.text = path, text
        self.names, self.words = local_names(text), set(_WORD.findall(code))
        self.types = {name for name in self.names if name[0].isupper()}
        self.tests = set(_TEST.findall(code))
        suites = {suite for suite, _ in self.tests}  # their names are printed
        self.safe = self.names - header_words - set(_NOT_ITS_OWN.findall(code)) - suites
        self.renamed = self.names & public
        self.joins = not _ALONE.search(text) and self.renamed <= self.safe

    def clashes(self, other):
        """The renames (of self, of other) that let both stand in one file; None when there are none."""
        mine = (self.types & other.words) - other.names - self.renamed
        theirs = (other.types & self.words) - self.names - other.renamed
        for name in (self.names & other.names) - self.renamed - other.renamed:
            (mine if name in self.safe else theirs).add(name)
        if self.tests & other.tests or not (mine <= self.safe and theirs <= other.safe):
            return None
        # Any other name that the other one speaks of would be shadowed there.
        return mine | (self.safe & other.words) - other.names, theirs | (other.safe & self.words) - self.names


def _join(group, source):
    """Adds a source to a group, with the renames that this takes; False when it cannot stand there."""
    found = [(source.clashes(other), other) for other in group]
    if any(renames is None for renames, _ in found):
        return False
    for (mine, theirs), other in found:
        source.renamed |= mine
        other.renamed |= theirs
    group.append(source)
    return True


def groups(root, sources, size):
    """Packs (path, text) pairs, in their order, into lists of at most `size`; gives them, and the paths left alone."""
    public, headers = public_names(root), {}
    made, alone = [], []
    for path, text in sources:
        source = _Source(path, text, _words_of_headers(root, text, headers), public)
        if not source.joins:
            alone.append(path)
        elif not any(len(group) < size and _join(group, source) for group in made):
            made.append([source])
    return [group for group in made if len(group) > 1], alone + [group[0].path for group in made if len(group) == 1]


def kernel_groups(sources, size):
    """Packs (path, text) pairs of units that Highway compiles into lists of paths, in which no name is declared twice.

    Such lists can be read for one instruction set, each file as it is; to compile them for several, each is its own unit.
    """
    made = []
    for path, text in sources:
        names = declared_names(text)
        for paths, taken in made:
            if len(paths) < size and not names & taken:
                paths.append(path)
                taken |= names
                break
        else:
            made.append(([path], names))
    return [paths for paths, _ in made]


def _words_of_headers(root, text, cache):
    """The words in all of the tree's headers that a source includes."""
    words, seen = set(), set()
    waiting = [included for _, bracket, included in source_tree.includes(text) if bracket == '"']
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in cache:
            header = source_tree.read(root, name) if (pathlib.Path(root) / name).is_file() else ""
            below = [included for _, bracket, included in source_tree.includes(header) if bracket == '"']
            cache[name] = below, set(_WORD.findall(source_tree.blank(header)))
        below, found = cache[name]
        words |= found
        waiting += below
    return words


def unit(root, group):
    """The text that compiles a group as one. All headers come first, out of the macros' reach."""
    lines, included = [], set()
    for source in group:
        for _, bracket, path in source_tree.includes(source.text):
            line = f"#include <{path}>" if bracket == "<" else f'#include "{path}"'
            if line not in included:
                included.add(line)
                lines.append(line)
    for source in group:
        suffix = pathlib.PurePath(source.path).stem
        lines += [f"#define {name} {name}_of_{suffix}" for name in sorted(source.renamed)]
        path = pathlib.Path(root, source.path).relative_to(root)  # the same text in every checkout, for ccache
        lines.append(f'#include "{path}"  // NOLINT')
        lines += [f"#undef {name}" for name in sorted(source.renamed)]
    return "\n".join(lines) + "\n"


def write(root, folder, number, group):
    """Writes a group's file, unless it stands there already."""
    path, text = folder / f"joined_{number}.cc", unit(root, group)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path


def self_test():
    local = "namespace whitney {{\nnamespace {{\n{}\n}}  // namespace\n}}  // namespace whitney\n"
    tree = {
        "whitney/core/row.h": "struct Row {\n  int cells;\n};\n",
        "a.cc": local.format("constexpr int kBlock = 3;\nstruct Row {\n  int id;\n};"),
        "b.cc": '#include "whitney/core/row.h"\n' + local.format("int read(const Row& row) {\n  return row.kBlock;\n}"),
        "c.cc": local.format("// kBlock is another's\nconstexpr int kSize = 2, kBlock = 3;"),
        "d.cc": "#define HWY 1\n",
        "e.cc": "TEST(Row, Reads) {\n  int kBlock = 1;\n}\n",
        "f.cc": "TEST(Row, Reads) {}\n",
        "g.cc": '#include "whitney/core/row.h"\n' + local.format("struct Row {\n  int id;\n};"),
    }

    def check(root):
        sources = [(path, text) for path, text in tree.items() if path.endswith(".cc")]
        for size in (2, 9):
            made, alone = groups(root, sources, size)
            yield [[source.path for source in group] for group in made], alone
        yield unit("/r", made[0])

    kernels = [("k.cc", "int f() {}\n"), ("l.cc", "int f() {\n}\n"), ("m.cc", "struct Block {\n int f;\n};\n"), ("n.cc", "\n")]
    assert kernel_groups(kernels, 9) == [["k.cc", "m.cc", "n.cc"], ["l.cc"]]
    assert kernel_groups(kernels, 2) == [["k.cc", "m.cc"], ["l.cc", "n.cc"]]
    two, nine, text = source_tree.findings_in(check, tree)
    assert two == ([["a.cc", "b.cc"], ["c.cc", "e.cc"]], ["d.cc", "g.cc", "f.cc"]), two
    assert nine == ([["a.cc", "b.cc", "c.cc", "e.cc"]], ["d.cc", "g.cc", "f.cc"]), nine
    assert text == ('#include "whitney/core/row.h"\n#define Row Row_of_a\n#define kBlock kBlock_of_a\n'
                    '#include "a.cc"  // NOLINT\n#undef Row\n#undef kBlock\n'
                    '#include "b.cc"  // NOLINT\n#define kBlock kBlock_of_c\n#include "c.cc"  // NOLINT\n'
                    '#undef kBlock\n#include "e.cc"  // NOLINT\n'), text
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--size", type=int, default=4)
    parser.add_argument("--into", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    root = source_tree.ROOT
    sources = [(path, source_tree.read(root, path)) for path in sorted(arguments.files)]
    sources.sort(key=lambda source: "rapidcheck" not in source[1])  # the templates of RapidCheck, once a group
    made, alone = groups(root, sources, arguments.size)
    for number, group in enumerate(made):
        print(write(root, arguments.into, number, group))
    for path in alone:
        print(path)


if __name__ == "__main__":
    sys.exit(main())
