"""Texts: what encoders and indexes of words read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from . import _convert, _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._tables import Table, note_unmatched, unknown_id
from ._whitney import Error


class Corpus:
    """Texts with ids, and attributes if they have any.

    Parameters
    ----------
    texts : a list of str, a pandas Series, an Arrow or numpy array, or a dict from ids to texts.
    ids : n different str, or n different int from 0 on. Absent: the keys of a dict, the index of a Series unless it
        counts rows, else row numbers.
    attributes : a dict of columns, a pandas frame or an Arrow table, a value for each text; None is no value.
    """

    def __init__(self, texts: Any, *, ids: Any = None, attributes: Any = None):
        if ids is None and isinstance(texts, Mapping):
            texts, ids = list(texts.values()), list(texts)
        elif ids is None and _convert.is_pandas(texts) and type(texts.index).__name__ != "RangeIndex":
            ids = texts.index
        if isinstance(texts, str):
            raise Error(f"texts is the string {texts!r}, and a list of texts is expected")
        values = text_list(texts)
        names = _whitney.Ids.row_numbers(len(values)) if ids is None else _convert.ids(ids)
        self._native = _whitney.Corpus(names, values)
        self._columns = _convert.columns(attributes)

    @classmethod
    def _of(cls, native: _whitney.Corpus, columns: Optional[list] = None) -> Corpus:
        corpus = cls.__new__(cls)
        corpus._native, corpus._columns = native, columns or []
        return corpus

    @property
    def ids(self) -> np.ndarray:
        """n ids: uint64, or objects (str)."""
        return self._native.ids.numpy()

    @property
    def texts(self) -> list[str]:
        """The texts, in the order of the ids."""
        return self._native.texts()

    @property
    def attributes(self) -> Attributes:
        """The attribute columns: a mapping from names to numpy arrays."""
        return Attributes(self._columns)

    def join(self, table: Any) -> Corpus:
        """The same texts with the columns of a Table (or of a pandas frame indexed by id), joined by id."""
        if _convert.is_pandas(table):
            table = Table(ids=table.index, attributes=table)
        columns, unmatched, unused = table._native.columns_for(self._native.ids)
        note_unmatched(unmatched, len(self), unused, len(table), "text")
        return Corpus._of(self._native, self._columns + columns)

    def __getitem__(self, id: Any) -> str:
        """The text of an id."""
        row = self._native.ids.find(id)
        if row is None:
            raise unknown_id(self._native.ids, id)
        return self._native.text(row)

    def __contains__(self, id: Any) -> bool:
        return self._native.ids.find(id) is not None

    def __len__(self) -> int:
        return len(self._native)

    def __reduce__(self):
        return _restore, (self.texts, np.array(self.ids), dict(self.attributes))

    def __repr__(self) -> str:
        return f"<whitney.Corpus: {len(self):,} texts" + (f", {self.attributes!r}" if self._columns else "") + ">"


def _restore(texts: list[str], ids: np.ndarray, attributes: dict) -> Corpus:
    return Corpus(texts, ids=ids, attributes=attributes)


def read_corpus(path: str | os.PathLike, *, id_field: Optional[str] = None, text_field: str = "text",
                threads: Optional[int] = None, progress: Progress = False) -> Corpus:
    """Reads texts from JSON lines, CSV, TSV or plain lines, packed or not. The ids are id_field, else "id", else row numbers."""
    return Corpus._of(_whitney.Corpus.read(os.fspath(path), id_field, text_field, call(threads, None, progress)))


def as_corpus(data: Any, ids: Any = None, attributes: Any = None) -> Corpus:
    """A Corpus as it is, the path of one, or texts of your own; with further attributes, a Table's joined by id."""
    if isinstance(attributes, Table):
        return as_corpus(data, ids).join(attributes)
    if isinstance(data, (str, os.PathLike)):
        if not os.path.exists(data):
            raise Error(f"{os.fspath(data)}: there is no such file of texts; a text of your own stands in a list: [text]")
        data = read_corpus(data)
    if not isinstance(data, Corpus):
        return Corpus(data, ids=ids, attributes=attributes)
    if ids is not None:
        raise Error("ids are given, and the corpus has its own")
    return data if attributes is None else Corpus._of(data._native, data._columns + _convert.columns(attributes))


def is_texts(data: Any) -> bool:
    """Says that these are texts, not vectors: a str, or a sequence whose first element is one."""
    if isinstance(data, (str, Corpus)):
        return True
    if isinstance(data, np.ndarray):
        return data.dtype.kind in "UO" and data.size > 0 and isinstance(data.flat[0], str)
    if _convert.is_pandas(data):
        return data.ndim == 1 and len(data) > 0 and isinstance(data.iloc[0], str)
    return isinstance(data, (list, tuple)) and len(data) > 0 and isinstance(data[0], str)


def text_list(data: Any) -> list[str]:
    """A list of one's own, of a str or of any iterable of str; the library says which element is none."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, Corpus):
        return data.texts
    if hasattr(data, "to_pylist"):  # Arrow
        return data.to_pylist()
    if isinstance(data, np.ndarray):
        return data.reshape(-1).tolist() if data.ndim < 2 else data.tolist()
    if isinstance(data, (bytes, Mapping)) or hasattr(data, "columns") or not hasattr(data, "__iter__"):
        raise Error(f"a {type(data).__name__} is no list of texts (expected: a str, or a list, pandas Series, numpy or "
                    "Arrow array, or other iterable of str)")
    return list(data)
