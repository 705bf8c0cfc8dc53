"""Texts encoded to several vectors each, or to weights of words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Optional

import numpy as np

from . import _whitney
from ._calls import Progress, call
from ._optional import require
from ._tables import unknown_id
from ._whitney import Error


class EncodedTexts:
    """What `whitney.encode` gives for output="tokens", output="sparse" and long_texts="late": several vectors of a text,
    or weights of words, with ids and the record of how they were made. `whitney.open` reads its files.

        states = whitney.encode("models/minilm", {"mpd": "play music"}, output="tokens")
        states["mpd"]                                     # m x d, a row for each token
        states.save("states.safetensors")
    """

    def __init__(self) -> None:
        raise Error('EncodedTexts are made by whitney.encode(model, texts, output="tokens") and read by whitney.open(path)')

    @classmethod
    def _of(cls, native: _whitney.EncodedTexts) -> EncodedTexts:
        encoded = cls.__new__(cls)
        encoded._native = native
        encoded._values, encoded._starts, encoded._words = native.arrays()
        return encoded

    @classmethod
    def open(cls, path: str | os.PathLike, *, threads: Optional[int] = None, progress: Progress = False) -> EncodedTexts:
        """Reads an artifact that `save` or `whitney encode` wrote."""
        return cls._of(_whitney.EncodedTexts.open(os.fspath(path), call(threads, None, progress)))

    @property
    def ids(self) -> np.ndarray:
        """n ids: uint64, or objects (str)."""
        return self._native.ids.numpy()

    @property
    def is_sparse(self) -> bool:
        """True for weights of words."""
        return self._words is not None

    @property
    def vectors(self) -> np.ndarray:
        """The vectors of all texts, one text's behind the other's: those of text i are [starts[i], starts[i + 1])."""
        if self.is_sparse:
            raise Error("these are weights of words: `matrix` gives them")
        return self._values

    @property
    def starts(self) -> np.ndarray:
        """n + 1 places: where each text begins among the vectors (or the weights)."""
        return self._starts

    @property
    def matrix(self) -> Any:
        """Weights of words as a scipy CSR matrix, n x words of the vocabulary."""
        if not self.is_sparse:
            raise Error("these are vectors of texts: `vectors` and `starts` give them")
        sparse = require("scipy.sparse", "EncodedTexts.matrix")
        return sparse.csr_matrix((self._values, self._words, self._starts), shape=(len(self), self._native.num_words))

    @property
    def provenance(self) -> dict:
        """How they were made: method, options, inputs, metric."""
        return self._native.record

    def __getitem__(self, id: Any) -> Any:
        """The vectors of the text with this id, m x d; or its words and their weights, two arrays."""
        row = self._native.ids.find(id)
        if row is None:
            raise unknown_id(self._native.ids, id)
        return self._of_row(row)

    def _of_row(self, row: int) -> Any:
        part = slice(self._starts[row], self._starts[row + 1])
        return self._values[part] if self._words is None else (self._words[part], self._values[part])

    def __iter__(self) -> Iterator:
        return (self._of_row(row) for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._native.ids)

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes an artifact (.safetensors), atomically."""
        self._native.save(os.fspath(path), force, call())

    def __repr__(self) -> str:
        what = f"{len(self._values):,} weights of words" if self.is_sparse else "{:,} x {} {}".format(
            *self._values.shape, self._values.dtype)
        return f"<whitney.EncodedTexts: {len(self):,} texts, {what}>"
