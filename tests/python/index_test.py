"""Searches give what numpy gives, under filters and through changes."""

import concurrent.futures
import pickle

import numpy as np
import pandas
import pytest

import whitney

N, D = 400, 16
RANDOM = np.random.default_rng(5)
BASE = RANDOM.standard_normal((N, D)).astype(np.float32)
QUERIES = RANDOM.standard_normal((7, D)).astype(np.float32)
SIZES = np.arange(N) % 50


def ranking(metric, base=BASE, queries=QUERIES):
    if metric == "cosine":
        base = base / np.linalg.norm(base, axis=1, keepdims=True)
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    if metric == "l2":
        return np.linalg.norm(queries[:, None].astype(np.float64) - base[None].astype(np.float64), axis=2)
    return queries.astype(np.float64) @ base.astype(np.float64).T


@pytest.fixture(scope="module", params=["hnsw", "symphonyqg", "ivf", "flat"])
def index(request):
    e = whitney.Embeddings(vectors=BASE, ids=[f"p{i}" for i in range(N)], attributes={"size": SIZES})
    return whitney.index(request.param, e)


@pytest.mark.parametrize("metric", ["cosine", "inner_product", "l2"])
def test_exact_search_equals_numpy(metric):
    hits = whitney.index("flat", BASE, metric=metric).search(QUERIES, k=10)
    values = ranking(metric)
    order = np.argsort(values if metric == "l2" else -values, axis=1, kind="stable")[:, :10]
    np.testing.assert_array_equal(hits.ids, order)
    np.testing.assert_allclose(hits.scores, np.take_along_axis(values, order, 1), rtol=1e-4, atol=1e-5)
    assert hits.counts.tolist() == [10] * 7 and hits.ids.dtype == np.uint64


