"""Graphs from files, matrices, arrays, networkx and pandas are the same graphs."""

import networkx
import numpy as np
import pandas
import pytest
import scipy.sparse

import whitney

EDGES = [(5, 7, 2.0), (7, 9, 0.5), (9, 5, 1.0), (9, 11, 3.0)]


def same(a, b):
    assert a.ids.tolist() == b.ids.tolist()
    assert (a.num_nodes, a.num_edges, a.directed, a.weighted) == (b.num_nodes, b.num_edges, b.directed, b.weighted)
    assert (a.to_scipy() != b.to_scipy()).nnz == 0


@pytest.fixture
def graph(tmp_path):
    (tmp_path / "edges.tsv").write_text("".join(f"{s}\t{t}\t{w}\n" for s, t, w in EDGES))
    return whitney.read_graph(tmp_path / "edges.tsv")


def test_arrays_give_the_graph_of_the_file(graph):
    sources, targets, weights = zip(*EDGES)
    same(whitney.read_graph((sources, targets, weights)), graph)
    same(whitney.read_graph((np.array(sources), np.array(targets, np.uint8), np.array(weights))), graph)


def test_far_apart_integers_are_numbered_by_first_appearance():
    g = whitney.read_graph(([2**64 - 1, 3], [3, 10]))
    assert g.ids.tolist() == [2**64 - 1, 3, 10] and g.num_edges == 2


def test_strings_are_numbered_by_first_appearance():
    g = whitney.read_graph((["b", "a"], ["a", "ü"]), directed=True)
    assert g.ids.tolist() == ["b", "a", "ü"] and g.directed
    assert g.to_scipy().toarray().tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_ids_beside_arrays_come_first_also_without_edges():
    assert whitney.read_graph(([2], [1]), ids=[0, 1, 2]).ids.tolist() == [0, 1, 2]


def test_pandas_and_networkx_give_the_graph_of_the_file(graph):
    frame = pandas.DataFrame(EDGES, columns=["source", "target", "weight"])
    same(whitney.read_graph(frame), graph)
    same(whitney.read_graph(frame.rename(columns={"source": "u", "target": "v"})), graph)
    nx = networkx.from_pandas_edgelist(frame, edge_attr="weight")
    same(whitney.read_graph(nx), graph)


def test_networkx_direction_isolated_nodes_and_names():
    nx = networkx.DiGraph([("a", "b")])
    nx.add_node("alone")
    g = whitney.read_graph(nx)
    assert g.directed and not g.weighted and g.ids.tolist() == ["a", "b", "alone"]
    with pytest.raises(whitney.Error, match="neither str nor int"):
        whitney.read_graph(networkx.Graph([((1, 2), (3, 4))]))


def test_scipy_rows_are_nodes(graph):
    back = whitney.read_graph(graph.to_scipy(), ids=graph.ids)
    same(back, graph)
    assert whitney.read_graph(graph.to_scipy()).ids.tolist() == [0, 1, 2, 3]
    same(whitney.read_graph(graph.to_scipy().tocoo().toarray(), ids=graph.ids), graph)


def test_a_graph_shares_its_arrays_with_scipy(graph):
    assert np.shares_memory(graph.to_scipy().data, graph._native.weights)


def test_a_matrix_of_ones_has_no_weights():
    assert not whitney.read_graph(scipy.sparse.csr_matrix([[0, 1], [1, 0]])).weighted
    assert whitney.read_graph(scipy.sparse.csr_matrix([[0, 1], [1, 0]]), weighted=True).weighted
    assert not whitney.read_graph(scipy.sparse.csr_matrix([[0, 2.0], [2.0, 0]]), weighted=False).weighted


def test_explicit_zeros_and_unsorted_entries_of_a_matrix():
    m = scipy.sparse.csr_matrix((np.array([3.0, 0.0, 2.0, 3.0, 2.0]), [2, 1, 1, 0, 0], [0, 3, 4, 5]), shape=(3, 3))
    with pytest.raises(whitney.Error, match="not symmetric: row 1 differs from column 1"):
        whitney.read_graph(m)
    g = whitney.read_graph(m, directed=True)
    assert g.to_scipy().toarray().tolist() == [[0, 2, 3], [3, 0, 0], [2, 0, 0]]


@pytest.mark.parametrize("source, sentence", [
    (scipy.sparse.csr_matrix(np.ones((2, 3))), r"shape \(2, 3\)"),
    (([1, 2], [3]), "2 sources, 1 targets"),
    (([1, 2], [3, 4], [1.0]), "2 targets and 1 weights"),
    (([1], [-2]), "number 0 of the targets is -2"),
    (([1.5], [2.5]), "1.5"),
    ((np.array([1.5]), np.array([2.5])), "float64"),
    ((["a"], [1]), r"number 0 of the targets is 1, .*all ids str, or all int"),
    (([1], [2], [float("nan")]), "weight"),
    (([1], [2], [-1.0]), "weight"),
    (pandas.DataFrame({"source": [1]}), "source, target"),
    (3, "a int is no graph"),
])
def test_bad_input_is_refused_in_a_sentence(source, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        whitney.read_graph(source)


def test_a_bad_line_of_a_file_is_named(tmp_path):
    (tmp_path / "edges.tsv").write_text("a\tb\t1\na\tc\tabc\n")
    with pytest.raises(whitney.Error, match="edges.tsv:2"):
        whitney.read_graph(tmp_path / "edges.tsv", weighted=True)


def test_every_source_learns_the_same_bytes(graph):
    sources, targets, weights = zip(*EDGES)
    of_file = whitney.learn("fastrp", graph, dim=8, seed=3).vectors
    of_arrays = whitney.learn("fastrp", (sources, targets, weights), dim=8, seed=3).vectors
    assert of_file.tobytes() == of_arrays.tobytes()


def test_walks_follow_a_metapath(tmp_path):
    types = tmp_path / "types.tsv"
    types.write_text("a\tauthor\nb\tauthor\np\tpaper\n")
    graph = whitney.read_graph((["a", "b", "v"], ["p", "p", "p"]))
    nodes = whitney.learn("deepwalk", graph, dim=4, node_types=types, metapath=["author", "paper", "author"])
    lengths = dict(zip(nodes.ids.tolist(), np.linalg.norm(nodes.vectors, axis=1)))
    assert lengths["v"] == 0 and all(lengths[node] > 0 for node in "abp")
    with pytest.raises(whitney.Error, match="ends with another type"):
        whitney.learn("deepwalk", graph, node_types=types, metapath=["author", "paper"])
    types.write_text("a\tauthor\nb\n")
    with pytest.raises(whitney.Error, match="types.tsv:2"):
        whitney.learn("deepwalk", graph, node_types=types, metapath=["author", "author"])
