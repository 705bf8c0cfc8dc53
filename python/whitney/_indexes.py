"""Indexes and what a search gives."""

from __future__ import annotations

import logging
import os
import tempfile
from typing import Any, Callable, NamedTuple, Optional

import numpy as np

from . import _convert, _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._models import as_model
from ._options import given_options
from ._tables import Embeddings, Table, as_embeddings, unknown_id
from ._ragged import as_ragged, entries, is_ragged
from ._texts import Corpus, as_corpus, is_texts, text_list
from ._whitney import Error


class Hits(NamedTuple):
    """The nearest rows of m queries, best first, at most k each."""

    ids: np.ndarray
    """m x k: uint64 where ids are integers and every place is filled, else objects with None in unfilled places."""
    scores: np.ndarray
    """m x k float32: scores (cosine, inner_product, words; higher first) or distances (l2; lower first); unfilled NaN."""
    counts: np.ndarray
    """m: filled places of each query."""
    rows: np.ndarray
    """m x k int64: rows of the index; unfilled -1."""
    explain: Optional[dict]
    """Plan, estimates, actuals and filter, when it was asked for."""
    partial: bool = False
    """The time was up before the search ended: hits are missing, or are not the best."""


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

    def search(self, query: Any, k: int = 10, filter: Optional[str] = None, *, model: Any = None, exact: bool = False,
               explain: bool = False, exclude: Any = None, timeout_ms: Optional[float] = None,
               threads: Optional[int] = None, progress: Progress = False, **options: Any) -> Hits:
        """Finds the k nearest rows of each query: min(k, rows that satisfy the filter) hits, under any filter.

        An index of texts finds those that share words with the query, which may be fewer.

        Parameters
        ----------
        query : one vector, m x d vectors (as for Embeddings), or Embeddings; of an index of texts, or with a model, one
            str or a list of them; of "sparse", a scipy CSR matrix or EncodedTexts; of "multi_vector", an array of one
            query's vectors, a list of such arrays, or EncodedTexts.
        filter : a condition on the attributes, such as 'section = "python" and size < 1000'.
        model : encodes queries that are texts, for an index of vectors: a whitney.Model, or the path of one, which is
            opened for the call. They are encoded as the texts of the vectors were, with the model's query prompt if
            it has one.
        exact : compare with every allowed row instead of walking the index.
        explain : fill `hits.explain`.
        exclude : for each query an id that is left out (None: none), or one id for one query.
        timeout_ms : milliseconds that the search may take, its filter included; `hits.partial` says that they were up.
        **options : the index's own, such as ef of hnsw; `search_options` lists them.
        """
        told = call(threads, None, progress)
        ask, queries, count = self._queries(query, model, told)
        rows, values, ids, counts, explanation, partial = ask(queries, k, filter or "", given_options(options),
                                                              self._excluded(exclude, count), exact, explain,
                                                              timeout_ms, told)
        return Hits(ids, values, counts, rows, explanation, partial)

    def _queries(self, query: Any, model: Any, told: _whitney.Call) -> tuple[Callable, Any, int]:
        """The native search, the queries as it takes them, and their number."""
        if self._native.input == "texts":
            texts = text_list(query)
            if texts and not isinstance(texts[0], str):
                raise Error(f"{self.method} holds texts and is asked by words: a str or a list of str")
            if model is not None:
                logging.getLogger("whitney").warning("model has no effect on an index of texts")
            return self._native.search_texts, texts, len(texts)
        if self._native.input in RAGGED:
            rows = self._encoded_rows(text_list(query), model, told) if is_texts(query) else as_ragged(query, self._native.input)
            return self._native.search_ragged, rows, rows.size
        if is_texts(query):
            matrix = self._encoded(text_list(query), model, told)
        else:
            matrix = query._native.vectors if isinstance(query, Embeddings) else _convert.queries(query)
        return self._native.search, matrix, matrix.rows

    def _encoder(self, model: Any) -> _whitney.Model:
        if model is None:
            raise Error(f"{self.method} holds vectors: a query of words needs the model that made them "
                        "(search(text, model=model))")
        if isinstance(model, (str, os.PathLike)):
            model = as_model(model, _whitney.encoded_precision(self._native.record))
        return as_model(model)._native

    def _encoded(self, texts: list[str], model: Any, told: _whitney.Call) -> _whitney.Matrix:
        return self._encoder(model).encode_queries(self._native.record, self.dim, texts, told)

    def _encoded_rows(self, texts: list[str], model: Any, told: _whitney.Call) -> _whitney.Ragged:
        return self._encoder(model).encode_ragged_queries(self._native.record, self._native.input == "sparse", self.dim, texts,
                                                          told)

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

    def add(self, ids: Any, vectors: Any = None, attributes: Any = None, *, texts: Any = None,
            threads: Optional[int] = None, progress: Progress = False) -> None:
        """Adds rows with new ids: `add(ids, vectors, attributes)` or `add(embeddings)`.

        To an index of texts, texts in place of vectors, or a whitney.Corpus.
        """
        told = call(threads, None, progress)
        if self._native.input in RAGGED:
            self._add_ragged(ids, vectors, attributes, told)
            return
        names = [ids] if isinstance(ids, (str, int, np.integer)) else ids
        given = vectors if texts is None else texts
        if given is None and not isinstance(ids, (Embeddings, Corpus)):
            raise Error("add needs ids and vectors (or texts), or Embeddings, or a Corpus")
        if self._native.input == "texts":
            more = ids if given is None else Corpus(text_list(given), ids=names, attributes=attributes)
            if not isinstance(more, Corpus):
                raise Error(f"{self.method} holds texts, and vectors are given")
            self._native.add_texts(more._native, more._columns, told)
            return
        if is_texts(given) or isinstance(ids, Corpus):
            raise Error(f"{self.method} holds vectors, and texts are given: add(whitney.encode(model, texts, ids=ids))")
        more = ids if given is None else Embeddings(vectors=_convert.queries(given, "vectors"), ids=names,
                                                    attributes=attributes)
        self._native.add(more._native, told)

    def _add_ragged(self, ids: Any, vectors: Any, attributes: Any, told: _whitney.Call) -> None:
        rows = as_ragged(ids if vectors is None else vectors, self._native.input)
        if vectors is not None:
            names = [ids] if isinstance(ids, (str, int, np.integer)) else ids
            rows = rows.named(_convert.ids(names), _convert.columns(attributes), None)
        self._native.add_ragged(rows, told)

    def remove(self, ids: Any) -> None:
        """Removes rows by id; an unknown one is an Error before anything changes."""
        self._native.remove(_convert.ids([ids] if isinstance(ids, (str, int, np.integer)) else ids), call())

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes one file that holds all a search needs; an existing one is replaced only with force."""
        self._native.save(os.fspath(path), force, call())

    def __getitem__(self, id: Any) -> Any:
        """The stored vector of an id as float32 (of length 1 under cosine).

        Of "sparse" a scipy CSR matrix of one row, of "multi_vector" all vectors of the row, m x d.
        """
        if self._native.input in RAGGED:
            return entries(self._native.ragged(self._row(id)))
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
        """Width of a vector; of an index of texts, its different words."""
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
        held = {"vectors": f"{len(self):,} x {self.dim}, {self.metric}",
                "texts": f"{len(self):,} texts, {self.dim:,} words",
                "sparse": f"{len(self):,} rows of {self.dim:,} dimensions",
                "vector sets": f"{len(self):,} rows of vectors of {self.dim} dimensions, {self.metric}"}[self._native.input]
        return f"<whitney.Index: {self.method}, {held}" + (f", {self.attributes!r}" if self.attributes else "") + ">"


RAGGED = ("sparse", "vector sets")
"""Inputs whose rows are not one vector each."""


def _named(rows: _whitney.Ragged, ids: Any, attributes: Any, metric: Optional[str]) -> _whitney.Ragged:
    columns = [] if isinstance(attributes, Table) else _convert.columns(attributes)
    rows = rows.named(None if ids is None else _convert.ids(ids), columns, metric)
    if not isinstance(attributes, Table):
        return rows
    joined, unmatched, unused = rows.join(attributes._native)
    if unmatched or unused:
        logging.getLogger("whitney").warning("%d rows have no attributes in the table; %d rows of it match no id", unmatched,
                                             unused)
    return joined


def _restore(content: bytes) -> Index:
    """Maps a copy of the file, which stays as long as it is mapped."""
    with tempfile.TemporaryDirectory(prefix="whitney-") as folder:
        path = os.path.join(folder, "index.safetensors")
        with open(path, "wb") as file:
            file.write(content)
        return Index._of(_whitney.Searcher.open(path, call()))


def index(method: str, data: Any, *, ids: Any = None, attributes: Any = None, metric: Optional[str] = None,
          seed: Optional[int] = None, threads: Optional[int] = None, progress: Progress = False, **options: Any) -> Index:
    """Builds an index of a method ("hnsw", "flat") over embeddings, or vectors, or a file of them; "bm25" over texts.

    Parameters
    ----------
    data : Embeddings, vectors as for them, or a file of them; for a method over texts ("bm25") a list of str, a pandas
        Series, a dict from ids to texts, a whitney.Corpus, or a file of texts; for "sparse" EncodedTexts
        (output="sparse"), a scipy sparse matrix, or a file; for "multi_vector" EncodedTexts (output="tokens"), a list
        of arrays, one for each row, or a file.
    ids : of vectors or texts of your own.
    attributes : columns that filters can use beside those of the embeddings: a value for each row (dict, pandas
        frame, Arrow table), or a `whitney.Table`, joined by id.
    metric : "cosine", "inner_product" or "l2". Absent: the one in the embeddings' record, else cosine.
    **options : the method's own; `whitney.methods("index")` lists them.
    """
    _whitney.require_method("index", method)
    told = call(threads, seed, progress)
    if _whitney.index_input(method) == "texts":
        if metric is not None:
            logging.getLogger("whitney").warning("metric has no effect on texts")
        corpus = as_corpus(data, ids, attributes)
        return Index._of(_whitney.Searcher.build_texts(method, corpus._native, corpus._columns, given_options(options), told))
    if _whitney.index_input(method) in RAGGED:
        rows = _named(as_ragged(data, _whitney.index_input(method)), ids, attributes, metric)
        return Index._of(_whitney.Searcher.build_ragged(method, rows, given_options(options), told))
    if is_ragged(data):
        raise Error(f"{method} holds one vector a row, and several, or sparse vectors, are given "
                    '(expected: whitney.index("multi_vector", ...) or whitney.index("sparse", ...))')
    if is_texts(data) and not isinstance(data, str):
        raise Error(f"{method} holds vectors, and texts are given: whitney.index({method!r}, whitney.encode(model, texts)), "
                    "or whitney.index(\"bm25\", texts)")
    embeddings = as_embeddings(data) if ids is None else Embeddings(vectors=data, ids=ids)
    if isinstance(attributes, Table):
        embeddings, attributes = embeddings.join(attributes), None
    if attributes is not None:
        embeddings = embeddings._with(columns=embeddings._native.columns + _convert.columns(attributes))
    if metric is not None:
        embeddings = embeddings._with(metric=metric)
    return Index._of(_whitney.Searcher.build(method, embeddings._native, given_options(options), told))

