"""Text encoders."""

from __future__ import annotations

import logging
import os
from typing import Any, Optional, Union

import numpy as np

from . import _whitney
from ._calls import Progress, call
from ._encoded import EncodedTexts
from ._optional import require
from ._options import declare, given_options
from ._tables import Embeddings
from ._texts import as_corpus, text_list
from ._whitney import Error

NAMES_EVERYWHERE = ("query", "document")
"""Prompts that every model has, empty where its files name none: so it is with sentence-transformers."""


class Model:
    """A text encoder, as sentence-transformers, transformers or llama.cpp keep it; made by `whitney.open`.

        model = whitney.open("models/minilm")            # a folder with config.json, or a .gguf file
        vectors = model.encode(["play music", "edit text"])

    What a text becomes depends on the text and the options alone: never on its neighbours, their order, a batch's size
    or the number of threads. Threads may share a model.
    """

    def __init__(self) -> None:
        raise Error('a Model is opened: whitney.open("models/minilm") or whitney.Model.open(path, precision="int8")')

    @classmethod
    def open(cls, path: str | os.PathLike, *, precision: Optional[str] = None, threads: Optional[int] = None,
             progress: Progress = False) -> Model:
        """Opens a folder (config.json or modules.json, tokenizer, safetensors) or a .gguf file.

        precision : how weights are kept, "float32" or "int8"; absent: float32. int8 takes a quarter of the memory and
            less time, and moves vectors a little.
        """
        model = cls.__new__(cls)
        given = {} if precision is None else {"precision": precision}
        model._native = _whitney.Model.open(os.fspath(path), given, call(threads, None, progress))
        return model

    def encode(self, sentences: Any = None, prompt_name: Optional[str] = None, prompt: Optional[str] = None,
               batch_size: int = 32, show_progress_bar: Optional[bool] = None,
               output_value: Optional[str] = "sentence_embedding", precision: Optional[str] = "float32",
               convert_to_numpy: bool = True, convert_to_tensor: bool = False, device: Any = None,
               normalize_embeddings: bool = False, truncate_dim: Optional[int] = None, pool: Any = None,
               chunk_size: Optional[int] = None, *, inputs: Any = None, threads: Optional[int] = None,
               progress: Progress = False, **options: Any) -> Any:
        """Encodes texts."""
        _check_device(device)
        if pool is not None:
            raise Error("pool is given, and Whitney encodes in this process (expected: None; `threads` sets how many it takes)")
        if batch_size < 1:
            raise Error(f"batch_size is {batch_size}, and a number from 1 on is expected")
        _check_precision(precision)
        sentences = inputs if sentences is None else sentences
        options.update({name: value for name, value in (("prompt_name", prompt_name), ("prompt", prompt)) if value is not None})
        if options.get("prompt_name") in NAMES_EVERYWHERE and options["prompt_name"] not in self.prompts:
            options["prompt_name"] = None
        options = _declared(options, output_value, normalize_embeddings, truncate_dim)
        told = call(threads, None, progress or bool(show_progress_bar))
        if output_value is None:
            encoded = self._features(text_list(sentences), options, truncate_dim, told)
            if convert_to_tensor or not convert_to_numpy:
                encoded = [dict(zip(one, _tensors(list(one.values()), whole=False))) for one in encoded]
            return encoded[0] if isinstance(sentences, str) else encoded
        values, starts, words = self._native.encode(text_list(sentences), options, told)
        if words is not None:
            return self._sparse(values, starts, words)
        if starts is not None:
            encoded = [values[begin:end] for begin, end in zip(starts, starts[1:])]
        else:
            encoded = _quantized(_truncated(values, truncate_dim), precision)
        if convert_to_tensor or not convert_to_numpy:
            encoded = _tensors(encoded, whole=convert_to_tensor and starts is None)
        return encoded[0] if isinstance(sentences, str) else encoded

    def _features(self, sentences: list, options: dict, truncate_dim: Optional[int], told: Any) -> list[dict]:
        """What sentence-transformers' modules hand on, of each text, without padding."""
        ids, starts, states, vectors = self._native.features(sentences, options, told)
        return [{"input_ids": ids[begin:end].astype(np.int64), "attention_mask": np.ones(end - begin, np.int64),
                 "token_embeddings": states[begin:end], "sentence_embedding": vector}
                for begin, end, vector in zip(starts, starts[1:], _truncated(vectors, truncate_dim))]

    def encode_query(self, sentences: Any = None, prompt_name: Optional[str] = None, prompt: Optional[str] = None,
                     *arguments: Any, **options: Any) -> Any:
        """As `encode`, with the model's prompt for what is searched with ("query"), if it has one."""
        name = prompt_name if (prompt_name, prompt) != (None, None) else self._native.query_prompt_name
        return self.encode(sentences, name, prompt, *arguments, **options)

    def encode_document(self, sentences: Any = None, prompt_name: Optional[str] = None, prompt: Optional[str] = None,
                        *arguments: Any, **options: Any) -> Any:
        """As `encode`, with the model's prompt for what is searched ("document", "passage" or "corpus"), if it has one."""
        name = prompt_name if (prompt_name, prompt) != (None, None) else self._native.document_prompt_name
        return self.encode(sentences, name, prompt, *arguments, **options)

    def _sparse(self, weights: np.ndarray, starts: np.ndarray, words: np.ndarray):
        sparse = require("scipy.sparse", 'output="sparse"')
        shape = (len(starts) - 1, self._native.num_values({"output": "sparse"}))
        return sparse.csr_matrix((weights, words, starts), shape=shape)

    def similarity(self, a: Any, b: Any) -> np.ndarray:
        """How alike vectors are by the model's measure, `similarity_fn_name`: m x n, higher is more alike.

        euclidean and manhattan give the negative distance.
        """
        a, b = (x.toarray() if hasattr(x, "toarray") else x for x in (a, b))  # weights of words
        a, b = (np.atleast_2d(np.asarray(x, dtype=np.float32)) for x in (a, b))
        kind = self.similarity_fn_name
        if kind == "cosine":
            a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
        if kind in ("cosine", "dot"):
            return a @ b.T
        order = 2 if kind == "euclidean" else 1
        return np.stack([-np.linalg.norm(b - row, ord=order, axis=1) for row in a])

    @property
    def path(self) -> str:
        """The folder or file that it was opened by."""
        return self._native.path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(os.path.normpath(self.path))

    @property
    def architecture(self) -> str:
        """The kind of its transformer, "bert" or "qwen3"; "static" for a table of tokens' vectors."""
        return self._native.architecture

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self._native.dim

    @property
    def max_length(self) -> Optional[int]:
        """Tokens of a text that take part, special tokens included, unless encode is given another; None: all."""
        return self._native.max_length

    @property
    def precision(self) -> str:
        """How the weights are kept: "float32" or "int8"."""
        return self._native.precision

    @property
    def prompts(self) -> dict[str, str]:
        """Name to text, as the model's files have them."""
        return self._native.prompts

    @property
    def default_prompt_name(self) -> Optional[str]:
        """The prompt that encode puts before texts when none is named."""
        return self._native.default_prompt_name

    @property
    def similarity_fn_name(self) -> str:
        """How the model's files say that its vectors are compared: "cosine", "dot", "euclidean" or "manhattan"."""
        return self._native.similarity

    @property
    def metric(self) -> str:
        """The metric of embeddings made by it: "cosine", "inner_product" or "l2"."""
        return self._native.metric

    @property
    def provenance(self) -> dict:
        """What the record of embeddings says of the model: kind and fingerprint of its files, which are read for it."""
        return {"kind": "model", "fingerprint": self._native.fingerprint}

    def __reduce__(self):
        return _reopen, (self.path, self.precision)

    def __repr__(self) -> str:
        layers = self._native.num_layers
        kind = self.architecture + (f" of {layers} layers" if layers else "")
        parts = [f"{kind}, {self.dim} dimensions", self.precision, self.similarity_fn_name]
        if self.max_length is not None:
            parts.insert(1, f"up to {self.max_length:,} tokens")
        if any(self.prompts.values()):
            parts.append("prompts " + "/".join(name for name, text in self.prompts.items() if text))
        return f"<whitney.Model: {self.name}, {', '.join(parts)}>"


