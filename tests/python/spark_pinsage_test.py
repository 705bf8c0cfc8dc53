"""Items are embedded by a PinSage on Spark as in one process, bit for bit, also when an executor is lost."""

import os
import signal

import numpy as np
import pytest

import whitney
import whitney.spark
from spark_session import spark
from whitney import _whitney
from whitney._calls import call

NUM_FEATURES, HIDDEN, DIM = 6, 5, 8


def write_model(path, layers=2, pooling="importance", seed=1):
    """Weights as no training made them: vectors depend on every input."""
    draw = np.random.default_rng(seed)
    shapes, before = {}, NUM_FEATURES + 1
    for k in range(1, layers + 1):
        shapes |= {f"convolve{k}.neighbor.weight": (HIDDEN, before), f"convolve{k}.neighbor.bias": (1, HIDDEN),
                   f"convolve{k}.weight": (DIM, before + HIDDEN), f"convolve{k}.bias": (1, DIM)}
        before = DIM
    shapes |= {"head1.weight": (DIM, before), "head1.bias": (1, DIM), "head2.weight": (DIM, DIM)}
    weights = {name: _whitney.matrix_view(draw.standard_normal(shape).astype(np.float32)) for name, shape in shapes.items()}
    settings = {"features": NUM_FEATURES, "layers": layers, "hidden": HIDDEN, "dim": DIM, "neighbors": 7, "stop": 0.5,
                "max_steps": 8, "visits": 200, "exact": False, "seed": "3", "pooling": pooling, "log_degree": True,
                "normalize": True}
    items = whitney.Embeddings(vectors=np.zeros((1, DIM), np.float32), ids=["none"])
    _whitney.save_pinsage(str(path), items._native, settings, weights, call())
    return str(path)


@pytest.fixture(scope="module")
def data():
    """40 contexts of items whose names are no numbers, one of them alone in its context."""
    draw = np.random.default_rng(5)
    users = np.repeat(np.arange(40), 5)
    items = [f"item {i} é" for i in (users % 8 * 6 + draw.integers(0, 9, len(users))).tolist()]
    users, items = [*users.tolist(), 99], [*items, "alone"]
    names = [*sorted(set(items)), "never taken"]
    features = draw.standard_normal((len(names), NUM_FEATURES)).astype(np.float32)
    return users, items, names, features


def events_of(spark, data):
    return spark.createDataFrame(list(zip(data[0], data[1])), "user bigint, item string").repartition(3)


def features_of(spark, names, features):
    return spark.createDataFrame([(name, row.tolist()) for name, row in zip(names, features)],
                                 "id string, vector array<float>").repartition(2)


def in_one_process(path, data):
    """Piece by piece, all items in one piece: the native library's embed."""
    users, items, names, features = data
    events = whitney.read_interactions((users, items))
    model, told = _whitney.PinSageModel.open(path), call()
    rows = np.array([names.index(id) for id in events.items.tolist()])
    return events.items.tolist(), model.embed(_whitney.matrix_view(features[rows]), events._native, told).numpy()


def expect_same(spark, path, data, **options):
    found = whitney.spark.pinsage_embeddings(events_of(spark, data), features_of(spark, *data[2:]), path, **options)
    rows = sorted((row.id, row.vector) for row in found.collect())
    found.unpersist()
    ids, want = in_one_process(path, data)
    assert [id for id, _ in rows] == sorted(ids) and len(ids) > 40
    vectors = dict(rows)
    assert np.array([vectors[id] for id in ids], dtype=np.float32).tobytes() == want.tobytes()
    assert len(np.unique(want, axis=0)) > 20  # others are all zeros behind a ReLU


@pytest.mark.parametrize("layers, pooling, parts", [(2, "importance", 3), (1, "max", 5), (0, "importance", 2)])
def test_items_get_the_vectors_of_one_process(spark, tmp_path, data, layers, pooling, parts):
    expect_same(spark, write_model(tmp_path / "model.safetensors", layers, pooling), data, parts=parts)


def test_a_lost_executor_changes_no_byte(spark, tmp_path, monkeypatch, data):
    from pyspark import cloudpickle
    from whitney.spark import _pinsage
    marker, convolved = str(tmp_path / "killed"), _pinsage._convolved

    def kill_once(model, layer, arrays):
        h = convolved(model, layer, arrays)
        if layer == 1 and arrays["range"].view(np.int64)[0] > 0:
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return h
            with open(f"/proc/{os.getppid()}/stat") as stat:  # the JVM: parent of the daemon from which workers are forked
                os.kill(int(stat.read().rpartition(")")[2].split()[1]), signal.SIGKILL)
        return h

    path = write_model(tmp_path / "model.safetensors")
    cloudpickle.register_pickle_by_value(_pinsage)
    try:
        monkeypatch.setattr(_pinsage, "_convolved", kill_once)
        expect_same(spark, path, data, parts=4, ship=False)
    finally:
        cloudpickle.unregister_pickle_by_value(_pinsage)
    assert os.path.exists(marker)


def test_features_that_are_missing_or_of_another_width_are_named(spark, tmp_path, data):
    path, events = write_model(tmp_path / "model.safetensors"), events_of(spark, data)
    names, features = data[2:]
    kept = [i for i, name in enumerate(names) if name != "alone"]
    for frame, sentence in [
            (features_of(spark, [names[i] for i in kept], features[kept]), "item 'alone' has no features"),
            (features_of(spark, names, features[:, :4]), "has 4 values, but the model was trained with 6"),
            (features_of(spark, [*names, names[0]], np.vstack([features, features[:1]])), "expected: one for each"),
            (features_of(spark, names, np.where(np.arange(6) == 2, np.nan, features)), "missing or not finite")]:
        with pytest.raises(whitney.Error, match=sentence):
            whitney.spark.pinsage_embeddings(events, frame, path, parts=2)
    with pytest.raises(whitney.Error, match='of type string, and those in "id" of features_df bigint'):
        numbers = spark.createDataFrame([(1, [1.0])], "id bigint, vector array<float>")
        whitney.spark.pinsage_embeddings(events, numbers, path)
    with pytest.raises(whitney.Error, match='features_df has no column "values"'):
        whitney.spark.pinsage_embeddings(events, features_of(spark, names, features), path, vector="values")
