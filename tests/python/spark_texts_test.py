"""Texts are encoded, and vectors searched, on Spark as in one process; and the examples of the manual run."""

import pathlib
import re
import shutil

import numpy as np
import pytest

import whitney
import whitney.spark
from spark_session import spark

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKPOINT = ROOT / "tests" / "data" / "checkpoints" / "bert-mlm-tiny"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "music", "edit", "text", "and", "a", *map(str, range(32))]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The small checkpoint with words of its own."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, folder)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    return whitney.open(folder)


def hits_of(frame, k):
    rows = sorted((row.query, row["rank"], row.id, row.score) for row in frame.collect())
    ids = np.array([row[2] for row in rows]).reshape(-1, k)
    return ids, np.array([row[3] for row in rows], dtype=np.float32).reshape(-1, k)


def vectors_with_ties(n=400, dim=12):
    vectors = np.random.default_rng(1).standard_normal((n, dim)).astype(np.float32)
    vectors[200:] = vectors[:200]  # every score stands twice, mostly in different shards
    return vectors


def frame_of(spark, ids, vectors, slices):
    rows = [(id, vector.tolist()) for id, vector in zip(ids, vectors)]
    return spark.createDataFrame(rows, "id string, vector array<float>" if isinstance(ids[0], str)
                                 else "id bigint, vector array<float>").repartition(slices)


def test_texts_get_the_vectors_of_one_process(spark, model):
    texts = {f"text {i}": text for i, text in enumerate(["play music", "edit text", "a", "", "play music and edit text"] * 5)}
    frame = spark.createDataFrame(list(texts.items()), "id string, text string").repartition(4)
    want = dict(zip(texts, model.encode(list(texts.values()))))
    for ship in (True, False):
        found = {row.id: np.array(row.vector, dtype=np.float32) for row in
                 whitney.spark.encode(frame, model, ship=ship).collect()}
        assert found.keys() == want.keys()
        assert all(found[id].tobytes() == want[id].tobytes() for id in want)


def test_a_text_that_is_missing_is_answered_by_a_sentence(spark, model):
    frame = spark.createDataFrame([(1, "play"), (7, None)], "id bigint, text string")
    with pytest.raises(Exception, match="whitney.Error: texts_df: the row of id 7 has no text"):
        whitney.spark.encode(frame, model).collect()
    with pytest.raises(whitney.Error, match='texts_df has no column "words"'):
        whitney.spark.encode(frame, model, text="words")
    with pytest.raises(whitney.Error, match="one vector a text"):
        whitney.spark.encode(frame, model, output="tokens")


@pytest.mark.parametrize("metric", ["cosine", "inner_product", "l2"])
def test_an_exact_search_is_that_of_one_index_for_any_number_of_shards(spark, metric):
    vectors = vectors_with_ties()
    queries = np.random.default_rng(2).standard_normal((5, 12)).astype(np.float32)
    want = whitney.index("flat", vectors, metric=metric).search(queries, k=7)
    for slices, shards in ((1, None), (3, None), (2, 5)):
        found = whitney.spark.search(frame_of(spark, list(range(400)), vectors, slices), queries, k=7, metric=metric,
                                     shards=shards)
        ids, scores = hits_of(found, 7)
        assert (ids == want.ids.astype(np.int64)).all()
        assert scores.tobytes() == want.scores.tobytes()


def test_equal_scores_are_ordered_by_the_strings_of_ids(spark):
    vectors = vectors_with_ties(400)
    names = [f"{'é' if i < 200 else 'z'}{i}" for i in range(400)]  # the later rows have the lower ids
    found = whitney.spark.search(frame_of(spark, names, vectors, 3), vectors[3], k=4)
    order = sorted(range(400), key=lambda i: names[i].encode())
    want = whitney.index("flat", vectors[order], ids=[names[i] for i in order]).search(vectors[3], k=4)
    ids, scores = hits_of(found, 4)
    assert ids.tolist() == want.ids.tolist() and ids[0, 0] == "z203"
    assert scores.tobytes() == want.scores.tobytes()


def test_a_graph_in_each_shard_finds_nearly_all(spark):
    vectors = np.random.default_rng(4).standard_normal((1500, 16)).astype(np.float32)
    queries = np.random.default_rng(5).standard_normal((30, 16)).astype(np.float32)
    want = whitney.index("flat", vectors).search(queries, k=10).ids.astype(np.int64)
    found = [hits_of(whitney.spark.search(frame_of(spark, list(range(1500)), vectors, slices), queries, k=10, index="hnsw",
                                          shards=3, search_options={"ef": 80}), 10) for slices in (2, 4)]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found[0][0], want)])
    assert recall >= 0.95
    assert (found[0][0] == found[1][0]).all()  # the shards are a function of the ids


def test_bad_vectors_are_answered_by_a_sentence(spark):
    frame = spark.createDataFrame([(1, [1.0, 2.0]), (2, [1.0])], "id bigint, vector array<float>").coalesce(1)
    with pytest.raises(Exception, match="the vector of id 2 has 1 values, and that of id 1 2"):
        whitney.spark.search(frame, [1.0, 2.0]).collect()
    with pytest.raises(whitney.Error, match="bm25 holds no vectors"):
        whitney.spark.search(frame, [1.0, 2.0], index="bm25")
    with pytest.raises(whitney.Error, match='column "id" is of type bigint'):
        whitney.spark.search(frame, [1.0, 2.0], vector="id")


def test_the_examples_of_the_manual_run_in_order(spark, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    shutil.copytree(model.path, tmp_path / "models" / "minilm")
    draw = np.random.default_rng(3)
    (tmp_path / "edges.tsv").write_text("".join(f"n{i}\tn{draw.integers(0, 120)}\n" for i in list(range(120)) * 3))
    examples = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "spark.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    names = {}
    for number, block in enumerate(examples, 1):
        for name in ("edges.tsv", "nodes.parquet"):  # the folder of Spark's driver is the one in which it started
            block = block.replace(f'"{name}"', repr(str(tmp_path / name)))
        exec(compile(block, f"docs/spark.md, example {number}", "exec"), names)
