"""Reports long files and functions; it never fails: length is a reason to look, not a fault."""

import re

import source_tree

LIMITS = [("_test.cc", 700), (".cc", 600), (".h", 300)]
FUNCTION_LINES = 60


def long_functions(text):
    """Yields (line, name, lines) of the function bodies, found by braces outside of types and namespaces."""
    code = re.sub(r"'[{};]'", "   ", source_tree.blank(text))
    head = ""
    open_bodies, depth, start = [], 0, 0
    for match in re.finditer(r"[{};]", code):
        token = match.group()
        if token == "{":
            head = code[start:match.start()].strip()
            is_type = re.search(r"\b(namespace|struct|class|union|enum|extern)\b(?![^{]*\))", head) or head.endswith(("=", "return", ",", "("))
            name = re.findall(r"([\w~:]+)\s*\(", head)
            if name and not is_type and not any(kind for kind, *_ in open_bodies):
                open_bodies.append((name[0], depth, code.count("\n", 0, match.start()) + 1))
            else:
                open_bodies.append(("", depth, 0))
            depth += 1
        elif token == "}" and open_bodies:
            depth -= 1
            name, _, line = open_bodies.pop()
            if name:
                lines = code.count("\n", 0, match.start()) + 2 - line
                if lines > FUNCTION_LINES:
                    yield line, name, lines
        start = match.end()


def check(root):
    for path in source_tree.files(root, "*.h", "*.cc"):
        text = source_tree.read(root, path)
        limit = next(limit for end, limit in LIMITS if path.name.endswith(end))
        lines = text.count("\n")
        if lines > limit:
            yield f"{path}: {lines} lines (aim: {limit})"
        for line, name, count in long_functions(text):
            yield f"{path}:{line}: {name} has {count} lines (aim: {FUNCTION_LINES})"


def self_test():
    body = "  a();\n" * 70
    tree = {
        "a.cc": f"namespace x {{\nint first(int a) {{\n{body}}}\nint second() {{ return '{{'; }}\n"
                f"void third() {{\n{body}}}\n}}\n",
        "b.h": "int a;\n" * 301,
    }
    findings = source_tree.findings_in(check, tree)
    assert findings == ["a.cc:2: first has 72 lines (aim: 60)", "a.cc:75: third has 72 lines (aim: 60)",
                        "b.h: 301 lines (aim: 300)"], findings


if __name__ == "__main__":
    import sys

    if "--self-test" in sys.argv[1:]:
        source_tree.main(check, self_test, __doc__)
    else:
        print("\n".join(check(source_tree.ROOT)))
