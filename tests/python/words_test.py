"""Indexes of texts, searched by words, and the fusion of two searches."""

import json
import math
import os
import pickle
import subprocess

import numpy as np
import pandas
import pytest

import whitney

TEXTS = {"mpd": "play music, music and more music", "chess": "a game of chess", "vim": "edit text in a terminal",
         "vlc": "play films and music", "none": "", "xboard": "chess board for a game of chess"}
SIZES = {"size": [5, 1, 3, 9, 0, 2]}
PLAIN = dict(stemmer="none", stop_words="none")


@pytest.fixture(scope="module")
def index():
    return whitney.index("bm25", TEXTS, attributes=SIZES)


def reference(query, k1=1.2, b=0.75):
    """Lucene's BM25 over words between spaces."""
    texts = [text.replace(",", "").split() for text in TEXTS.values()]
    average = sum(map(len, texts)) / len(texts)
    scores = np.zeros(len(texts))
    for word in query.split():
        has = sum(word in text for text in texts)
        idf = math.log(1 + (len(texts) - has + 0.5) / (has + 0.5))
        for i, text in enumerate(texts):
            tf = text.count(word)
            scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(text) / average))
    return scores


@pytest.mark.parametrize("query", ["music", "a game of chess", "play chess in a terminal"])
@pytest.mark.parametrize("options", [{}, dict(k1=0.5, b=0.2)])
def test_scores_are_those_of_the_formula(query, options):
    hits = whitney.index("bm25", TEXTS, **PLAIN, **options).search(query, k=6)
    scores = reference(query, **options)
    order = [row for row in np.argsort(-scores, kind="stable") if scores[row] > 0]
    assert hits.counts.tolist() == [len(order)] and hits.rows[0, :len(order)].tolist() == order
    np.testing.assert_allclose(hits.scores[0, :len(order)], scores[order], rtol=1e-6)
    assert hits.ids[0].tolist() == [list(TEXTS)[row] for row in order] + [None] * (6 - len(order))
    assert np.isnan(hits.scores[0, len(order):]).all() and (hits.rows[0, len(order):] == -1).all()


def test_one_query_or_several(index):
    assert index.search("music", k=1).ids.tolist() == [["mpd"]]
    many = index.search(["music", "chess", "nothing known"], k=2)
    assert many.ids.tolist() == [["mpd", "vlc"], ["xboard", "chess"], [None, None]] and many.counts.tolist() == [2, 2, 0]
    for queries in (np.array(["music", "chess"]), pandas.Series(["music", "chess"]), iter(["music", "chess"])):
        assert index.search(queries, k=1).ids.tolist() == [["mpd"], ["xboard"]]
    assert index.search([], k=3).ids.shape == (0, 3)


def test_filters_and_exclusion(index):
    assert index.search("music", k=5, filter="size > 5").ids[0, 0] == "vlc"
    assert index.search("music", k=1, exclude="mpd").ids.tolist() == [["vlc"]]
    assert index.matches("size < 3").tolist() == ["chess", "none", "xboard"]
    assert "plan" in index.search("music", explain=True).explain
    exact = index.search("play a game", k=6, exact=True)
    assert exact.scores.tobytes() == index.search("play a game", k=6).scores.tobytes()


def test_phrases_are_the_index_s_own_option(index):
    assert index.search('"game of chess"', k=5).counts.tolist() == [2]
    assert index.search('"films and music"', k=5).ids[0, 0] == "vlc"
    assert index.search('"music films"', k=5).counts.tolist() == [0]
    assert index.search('"music films"', k=5, operators=False).counts.tolist() == [2]
    assert "operators" in [option["name"] for option in index.search_options]


def test_an_index_of_texts_tells_what_it_is(index):
    assert index.method == "bm25" and len(index) == 6 and "vim" in index and index.attributes["size"][3] == 9
    assert repr(index) == f"<whitney.Index: bm25, 6 texts, {index.dim} words, Attributes(size: int)>"
    assert index.provenance["method"] == "bm25" and index.provenance["options"]["k1"] == 1.2
    assert index.provenance["inputs"][0]["kind"] == "corpus"


