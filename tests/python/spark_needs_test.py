"""What whitney.spark says where Spark or Java is missing, and how it cuts arrays into rows: no Spark runs here."""

import os
import stat
import sys

import numpy as np
import pytest

import whitney
import whitney.spark
from whitney.spark import _chunks, _session

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: how arrays travel on Spark is not tested")


def test_names_what_to_install_where_pyspark_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    for ask in (whitney.spark.local_cluster, lambda: whitney.spark.partitioned_embeddings(object()),
                lambda: whitney.spark.encode(object(), "model"), lambda: whitney.spark.search(object(), [1.0])):
        with pytest.raises(whitney.Error, match="pip install pyspark, and Java 17 or later"):
            ask()


def test_names_a_pyspark_that_is_too_old(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", type(sys)("pyspark"))
    monkeypatch.setattr(sys.modules["pyspark"], "__version__", "4.0.1", raising=False)
    with pytest.raises(whitney.Error, match="needs pyspark 4.1 or later, and 4.0.1 is installed"):
        _session.require_pyspark()


@pytest.mark.parametrize("told, sentence", [('openjdk version "11.0.2" 2019-01-15', "is Java 11"), ("no such thing", "none is found"),
                                            (None, "none is found")])
def test_names_what_to_install_where_java_is_missing_or_too_old(tmp_path, monkeypatch, told, sentence):
    (tmp_path / "bin").mkdir()
    if told is not None:
        java = tmp_path / "bin" / "java"
        java.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
        java.chmod(java.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(whitney.Error, match=f"Spark needs Java 17 or later, and .*{sentence}.*openjdk-17-jre-headless"):
        _session.require_java()


def test_a_new_java_will_do(tmp_path, monkeypatch):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023-09-19' >&2\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    _session.require_java()


def test_the_sentence_of_an_executor_is_found_in_what_spark_says():
    said = "An exception was thrown:\nTraceback:\n  File \"x\"\nwhitney.Error: part 3: too wide\n\tat java.lang.Thread\n"
    with pytest.raises(whitney.Error) as error:
        with _session.sentences():
            raise RuntimeError(said)
    assert str(error.value) == "part 3: too wide"
    with pytest.raises(RuntimeError, match="something else"):
        with _session.sentences():
            raise RuntimeError("something else")


def test_arrays_come_back_from_rows_in_any_order(monkeypatch):
    monkeypatch.setattr(_chunks, "BATCH_BYTES", 3 * _chunks.CHUNK_BYTES)
    random = np.random.default_rng(2)
    given = {part: {"long": random.integers(0, 255, size, dtype=np.uint8), "none": np.empty(0, np.float32),
                    "few": np.arange(part, dtype=np.int64)}
             for part, size in ((0, 1), (2, _chunks.CHUNK_BYTES), (7, 8 * _chunks.CHUNK_BYTES + 5))}
    batches = [batch for part, arrays in given.items() for batch in _chunks.batches_of(part, arrays)]
    assert max(batch.nbytes for batch in batches) < 4 * _chunks.CHUNK_BYTES
    rows = pyarrow.Table.from_batches(batches)
    shuffled = rows.take(random.permutation(rows.num_rows)).to_batches(max_chunksize=3)
    found = _chunks.gather(shuffled)
    assert found.keys() == given.keys()
    for part, arrays in given.items():
        assert found[part].keys() == arrays.keys()
        for name, array in arrays.items():
            assert found[part][name].tobytes() == array.tobytes()
