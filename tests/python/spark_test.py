"""Whitney on Spark: executors are processes of their own, and what they make is that of one process, bit for bit."""

import os
import signal

import numpy as np
import pytest

import whitney
import whitney.spark
from spark_session import spark


def ring_of_blocks(num_blocks=6, size=30, seed=3):
    """Edges (src, dst, weight): 4 inside a block for each node, and now and then one to anywhere; one of them twice."""
    random = np.random.default_rng(seed)
    n = num_blocks * size
    src = np.repeat(np.arange(n), 5)
    inside = src // size * size + random.integers(0, size, len(src))
    dst = np.where(np.arange(len(src)) % 5 == 4, random.integers(0, n, len(src)), inside)
    weight = np.round(random.uniform(0.5, 2, len(src)), 3)
    return np.append(src, src[0]), np.append(dst, dst[0]), np.append(weight, 0.25)


def frame_of(spark, src, dst, weight=None, slices=3):
    columns = [src.tolist(), dst.tolist()] + ([] if weight is None else [weight.tolist()])
    return spark.createDataFrame(list(zip(*columns)), ["src", "dst", "weight"][:len(columns)]).repartition(slices)


def ids_and_vectors(frame):
    rows = sorted((row.id, row.vector) for row in frame.collect())
    return [id for id, _ in rows], np.array([vector for _, vector in rows], dtype=np.float32)


def expect_same_as_one_process(spark, edges, **options):
    found = whitney.spark.partitioned_embeddings(edges, **options)
    ids, vectors = ids_and_vectors(found)
    found.unpersist()
    want = whitney.learn("partitioned", whitney.spark.read_graph(edges), **options)
    assert ids == want.ids.tolist()
    assert vectors.tobytes() == want.vectors.tobytes()
    return vectors


def test_aligned_parts_are_those_of_one_process(spark):
    src, dst, weight = ring_of_blocks()
    expect_same_as_one_process(spark, frame_of(spark, src * 3, dst * 3, weight), base="prone", base__dim=16, parts=4, seed=7)


def test_concatenated_levels_with_string_ids_are_those_of_one_process(spark):
    src, dst, _ = ring_of_blocks()
    names = np.array([f"node {i} é" for i in range(180)])
    vectors = expect_same_as_one_process(spark, frame_of(spark, names[src], names[dst]), base="fastrp", base__dim=32, parts=3,
                                         combine="concatenate", leaf_nodes=20, min_dim=2)
    assert (vectors == 0).any()  # blocks of levels that do not hold a node


def test_the_order_of_rows_changes_nothing(spark):
    src, dst, weight = ring_of_blocks()
    order = np.random.default_rng(5).permutation(len(src))
    one = whitney.spark.read_graph(frame_of(spark, src, dst, weight, slices=1))
    other = whitney.spark.read_graph(frame_of(spark, src[order], dst[order], weight[order], slices=4))
    assert one.ids.tolist() == sorted(set(src) | set(dst)) and (one.ids == other.ids).all()
    assert (one.to_scipy() != other.to_scipy()).nnz == 0


def test_a_part_smaller_than_a_nodes_neighbourhood_is_embedded(spark):
    hub = np.zeros(90, dtype=np.int64), np.arange(1, 91)  # 91 nodes: a part holds at most 32, the hub has 90 neighbours
    expect_same_as_one_process(spark, frame_of(spark, *hub), base="fastrp", base__dim=8, parts=3, max_halo=0.5)


def test_one_part_is_what_the_base_gives(spark):
    edges = frame_of(spark, *ring_of_blocks()[:2])
    vectors = expect_same_as_one_process(spark, edges, base="fastrp", base__dim=8, parts=1)
    assert vectors.tobytes() == whitney.learn("fastrp", whitney.spark.read_graph(edges), dim=8).vectors.tobytes()


@pytest.mark.parametrize("victim", ["worker", "executor"])
def test_a_lost_process_changes_no_byte(spark, tmp_path, monkeypatch, victim):
    from pyspark import cloudpickle
    from whitney.spark import _partitioned
    marker, embedded = str(tmp_path / "killed"), _partitioned._embedded

    def kill_once(piece, options):
        vectors = embedded(piece, options)
        if piece.what == "part 1":
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return vectors
            process = os.getpid()
            if victim == "executor":  # the JVM: parent of the daemon from which workers are forked
                with open(f"/proc/{os.getppid()}/stat") as stat:
                    process = int(stat.read().rpartition(")")[2].split()[1])
            os.kill(process, signal.SIGKILL)
        return vectors

    edges = frame_of(spark, *ring_of_blocks())
    cloudpickle.register_pickle_by_value(_partitioned)
    try:
        monkeypatch.setattr(_partitioned, "_embedded", kill_once)
        expect_same_as_one_process(spark, edges, base="fastrp", base__dim=16, parts=4)
    finally:
        cloudpickle.unregister_pickle_by_value(_partitioned)
    assert os.path.exists(marker)


@pytest.mark.parametrize("make, sentence", [
    (lambda s: s.createDataFrame([(1, 2)], ["src", "target"]), 'edges_df has no column "dst" (its columns: src, target)'),
    (lambda s: s.createDataFrame([(1.5, 2)], ["src", "dst"]), 'column "src" are of type double'),
    (lambda s: s.createDataFrame([("a", 2)], ["src", "dst"]), "of different types"),
    (lambda s: s.createDataFrame([(1, 2), (3, None), (4, 5)], ["src", "dst"]), '1 of 3 rows have no "dst"'),
    (lambda s: s.createDataFrame([(1, -2)], ["src", "dst"]), '"dst" holds -2'),
    (lambda s: s.createDataFrame([(1, 2, float("nan"))], ["src", "dst", "weight"]), "weighs nan"),
    (lambda s: s.createDataFrame([(1, 2, "x")], ["src", "dst", "weight"]), '"weight" is of type string'),
    (lambda s: [(1, 2)], "edges_df is a list"),
])
def test_bad_edges_are_answered_by_a_sentence(spark, make, sentence):
    with pytest.raises(whitney.Error) as error:
        whitney.spark.partitioned_embeddings(make(spark), parts=1)
    assert sentence in str(error.value)


def test_bad_options_are_answered_by_a_sentence(spark):
    edges = frame_of(spark, *ring_of_blocks()[:2])
    for options, sentence in [({"base": "fastrpp"}, "fastrp"), ({"prats": 3}, 'did you mean "parts"'),
                              ({"parts": 500}, "500"), ({"base": "louvain"}, "louvain makes a table")]:
        with pytest.raises(whitney.Error, match=sentence):
            whitney.spark.partitioned_embeddings(edges, **options)


def test_what_fails_on_an_executor_is_the_same_sentence(spark):
    edges = frame_of(spark, *ring_of_blocks()[:2])
    with pytest.raises(whitney.Error, match="^part [01] of level 0: fastrp gives "):
        whitney.spark.partitioned_embeddings(edges, base="fastrp", base__dim=8, base__combine="concatenate",
                                             combine="concatenate", parts=2)
