"""Prints the pattern for `--gtest_filter` of the tests that set a number of threads, or start threads of their own.

    thread_tests.py FILE ...

A test counts when `thread` or `parallel` stands in its name or body, or in a function of its file that it calls. Helpers in
headers say it by their names.
"""

import pathlib
import re
import sys

HEAD = re.compile(r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)", re.MULTILINE)
# What begins in the first column and ends with a brace there: a test or a function.
PIECE = re.compile(r"^(?:[A-Za-z][^\n]*\n(?: [^\n]*\n|\n)*?\}|[A-Za-z][^\n]*\})", re.MULTILINE)
FUNCTION = re.compile(r"^[^\n=;]*?(\w+)\(")
THREADS = re.compile(r"thread|parallel", re.IGNORECASE)


def tests_of_threads(text):
    """Yields (suite, name)."""
    pieces = [match.group() for match in PIECE.finditer(text)]
    functions = {FUNCTION.match(piece).group(1): piece for piece in pieces if not HEAD.match(piece) and FUNCTION.match(piece)}
    named = set()

    def uses(piece):
        return THREADS.search(piece) or any(re.search(rf"\b{name}\(", piece) for name in named)

    while True:  # functions that call such functions
        more = {name for name, piece in functions.items() if name not in named and uses(piece)}
        if not more:
            break
        named |= more
    for piece in pieces:
        head = HEAD.match(piece)
        if head and uses(piece):
            yield head.groups()


def pattern(texts):
    found = [f"*{suite}.{name}*" for text in texts for suite, name in tests_of_threads(text)]
    return ":".join(found) or "none"


def self_test():
    text = """namespace {
Context two() {
  Context context;
  context.threads = 2;
  return context;
}

SearchResult run(int k) { return search(k, two()); }

int plain(int k) {
  return k;
}

TEST(Ivf, CallsAHelper) {
  run(1);

  EXPECT_TRUE(true);
}

TEST(Ivf, RunsAlone) {
  plain(1);
}

TEST_P(Bm25, SameAtAnyNumberOfThreads) { same(); }
RC_GTEST_PROP(Graph, Sorts,
              (int n)) {
  std::thread other;
}
}  // namespace
"""
    assert pattern([text]) == "*Ivf.CallsAHelper*:*Bm25.SameAtAnyNumberOfThreads*:*Graph.Sorts*", pattern([text])
    assert pattern(["TEST(A, B) { plain(); }\n"]) == "none"
    print("self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    print(pattern(pathlib.Path(path).read_text(encoding="utf-8") for path in sys.argv[1:]))


if __name__ == "__main__":
    main()