def _reopen(path: str, precision: str) -> Model:
    return Model.open(path, precision=precision)


def _check_device(device: Any) -> None:
    devices = device if isinstance(device, (list, tuple)) else [device]
    if not all(one is None or str(one).startswith("cpu") for one in devices):
        raise Error(f"device is {device!r}, and Whitney encodes on the processor (expected: None or \"cpu\")")


def _check_precision(precision: Optional[str]) -> None:
    if precision not in (None, "float32", "int8", "uint8", "binary", "ubinary"):
        raise Error(f'precision is {precision!r} (expected: "float32", "int8", "uint8", "binary" or "ubinary")')


def _declared(options: dict, output_value: Optional[str], normalize: bool, truncate_dim: Optional[int]) -> dict:
    """Options by the declaration's names; those that sentence-transformers gives have its meanings."""
    if output_value == "token_embeddings":
        _put(options, "output", "tokens", "output_value")
    elif output_value is None:
        _put(options, "output", "dense", "output_value")
    elif output_value != "sentence_embedding":
        raise Error(f'output_value is {output_value!r} (expected: "sentence_embedding", "token_embeddings" or None)')
    if options.get("prompt") is not None and options.get("prompt_name") is not None:
        logging.getLogger("whitney").warning("prompt_name has no effect beside prompt")
        options = {**options, "prompt_name": None}
    if normalize and output_value == "sentence_embedding":
        _put(options, "normalize", True, "normalize_embeddings")
        if truncate_dim is not None:
            _put(options, "dim", truncate_dim, "truncate_dim")
    return given_options({name: value for name, value in options.items() if value is not None})