def test_threads_make_no_difference(tmp_path):
    texts = [" ".join(f"w{(i * j) % 97}" for j in range(20)) for i in range(3000)]
    for threads in (1, 2):
        whitney.index("bm25", texts, threads=threads).save(tmp_path / f"{threads}.safetensors")
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


def test_texts_are_added_and_removed(index):
    grown = whitney.index("bm25", dict(list(TEXTS.items())[:3]), attributes={"size": [5, 1, 3]})
    grown.add(["vlc", "none"], ["play films and music", ""], {"size": [9, 0]})
    grown.add("xboard", "chess board for a game of chess", {"size": [2]})
    assert grown.ids.tolist() == list(TEXTS)
    for query in ("music", "game of chess"):
        a, b = grown.search(query, k=6), index.search(query, k=6)
        assert a.ids.tolist() == b.ids.tolist() and a.scores.tobytes() == b.scores.tobytes()
    grown.add(whitney.Corpus(["music box"], ids=["box"], attributes={"size": [4]}))
    grown.add(["radio"], texts=["music on air"], attributes={"size": [4]})
    assert set(grown.search("music", k=9, filter="size = 4").ids[0, :2]) == {"box", "radio"}
    grown.remove(["box", "radio"])
    assert len(grown) == 6 and "box" not in grown and grown.search("box", k=1).counts.tolist() == [0]
    with pytest.raises(whitney.Error, match="mpd"):
        grown.add("mpd", "again", {"size": [1]})
    with pytest.raises(whitney.Error, match="nobody"):
        grown.remove(["nobody"])


def test_a_saved_and_a_pickled_index_are_the_same(index, tmp_path):
    index.save(tmp_path / "i.safetensors")
    for back in (whitney.open(tmp_path / "i.safetensors"), pickle.loads(pickle.dumps(index))):
        a, b = (i.search(["music", "game"], k=4, filter="size < 9") for i in (index, back))
        assert a.ids.tolist() == b.ids.tolist() and a.scores.tobytes() == b.scores.tobytes()


def test_the_class_does_what_the_function_does():
    fitted = whitney.BM25(k1=2.0, stemmer="none").fit(list(TEXTS.values()))
    function = whitney.index("bm25", list(TEXTS.values()), k1=2.0, stemmer="none")
    a, b = fitted.search("game of chess", k=3), function.search("game of chess", k=3)
    assert a.ids.tolist() == b.ids.tolist() and a.scores.tobytes() == b.scores.tobytes()
    assert repr(fitted) == "BM25(k1=2.0, stemmer='none')" and fitted.index_.method == "bm25"
    with pytest.raises(ValueError, match="not fitted"):
        whitney.BM25().search("music")
    corpus = whitney.Corpus(TEXTS, attributes=SIZES)
    assert whitney.BM25().fit(corpus).search(["music"], k=1, filter="size = 9").ids.tolist() == [["vlc"]]