@pytest.mark.parametrize("metric", ["cosine", "inner_product", "l2"])
def test_a_wide_hnsw_search_equals_numpy(metric):
    hits = whitney.index("hnsw", BASE, metric=metric, m=16, ef_construction=200).search(QUERIES, k=5, ef=N)
    values = ranking(metric)
    order = np.argsort(values if metric == "l2" else -values, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(hits.rows, order)


def test_one_vector_is_one_query(index):
    hits = index.search(BASE[3], k=1)
    assert hits.ids.shape == (1, 1) and hits.ids[0, 0] == "p3" and hits.scores[0, 0] == pytest.approx(1, abs=1e-5)
    assert index.search(BASE[3].tolist(), k=1).ids[0, 0] == "p3"


def test_an_excluded_id_is_left_out(index):
    assert "p3" not in index.search(index["p3"], k=5, exclude="p3").ids[0]
    assert index.search(index["p3"], k=5).ids[0, 0] == "p3"


def test_a_filter_costs_no_hits(index):
    hits = index.search(QUERIES, k=10, filter="size = 7 or size = 8")
    values = ranking("cosine")
    values[:, (SIZES != 7) & (SIZES != 8)] = -9
    np.testing.assert_array_equal(hits.rows, np.argsort(-values, axis=1, kind="stable")[:, :10])
    assert index.matches("size = 7").tolist() == [f"p{i}" for i in range(N) if i % 50 == 7]


def test_places_that_nothing_fills_are_none_and_nan(index):
    hits = index.search(QUERIES, k=10, filter="size = 49")
    assert hits.counts.tolist() == [8] * 7
    assert hits.ids[0, 8:].tolist() == [None, None] and np.isnan(hits.scores[:, 8:]).all()
    assert (hits.rows[:, 8:] == -1).all() and not np.isnan(hits.scores[:, :8]).any()
    integers = whitney.index("flat", BASE[:3]).search(QUERIES[:1], k=5)
    assert integers.ids.dtype == object and integers.ids[0, 3:].tolist() == [None, None]


def test_explain_tells_the_plan(index):
    assert index.search(QUERIES, k=3).explain is None
    explain = index.search(QUERIES, k=3, filter="size = 7", explain=True).explain
    assert explain["filter"]["matches"] == 8 and "plan" in explain


def test_a_search_ends_when_its_time_is_up(index):
    late = index.search(QUERIES, k=10, filter="size < 40", timeout_ms=0)
    assert late.partial and (late.counts <= 10).all()
    in_time = index.search(QUERIES, k=10, filter="size < 40", timeout_ms=1e9)
    assert not in_time.partial and in_time.counts.tolist() == [10] * 7


def test_threads_make_no_difference(index):
    one, two = (index.search(QUERIES, k=10, threads=t) for t in (1, 2))
    assert one.scores.tobytes() == two.scores.tobytes() and (one.ids == two.ids).all()


def test_builds_are_equal_for_any_number_of_threads(tmp_path):
    for threads in (1, 2):
        whitney.index("hnsw", BASE, seed=4, threads=threads).save(tmp_path / f"{threads}.safetensors")
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


@pytest.mark.parametrize("given, sentence", [
    (dict(query=BASE[0, :3]), "3"),
    (dict(query=np.full(D, np.nan)), "NaN|nan"),
    (dict(query=BASE[0], k=0), "k"),
    (dict(query=BASE[0], filter="sise = 3"), 'did you mean "size"'),
    (dict(query=BASE[0], filter="size = "), "expected"),
    (dict(query=BASE[0], filter='size = "x"'), "size"),
    (dict(query=BASE[0], exclude="nobody"), "no row has the id"),
    (dict(query=BASE[:2], exclude=["p1"]), "1 ids for 2 queries"),
    (dict(query=BASE[0], eff=3), "eff"),
])
def test_a_bad_search_is_refused_in_a_sentence(index, given, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        index.search(**given)


@pytest.mark.parametrize("method", ["hnsw", "symphonyqg", "vamana", "ivf", "flat"])
def test_rows_are_added_and_removed(method):
    e = whitney.Embeddings(vectors=BASE[:100], ids=[f"p{i}" for i in range(100)], attributes={"size": SIZES[:100]})
    index = whitney.index(method, e)
    index.add(["new", "newer"], BASE[100:102], {"size": [7, 1000]})
    assert len(index) == 102 and index.search(BASE[101], k=1).ids[0, 0] == "newer"
    assert index.search(BASE[0], k=5, filter="size = 1000").ids[0].tolist() == ["newer", None, None, None, None]
    index.remove(["new", "p0"])
    assert len(index) == 100 and "p0" not in index and "p0" not in index.ids
    assert index.search(BASE[0], k=1).ids[0, 0] != "p0"
    with pytest.raises(whitney.Error, match="p0|new"):
        index.remove(["p0"])
    with pytest.raises(whitney.Error, match="p1"):
        index.add("p1", BASE[200], {"size": [1]})
    with pytest.raises(KeyError):
        index["p0"]


@pytest.mark.parametrize("method", ["hnsw", "symphonyqg", "vamana", "ivf", "flat"])
def test_a_saved_index_is_the_same(method, tmp_path):
    e = whitney.Embeddings(vectors=BASE, ids=[f"p{i}" for i in range(N)], attributes={"size": SIZES})
    index = whitney.index(method, e, metric="l2")
    index.save(tmp_path / "i.safetensors")
    back = whitney.open(tmp_path / "i.safetensors")
    assert isinstance(back, whitney.Index) and (back.method, back.metric, back.dim, len(back)) == (method, "l2", D, N)
    a, b = (i.search(QUERIES, k=9, filter="size < 20") for i in (index, back))
    assert (a.ids == b.ids).all() and a.scores.tobytes() == b.scores.tobytes()


def test_a_pickled_index_is_the_same(index):
    a, b = (i.search(QUERIES, k=9, filter="size < 20") for i in (index, pickle.loads(pickle.dumps(index))))
    assert (a.ids == b.ids).all() and a.scores.tobytes() == b.scores.tobytes()


def test_attributes_may_come_with_the_index():
    frame = pandas.DataFrame({"name": [f"n{i % 3}" for i in range(N)]})
    index = whitney.index("flat", BASE, attributes=frame)
    assert index.search(BASE[4], k=1, filter='name = "n1"').ids[0, 0] == 4
    assert index.attributes["name"][4] == "n1"


def test_a_zero_vector_is_found_last_under_cosine():
    base = BASE[:5].copy()
    base[2] = 0
    hits = whitney.index("flat", base).search(BASE[0], k=5)
    assert hits.scores[0][list(hits.ids[0]).index(2)] == 0


def test_threads_of_python_search_and_change_one_index():
    index = whitney.index("hnsw", BASE[:200])

    def work(i):
        if i % 4 == 0:
            index.add(1000 + i, BASE[200 + i])
        return index.search(QUERIES, k=5, threads=1).counts.tolist()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(40))) == [[5] * 7] * 40
    assert len(index) == 210
