"""Says loudly which tests were skipped, and why.   report_skips.py LastTest.log [LINES_OF_TESTS_THAT_DID_NOT_RUN_AGAIN]"""

import pathlib
import re
import sys

_TEST = re.compile(r"^\d+/\d+ Test: (.*)$", re.M)
# GoogleTest: "path/search_test.cc:33: Skipped", then the reason. pytest: "SKIPPED [1] search_test.py:33: reason".
_REASON = re.compile(r"^(?:(?:.*/)?([^/\n]*): Skipped\n(.*)|SKIPPED \[\d+\] (.*))$", re.M)


def skips(log):
    """Yields (test, where and why) of what GoogleTest or pytest skipped."""
    starts = list(_TEST.finditer(log))
    for this, following in zip(starts, starts[1:] + [None]):
        text = log[this.end():following.start() if following else len(log)]
        for where, reason, pytest in _REASON.findall(text):
            yield this.group(1), pytest or f"{where}: {reason.strip() or 'no reason given'}"


def self_test():
    log = ("1/3 Test: a.0\nCommand: x\n/src/a_test.cc:3: Skipped\nWHITNEY_DATA has no mnist\n\n\n/src/b_test.cc:9: Skipped\n\n"
           "2/3 Test: a.1\nok\n3/3 Test: python.x\nSKIPPED [1] x_test.py:3: no pandas\n")
    found = list(skips(log))
    assert found == [("a.0", "a_test.cc:3: WHITNEY_DATA has no mnist"), ("a.0", "b_test.cc:9: no reason given"),
                     ("python.x", "x_test.py:3: no pandas")], found
    print("self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    log, *before = map(pathlib.Path, sys.argv[1:])
    lines = [f"{test}: {reason}" for test, reason in skips(log.read_text(encoding="utf-8", errors="replace"))]
    lines += [line for file in before if file.is_file() for line in file.read_text().splitlines()]
    if lines:
        print(f"!! SKIPPED {len(lines)}:")
    for line in lines:
        print(f"!!   {line}")


if __name__ == "__main__":
    main()