def test_python_and_the_command_line_give_the_same_file_and_hits(tmp_path):
    program = os.environ.get("WHITNEY_BIN")
    if not program:
        pytest.skip("WHITNEY_BIN names no program")
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"id": id, "text": t}) + "\n" for id, t in TEXTS.items()))
    run = lambda *words: subprocess.run([program, *words], check=True, capture_output=True, text=True, timeout=60).stdout
    run("index", "bm25", tmp_path / "texts.jsonl", "-o", tmp_path / "program.safetensors", "--quiet")
    whitney.index("bm25", tmp_path / "texts.jsonl").save(tmp_path / "python.safetensors")
    assert (tmp_path / "program.safetensors").read_bytes() == (tmp_path / "python.safetensors").read_bytes()
    vectors = whitney.Embeddings(vectors=np.eye(6)[:, ::-1] + 0.1, ids=list(TEXTS))
    vectors.save(tmp_path / "vectors.safetensors")
    words, flat = whitney.open(tmp_path / "program.safetensors"), whitney.index("flat", vectors)
    query = [0.3, 0.9, 0.1, 0.0, 0.2, 0.5]
    for options in ({}, {"rrf_k": 1.0, "weight": 0.75}, {"method": "weighted", "weight": 0.25}):
        flags = [f"--{name.replace('_', '-').replace('method', 'fusion')}={value}" for name, value in options.items()]
        out = json.loads(run("search", tmp_path / "program.safetensors", "--text", "play chess music", "--with",
                             tmp_path / "vectors.safetensors", "--vector", ",".join(map(str, query)), "--json", "-k", "4",
                             *flags))
        fused = whitney.fuse([words.search("play chess music", k=100), flat.search(query, k=100)], k=4, **options)
        hits = out["queries"][0]["hits"]
        assert fused.ids.tolist() == [[hit["id"] for hit in hits]]
        np.testing.assert_allclose(fused.scores[0], [hit["score"] for hit in hits], rtol=1e-9)
        assert [[rank or 0 for rank in hit["ranks"]] for hit in hits] == fused.ranks[0].tolist()


def hits_of(*rows):
    """Hits as a search gives them: (id, score) a place."""
    k = max(map(len, rows))
    ids, scores = np.empty((len(rows), k), object), np.full((len(rows), k), np.nan, np.float32)
    for q, row in enumerate(rows):
        for place, (id, score) in enumerate(row):
            ids[q, place], scores[q, place] = id, score
    return whitney.Hits(ids, scores, np.array([len(row) for row in rows]), np.zeros((len(rows), k), np.int64), None)


def test_reciprocal_ranks_are_summed():
    # a: 1/61 + 1/62, b: 1/62 + 1/61 (equal: the smaller id first), c: 1/63; the second query has hits of one search only.
    fused = whitney.fuse([hits_of([("b", 9), ("a", 5), ("c", 1)], []), hits_of([("a", .9), ("b", .8)], [("d", .1)])], k=3)
    assert fused.ids.tolist() == [["a", "b", "c"], ["d", None, None]] and fused.counts.tolist() == [3, 1]
    np.testing.assert_allclose(fused.scores[0], [1 / 61 + 1 / 62, 1 / 61 + 1 / 62, 1 / 63])
    assert fused.ranks[0].tolist() == [[2, 1], [1, 2], [3, 0]] and np.isnan(fused.scores[1, 1:]).all()


def test_scores_are_weighed_after_they_are_brought_to_one_range():
    # first: b 1, a 0.5, c 0; second, distances: a 1, b 0. Weights 0.75 and 0.25.
    fused = whitney.fuse([hits_of([("b", 9), ("a", 5), ("c", 1)]), hits_of([("a", 2), ("b", 4)])], k=2, method="weighted",
                         weight=0.75)
    assert fused.ids.tolist() == [["b", "a"]]
    np.testing.assert_allclose(fused.scores, [[0.75, 0.625]])


def test_three_searches_are_fused_by_their_weights():
    # Shares 0.1, 0.6, 0.3 of three: b gets 3 * 0.6 / 61, c 3 * (0.3 / 61 + 0.1 / 62), a 3 * 0.1 / 61.
    searches = [hits_of([("a", 9), ("c", 5)]), hits_of([("b", .5)]), hits_of([("c", 7)])]
    fused = whitney.fuse(searches, k=3, weights=[1, 6, 3])
    assert fused.ids.tolist() == [["b", "c", "a"]] and fused.ranks[0].tolist() == [[0, 1, 0], [2, 0, 1], [1, 0, 0]]
    np.testing.assert_allclose(fused.scores[0], [1.8 / 61, .9 / 61 + .3 / 62, .3 / 61])
    np.testing.assert_allclose(whitney.fuse(searches, k=1).scores[0], [1 / 61 + 1 / 62])
    with pytest.raises(whitney.Error, match="2 weights for 3 searches"):
        whitney.fuse(searches, weights=[1, 2])


