"""Tasks on what is in memory, and their reports."""

import pathlib
import shutil

import numpy as np
import pandas
import pytest

import whitney


@pytest.fixture(scope="module")
def nodes():
    r = np.random.default_rng(3)
    side = np.arange(120) % 2
    vectors = r.standard_normal((120, 8)).astype(np.float32)
    vectors[:, 0] += 6 * side
    return whitney.Embeddings(vectors=vectors, ids=[f"n{i}" for i in range(120)])


LABELS = {f"n{i}": ["even", "odd"][i % 2] for i in range(120)}


@pytest.fixture(scope="module")
def report(nodes):
    return whitney.evaluate("node-classification", nodes, LABELS, train_ratios=[0.5, 0.9], num_shuffles=2)


def test_a_report_is_a_mapping_of_figures(report):
    assert report["micro_f1"] > 95 and set(report) == set(report.units) and len(report) == len(dict(report))
    assert [row["train_ratio"] for row in report.rows] == [0.5, 0.9]
    assert "micro_f1" in str(report) and report.to_dict()["title"] == report.title
    with pytest.raises(KeyError, match="micro_f1"):
        report["f2"]


def test_a_report_becomes_pandas(report):
    frame = report.to_pandas()
    assert len(frame) == 2 and {"train_ratio", "micro_f1", "macro_f1"} <= set(frame.columns)


def test_a_report_draws_itself(report):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed: Report.plot is not tested")
    matplotlib.use("Agg")
    axes = report.plot(["micro_f1"])
    assert axes.get_xlabel() == "train_ratio"
    with pytest.raises(whitney.Error, match="no figure"):
        report.plot(["f2"])


@pytest.mark.parametrize("labels", [
    pandas.Series(LABELS), [LABELS[f"n{i}"] for i in range(120)], np.array([LABELS[f"n{i}"] for i in range(120)]),
    {id: [label] for id, label in LABELS.items()}], ids=["series", "list", "array", "lists"])
def test_labels_of_any_kind_give_the_same_figures(nodes, report, labels):
    again = whitney.evaluate("node-classification", nodes, labels, train_ratios=[0.5, 0.9], num_shuffles=2)
    assert dict(again) == dict(report)


