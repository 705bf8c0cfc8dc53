"""Tasks on graphs in memory."""

import pathlib

import numpy as np
import pytest

import whitney


@pytest.fixture(scope="module")
def graph():
    """Two rings of 30 nodes that share one edge."""
    edges = [(30 * side + i, 30 * side + (i + 1) % 30) for side in range(2) for i in range(30)] + [(0, 30)]
    return whitney.read_graph(tuple(np.array(ends, dtype=np.int64) for ends in zip(*edges)))


def test_reconstruction_compares_embeddings_in_one_table(graph):
    one = whitney.learn("fastrp", graph, dim=64, weights=[1, 1])
    two = whitney.Embeddings(vectors=np.random.default_rng(1).standard_normal((60, 4)).astype(np.float32), ids=graph.ids)
    report = whitney.evaluate("reconstruction", one, two, graph, decoders=["cosine"], max_hops=2)
    frame = report.to_pandas()
    maps = frame[(frame.measure == "map") & (frame.neighborhood == "exact")].set_index("method").hop_1
    assert list(maps.index) == ["fastrp", "embeddings-2", "random", "degree", "chance"]
    assert maps["fastrp"] > 2 * maps["random"]
    with pytest.raises(whitney.Error, match=r"takes at least 2 inputs \(embeddings \.\.\., graph\)"):
        whitney.evaluate("reconstruction", one)


def test_link_prediction_learns_without_the_test_edges(graph):
    report = whitney.evaluate("link-prediction", graph, learn="fastrp", learn__dim=32, learn__weights=[1, 1], test_ratio=0.03, hits=[1])
    assert [row["method"] for row in report.rows] == ["fastrp", "common_neighbors", "preferential_attachment"]
    assert report["test_edges"] == 1
    same = whitney.evaluate("link-prediction", graph, learn=whitney.FastRP(dim=32, weights=[1, 1]), test_ratio=0.03, hits=[1])
    assert dict(same) == dict(report)


def test_roles_and_clusters_of_several_embeddings_are_one_table(graph):
    labels = {id: "joint" if id in (0, 30) else "ring" for id in graph.ids.tolist()}
    roles = [whitney.learn("degree_profile", graph), whitney.learn("graphwave", graph)]
    report = whitney.evaluate("role-classification", *roles, labels)
    assert [row["method"] for row in report.rows] == ["degree_profile", "graphwave", "majority"]
    clusters = whitney.evaluate("node-clustering", *roles, labels, num_resamples=0)
    assert len(clusters.rows) == 2 and clusters["points"] == 60


def test_compare_runs_the_example():
    file = pathlib.Path(__file__).parents[2] / "examples" / "comparison" / "comparison.toml"
    report = whitney.evaluate("compare", file)
    assert {row["graph"] for row in report.rows} == {"karate", "villages"}
    line = next(row for row in report.rows if (row["graph"], row["task"]) == ("villages", "node-clustering"))
    assert line["fastrp"] > 90 > line["graphwave"]  # the village of a node, which is not its role
    assert "seeds: 1, 2, 3" in report.notes


def test_semantics_reads_tests_from_a_file(tmp_path):
    words = whitney.Embeddings(vectors=np.array([[1, 0], [1, 0.2], [-1, 1]], np.float32), ids=["cat.n.01", "dog.n.01", "car.n.01"])
    (tmp_path / "pairs.txt").write_text("cat dog 9\ncat car 1\ndog car 2\n")
    report = whitney.evaluate("semantics", words, tmp_path / "pairs.txt", senses="max")
    assert report["count"] == 3 and report["spearman"] == pytest.approx(1)
