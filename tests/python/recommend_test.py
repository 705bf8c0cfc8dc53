"""Events of users with items, recommenders, and their evaluation."""

import numpy as np
import pytest

import whitney

USERS = ["ann", "ann", "bob", "bob", "eve"]
ITEMS = [10, 20, 20, 30, 40]


def drawn(num_users=40, num_items=30, seed=1):
    draw = np.random.default_rng(seed)
    users = np.repeat(np.arange(num_users), 6)
    return users, (users % 3 * 10 + draw.integers(0, 10, len(users))) % num_items


def test_reads_events_from_what_one_has(tmp_path):
    events = whitney.read_interactions((USERS, ITEMS))
    assert (len(events), events.users.tolist(), events.items.tolist()) == (5, ["ann", "bob", "eve"], [10, 20, 30, 40])
    events.save(tmp_path / "events.tsv")
    again = whitney.read_interactions(tmp_path / "events.tsv")
    assert (again.to_scipy() != events.to_scipy()).nnz == 0
    assert len(whitney.read_interactions((USERS, ITEMS, [1, 5, 3, 5, 2]), min_value=3)) == 3
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(np.array([[0, 2.0], [3.0, 0]], dtype=np.float32))
    assert (whitney.read_interactions(matrix).to_scipy() != matrix).nnz == 0
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"when": [1, 2, 3, 4, 5], "who": USERS, "what": ITEMS})
    framed = whitney.read_interactions(frame, user_field="who", item_field="what", value_field="when")
    assert framed.items.tolist() == events.items.tolist()
    with pytest.raises(whitney.Error, match="event 4 has the value 7, which is outside 1 to 5"):
        whitney.read_interactions((USERS, ITEMS, [1, 5, 3, 5, 7]), value_range=(1, 5))
    assert len(whitney.read_interactions((USERS, ITEMS, [1, 5, 3, 5, 2]), value_range=(1, 5))) == 5
    with pytest.raises(whitney.Error, match="lengths"):
        whitney.read_interactions((USERS, ITEMS[:3]))


def test_reads_the_form_that_is_asked_for_and_refuses_values_outside_a_range(tmp_path):
    path = tmp_path / "threes.txt"
    path.write_text("0 5 6\n1 1 4\n2 2 3\n")
    assert len(whitney.read_interactions(path)) == 6
    assert len(whitney.read_interactions(path, events_form="columns", value_range=(3, 6))) == 3
    with pytest.raises(whitney.Error, match=r"threes.txt:1: the value 6 is outside 1 to 5"):
        whitney.read_interactions(path, events_form="columns", value_range=(1, 5))
    with pytest.raises(whitney.Error, match="events_form"):
        whitney.read_interactions(path, events_form="rows")


def test_compares_values_as_they_are_kept(tmp_path):
    (tmp_path / "f.tsv").write_text("a\tx\t0.7\nb\ty\t0.9\n")
    from_text = whitney.read_interactions(tmp_path / "f.tsv")
    from_text.save(tmp_path / "f.safetensors")
    arrays = (["a", "b"], ["x", "y"], [0.7, 0.9])
    floats = (["a", "b"], ["x", "y"], np.array([0.7, 0.9], dtype=np.float32))
    for source in (tmp_path / "f.tsv", tmp_path / "f.safetensors", arrays, floats, from_text):
        assert len(whitney.read_interactions(source, min_value=0.7, value_range=(0.7, 0.9))) == 2
        assert len(whitney.read_interactions(source, min_value=0.8)) == 1
        with pytest.raises(whitney.Error, match="the value 0.9.* is outside 0.1 to 0.8"):
            whitney.read_interactions(source, value_range=(0.1, 0.8))
        with pytest.raises(whitney.Error, match=r"value_range.: inf is not allowed"):
            whitney.read_interactions(source, value_range=(1, np.inf))


def test_tells_which_options_have_no_effect(caplog):
    events = whitney.read_interactions((USERS, ITEMS))
    for source in ((USERS, ITEMS), events):
        caplog.clear()
        assert len(whitney.read_interactions(source, min_value=3, events_form="lists", value_field="stars")) == 5
        for option in ("min_value", "events_form", "value_field"):
            assert f'option "{option}" has no effect' in caplog.text
        with pytest.raises(whitney.Error, match="the lower first"):
            whitney.read_interactions(source, value_range=(3, 1))
        with pytest.raises(whitney.Error, match="events_form"):
            whitney.read_interactions(source, events_form="rows")
    pandas = pytest.importorskip("pandas")
    caplog.clear()
    frame = pandas.DataFrame({"who": USERS, "what": ITEMS})
    whitney.read_interactions(frame, user_field="who", item_field="what", events_form="lists")
    assert "events_form" in caplog.text and "user_field" not in caplog.text


def test_writes_events_in_their_formats_alone(tmp_path):
    events = whitney.read_interactions((USERS, ITEMS))
    for name in ("p.npy", "p"):
        with pytest.raises(whitney.Error, match=r"expected: \.tsv, \.csv or \.safetensors"):
            events.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_refuses_ids_that_are_no_text(tmp_path):
    (tmp_path / "latin.tsv").write_bytes(b"u\xff\ti1\nb\ty\n")
    with pytest.raises(whitney.Error, match="latin.tsv:1: .* is not UTF-8"):
        whitney.read_interactions(tmp_path / "latin.tsv")


