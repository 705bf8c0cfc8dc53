"""Embeddings and tables."""

from __future__ import annotations

import logging
import os
from typing import Any, Optional

import numpy as np

from . import _convert, _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._optional import require
from ._whitney import Error


class UnknownIdError(Error, KeyError):
    """No row has this id."""

    __str__ = ValueError.__str__


def unknown_id(ids: _whitney.Ids, wanted: Any) -> UnknownIdError:
    hint = ids.did_you_mean(str(wanted))
    return UnknownIdError(f"no row has the id {wanted!r}{hint}")


def note_unmatched(unmatched: int, rows: int, unused: int, table_rows: int, what: str) -> None:
    """Tells the logger "whitney" what a join left out."""
    if unmatched or unused:
        logging.getLogger("whitney").warning("%d of %d %ss have no row in the table, and %d of its %d rows have no %s",
                                             unmatched, rows, what, unused, table_rows, what)


class Table:
    """Ids and attributes without vectors."""

    def __init__(self, *, ids: Any, attributes: Any):
        self._native = _whitney.Table(_convert.ids(ids), _convert.columns(attributes))

    @classmethod
    def _of(cls, native: _whitney.Table) -> Table:
        table = cls.__new__(cls)
        table._native = native
        return table

    @property
    def ids(self) -> np.ndarray:
        """n ids: uint64, or objects (str)."""
        return self._native.ids.numpy()

    @property
    def attributes(self) -> Attributes:
        """The columns by name."""
        return Attributes(self._native.columns)

    @property
    def provenance(self) -> dict:
        """How a table that a method made was made: method, options, seed, inputs, quality. Else empty."""
        return self._native.record

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes JSON lines, CSV, TSV or an artifact, by extension; an existing file only with force."""
        self._native.save(os.fspath(path), force, call())

    def to_pandas(self):
        """A pandas frame indexed by id."""
        return self.attributes.to_pandas(index=require("pandas", "Table.to_pandas").Index(self.ids, name="id"))

    def __len__(self) -> int:
        return len(self._native.ids)

    def __repr__(self) -> str:
        return f"<whitney.Table: {len(self):,} rows, {self.attributes!r}>"


class Embeddings:
    """Ids, n x d vectors, typed attributes, and the record of how they were made.

    Parameters
    ----------
    vectors : n x d of numpy, DLPack (torch, jax), the buffer protocol, Arrow (a list column) or pandas.
        float32, float16, bfloat16, int8 and uint8 that are packed are shared, not copied: leave them unchanged
        afterwards. float64 and other layouts are copied to float32. NaN and infinities are refused.
    ids : n different str, or n different int from 0 on. Absent: the index of a pandas frame unless it counts rows,
        else row numbers.
    attributes : a dict of columns, a pandas frame or an Arrow table, a value for each row; None is no value.
    metric : "cosine", "inner_product" or "l2": how the vectors are to be compared. Absent: cosine.
    """

    def __init__(self, *, vectors: Any, ids: Any = None, attributes: Any = None, metric: Optional[str] = None,
                 threads: Optional[int] = None):
        matrix = _convert.matrix(vectors)
        if ids is None and _convert.is_pandas(vectors) and type(vectors.index).__name__ != "RangeIndex":
            ids = vectors.index
        names = _whitney.Ids.row_numbers(matrix.rows) if ids is None else _convert.ids(ids)
        record = {} if metric is None else {"metric": metric}
        self._native = _whitney.Embeddings(names, matrix, _convert.columns(attributes), record, call(threads))
        self._native.metric  # says when the metric is none

    @classmethod
    def _of(cls, native: _whitney.Embeddings) -> Embeddings:
        embeddings = cls.__new__(cls)
        embeddings._native = native
        return embeddings

    def _with(self, *, columns: Optional[list] = None, metric: Optional[str] = None) -> Embeddings:
        record = self._native.record
        if metric is not None:
            record["metric"] = metric
        return Embeddings._of(_whitney.Embeddings(self._native.ids, self._native.vectors,
                                                  self._native.columns if columns is None else columns, record, call()))

    @property
    def vectors(self) -> np.ndarray:
        """n x d numpy array, read-only, without a copy (bfloat16, which numpy lacks, as float32)."""
        return self._native.vectors.numpy()

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
        """How the vectors were made: method, options, seed, inputs, metric. Empty for vectors of your own."""
        return self._native.record

    @property
    def metric(self) -> str:
        """The metric of the record, else cosine."""
        return self._native.metric

    @property
    def dim(self) -> int:
        """Width d of a vector."""
        return self._native.vectors.cols

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return len(self), self.dim

    @property
    def dtype(self) -> np.dtype:
        """numpy's type of `vectors`."""
        return self.vectors.dtype

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes by extension: .safetensors keeps everything; .npy, .fvecs, .tsv, .jsonl and others what they can.

        An existing file is replaced only with force.
        """
        self._native.save(os.fspath(path), force, call())

    def join(self, table: Any) -> Embeddings:
        """The same vectors with the columns of a Table (or of a pandas frame indexed by id), joined by id.

        Unmatched rows on either side are told to the logger "whitney".
        """
        if _convert.is_pandas(table):
            table = Table(ids=table.index, attributes=table)
        joined, unmatched, unused = self._native.join(table._native)
        note_unmatched(unmatched, len(self), unused, len(table), "vector")
        return Embeddings._of(joined)

    def to_pandas(self):
        """A pandas frame of the vectors, indexed by id; `attributes.to_pandas()` gives the rest."""
        pandas = require("pandas", "Embeddings.to_pandas")
        return pandas.DataFrame(self.vectors, index=pandas.Index(self.ids, name="id"), copy=False)

    def to_arrow(self):
        """A pyarrow table: id, vector (fixed size lists over the same memory), and the attributes."""
        pyarrow = require("pyarrow", "Embeddings.to_arrow")
        vectors = self.vectors
        flat = pyarrow.array(vectors.reshape(-1))
        arrays = {"id": pyarrow.array(self.ids), "vector": pyarrow.FixedSizeListArray.from_arrays(flat, self.dim)}
        for name, values in self.attributes.items():
            mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
            if values.dtype == object:
                values = [list(v) if isinstance(v, tuple) else v for v in values]
            arrays[name] = pyarrow.array(np.asarray(values) if mask is not None else values, mask=mask)
        return pyarrow.table(arrays)

    def __getitem__(self, id: Any) -> np.ndarray:
        """The vector of an id."""
        row = self._native.ids.find(id)
        if row is None:
            raise unknown_id(self._native.ids, id)
        return self.vectors[row]

    def __contains__(self, id: Any) -> bool:
        return self._native.ids.find(id) is not None

    def __len__(self) -> int:
        return self._native.vectors.rows

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        vectors = self.vectors
        if dtype is not None and np.dtype(dtype) != vectors.dtype:
            return vectors.astype(dtype)
        return vectors.copy() if copy else vectors

    def __dlpack__(self, **options: Any):
        return self.vectors.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple:
        return self.vectors.__dlpack_device__()

    def __copy__(self) -> Embeddings:
        return self

    def __deepcopy__(self, memo: dict) -> Embeddings:
        return self  # nothing in it changes

    def __reduce__(self):
        return _restore, (np.array(self.vectors), np.array(self.ids), dict(self.attributes), self.provenance)

    def __repr__(self) -> str:
        method = self.provenance.get("method")
        return (f"<whitney.Embeddings: {len(self):,} x {self.dim} {self._native.vectors.dtype}, {self.metric}"
                + (f", by {method}" if method else "") + (f", {self.attributes!r}" if self.attributes else "") + ">")


def _restore(vectors: np.ndarray, ids: np.ndarray, attributes: dict, record: dict) -> Embeddings:
    return Embeddings._of(_whitney.Embeddings(_convert.ids(ids), _convert.matrix(vectors), _convert.columns(attributes),
                                              record, call()))


def as_embeddings(data: Any) -> Embeddings:
    """Embeddings as they are, the path of a file of vectors, or vectors of your own."""
    if isinstance(data, Embeddings):
        return data
    if isinstance(data, (str, os.PathLike)):
        return read_vectors(data)
    return Embeddings(vectors=data)


def read_vectors(path: str | os.PathLike, *, id_field: Optional[str] = None, threads: Optional[int] = None,
                 progress: Progress = False) -> Embeddings:
    """Reads vectors by extension: .safetensors, .npy, .fvecs, .bvecs, .fbin, IDX, word2vec, .tsv, .csv, .jsonl, packed or not."""
    return Embeddings._of(_whitney.Embeddings.read(os.fspath(path), id_field, call(threads, None, progress)))


def read_table(path: str | os.PathLike, *, id_field: Optional[str] = None, threads: Optional[int] = None,
               progress: Progress = False) -> Table:
    """Reads attributes from JSON lines, CSV, TSV or an artifact. The ids are id_field, else "id", else row numbers.

    Fields of JSON lines that no attribute can hold (objects, lists of anything but text) are left out; a note to the
    logger "whitney" names them.
    """
    return Table._of(_whitney.Table.read(os.fspath(path), id_field, call(threads, None, progress)))