def _put(options: dict, name: str, value: Any, its_name: str) -> None:
    if options.get(name) not in (None, value):
        raise Error(f"{its_name} and {name} are both given, and mean the same")
    options[name] = value


def _truncated(vectors: np.ndarray, truncate_dim: Optional[int]) -> np.ndarray:
    """The first coordinates of vectors as they are: sentence-transformers does not normalise them again."""
    if truncate_dim is None or truncate_dim == vectors.shape[1]:
        return vectors
    if not 1 <= truncate_dim <= vectors.shape[1]:
        raise Error(f"truncate_dim is {truncate_dim}, and the model gives {vectors.shape[1]} values")
    return np.ascontiguousarray(vectors[:, :truncate_dim])


def _quantized(vectors: np.ndarray, precision: Optional[str]) -> np.ndarray:
    """A bit for each value above 0, the first in the highest place; or a byte, 0 to 255 over the values that a coordinate
    takes in these texts. binary and int8: bytes less 128."""
    if precision in ("int8", "uint8"):
        return _in_bytes(vectors, precision)
    if precision not in ("binary", "ubinary"):
        return vectors
    bits = np.packbits(vectors > 0, axis=1)
    return bits if precision == "ubinary" else (bits.astype(np.int16) - 128).astype(np.int8)


def _in_bytes(vectors: np.ndarray, precision: str) -> np.ndarray:
    logging.getLogger("whitney").warning(
        'precision="%s" scales vectors by the range of each coordinate over the %d texts given: with others, or alone, a text '
        'gets other bytes (whitney.Model.open(path, precision="int8") computes in 8 bits without that)', precision, len(vectors))
    if len(vectors) == 0:
        return vectors.astype(precision)
    low, high = vectors.min(axis=0), vectors.max(axis=0)
    steps = (high - low) / 255
    scaled = np.divide(vectors - low, steps, out=np.zeros_like(vectors), where=steps > 0)
    return scaled.astype(np.uint8) if precision == "uint8" else (scaled - 128).astype(np.int8)


def _tensors(encoded: Any, whole: bool):
    """A torch tensor, or a list of them, over the same memory."""
    torch = require("torch", "encode with convert_to_tensor=True or convert_to_numpy=False")
    return torch.from_numpy(encoded) if whole else [torch.from_numpy(one) for one in encoded]