@pytest.mark.parametrize("method", ["most_popular", "item_knn", "rp3beta", "ease", "ials", "mf_bpr", "lightgcn"])
def test_recommends_what_is_not_seen(method, tmp_path):
    users, items = drawn()
    trained = {"dim": 8, "epochs": 4, "validation": 0}
    options = {"ials": {"dim": 8}, "mf_bpr": {"dim": 8}, "lightgcn": trained}
    model = whitney.learn(method, (users, items), **options.get(method, {}))
    found = model.recommend([3, 7], k=5)
    assert found.ids.shape == (2, 5) and found.counts.tolist() == [5, 5]
    assert not set(found.ids[0].tolist()) & set(items[users == 3].tolist())
    assert (np.diff(found.scores, axis=1) <= 0).all()
    model.save(tmp_path / "model.safetensors")
    opened = whitney.open(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(opened.recommend([3, 7], k=5).rows, found.rows)
    with pytest.raises(whitney.Error, match="no user has the id"):
        model.recommend(999)


def test_holds_filters_and_knows_new_users():
    users, items = drawn()
    model = whitney.learn("ials", (users, items), dim=8)
    prices = whitney.Table(ids=list(range(30)), attributes={"price": list(range(30))})
    priced = model.with_attributes(prices)
    found = priced.recommend(3, k=30, filter="price < 12")
    assert set(found.ids[0][:found.counts[0]].tolist()) == set(range(12)) - set(items[users == 3].tolist())
    assert model.recommend(items=[1, 4, 5], k=3).ids.shape == (1, 3)
    assert model.similar_items([1, 2], k=4).ids.shape == (2, 4)
    assert model.item_factors.shape == (30, 8)
    with pytest.raises(whitney.Error, match="users, or items"):
        model.recommend()


def test_its_items_are_embeddings_for_any_index(tmp_path):
    model = whitney.learn("ials", drawn(), dim=8)
    model.save(tmp_path / "model.safetensors")
    index = whitney.index("hnsw", whitney.read_vectors(tmp_path / "model.safetensors"))
    assert index.search(model.user_factors[3], k=5).counts.tolist() == [5]


@pytest.mark.parametrize("method", ["flat", "hnsw"])
def test_recommends_through_an_index_of_its_items(method, tmp_path):
    users, items = drawn()
    model = whitney.learn("ials", (users, items), dim=8)
    model = model.with_attributes(whitney.Table(ids=list(range(30)), attributes={"price": list(range(30))}))
    model.save(tmp_path / "model.safetensors")
    index = whitney.index(method, whitney.read_vectors(tmp_path / "model.safetensors"))
    for given in ({}, {"filter": "price < 12"}, {"keep_seen": True}, {"k": 30}):
        own, found = (model.recommend(list(range(40)), **given, **how) for how in ({}, {"index": index}))
        np.testing.assert_array_equal(found.ids, own.ids)
        np.testing.assert_array_equal(found.counts, own.counts)
        np.testing.assert_allclose(found.scores, own.scores, atol=1e-5)
    np.testing.assert_array_equal(model.recommend(items=[[1, 4], [5]], index=index, exact=True).ids,
                                  model.recommend(items=[[1, 4], [5]]).ids)
    index.remove([own.ids[3][0]])
    assert own.ids[3][0] not in model.recommend(3, k=30, index=index).ids[0]
    assert model.recommend(3, filter="price < 12", index=index, timeout_ms=0).partial
    with pytest.raises(whitney.Error, match="about an index"):
        model.recommend(3, exact=True)
    with pytest.raises(whitney.Error, match="has no vectors"):
        whitney.learn("rp3beta", (users, items)).recommend(3, index=index)
    with pytest.raises(whitney.Error, match="expected: a whitney.Index"):
        model.recommend(3, index=str(tmp_path / "model.safetensors"))


def test_classes_and_evaluation():
    users, items = drawn()
    train = whitney.read_interactions((users[:200], items[:200]))
    test = whitney.read_interactions((users[200:], items[200:]))
    estimator = whitney.RP3beta(neighbors=10).fit((users, items))
    assert estimator.recommend(3, k=2).ids.shape == (1, 2)
    model = whitney.learn("most_popular", whitney.read_interactions((users, np.roll(items, 1))))
    report = whitney.evaluate("recommendation", model, test, ks=[5, 10], seen=train)
    assert [row["k"] for row in report.rows] == [5, 10]
    assert 0 <= report["recall"] <= 1


def test_splits_and_cores(tmp_path):
    users, items = drawn()
    events = whitney.read_interactions((users, items, np.ones(len(users)), np.arange(len(users)) * 7919 % 240))
    split = events.split(test_share=0.25, validation_share=0, seed=3)
    assert len(split.train) + len(split.test) == len(events) and len(split.validation) == 0
    assert split.checksum == events.split(test_share=0.25, validation_share=0, seed=3).checksum
    assert split.checksum != events.split(test_share=0.25, validation_share=0, seed=4).checksum
    assert len(events.split("leave_last_out", validation_share=0).test) == len(events.users)
    core = events.k_core(min_item_events=9)
    assert 0 < len(core) < len(events) and np.bincount(core._native.targets).min() >= 9
    with pytest.raises(whitney.Error, match="needs the times"):
        whitney.read_interactions((users, items)).split("time")
    with pytest.raises(whitney.Error, match="test_share"):
        events.split(test_shar=0.1)
    report = whitney.evaluate("recommendation", events, learn="item_knn", learn__neighbors=5, split="time", ks=[5])
    assert 0 < report["recall"] <= 1
    learnt = whitney.learn("item_knn", events.split(validation_share=0, seed=1).train, neighbors=5)
    by_hand = whitney.evaluate("recommendation", learnt, events.split(validation_share=0, seed=1).test)
    assert whitney.evaluate("recommendation", events, learn=whitney.ItemKNN(neighbors=5), seed=1)["ndcg"] == by_hand["ndcg"]
