"""Compressed embeddings."""

from __future__ import annotations

import os
from typing import Any, Optional

import numpy as np

from . import _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._indexes import Hits, Index
from ._options import given_options
from ._tables import Embeddings, as_embeddings
from ._whitney import Error


class CompressedEmbeddings:
    """Embeddings whose vectors are held as codes; made by `whitney.compress`."""

    def __init__(self) -> None:
        raise Error("CompressedEmbeddings are made by whitney.compress(method, embeddings)")

    @classmethod
    def _of(cls, native: _whitney.CompressedEmbeddings) -> CompressedEmbeddings:
        compressed = cls.__new__(cls)
        compressed._native = native
        compressed._index = None
        return compressed

    def decode(self, *, threads: Optional[int] = None) -> Embeddings:
        """The vectors that the codes stand for."""
        return Embeddings._of(self._native.decode(call(threads)))

    def search(self, query: Any, k: int = 10, filter: Optional[str] = None, **options: Any) -> Hits:
        """Compares queries with the codes: as `whitney.Index.search`, with rescore= and vectors=."""
        if self._index is None:
            self._index = Index._of(_whitney.Searcher.of_codes(self._native))
        return self._index.search(query, k, filter, **options)

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes one .safetensors file, an existing one only with force; `whitney search` reads it as it is."""
        self._native.save(os.fspath(path), force, call())

    @property
    def ids(self) -> np.ndarray:
        """n ids: uint64, or objects (str)."""
        return self._native.ids.numpy()

    @property
    def attributes(self) -> Attributes:
        """The attribute columns: a mapping from names to numpy arrays."""
        return Attributes(self._native.columns)

    @property
    def provenance(self) -> dict:
        """Codec, options, seed, metric, the measured relative error, and the record of what was compressed."""
        return self._native.record

    @property
    def metric(self) -> str:
        """The metric of the record, else cosine."""
        return self._native.metric

    @property
    def dim(self) -> int:
        """Width of a vector before it was compressed."""
        return self._native.dim

    @property
    def bytes_per_vector(self) -> int:
        """Bytes of a vector's codes."""
        return self._native.bytes_per_vector

    def __len__(self) -> int:
        return len(self._native.ids)

    def __repr__(self) -> str:
        return (f"<whitney.CompressedEmbeddings: {len(self):,} x {self.dim} by {self.provenance['method']}, "
                f"{self.bytes_per_vector} bytes a vector, {self.metric}>")


def compress(method: str, data: Any, *, seed: Optional[int] = None, threads: Optional[int] = None,
             progress: Progress = False, **options: Any) -> CompressedEmbeddings:
    """Makes embeddings smaller by a codec such as "lvq"; `whitney.methods("compress")` lists codecs and options.

    data is Embeddings, n x d vectors, or the path of a file of them.
    """
    _whitney.require_method("compress", method)
    return CompressedEmbeddings._of(_whitney.compress(method, as_embeddings(data)._native, given_options(options),
                                                      call(threads, seed, progress)))
