"""docs/file-format.md against the files that are kept for ever: the reader it prints must read them."""

import datetime
import pathlib
import re

import pytest

np = pytest.importorskip("numpy")

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests" / "data" / "format-v1"


@pytest.fixture(scope="module")
def read():
    page = (ROOT / "docs" / "file-format.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
    names = {}
    exec(compile(code, "docs/file-format.md", "exec"), names)
    return names["read"]


def test_the_printed_reader_reads_kept_embeddings(read):
    record, ids, vectors, attributes = read(KEPT / "embeddings.safetensors")
    assert record["kind"] == "embeddings"
    assert record["metric"] == "l2"
    assert ids == ["a", "b c", "\u00e9"]
    np.testing.assert_array_equal(vectors, np.array([[1, 2], [3, -4], [0.5, 0]], "f4"))
    assert attributes == {
        "year": [2019, None, -1],
        "price": [0.5, 1e300, -2.0],
        "free": [True, False, True],
        "name": ["x", None, ""],
        "day": [datetime.datetime(2026, 11, 24), datetime.datetime(1970, 1, 1), datetime.datetime(1969, 12, 31)],
        "tags": [["p", "q"], [], None],
    }


def test_the_printed_reader_reads_a_kept_table(read):
    record, ids, vectors, attributes = read(KEPT / "table.safetensors")
    assert record["kind"] == "table"
    assert ids == [7, 18446744073709551615]
    assert vectors is None
    assert attributes == {"section": ["sound", "net"]}
