"""Rows that are sparse, or several vectors each: what the indexes "sparse" and "multi_vector" take."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from . import _convert, _whitney
from ._calls import call
from ._encoded import EncodedTexts
from ._optional import require
from ._whitney import Error


def is_ragged(data: Any) -> bool:
    """Says that these are rows of several vectors, or sparse ones, encoded by a model."""
    return isinstance(data, (EncodedTexts, _whitney.Ragged))


def as_ragged(data: Any, wanted: str) -> _whitney.Ragged:
    """EncodedTexts, a file of them, a scipy sparse matrix (wanted: "sparse"), or arrays of vectors ("vector sets")."""
    if isinstance(data, _whitney.Ragged):
        return data
    if isinstance(data, EncodedTexts):
        return _whitney.Ragged.of_encoded(data._native)
    if isinstance(data, (str, os.PathLike)):
        return _whitney.Ragged.open(os.fspath(data), call())
    return _of_sparse(data) if wanted == "sparse" else _of_arrays(data)


def _of_sparse(data: Any) -> _whitney.Ragged:
    if not hasattr(data, "tocsr"):
        raise Error(f"a {type(data).__name__} is given, and sparse rows are expected: a scipy sparse matrix, or what "
                    'whitney.encode(model, texts, output="sparse") gives')
    matrix = data.tocsr()
    return _whitney.Ragged.sparse(np.ascontiguousarray(matrix.indptr, np.int64), np.ascontiguousarray(matrix.indices, np.int64),
                                  np.ascontiguousarray(matrix.data, np.float32), matrix.shape[-1])


def _of_arrays(data: Any) -> _whitney.Ragged:
    if hasattr(data, "tocsr"):
        raise Error("a sparse matrix is given, and arrays of vectors are expected, one for each row")
    if getattr(data, "ndim", None) == 2:  # the vectors of one row
        data = [data]
    arrays = [_convert.as_float32(one, "vectors") for one in data]
    if any(one.ndim != 2 for one in arrays):
        raise Error("each row is an array of its vectors, vectors x width")
    starts = np.cumsum([0] + [len(one) for one in arrays], dtype=np.int64)
    joined = np.concatenate(arrays) if arrays else np.zeros((0, 0), np.float32)
    return _whitney.Ragged.sets(starts, _convert.matrix(joined.astype(np.float32, copy=False)))


def entries(rows: _whitney.Ragged) -> Any:
    """One row: a scipy CSR matrix, or its vectors."""
    starts, values, indices = rows.arrays()
    if indices is None:
        return values
    sparse = require("scipy.sparse", "a row of sparse vectors")
    return sparse.csr_matrix((values, indices, starts), shape=(rows.size, rows.dim))
