"""Indexes of sparse rows and of rows of several vectors."""

import pathlib
import pickle
import shutil

import numpy as np
import pytest
from scipy import sparse

import whitney

CHECKPOINT = pathlib.Path(__file__).resolve().parents[1] / "data" / "checkpoints" / "bert-mlm-tiny"
TEXTS = {"mpd": "play music", "chess": "a game of chess", "vim": "edit text in a terminal", "gimp": "draw pictures"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, folder)
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] play music in a terminal game of chess draw pictures edit text".split()
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words + [str(i) for i in range(1, 32)]))
    return whitney.open(folder)


def made_up(rows, dims, seed):
    random = np.random.default_rng(seed)
    return sparse.random(rows, dims, density=0.1, format="csr", random_state=random, dtype=np.float32)


def products(queries, rows):
    return (queries.astype(np.float64) @ rows.T.astype(np.float64)).toarray()


@pytest.mark.parametrize("bits, tolerance", [("32", 1e-6), ("8", 0.05)])
def test_a_sparse_index_gives_scipy_s_products(bits, tolerance):
    rows, queries = made_up(300, 80, 1), made_up(7, 80, 2)
    hits = whitney.index("sparse", rows, bits=bits).search(queries, k=5)
    scores = products(queries, rows)
    assert hits.rows.shape == (7, 5)
    for q in range(7):
        np.testing.assert_allclose(hits.scores[q], scores[q][hits.rows[q]], atol=tolerance)
        np.testing.assert_allclose(hits.scores[q], np.sort(scores[q])[::-1][:5], atol=tolerance)


def test_rows_come_in_any_sparse_layout_and_go_back_as_they_were():
    rows = made_up(40, 30, 3)
    names = [f"row{i}" for i in range(40)]
    index = whitney.index("sparse", rows.tocoo(), ids=names, attributes={"number": range(40)})
    assert len(index) == 40 and index.dim == 30 and index["row7"].shape == (1, 30)
    np.testing.assert_array_equal(index["row7"].toarray(), rows[7].toarray())
    filtered = index.search(rows[:3], k=40, filter="number < 10")
    assert set(filtered.rows[filtered.rows >= 0]) <= set(range(10))
    assert index.search(rows[7], k=1, exclude=["row7"]).ids[0, 0] != "row7"


def test_a_sparse_index_grows_shrinks_and_is_pickled(tmp_path):
    rows, more = made_up(60, 30, 4), made_up(5, 30, 5)
    index = whitney.index("sparse", rows)
    index.remove([3, 4])
    index.add(range(100, 105), more)
    assert len(index) == 63 and 3 not in index and 104 in index
    np.testing.assert_array_equal(index[102].toarray(), more[2].toarray())
    index.save(tmp_path / "s.safetensors")
    for again in (whitney.open(tmp_path / "s.safetensors"), pickle.loads(pickle.dumps(index))):
        np.testing.assert_array_equal(again.search(more, k=9).rows, index.search(more, k=9).rows)


def test_late_interaction_is_the_sum_of_largest_products():
    random = np.random.default_rng(6)
    rows = [random.standard_normal((size, 8), dtype=np.float32) for size in random.integers(1, 9, 50)]
    queries = [random.standard_normal((size, 8), dtype=np.float32) for size in (3, 1, 5)]
    index = whitney.index("multi_vector", rows, metric="inner_product")
    hits = index.search(queries, k=4)
    for q, query in enumerate(queries):
        scores = np.array([(query @ row.T).max(axis=1).sum() for row in rows])
        np.testing.assert_allclose(hits.scores[q], np.sort(scores)[::-1][:4], rtol=1e-5)
    one = index.search(queries[0], k=4)
    np.testing.assert_array_equal(one.rows[0], hits.rows[0])
    np.testing.assert_array_equal(index[7], rows[7])
    index.add([99], [queries[0]])
    assert 99 in index and "rows of vectors of 8 dimensions" in repr(index)


def test_texts_are_indexed_and_asked_for(model):
    words = whitney.encode(model, TEXTS, output="sparse")
    states = whitney.encode(model, TEXTS, output="tokens")
    assert whitney.index("sparse", words).search("play music", k=4, model=model).counts[0] == 4
    index = whitney.index("multi_vector", states)
    assert index.search(list(TEXTS.values()), k=1, model=model).ids[:, 0].tolist() == list(TEXTS)
    assert index.search(states, k=1).ids[:, 0].tolist() == list(TEXTS)
    assert whitney.MultiVector().fit(states).search(states, k=1).ids[0, 0] == "mpd"


def test_what_cannot_be_indexed_is_said(model):
    states = whitney.encode(model, TEXTS, output="tokens")
    with pytest.raises(whitney.Error, match="one vector a row"):
        whitney.index("hnsw", states)
    with pytest.raises(whitney.Error, match="sparse rows are expected"):
        whitney.index("sparse", np.zeros((2, 3), np.float32))
    with pytest.raises(whitney.Error, match="must not be negative"):
        whitney.index("sparse", sparse.csr_matrix([[1.0, -2.0]]), bits="8")
    with pytest.raises(whitney.Error, match="needs the model"):
        whitney.index("multi_vector", states).search("play music")