def as_model(model: Any, precision: Optional[str] = None, threads: Optional[int] = None) -> Model:
    """A Model as it is, or opened by its path."""
    if isinstance(model, (str, os.PathLike)):
        return Model.open(model, precision=precision, threads=threads)
    if not isinstance(model, Model):
        raise Error(f"model is a {type(model).__name__}, and a whitney.Model, or the path of one, is expected")
    if precision not in (None, model.precision):
        raise Error(f"precision is {precision!r}, and the model was opened in {model.precision}")
    return model


def encode(model: Union[Model, str, os.PathLike], data: Any, *, ids: Any = None, attributes: Any = None,
           precision: Optional[str] = None, threads: Optional[int] = None, progress: Progress = False,
           **options: Any) -> Union[Embeddings, EncodedTexts]:
    """Makes Embeddings of texts."""
    told = call(threads, None, progress)
    model = as_model(model, precision, threads)
    corpus = as_corpus(data, ids, attributes)
    options = given_options(options)
    if model._native.gives_embeddings(options):
        return Embeddings._of(model._native.encode_corpus(corpus._native, corpus._columns, options, told))
    if corpus._columns:
        raise Error("attributes stand beside one vector a text, and these options give several, or weights of words")
    return EncodedTexts._of(model._native.encode_texts(corpus._native, options, told))


_OPTIONS = _whitney.encode_options()

declare(Model.encode, _OPTIONS, """Encodes texts as sentence-transformers does: one str to one vector, a list of n to n x d.

Parameters
----------
sentences (or inputs) : a str, or a list, pandas Series, numpy or Arrow array, or other iterable of str.
batch_size : changes nothing: texts are packed by their tokens into batches that keep the working memory near 48 MB.
show_progress_bar : True draws a line on standard error, as progress=True does.
output_value : "sentence_embedding"; "token_embeddings" (output="tokens"): a list with an array for each text; or None:
    a dict for each text with its "input_ids", "attention_mask" (all 1: nothing is padded), "token_embeddings" and
    "sentence_embedding", for which texts are run twice.
precision : of the vectors given back. "float32"; "binary" and "ubinary" keep a bit of each value, "int8" and "uint8" a
    byte, scaled by the ranges over the texts given (so that only here a vector depends on the others).
convert_to_numpy, convert_to_tensor : numpy arrays; or torch tensors over the same memory.
device : None or "cpu", or a list of these, which changes nothing.
pool, chunk_size : of several processes, which are not taken: pool is None, and chunk_size changes nothing.
normalize_embeddings : vectors of length 1; False: what the model's own files say (normalize=False says no).
truncate_dim : keeps the first coordinates of the vectors (dim normalises them again where the model normalises).
{options}
threads : int, optional
    Absent: what the machine and its container allow. Never changes a result.
progress : bool or callable
    True draws a line on standard error; a callable hears (stage, done, total, unit).

Returns
-------
n x d float32 (d for one str); with output="tokens" or long_texts="late" a list with an m x d array for each text; with
output="sparse" a scipy CSR matrix, n x words of the vocabulary; with output_value=None a list of dicts (a dict for one str).
""")

declare(encode, _OPTIONS, """Makes Embeddings of texts with a model: ids, vectors, attributes, and the record of how they were made.

    documents = whitney.encode("models/minilm", {{"mpd": "a daemon that plays music", "vim": "an editor"}})

Parameters
----------
model : a whitney.Model, or the path of one.
data : texts (a list, a pandas Series, a dict from ids to texts, ...), a whitney.Corpus, or the path of a file of texts.
ids, attributes : as for whitney.Corpus; a whitney.Table of attributes is joined by id.
precision : of a model that is given by its path, as for `Model.open`.
threads, progress : as for every long call.
{options}

Texts are documents: without a prompt in the options, they get the model's document prompt if it has one. output="tokens",
output="sparse" and long_texts="late" give EncodedTexts: several vectors of a text, or weights of words.
""")
