"""Methods that train run in a child process; whatever does not train loads no libtorch."""

import logging
import os
import pathlib
import stat
import subprocess
import sys

import numpy as np
import pytest

import whitney
from whitney import _training

PROGRAM = os.environ.get("WHITNEY_BIN")
EDGES = "".join(f"{i}\t{(3 * i + 1) % 40}\n{i}\t{(i + 1) % 40}\n" for i in range(40))

pytestmark = pytest.mark.skipif(not PROGRAM, reason="the program is not built")


@pytest.fixture(autouse=True)
def the_program(monkeypatch):
    monkeypatch.setenv("WHITNEY_PROGRAM", PROGRAM)


@pytest.fixture
def edges(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text(EDGES)
    return path


def libraries_of(*words):
    """The files that the loader opens for a command."""
    done = subprocess.run([str(word) for word in words], env={**os.environ, "LD_DEBUG": "files"}, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


def plug_in():
    return pathlib.Path(PROGRAM).parent.parent / "lib" / "libwhitney_train.so"


def test_what_does_not_train_loads_no_libtorch(edges, tmp_path):
    vectors = tmp_path / "v.safetensors"
    assert "libwhitney.so" in libraries_of(PROGRAM, "learn", "fastrp", edges, "-o", vectors, "--dim", 8)
    for words in (["--help"], ["methods"], ["methods", "fastrp"], ["info"], ["search", vectors, "--id", "3"],
                  ["learn", "fastrp", edges, "-o", vectors, "--force", "--dim", "8"], ["inspect", vectors]):
        opened = libraries_of(PROGRAM, *words)
        assert "libtorch" not in opened and "libwhitney_train" not in opened, words
    assert "libtorch" not in libraries_of(sys.executable, "-c", "import whitney; whitney.methods()")


def test_what_trains_loads_libtorch_and_no_more_of_it(edges, tmp_path):
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    opened = libraries_of(PROGRAM, "learn", "sdne", edges, "-o", tmp_path / "v.safetensors", "--dim", 4, "--hidden", 8, "--epochs", 1)
    assert "libwhitney_train.so" in opened and "libtorch_cpu.so" in opened and "libtorch_cuda" not in opened
    assert "training: built" in subprocess.run([PROGRAM, "info"], capture_output=True, text=True).stdout


def test_a_child_gives_what_a_call_gives(edges, tmp_path, caplog):
    heard = []
    with caplog.at_level(logging.WARNING, "whitney"):
        _training.learn_in_child("fastrp", edges, tmp_path / "v.safetensors",
                                 {"dim": 16, "weights": [0.0, 1.0, 2.0]}, seed=7, threads=2,
                                 progress=lambda *event: heard.append(event))
    expected = whitney.learn("fastrp", str(edges), dim=16, weights=[0.0, 1.0, 2.0], seed=7)
    assert np.array_equal(whitney.open(tmp_path / "v.safetensors").vectors, expected.vectors)
    assert all(len(event) == 4 for event in heard)


def test_a_trained_method_reads_a_file_and_its_result_is_opened(edges):
    made = _training.learn("fastrp", edges, {"dim": 8})
    assert made.vectors.shape == (40, 8) and made.vectors[3].any()


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("weights", [None, [0.1, 2.5, 1 / 3]])
def test_a_graph_in_memory_reaches_the_child_whole(directed, weights):
    arrays = (["b", "a b", "#c"], ["a b", "a b", "b"]) + (() if weights is None else (weights,))
    graph = whitney.read_graph(arrays, directed=directed, ids=["alone", "b"])
    made = _training.learn("hope", graph, {"dim": 4})
    expected = whitney.learn("hope", graph, dim=4)
    assert list(made.ids) == list(graph.ids) == ["alone", "b", "a b", "#c"]
    assert np.array_equal(made.vectors, expected.vectors)


def test_sdne_trains_in_a_child_and_goes_on(edges, tmp_path):
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    options = {"dim": 4, "hidden": [8], "batch_size": 16}
    straight = whitney.learn("sdne", edges, epochs=4, **options)
    kept = {"checkpoint": tmp_path / "c.safetensors", "resume": True}
    whitney.learn("sdne", edges, epochs=2, **kept, **options)
    heard = []
    rest = whitney.learn("sdne", edges, epochs=4, progress=lambda *event: heard.append(event), **kept, **options)
    assert np.array_equal(rest.vectors, straight.vectors)
    assert [event[1] for event in heard if event[0] == "training"][0] > 6  # steps: two epochs of three were done
    assert straight.provenance["training"]["epochs"] == 4 and "checkpoint" not in straight.provenance["options"]
    assert whitney.SDNE(epochs=1, **options).fit_transform(whitney.read_graph(edges)).dim == 4
    with pytest.raises(whitney.Error, match="with the option dim 4, and this run has 5"):
        whitney.learn("sdne", edges, **kept, **{**options, "dim": 5})


def test_a_training_that_was_interrupted_goes_on_to_the_same_bytes(edges, tmp_path):
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    options = {"dim": 4, "hidden": [8], "batch_size": 8, "epochs": 60}
    kept = {"checkpoint": tmp_path / "c.safetensors", "checkpoint_every": 1000}

    def interrupt(stage, done, total, unit):
        if stage == "training":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whitney.learn("sdne", edges, progress=interrupt, **kept, **options)
    assert kept["checkpoint"].exists()
    rest = whitney.learn("sdne", edges, resume=True, **kept, **options)
    assert np.array_equal(rest.vectors, whitney.learn("sdne", edges, threads=1, **options).vectors)


def test_a_part_that_trains_runs_in_the_child_too_and_never_here(edges):
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    base = {"base": "sdne", "base__dim": 4, "base__hidden": [8], "base__epochs": 1}
    assert whitney.learn("partitioned", edges, parts=2, **base).dim == 4


def test_a_task_that_trains_runs_in_a_child_and_reports_as_any_other():
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    events = (np.repeat(np.arange(30), 5), np.arange(150) * 7 % 40)
    heard = []
    report = whitney.evaluate("recommendation", whitney.read_interactions(events), ks=[5], seed=3,
                              learn=whitney.NGCF(dim=8, layers=[8], epochs=1, validation=0.0), progress=lambda *event: heard.append(event))
    named = whitney.evaluate("recommendation", whitney.read_interactions(events), ks=[5], seed=3, learn="ngcf",
                             learn__dim=8, learn__layers=[8], learn__epochs=1, learn__validation=0.0)
    assert report.to_dict() == named.to_dict() and report["recall"] == named["recall"] and report.rows[0]["k"] == 5
    assert "Recommendation" in str(report) and any("by ngcf" in note for note in report.notes)
    assert any(event[0] == "training" for event in heard)
    with pytest.raises(whitney.Error, match="holds out none of"):  # said by the child
        whitney.evaluate("recommendation", whitney.read_interactions(events), learn="ngcf", test_share=0.0)


def test_a_trained_recommender_comes_back_from_events_in_memory():
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    users, items = np.repeat(np.arange(30), 5), np.arange(150) * 7 % 40
    model = whitney.learn("ngcf", (users, items), dim=8, layers=[8], epochs=1, validation=0.0, seed=3)
    assert isinstance(model, whitney.Recommender)
    assert model.recommend([4], k=3).counts.tolist() == [3]


@pytest.mark.parametrize("method", ["lightgcn", "ngcf"])
@pytest.mark.parametrize("names", [int, lambda number: f"{number:02}\tof #{number}"])
def test_events_in_memory_reach_every_learner_whole(method, names, tmp_path):
    if method == "ngcf" and not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    users, items = np.repeat(np.arange(41), 3), np.arange(123) * 7 % 31
    events = whitney.read_interactions((np.array([names(user) for user in users]), np.array([names(item) for item in items])))
    split = events.split("ratio", test_share=0.6, validation_share=0.0, seed=5)
    train = split.train.to_scipy()
    assert (np.diff(train.indptr) == 0).any() and (train.getnnz(axis=0) == 0).any()  # so that there is something to lose
    options = {"dim": 4, "epochs": 1, "validation": 0.0} | ({"layers": [4]} if method == "ngcf" else {})
    model = whitney.learn(method, split.train, **options)
    assert list(model.users) == list(events.users) and list(model.items) == list(events.items)
    assert model.recommend(list(events.users), k=3).rows.shape == (41, 3)  # knows them all
    split.train.save(tmp_path / "train.safetensors")
    of_file = whitney.learn(method, tmp_path / "train.safetensors", **options)
    assert np.array_equal(of_file.user_factors, model.user_factors) and np.array_equal(of_file.item_factors, model.item_factors)
    opened = whitney.open(tmp_path / "train.safetensors")
    assert isinstance(opened, whitney.Interactions) and list(opened.items) == list(events.items)


def test_an_error_about_events_in_memory_names_no_file():
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    nothing = np.array([], dtype=int)
    with pytest.raises(whitney.Error, match="^there is no event"):
        whitney.learn("ngcf", (nothing, nothing))


def test_a_missing_plug_in_is_told_before_any_work(edges, monkeypatch):
    monkeypatch.setenv("WHITNEY_TRAIN_PLUGIN", "/nowhere/libwhitney_train.so")
    with pytest.raises(whitney.Error, match="sdne needs .*/nowhere/libwhitney_train.so does not exist.*-DWHITNEY_TRAIN=ON"):
        whitney.learn("sdne", edges)


def test_an_error_of_the_child_is_its_sentence(edges, tmp_path):
    with pytest.raises(whitney.Error, match='unknown option "--dimm".*did you mean "--dim"'):
        _training.learn_in_child("fastrp", edges, tmp_path / "v.safetensors", {"dimm": 16})
    with pytest.raises(whitney.Error, match='unknown option "dimm".*did you mean "dim"'):
        _training.learn("sdne", edges, {"dimm": 16})
    with pytest.raises(whitney.Error, match="nowhere.tsv"):
        _training.learn_in_child("fastrp", tmp_path / "nowhere.tsv", tmp_path / "v.safetensors", {})


def stand_in(tmp_path, monkeypatch, body):
    """A program that does what `body`, Python, says."""
    path = tmp_path / "whitney"
    path.write_text(f"#!{sys.executable}\nimport json, os, signal, sys, time\nfd = int(os.environ['WHITNEY_PROGRESS_FD'])\n"
                    "def tell(**event): os.write(fd, (json.dumps(event) + '\\n').encode())\n" + body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("WHITNEY_PROGRAM", str(path))


ENDLESS = """
def interrupted(*_):
    open(sys.argv[0] + ".stopped", "a").write("x")
    sys.exit(130)
signal.signal(signal.SIGINT, interrupted)
for done in range(10**9):
    tell(stage="training", done=done, total=10**9, unit="steps")
    time.sleep(0.01)
"""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_what_stops_the_call_stops_the_child_once(tmp_path, monkeypatch, stop):
    stand_in(tmp_path, monkeypatch, ENDLESS)

    def progress(stage, done, total, unit):
        if done == 3:
            raise stop

    with pytest.raises(stop):
        _training.learn_in_child("any", "a", "b", {}, progress=progress)
    assert (tmp_path / "whitney.stopped").read_text() == "x"


def test_notes_reach_the_logger_and_signals_are_told(tmp_path, monkeypatch, caplog):
    stand_in(tmp_path, monkeypatch, "tell(note='two rows')\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with caplog.at_level(logging.WARNING, "whitney"), pytest.raises(whitney.Error, match="ended by SIGKILL.*estimate"):
        _training.learn_in_child("any", "a", "b", {})
    assert "two rows" in caplog.text


def test_names_the_program_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("WHITNEY_PROGRAM", str(tmp_path / "none"))
    with pytest.raises(whitney.Error, match="cannot run .*none: No such file"):
        _training.learn_in_child("any", "a", "b", {})


def test_a_model_of_items_comes_back_and_embeds_items_that_it_has_never_seen(tmp_path):
    if not plug_in().exists():
        pytest.skip("this build leaves training out (WHITNEY_TRAIN=OFF)")
    generator = np.random.default_rng(5)
    contexts = [generator.choice(10, 4, replace=False) * 3 + c % 3 for c in range(60)]
    users = np.repeat(np.arange(60), 4)
    features = whitney.Embeddings(vectors=generator.standard_normal((31, 6)).astype(np.float32))
    features.save(tmp_path / "features.safetensors")
    items = np.concatenate(contexts)
    events = tmp_path / "events.tsv"
    whitney.read_interactions((users, items, None, np.tile(np.arange(4), 60))).save(events)
    model = whitney.learn("pinsage", events, features=tmp_path / "features.safetensors", dim=8, hidden=8, epochs=2, seed=3)
    assert isinstance(model, whitney.ItemModel) and model.items.vectors.shape == (30, 8)
    assert np.array_equal(model.embed(events, features).vectors, model.items.vectors)
    more = model.embed((np.append(users, 0), np.append(items, 30)), features)
    assert more.vectors.shape == (31, 8) and np.isclose(np.linalg.norm(more["30"]), 1, atol=1e-5)
    model.save(tmp_path / "model.safetensors")
    again = whitney.open(tmp_path / "model.safetensors")
    assert again.settings == model.settings and np.array_equal(again.items.vectors, model.items.vectors)
