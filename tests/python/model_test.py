"""Text encoders: what sentence-transformers' users write, against goldens and a plain reference."""

import concurrent.futures
import inspect
import json
import logging
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas
import pyarrow
import pytest

import whitney

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
CHECKPOINT = DATA / "checkpoints" / "bert-mlm-tiny"
SPLADE = DATA / "encoder" / "splade-tiny"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"play music in a terminal game of chess draw pictures edit text".split(),
         *(str(i) for i in range(1, 32))]
TEXTS = ["play music", "a game of chess", "edit text in a terminal", "", "play 7 " * 9]


def make_model(folder, **settings):
    """The small checkpoint with words of its own; settings: of config_sentence_transformers.json."""
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, folder)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    if settings:
        (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(folder):
    return whitney.open(folder)


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    return whitney.open(make_model(tmp_path_factory.mktemp("models") / "prompted", similarity_fn_name="dot",
                                   prompts={"query": "play ", "document": "edit "}))


@pytest.fixture(scope="module")
def golden():
    """(text, states, weights of words) as transformers gives them; the first word of the vocabulary's 43 is number 5."""
    cases = json.loads((CHECKPOINT / "expected.json").read_text())
    return [(" ".join(WORDS[i] for i in case["input_ids"][1:-1]), np.array(case["last_hidden_state"]), np.array(case["sparse"]))
            for case in cases]


def test_states_of_tokens_are_those_of_transformers(model, golden):
    for array, (_, states, _) in zip(model.encode([text for text, _, _ in golden], output_value="token_embeddings"), golden):
        np.testing.assert_allclose(array, states, atol=1e-5)


def test_vectors_are_the_means_of_the_golden_states(model, golden):
    vectors = model.encode([text for text, _, _ in golden])
    assert vectors.dtype == np.float32 and vectors.flags.writeable and vectors.flags.c_contiguous
    np.testing.assert_allclose(vectors, [states.mean(axis=0) for _, states, _ in golden], atol=1e-5)


def test_sparse_output_is_splade_s_weights_as_csr(model, golden):
    matrix = model.encode([text for text, _, _ in golden], output="sparse")
    assert matrix.format == "csr" and matrix.shape == (len(golden), 48)
    np.testing.assert_allclose(matrix.toarray(), [weights for _, _, weights in golden], atol=1e-5)


def test_all_that_is_known_of_a_text_has_sentence_transformers_names(model, golden):
    found = model.encode([text for text, _, _ in golden], output_value=None)
    assert [list(one) for one in found] == [["input_ids", "attention_mask", "token_embeddings", "sentence_embedding"]] * len(golden)
    for one, (text, states, _) in zip(found, golden):
        assert one["input_ids"].tolist() == [WORDS.index(word) for word in ["[CLS]", *text.split(), "[SEP]"]]
        assert one["input_ids"].dtype == one["attention_mask"].dtype == np.int64
        assert one["attention_mask"].tolist() == [1] * len(states)
        np.testing.assert_allclose(one["token_embeddings"], states, atol=1e-5)
        np.testing.assert_array_equal(one["sentence_embedding"], model.encode(text))


def test_all_that_is_known_of_a_text_heeds_the_options(prompted):
    one = prompted.encode("play music", prompt_name="query", output_value=None, truncate_dim=4, pooling="cls", max_length=4)
    assert one["input_ids"].tolist() == [WORDS.index(word) for word in ["[CLS]", "play", "play", "[SEP]"]]
    np.testing.assert_array_equal(one["sentence_embedding"], one["token_embeddings"][0, :4])
    assert prompted.encode([], output_value=None) == []


def test_a_splade_model_gives_weights_of_words_unasked():
    splade = whitney.open(SPLADE)
    cases = json.loads((SPLADE / "expected.json").read_text())
    texts = [case["text"] for case in cases]
    matrix = splade.encode(texts)
    assert matrix.format == "csr" and splade.dim == 15 and splade.similarity_fn_name == "dot"
    np.testing.assert_allclose(matrix.toarray(), [case["max"] for case in cases], atol=2e-5)
    np.testing.assert_allclose(splade.encode_query(texts).toarray(), [case["query"] for case in cases], atol=2e-5)
    np.testing.assert_allclose(splade.similarity(matrix, matrix), (matrix @ matrix.T).toarray(), rtol=1e-6)
    assert type(whitney.encode(splade, texts)) is whitney.EncodedTexts
    with pytest.raises(whitney.Error, match="expected: output=sparse"):
        splade.encode(texts, output="dense")


def test_one_text_gives_one_vector(model):
    assert model.encode("play music").shape == (16,)
    np.testing.assert_array_equal(model.encode("play music"), model.encode(["play music"])[0])
    assert model.encode("play music", output="tokens").shape == (4, 16)
    assert model.encode("play music", output="sparse").shape == (1, 48)
    assert model.encode(np.str_("play music")).shape == (16,)


@pytest.mark.parametrize("texts", [tuple(TEXTS), iter(TEXTS), (t for t in TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object),
                                   pandas.Series(TEXTS, index=list("vwxyz")), pyarrow.array(TEXTS),
                                   pyarrow.chunked_array([TEXTS[:2], TEXTS[2:]]), dict(zip(TEXTS, TEXTS)).keys()])
def test_texts_may_come_as_any_iterable(model, texts):
    np.testing.assert_array_equal(model.encode(texts), model.encode(TEXTS))


def test_no_texts_give_no_rows(model):
    assert model.encode([]).shape == (0, 16) and model.encode([], output="tokens") == []
    assert model.encode([], output="sparse").shape == (0, 48)


def test_a_text_s_vector_depends_on_nothing_else(model):
    alone = np.stack([model.encode(text, threads=1) for text in TEXTS])
    for given in (dict(threads=1), dict(threads=2), dict(batch_size=1), dict(batch_size=1000)):
        assert model.encode(TEXTS, **given).tobytes() == alone.tobytes()
    assert model.encode(TEXTS[::-1])[::-1].tobytes() == alone.tobytes()


def test_vectors_are_of_length_one_when_asked(model):
    plain, unit = model.encode(TEXTS), model.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(unit, plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-5)
    assert model.encode(TEXTS, normalize=True).tobytes() == unit.tobytes()


def test_pooling_takes_the_last_layers_and_tokens_and_weights_of_tokens(model, tmp_path):
    table = tmp_path / "idf.json"
    table.write_text(json.dumps({"play": 2.5, "[SEP]": 0.25}))
    low, high = (model.encode("play music", output="tokens", layer=layer) for layer in (1, 2))
    np.testing.assert_allclose(model.encode("play music", last_layers=2), (low + high).mean(axis=0) / 2, atol=1e-6)
    np.testing.assert_allclose(model.encode("play music", last_tokens=3), high[1:].mean(axis=0), atol=1e-6)
    weights = np.array([1, 2.5, 1, 0.25])
    np.testing.assert_allclose(model.encode("play music", token_weights=table), weights @ high / weights.sum(), atol=1e-6)


def test_truncated_vectors_are_beginnings_and_normalised_only_when_asked(model):
    plain = model.encode(TEXTS)
    cut = model.encode(TEXTS, truncate_dim=5)
    assert cut.flags.c_contiguous and cut.tobytes() == np.ascontiguousarray(plain[:, :5]).tobytes()
    assert model.encode(TEXTS, dim=5).tobytes() == cut.tobytes()  # this model's own files ask for no length
    unit = model.encode(TEXTS, truncate_dim=5, normalize_embeddings=True)
    np.testing.assert_allclose(unit, cut / np.linalg.norm(cut, axis=1, keepdims=True), rtol=1e-5)


def test_a_model_that_normalises_is_cut_as_sentence_transformers_cuts_it(folder, tmp_path):
    unit = shutil.copytree(folder, tmp_path / "unit")
    (unit / "1_Pooling").mkdir()
    (unit / "1_Pooling" / "config.json").write_text('{"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}')
    kinds = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
    (unit / "modules.json").write_text(json.dumps(
        [{"idx": int(name), "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
         for name, path, kind in kinds]))
    model = whitney.open(unit)
    whole = model.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.encode(TEXTS, truncate_dim=5), whole[:, :5])
    np.testing.assert_allclose(np.linalg.norm(model.encode(TEXTS, dim=5), axis=1), 1, rtol=1e-5)


def test_bytes_are_those_of_sentence_transformers(model, caplog):
    vectors = model.encode(TEXTS)
    low, high = vectors.min(axis=0), vectors.max(axis=0)
    scaled = (vectors - low) / ((high - low) / 255)
    with caplog.at_level(logging.WARNING, logger="whitney"):
        encoded = model.encode(TEXTS, precision="uint8")
    assert "over the 5 texts given" in caplog.text
    np.testing.assert_array_equal(encoded, scaled.astype(np.uint8))
    np.testing.assert_array_equal(model.encode(TEXTS, precision="int8"), (scaled - 128).astype(np.int8))
    assert model.encode(["play"], precision="int8").tolist() == [[-128] * 16]
    assert model.encode([], precision="uint8").shape == (0, 16)


def test_tokens_and_words_of_texts_are_kept_under_their_ids(model, tmp_path):
    texts = dict(zip("abcde", TEXTS))
    states = whitney.encode(model, texts, output="tokens")
    for id, array in zip(texts, model.encode(TEXTS, output="tokens")):
        np.testing.assert_array_equal(states[id], array)
    assert len(states) == 5 and states.vectors.shape == (states.starts[-1], 16) and not states.is_sparse
    assert states.provenance["options"]["output"] == "tokens"
    states.save(tmp_path / "states.safetensors")
    read = whitney.open(tmp_path / "states.safetensors")
    assert isinstance(read, whitney.EncodedTexts) and repr(read) == repr(states) and list(read.ids) == list("abcde")
    np.testing.assert_array_equal(read.vectors, states.vectors)
    with pytest.raises(whitney.Error, match="one vector a text is expected"):
        whitney.read_vectors(tmp_path / "states.safetensors")

    words = whitney.encode(model, texts, output="sparse")
    words.save(tmp_path / "words.safetensors")
    read = whitney.open(tmp_path / "words.safetensors")
    assert read.is_sparse and read.matrix.shape == (5, 48)
    np.testing.assert_array_equal(read.matrix.toarray(), model.encode(TEXTS, output="sparse").toarray())
    numbers, weights = read["b"]
    np.testing.assert_array_equal(read.matrix.toarray()[1][numbers], weights)
    with pytest.raises(whitney.Error, match="`matrix`"):
        read.vectors
    with pytest.raises(KeyError, match="no row has the id"):
        states["z"]


def test_a_frame_is_put_around_each_text(model):
    np.testing.assert_array_equal(model.encode("play", frame="edit {} music"), model.encode("edit play music"))
    asked = model.encode(["play", 'in "a" game?'], frame="prompt_eol")
    np.testing.assert_array_equal(asked, model.encode(["play.", "in 'a' game."], frame="prompt_eol"))
    assert asked.shape == (2, 16) and (asked[0] != asked[1]).any()
    with pytest.raises(whitney.Error, match="has no place for the text"):
        model.encode("play", frame="edit")


def test_bits_are_those_of_sentence_transformers(model):
    vectors = model.encode(TEXTS)
    bits = np.packbits(vectors > 0).reshape(len(TEXTS), -1)
    np.testing.assert_array_equal(model.encode(TEXTS, precision="ubinary"), bits)
    binary = model.encode(TEXTS, precision="binary")
    assert binary.dtype == np.int8
    np.testing.assert_array_equal(binary.astype(int), bits.astype(int) - 128)


def test_prompts_stand_before_texts(prompted):
    expected = prompted.encode(["play music", "play chess"])
    np.testing.assert_array_equal(prompted.encode(["music", "chess"], prompt_name="query"), expected)
    np.testing.assert_array_equal(prompted.encode(["music", "chess"], prompt="play "), expected)
    np.testing.assert_array_equal(prompted.encode_query(["music", "chess"]), expected)
    np.testing.assert_array_equal(prompted.encode_document("music"), prompted.encode("edit music"))
    np.testing.assert_array_equal(prompted.encode_query("music", prompt="draw "), prompted.encode("draw music"))


def test_arguments_may_stand_in_sentence_transformers_order(prompted):
    np.testing.assert_array_equal(prompted.encode(["music"], "query"), prompted.encode(["play music"]))
    np.testing.assert_array_equal(prompted.encode(["music"], None, "draw ", 8), prompted.encode(["draw music"]))
    np.testing.assert_array_equal(prompted.encode_query("music", None, "draw ", 8), prompted.encode("draw music"))
    np.testing.assert_array_equal(prompted.encode_query(inputs="music"), prompted.encode("play music"))
    np.testing.assert_array_equal(prompted.encode(["music"], device=["cpu", "cpu"], chunk_size=3), prompted.encode(["music"]))


def test_every_model_has_prompts_for_queries_and_documents(model):
    for name in ("query", "document"):
        np.testing.assert_array_equal(model.encode(TEXTS, prompt_name=name), model.encode(inputs=TEXTS))
    np.testing.assert_array_equal(model.encode_query(TEXTS), model.encode_document(TEXTS))


def test_a_prompt_goes_before_a_prompt_s_name_which_is_told(prompted, caplog):
    with caplog.at_level(logging.WARNING, logger="whitney"):
        vector = prompted.encode("music", prompt="draw ", prompt_name="query")
    np.testing.assert_array_equal(vector, prompted.encode("draw music"))
    assert "prompt_name" in caplog.text


def test_a_model_tells_what_it_is(model, prompted, folder):
    assert (model.dim, model.architecture, model.max_length, model.precision) == (16, "bert", 40, "float32")
    assert (model.name, model.path, model.metric, model.similarity_fn_name) == ("tiny", str(folder), "cosine", "cosine")
    assert (prompted.metric, prompted.similarity_fn_name) == ("inner_product", "dot")
    assert model.prompts == {} and prompted.prompts == {"query": "play ", "document": "edit "}
    assert repr(model) == "<whitney.Model: tiny, bert of 2 layers, 16 dimensions, up to 40 tokens, float32, cosine>"
    assert "prompts query/document" in repr(prompted)


def test_similarity_is_the_model_s_own(model, prompted):
    a, b = model.encode(TEXTS[:3]), model.encode(TEXTS[2:])
    cosine = (a @ b.T) / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    np.testing.assert_allclose(model.similarity(a, b), cosine, rtol=1e-4)
    np.testing.assert_allclose(prompted.similarity(a, b[0]), a @ b[:1].T, rtol=1e-4)


def test_eight_bits_move_vectors_a_little(folder, model):
    small = whitney.open(folder, precision="int8")
    assert small.precision == "int8" and "int8" in repr(small)
    difference = small.encode(TEXTS) - model.encode(TEXTS)
    assert 0 < np.abs(difference).max() < 0.2


def test_the_signature_and_the_page_come_from_the_declaration():
    parameters = inspect.signature(whitney.Model.encode).parameters
    assert parameters["long_texts"].default == "cut" and parameters["max_length"].kind is inspect.Parameter.KEYWORD_ONLY
    assert "long_texts : one of cut, mean, late, default 'cut'" in whitney.Model.encode.__doc__
    for name in ("prompt_name", "prompt", "batch_size", "show_progress_bar", "output_value", "precision", "convert_to_numpy",
                 "convert_to_tensor", "device", "normalize_embeddings", "truncate_dim"):
        assert name in parameters


def test_the_declared_options_do_what_they_say(model):
    states = model.encode("a game of chess", output="tokens")
    np.testing.assert_allclose(model.encode("a game of chess", pooling=["cls", "max"]),
                               np.concatenate([states[0], states.max(axis=0)]), rtol=1e-5)
    assert model.encode("a game of chess", max_length=4, output="tokens").shape == (4, 16)
    windows = model.encode(["play 7 " * 9, "play"], long_texts="late", max_length=8)
    assert [w.shape for w in windows] == [(3, 16), (1, 16)]


def test_torch_gets_the_same_memory_or_is_named(model):
    try:
        import torch
    except ImportError:
        for given in (dict(convert_to_tensor=True), dict(convert_to_numpy=False)):
            with pytest.raises(whitney.Error, match="needs the package torch, which is not installed"):
                model.encode(TEXTS, **given)
        return
    tensor = model.encode(TEXTS, convert_to_tensor=True)
    assert isinstance(tensor, torch.Tensor) and torch.equal(tensor, torch.from_numpy(model.encode(TEXTS)))
    assert [t.shape for t in model.encode(TEXTS[:2], convert_to_numpy=False)] == [(16,), (16,)]
    assert all(isinstance(t, torch.Tensor) for t in model.encode("play", convert_to_tensor=True, output_value=None).values())


def test_scipy_is_named_where_it_is_missing(folder):
    done = subprocess.run([sys.executable, "-c", "import sys\nsys.modules['scipy'] = None\nimport whitney\n"
                           f"whitney.open({str(folder)!r}).encode(['play'], output='sparse')"],
                          capture_output=True, text=True, timeout=60)
    assert 'output="sparse" needs the package scipy, which is not installed' in done.stderr


@pytest.mark.parametrize("given, sentence", [
    (dict(sentences=["play", 3]), "text number 1 is 3, a int, and a str is expected"),
    (dict(sentences=pandas.Series(["play", None, float("nan")])), "text number 1 is None"),
    (dict(sentences=["play", float("nan")]), "text number 1 is nan, a float"),
    (dict(sentences=[b"play"]), "a bytes, and a str"),
    (dict(sentences=["play", "\ud800"]), "text number 1 is no text.*surrogate"),
    (dict(sentences=None), "a NoneType is no list of texts"),
    (dict(sentences=float("nan")), "a float is no list of texts"),
    (dict(sentences={"text": "play"}), "a dict is no list of texts"),
    (dict(sentences=np.ones((2, 3))), r"text number 0 is \[1.0, 1.0, 1.0\]"),
    (dict(sentences=["a"], precision="fp16"), 'precision is \'fp16\' .*"float32", "int8"'),
    (dict(sentences=["a"], output_value="tokens"), 'output_value is .tokens. .*"token_embeddings" or None'),
    (dict(sentences=["a"], output_value=None, output="sparse"), "output_value and output are both given"),
    (dict(sentences=["a"], output_value="token_embeddings", output="sparse"), "output_value and output are both given"),
    (dict(sentences=["a"], normalize_embeddings=True, normalize=False), "normalize_embeddings and normalize are both"),
    (dict(sentences=["a"], truncate_dim=17), "truncate_dim is 17, and the model gives 16"),
    (dict(sentences=["a"], truncate_dim=0), "truncate_dim is 0"),
    (dict(sentences=["a"], dim=17), "dim 17 is above the 16"),
    (dict(sentences=["a"], dim=0), '"dim"'),
    (dict(sentences=["a"], device="cuda"), "on the processor"),
    (dict(sentences=["a"], device=["cpu", "cuda:0"]), "on the processor"),
    (dict(sentences=["a"], pool={}), "in this process"),
    (dict(sentences=["a"], batch_size=0), "batch_size is 0"),
    (dict(sentences=["a"], prompt_name="qery"), 'has no prompt "qery"'),
    (dict(sentences=["a"], poling="cls"), 'did you mean "pooling"'),
    (dict(sentences=["a"], pooling="median"), "mean_sqrt"),
    (dict(sentences=["a"], max_length=41), "40 positions"),
])
def test_what_is_wrong_gets_a_sentence(model, given, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        model.encode(**given)


def test_a_static_model_averages_rows_of_its_table(tmp_path):
    table = np.arange(96, dtype=np.float32).reshape(48, 2) ** 2
    header = json.dumps({"embedding.weight": {"dtype": "F32", "shape": [48, 2], "data_offsets": [0, table.nbytes]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + table.tobytes())
    (tmp_path / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]')
    (tmp_path / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    model = whitney.open(tmp_path)
    np.testing.assert_allclose(model.encode("play music"), (table[5] + table[6]) / 2)
    assert model.architecture == "static" and model.max_length is None and "static, 2 dimensions, float32" in repr(model)
    for output in ("tokens", "sparse"):
        with pytest.raises(whitney.Error, match="static model"):
            model.encode("play music", output=output)


def test_models_that_cannot_be_opened_say_why(folder, tmp_path):
    with pytest.raises(whitney.Error, match="nowhere: there is no such file or folder"):
        whitney.open(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(whitney.Error, match="config.json: is missing"):
        whitney.open(tmp_path / "empty")
    (tmp_path / "pickled").mkdir()
    shutil.copy(folder / "config.json", tmp_path / "pickled")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(whitney.Error, match="pickle"):
        whitney.open(tmp_path / "pickled")
    with pytest.raises(whitney.Error, match="one of float32, int8"):
        whitney.open(folder, precision="int4")
    whitney.Table(ids=["a"], attributes={"size": [1]}).save(tmp_path / "table.safetensors")
    with pytest.raises(whitney.Error, match="precision is for models only"):
        whitney.open(tmp_path / "table.safetensors", precision="int8")
    with pytest.raises(whitney.Error, match="whitney.open"):
        whitney.Model()
    with pytest.raises(whitney.Error, match="tokenizer.json"):
        whitney.open(CHECKPOINT).encode("play")


def test_whitney_encode_keeps_ids_attributes_and_the_record(model, folder):
    series = pandas.Series(["play music", "a game of chess"], index=["mpd", "chess"])
    made = whitney.encode(model, series, attributes={"size": [3, 5]})
    assert isinstance(made, whitney.Embeddings) and made.ids.tolist() == ["mpd", "chess"] and made.metric == "cosine"
    np.testing.assert_array_equal(made.vectors, model.encode(series))
    assert made.attributes["size"].tolist() == [3, 5]
    record = made.provenance
    assert record["method"] == "encode" and record["options"]["long_texts"] == "cut" and record["precision"] == "float32"
    assert record["inputs"][0] == model.provenance and record["inputs"][1]["num_texts"] == 2
    of_dict = whitney.encode(folder, {"mpd": "play music", "chess": "a game of chess"}, dim=4)
    assert of_dict.shape == (2, 4) and of_dict["mpd"].tobytes() == made["mpd"][:4].tobytes()
    table = whitney.Table(ids=["chess"], attributes={"kind": ["game"]})
    assert whitney.encode(model, series, attributes=table).attributes["kind"].tolist() == [None, "game"]
    corpus = whitney.Corpus(series, attributes={"size": [3, 5]})
    both = whitney.encode(model, corpus, attributes={"new": [True, False]})
    assert both.attributes.types == {"size": "int", "new": "bool"} and both.ids.tolist() == made.ids.tolist()


def test_documents_get_their_prompt_and_queries_theirs(prompted):
    made = whitney.encode(prompted, ["music", "chess"])
    np.testing.assert_array_equal(made.vectors, prompted.encode(["edit music", "edit chess"]))
    assert made.metric == "inner_product" and made.provenance["options"]["prompt_name"] == "document"
    index = whitney.index("flat", made)
    expected = index.search(prompted.encode(["play music"]), k=2)
    for hits in (index.search(["music"], k=2, model=prompted), index.search("music", k=2, model=prompted.path)):
        assert hits.ids.tolist() == expected.ids.tolist() and hits.scores.tobytes() == expected.scores.tobytes()


def test_queries_are_encoded_as_the_texts_were(model, folder, caplog):
    index = whitney.index("hnsw", whitney.encode(folder, TEXTS, precision="int8", dim=6, normalize=True))
    small = whitney.open(folder, precision="int8")
    wanted = index.search(small.encode(TEXTS, dim=6, normalize=True), k=3)
    hits = index.search(TEXTS, k=3, model=folder)
    assert hits.ids.tolist() == wanted.ids.tolist() and hits.scores.tobytes() == wanted.scores.tobytes()
    with pytest.raises(whitney.Error, match="needs the model that made them"):
        index.search("play music")
    with pytest.raises(whitney.Error, match="dimensions"):
        whitney.index("flat", np.eye(3)).search("play", model=model)


def test_another_model_is_told(model, prompted, caplog):
    index = whitney.index("flat", whitney.encode(model, TEXTS))
    with caplog.at_level(logging.WARNING, logger="whitney"):
        index.search("play", model=model)
        assert caplog.text == ""
        index.search("play", model=prompted)
    assert "made by another model" in caplog.text


@pytest.mark.parametrize("call, sentence", [
    (lambda m: whitney.encode(m, ["a", "b"], ids=["x", "x"]), '"x" stands twice'),
    (lambda m: whitney.encode(m, ["a", "b"], ids=["x"]), "1 ids for 2 texts"),
    (lambda m: whitney.encode(m, ["a"], attributes={"size": [1, 2]}), "size"),
    (lambda m: whitney.encode(m, ["a"], output="tokens", attributes={"size": [1]}), "beside one vector a text"),
    (lambda m: whitney.encode(m, ["a"], precision="int8"), "opened in float32"),
    (lambda m: whitney.encode(m, "play music"), r"stands in a list: \[text\]"),
    (lambda m: whitney.encode(3, ["a"]), "model is a int"),
    (lambda m: whitney.encode("nowhere", ["a"]), "no such model"),
    (lambda m: whitney.index("hnsw", ["a", "b"]), "whitney.encode"),
])
def test_bad_calls_of_encode_are_refused_in_a_sentence(model, call, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        call(model)


def test_python_and_the_command_line_give_the_same_file(model, folder, tmp_path):
    program = os.environ.get("WHITNEY_BIN")
    if not program:
        pytest.skip("WHITNEY_BIN names no program")
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"id": f"t{i}", "text": t}) + "\n" for i, t in enumerate(TEXTS)))
    subprocess.run([program, "encode", folder, tmp_path / "texts.jsonl", "-o", tmp_path / "program.safetensors", "--quiet"],
                   check=True, capture_output=True, timeout=60)
    whitney.encode(model, tmp_path / "texts.jsonl").save(tmp_path / "python.safetensors")
    assert (tmp_path / "program.safetensors").read_bytes() == (tmp_path / "python.safetensors").read_bytes()


def test_a_corpus_reads_files_and_keeps_ids(tmp_path):
    (tmp_path / "texts.jsonl").write_text('{"package": "mpd", "body": "play music"}\n{"package": "vim", "body": "edit text"}\n')
    corpus = whitney.read_corpus(tmp_path / "texts.jsonl", id_field="package", text_field="body")
    assert corpus.ids.tolist() == ["mpd", "vim"] and corpus["vim"] == "edit text" and "mpd" in corpus and len(corpus) == 2
    again = pickle.loads(pickle.dumps(whitney.Corpus(corpus.texts, ids=corpus.ids, attributes={"size": [1, None]})))
    assert repr(again) == "<whitney.Corpus: 2 texts, Attributes(size: int)>" and again.texts == corpus.texts
    with pytest.raises(KeyError, match="vmi"):
        corpus["vmi"]


def test_a_pickled_model_is_the_same(model):
    again = pickle.loads(pickle.dumps(model))
    assert again.encode(TEXTS).tobytes() == model.encode(TEXTS).tobytes()


def test_progress_is_told_and_drawn(model, capsys):
    heard = []
    model.encode(TEXTS * 50, progress=lambda *what: heard.append(what))
    assert heard[-1] == ("encode", 250, 250, "texts")
    model.encode(TEXTS, show_progress_bar=True)
    assert "encode: 5 of 5 texts" in capsys.readouterr().err


def test_what_progress_raises_ends_the_call(model):
    def stop(*what):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        model.encode(TEXTS * 500, progress=stop)


def test_ctrl_c_stops_an_encoding(folder):
    code = ("import os, signal, whitney\n"
            f"model = whitney.open({str(folder)!r})\n"
            "heard = []\n"
            "def progress(stage, done, total, unit):\n"
            "    heard.append(done / total)\n"
            "    if len(heard) == 1: os.kill(os.getpid(), signal.SIGINT)\n"
            "try:\n"
            "    model.encode(['play music in a terminal'] * 200000, progress=progress, threads=2)\n"
            "    print('went on')\n"
            "except KeyboardInterrupt:\n"
            "    print('stopped', heard[-1] < 1)\n"
            "print(model.encode('play').shape)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines() == ["stopped True", "(16,)"], done.stderr


def test_threads_of_python_share_a_model(model):
    wanted, results = model.encode(TEXTS).tobytes(), {}
    workers = [threading.Thread(target=lambda i=i: results.update({i: model.encode(TEXTS, threads=1).tobytes()}))
               for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert list(results.values()) == [wanted] * 4


def test_processes_encode_with_a_model_that_is_handed_over(model):
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        parts = list(pool.map(model.encode, [TEXTS[:2], TEXTS[2:]]))
    assert np.concatenate(parts).tobytes() == model.encode(TEXTS).tobytes()


# all-MiniLM-L6-v2, in the folder that WHITNEY_MINILM names.
def minilm(**options):
    folder = os.environ.get("WHITNEY_MINILM")
    if not folder:
        pytest.skip("no model: set WHITNEY_MINILM to a folder of all-MiniLM-L6-v2")
    return whitney.open(folder, **options)


@pytest.mark.parametrize("precision, least", [("float32", 0.999999), ("int8", 0.99)])
def test_minilm_gives_the_vectors_of_sentence_transformers(precision, least):
    model = minilm(precision=precision)
    cases = json.loads((DATA / "encoder" / "minilm.json").read_text(encoding="utf-8"))
    vectors = model.encode([case["text"] for case in cases])
    wanted = np.array([case["vector"] for case in cases])
    cosines = (vectors * wanted).sum(axis=1) / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(wanted, axis=1))
    assert cosines.min() > least


def test_minilm_finds_by_meaning():
    model = minilm()
    texts = {"mpd": "a daemon that plays songs", "gnuchess": "computer opponent for a board game", "vim": "edit source code"}
    index = whitney.index("hnsw", whitney.encode(model, texts))
    assert index.search("listen to music", k=1, model=model).ids.tolist() == [["mpd"]]