def test_integer_ids_stay_integers_and_fused_hits_fuse_again():
    x = np.eye(4, dtype=np.float32)
    vectors, words = whitney.index("flat", x), whitney.index("bm25", ["zero", "one", "two", "three two"])
    fused = whitney.fuse([words.search("two", k=4), vectors.search(x[3], k=4)], k=4)
    assert fused.ids.dtype == np.uint64 and fused.ids[0, 0] == 3
    again = whitney.fuse([fused, words.search("one", k=4)], k=1)
    assert again.ids.tolist() in ([[1]], [[3]])


@pytest.mark.parametrize("call, sentence", [
    (lambda i: i.search(np.ones(3)), "asked by words"),
    (lambda i: i.search([0.1, 0.2]), "asked by words"),
    (lambda i: i.search(["music", 3]), "text number 1 is 3"),
    (lambda i: i.search(None), "a NoneType is no list of texts"),
    (lambda i: i.search(whitney.Embeddings(vectors=np.eye(2))), "a Embeddings is no list of texts"),
    (lambda i: i.search("music", k=0), "k"),
    (lambda i: i.search("music", filter="sise = 3"), 'did you mean "size"'),
    (lambda i: i.search("music", ef=3), "ef"),
    (lambda i: i.add(["new"], np.ones((1, 3))), "text number 0 is"),
    (lambda i: i.add(["new"], ["text"], {"size": [1, 2]}), "size"),
    (lambda i: i.add(["new", "newer"], ["text"]), "2 ids for 1 texts"),
    (lambda i: i.add(whitney.Embeddings(vectors=np.eye(2))), "holds texts, and vectors are given"),
    (lambda i: i["mpd"], "texts"),
    (lambda i: whitney.index("bm25", ["a", 3]), "text number 1 is 3"),
    (lambda i: whitney.index("bm25", ["a", "b"], ids=["x", "x"]), '"x" stands twice'),
    (lambda i: whitney.index("bm25", ["a", "b"], attributes={"size": [1]}), "size"),
    (lambda i: whitney.index("bm25", np.eye(2)), "text number 0 is"),
    (lambda i: whitney.index("bm25", "music"), "no such file of texts"),
    (lambda i: whitney.index("bm25", ["a"], k2=1), 'did you mean "k1"'),
    (lambda i: whitney.index("flat", np.eye(2)).add(["a"], ["text"]), "whitney.encode"),
    (lambda i: whitney.fuse([i.search("music")]), "two searches or more, and 1"),
    (lambda i: whitney.fuse([i.search("music"), i.search(["music", "chess"])]), "of 1 queries, and search number 2 of 2"),
    (lambda i: whitney.fuse([i.search("music"), ["mpd"]]), "a list is given"),
    (lambda i: whitney.fuse([i.search("music")] * 2, method="rff"), "one of rrf, weighted"),
    (lambda i: whitney.fuse([i.search("music")] * 2, weigth=1), 'did you mean "weight"'),
    (lambda i: whitney.fuse([i.search("music")] * 2, k=0), "k is 0"),
])
def test_bad_calls_are_refused_in_a_sentence(index, call, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        call(index)


def test_texts_become_hashed_ngrams(tmp_path):
    texts = ["java developer", "java", "sales"]
    found = whitney.learn("hashed_ngrams", texts, dim=64)
    assert found.vectors.shape == (3, 64) and found.ids.tolist() == [0, 1, 2]
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-6)
    assert (whitney.HashedNgrams(dim=64).fit_transform(texts).vectors == found.vectors).all()
    (tmp_path / "old.txt").write_text("\n".join(texts) + "\n")
    new = whitney.learn("hashed_ngrams", {"x": "java"}, dim=64, idf_of=tmp_path / "old.txt")
    assert (new["x"] == found.vectors[1]).all()
