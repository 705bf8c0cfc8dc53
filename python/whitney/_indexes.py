"""Indexes and what a search gives."""

from __future__ import annotations

import os
import tempfile
from typing import Any, NamedTuple, Optional

import numpy as np

from . import _convert, _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._options import given_options
from ._tables import Embeddings, Table, as_embeddings, unknown_id
from ._whitney import Error


class Hits(NamedTuple):
    """The nearest rows of m queries, best first, at most k each."""

    ids: np.ndarray
    """m x k: uint64 where ids are integers and every place is filled, else objects with None in unfilled places."""
    scores: np.ndarray
    """m x k float32: scores (cosine, inner_product; higher first) or distances (l2; lower first); unfilled NaN."""
    counts: np.ndarray
    """m: filled places of each query."""
    rows: np.ndarray
    """m x k int64: rows of the index; unfilled -1."""
    explain: Optional[dict]
    """Plan, estimates, actuals and filter, when it was asked for."""


class Index:
    """Answers nearest-neighbour queries under a filter; made by `whitney.index` or `whitney.open`.

    Threads may search one index at the same time; add and remove wait for running searches.
    """

    def __init__(self) -> None:
        raise Error("an Index is made by whitney.index(method, embeddings) or whitney.open(path)")

    @classmethod
    def _of(cls, native: _whitney.Searcher) -> Index:
        index = cls.__new__(cls)
        index._native = native
        return index

    def search(self, query: Any, k: int = 10, filter: Optional[str] = None, *, exact: bool = False,
               explain: bool = False, exclude: Any = None, threads: Optional[int] = None, progress: Progress = False,
               **options: Any) -> Hits:
        """Finds the k nearest rows of each query: min(k, rows that satisfy the filter) hits, under any filter.

        Parameters
        ----------
        query : one vector, m x d vectors (as for Embeddings), or Embeddings.
        filter : a condition on the attributes, such as 'section = "python" and size < 1000'.
        exact : compare with every allowed row instead of walking the index.
        explain : fill `hits.explain`.
        exclude : for each query an id that is left out (None: none), or one id for one query.
        **options : the index's own, such as ef of hnsw; `search_options` lists them.
        """
        matrix = query._native.vectors if isinstance(query, Embeddings) else _convert.queries(query)
        rows, values, ids, counts, explanation = self._native.search(
            matrix, k, filter or "", given_options(options), self._excluded(exclude, matrix.rows), exact, explain,
            call(threads, None, progress))
        return Hits(ids, values, counts, rows, explanation)

    def _excluded(self, exclude: Any, num_queries: int) -> list[int]:
        if exclude is None:
            return []
        if isinstance(exclude, (str, int, np.integer)):
            exclude = [exclude]
        if len(exclude) != num_queries:
            raise Error(f"exclude has {len(exclude)} ids for {num_queries} queries")
        return [-1 if id is None else self._row(id) for id in exclude]

    def _row(self, id: Any) -> int:
        row = self._native.find(id)
        if row is None:
            raise unknown_id(self._native.ids, id)
        return row

    def matches(self, filter: str) -> np.ndarray:
        """The ids of all rows that satisfy a filter, in the order of the rows."""
        return self._native.ids.numpy()[self._native.matches(filter, call())]

    def add(self, ids: Any, vectors: Any = None, attributes: Any = None, *, threads: Optional[int] = None,
            progress: Progress = False) -> None:
        """Adds rows with new ids: `add(ids, vectors, attributes)` or `add(embeddings)`."""
        if isinstance(ids, Embeddings) and vectors is None:
            more = ids
        else:
            if vectors is None:
                raise Error("add needs ids and vectors, or Embeddings")
            matrix = _convert.queries(vectors, "vectors")
            names = [ids] if isinstance(ids, (str, int, np.integer)) else ids
            more = Embeddings(vectors=matrix, ids=names, attributes=attributes)
        self._native.add(more._native, call(threads, None, progress))

    def remove(self, ids: Any) -> None:
        """Removes rows by id; an unknown one is an Error before anything changes."""
        self._native.remove(_convert.ids([ids] if isinstance(ids, (str, int, np.integer)) else ids), call())

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes one file that holds all a search needs; an existing one is replaced only with force."""
        self._native.save(os.fspath(path), force, call())

    def __getitem__(self, id: Any) -> np.ndarray:
        """The stored vector of an id as float32 (of length 1 under cosine)."""
        return self._native.vector(self._row(id))

    def __contains__(self, id: Any) -> bool:
        return self._native.find(id) is not None

    def __len__(self) -> int:
        """Rows that may be found: removed ones do not count."""
        return self._native.num_live

    @property
    def ids(self) -> np.ndarray:
        """The ids of the rows that may be found."""
        ids = self._native.ids.numpy()
        return ids if len(ids) == len(self) else ids[self._native.live_rows()]

    @property
    def attributes(self) -> Attributes:
        """The attribute columns of all rows (`hits.rows` counts them), removed ones included."""
        return Attributes(self._native.columns)

    @property
    def search_options(self) -> list[dict]:
        """Declarations of the options of a search."""
        return self._native.search_options()

    @property
    def method(self) -> str:
        return self._native.method

    @property
    def metric(self) -> str:
        return self._native.metric

    @property
    def dim(self) -> int:
        return self._native.dim

    @property
    def size_bytes(self) -> int:
        """Bytes held in memory, or mapped."""
        return self._native.size_bytes

    @property
    def provenance(self) -> dict:
        """How the index and its vectors were made."""
        return self._native.record

    def __reduce__(self):
        with tempfile.TemporaryDirectory(prefix="whitney-") as folder:
            path = os.path.join(folder, "index.safetensors")
            self.save(path)
            with open(path, "rb") as file:
                return _restore, (file.read(),)

    def __repr__(self) -> str:
        return f"<whitney.Index: {self.method}, {len(self):,} x {self.dim}, {self.metric}, {self.attributes!r}>"


def _restore(content: bytes) -> Index:
    """Maps a copy of the file, which stays as long as it is mapped."""
    with tempfile.TemporaryDirectory(prefix="whitney-") as folder:
        path = os.path.join(folder, "index.safetensors")
        with open(path, "wb") as file:
            file.write(content)
        return Index._of(_whitney.Searcher.open(path, call()))


def index(method: str, data: Any, *, attributes: Any = None, metric: Optional[str] = None, seed: Optional[int] = None,
          threads: Optional[int] = None, progress: Progress = False, **options: Any) -> Index:
    """Builds an index of a method ("hnsw", "flat") over embeddings, or vectors, or a file of them.

    Parameters
    ----------
    attributes : columns that filters can use beside those of the embeddings: a value for each row (dict, pandas
        frame, Arrow table), or a `whitney.Table`, joined by id.
    metric : "cosine", "inner_product" or "l2". Absent: the one in the embeddings' record, else cosine.
    **options : the method's own; `whitney.methods("index")` lists them.
    """
    _whitney.require_method("index", method)
    embeddings = as_embeddings(data)
    if isinstance(attributes, Table):
        embeddings, attributes = embeddings.join(attributes), None
    if attributes is not None:
        embeddings = embeddings._with(columns=embeddings._native.columns + _convert.columns(attributes))
    if metric is not None:
        embeddings = embeddings._with(metric=metric)
    return Index._of(_whitney.Searcher.build(method, embeddings._native, given_options(options),
                                             call(threads, seed, progress)))