def test_files_give_the_same_figures(nodes, report, tmp_path):
    nodes.save(tmp_path / "n.safetensors")
    (tmp_path / "labels.tsv").write_text("".join(f"{id}\t{label}\n" for id, label in LABELS.items()))
    again = whitney.evaluate("node-classification", tmp_path / "n.safetensors", tmp_path / "labels.tsv",
                             train_ratios=[0.5, 0.9], num_shuffles=2)
    assert dict(again) == dict(report)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small random encoder that knows some words."""
    data, folder = pathlib.Path(__file__).resolve().parents[1] / "data", tmp_path_factory.mktemp("model")
    for name in ("config.json", "model.safetensors"):
        shutil.copy(data / "checkpoints" / "bert-mlm-tiny" / name, folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str, range(43))]
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return whitney.open(folder)


PAIRS = [(f"{i} {i + 1} 7", f"{i} {2 * i % 43} 3 9", float(i % 5)) for i in range(40)]


def test_pairs_in_memory_give_the_figures_of_a_file(model, tmp_path):
    with open(tmp_path / "pairs.tsv", "w") as file:
        file.writelines(f"{a}\t{b}\t{score}\n" for a, b, score in [("sentence1", "sentence2", "score"), *PAIRS])
    of_file = whitney.evaluate("sts", model.path, tmp_path / "pairs.tsv", num_resamples=20)
    frame = pandas.DataFrame(PAIRS, columns=["sentence1", "sentence2", "score"])
    for pairs in (PAIRS, frame):
        assert dict(whitney.evaluate("sts", model, pairs, num_resamples=20)) == dict(of_file)
    small = whitney.open(model.path, precision="int8")
    assert dict(whitney.evaluate("sts", small, PAIRS, num_resamples=20)) == dict(
        whitney.evaluate("sts", model.path, PAIRS, num_resamples=20, encode__precision="int8"))


def test_texts_in_memory_are_encoded_by_the_model(model):
    texts = {f"t{i}": f"{i % 2} {i % 2 + 10} {i % 40}" for i in range(80)}
    labels = {id: "even" if i % 2 == 0 else "odd" for i, id in enumerate(texts)}
    of_vectors = whitney.evaluate("classification", whitney.encode(model, texts), labels)
    for given in (texts, whitney.Corpus(texts), pandas.Series(texts)):
        assert dict(whitney.evaluate("classification", model, labels, texts=given)) == dict(of_vectors)
    assert dict(whitney.evaluate("classification", model, list(labels.values()), texts=texts)) == dict(of_vectors)


def test_a_wrong_number_of_inputs_is_refused(nodes):
    with pytest.raises(whitney.Error, match=r"takes 2 inputs \(embeddings, labels\)"):
        whitney.evaluate("node-classification", nodes)


def test_too_few_labels_are_refused(nodes):
    with pytest.raises(whitney.Error, match="3 values for 120 rows"):
        whitney.evaluate("node-classification", nodes, ["a", "b", "c"])


def test_a_verb_without_tasks_says_so(nodes):
    if any(m["verb"] == "diagnose" for m in whitney.methods()):
        assert len(whitney.diagnose(nodes))
    else:
        with pytest.raises(whitney.Error, match="diagnose"):
            whitney.diagnose(nodes)


def test_answers_to_items_are_pairs_in_memory_or_a_file(tmp_path):
    items = whitney.learn("hashed_ngrams", {"c": "c", "c++": "c++", "java": "java", "java 8": "java 8"}, dim=128)
    answers = [("java", "java 8"), ("java 8", "java"), ("c", "java")]
    report = whitney.evaluate("item-retrieval", items, answers, ks=[1], rank_step=3, items=["c"])
    assert [row["slice"] for row in report.rows] == ["all pairs", "pairs with a listed item", "pairs without"]
    assert [row["hit@1"] for row in report.rows] == [pytest.approx(2 / 3), 0, 1]
    assert report["scaled_mrr"] == 1
    (tmp_path / "answers.tsv").write_text("".join(f"{query}\t{answer}\n" for query, answer in answers))
    frame = pandas.DataFrame(answers, columns=["query", "answer"])
    for same in (tmp_path / "answers.tsv", frame):
        assert dict(whitney.evaluate("item-retrieval", items, same, ks=[1], rank_step=3, items=["c"])) == dict(report)
    model = whitney.learn("item_knn", ([1, 1, 2, 2], ["c", "java", "java", "c++"]))
    assert whitney.evaluate("item-retrieval", model, [("java", "c++")], ks=[2])["hit@2"] == 1


def test_events_in_memory_are_evaluated_whole_whatever_their_ids():
    users, items = [f"#{i // 4}\tof it" for i in range(80)], [f" {i * 7 % 9}" for i in range(80)]
    split = whitney.read_interactions((users, items)).split("ratio", test_share=0.3, validation_share=0.0, seed=5)
    figures = whitney.evaluate("recommendation", whitney.learn("most_popular", split.train), split.test, ks=[3])
    assert 0 < figures["recall"] < 1


def test_what_is_wrong_with_data_in_memory_names_the_input_and_no_file():
    model = whitney.learn("most_popular", (["ann", "bob"], ["x", "y"]))
    with pytest.raises(whitney.Error, match="^events: no user of the test is known"):
        whitney.evaluate("recommendation", model, (["eve"], ["x"]))


def test_notes_about_data_in_memory_name_the_input_and_no_file(caplog):
    users = [f"u{i // 8}" for i in range(80)] + ["few"]
    events = (users, [f"i{i * 7 % 20}" for i in range(81)])
    whitney.evaluate("recommendation", events, learn="most_popular", min_user_events=6, ks=[3])
    notes = [record.getMessage() for record in caplog.records]
    assert any(note.startswith("events: ") for note in notes), notes
    assert not any("whitney-" in note for note in notes), notes
