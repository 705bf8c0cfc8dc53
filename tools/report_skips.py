"""Says loudly which tests of a ctest log were skipped, and why.   report_skips.py LastTest.log"""

import re
import sys

_TEST = re.compile(r"^\d+/\d+ Test: (.*)$", re.M)


def skips(log):
    """Yields (test, reason) of the tests that GoogleTest or pytest skipped."""
    starts = list(_TEST.finditer(log))
    for this, following in zip(starts, starts[1:] + [None]):
        text = log[this.end():following.start() if following else len(log)]
        reasons = re.findall(r"^.*: Skipped\n(.*)$", text, re.M) + re.findall(r"^SKIPPED \[\d+\] (.*)$", text, re.M)
        for reason in reasons:
            yield this.group(1), reason.strip() or "no reason given"


def self_test():
    log = ("1/3 Test: a.b\nCommand: x\n/src/a_test.cc:3: Skipped\nWHITNEY_DATA has no mnist\n\n"
           "2/3 Test: a.c\nok\n3/3 Test: python.x\nSKIPPED [1] x_test.py:3: no pandas\n")
    found = list(skips(log))
    assert found == [("a.b", "WHITNEY_DATA has no mnist"), ("python.x", "x_test.py:3: no pandas")], found
    print("self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        found = list(skips(file.read()))
    if found:
        print(f"!! SKIPPED {len(found)}:")
    for test, reason in found:
        print(f"!!   {test}: {reason}")


if __name__ == "__main__":
    main()
