"""What people have (numpy, Arrow, DLPack, pandas, lists) as what the library reads. Memory is shared where its layout allows."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _whitney
from ._whitney import Error

COPY_NOTED_FROM = 64 << 20
"""Bytes from which a copy is told to the logger "whitney"."""


def is_pandas(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "pandas"


def is_arrow(data: Any) -> bool:
    return (hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")) and not is_pandas(data)


def as_float32(data: Any, what: str) -> np.ndarray:
    """A packed float32 array of numbers. Throws Error for what has no place in one."""
    if hasattr(data, "tocsr"):
        raise Error(f"{what}: a sparse matrix was given, and dense vectors are expected (x.toarray())")
    try:
        array = np.asarray(data)
        if array.dtype.kind == "c":
            raise Error(f"{what}: Complex data not supported (dtype {array.dtype})")
        if array.dtype.kind not in "biuf":
            array = array.astype(np.float64)
    except Error:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise Error(f"{what}: {type(data).__name__} is no array of numbers: {error}") from error
    if array.dtype == np.float64:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, dtype=np.float32)
    kept = array.dtype in (np.float16, np.int8, np.uint8)
    return np.ascontiguousarray(array, dtype=array.dtype if kept else np.float32)


def matrix(data: Any, what: str = "vectors") -> _whitney.Matrix:
    """n x d vectors, float32, float16, bfloat16, int8 or uint8: shared when packed, else copied (float64 to float32)."""
    if isinstance(data, _whitney.Matrix):
        return data
    if is_arrow(data):
        return _whitney.arrow_matrix(data)
    if is_pandas(data):
        data = data.to_numpy()
    shared = _whitney.matrix_view(data)
    if shared is not None:
        return shared
    array = as_float32(data, what)
    if array.ndim != 2:
        raise Error(f"{what}: the array has shape {array.shape}, and rows x width is expected. Reshape your data "
                    "(x[None, :] makes one row of a vector)")
    if array.nbytes >= COPY_NOTED_FROM and not np.shares_memory(array, np.asarray(data)):
        logging.getLogger("whitney").warning(
            "%s: %.1f GB were copied; packed float32, float16, int8 or uint8 would be shared", what, array.nbytes / 1e9)
    return _whitney.matrix_view(array)


def queries(data: Any, what: str = "query") -> _whitney.Matrix:
    """As matrix; one vector is one row."""
    if not isinstance(data, _whitney.Matrix) and not is_arrow(data):
        if getattr(data, "ndim", None) == 1:
            data = data[None, :]
        elif isinstance(data, (list, tuple)) and data and not hasattr(data[0], "__len__"):
            data = [data]
    return matrix(data, what)


def _tolist(data: Any) -> list:
    return data if isinstance(data, list) else data.tolist() if hasattr(data, "tolist") else list(data)


def ids(data: Any) -> _whitney.Ids:
    """Ids, all str or all int from 0 on."""
    if isinstance(data, _whitney.Ids):
        return data
    if is_arrow(data):
        return _whitney.arrow_ids(data)
    if isinstance(data, str):
        raise Error(f'ids is the string "{data}", and a list of ids is expected')
    if hasattr(data, "dtype") and getattr(data.dtype, "kind", "") in ("i", "u"):
        array = np.asarray(data)
        if array.ndim != 1:
            raise Error(f"ids has shape {array.shape}, and one dimension is expected")
        if array.dtype.kind == "i" and array.size and array.min() < 0:
            raise Error(f"ids: number {int(np.argmax(array < 0))} is {array.min()} (expected: whole numbers from 0 to "
                        "2^64 - 1, or strings)")
        return _whitney.Ids.from_integers(np.ascontiguousarray(array, dtype=np.uint64))
    values = [v.item() if isinstance(v, np.generic) else v for v in _tolist(data)]
    return _whitney.Ids.from_list(values)


def _days(array: np.ndarray, name: str) -> _whitney.Column:
    present = ~np.isnat(array)
    micros = np.where(present, array.astype("datetime64[us]"), np.datetime64(0, "us")).astype(np.int64)
    return _whitney.Column.from_array(name, micros, "date", None if present.all() else present.astype(np.uint8))


def _numbers(array: np.ndarray, name: str) -> _whitney.Column:
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    array = np.asarray(array)
    kind = array.dtype.kind
    if kind == "f":
        missing = np.isnan(array)
        mask = missing if mask is None else mask | missing
        values, column_type = np.ascontiguousarray(array, dtype=np.float64), "real"
        if mask.any():
            values = np.where(mask, 0.0, values)
    elif kind == "b":
        values, column_type = np.ascontiguousarray(array).view(np.uint8), "bool"
    else:
        if kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
            raise Error(f'attribute "{name}": {array.max()} is beyond 2^63 - 1')
        values, column_type = np.ascontiguousarray(array, dtype=np.int64), "int"
    if mask is None or not mask.any():
        return _whitney.Column.from_array(name, values, column_type)
    return _whitney.Column.from_array(name, values, column_type, (~mask).astype(np.uint8))


def column(name: str, data: Any) -> _whitney.Column:
    """One attribute. Numbers of numpy are shared where they are int64 or float64 without gaps; None and NaN are no value."""
    if isinstance(data, _whitney.Column):
        return data
    if not isinstance(name, str):
        raise Error(f"attributes: the name {name!r} is no string")
    if is_arrow(data):
        return _whitney.arrow_column(name, data)
    if is_pandas(data):
        if isinstance(data.dtype, np.dtype) and data.dtype.kind in "iufbM":
            data = data.to_numpy()
        else:
            data = [None if missing else v for v, missing in zip(data, data.isna())]
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise Error(f'attribute "{name}" is {data!r}, and a value for each row is expected')
    if isinstance(data, np.ndarray):
        if data.ndim != 1:
            raise Error(f'attribute "{name}" has shape {data.shape}, and one dimension is expected')
        if data.dtype.kind == "M":
            return _days(data, name)
        if data.dtype.kind in "iufb":
            return _numbers(data, name)
    values = [_cell(v) for v in _tolist(data)]
    first = next((v for v in values if v is not None), None)
    if isinstance(first, datetime.date):
        return _days(np.array([_naive(v) for v in values], dtype="datetime64[us]"), name)
    return _whitney.Column.from_list(name, values)


def _cell(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return None if value is not None and type(value).__name__ in ("NAType", "NaTType") else value


def _naive(value: Any) -> Any:
    """A date without its time zone, in UTC."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


def columns(data: Any) -> list:
    """Attributes of a mapping, pandas or polars frame, Arrow table or record batch: a list of columns."""
    if data is None:
        return []
    if isinstance(data, Mapping):
        return [column(name, values) for name, values in data.items()]
    if hasattr(data, "column_names"):
        return [column(name, data.column(name)) for name in data.column_names]
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        return [column(name, data[name]) for name in data.columns]
    raise Error(f"attributes are a {type(data).__name__}, and a dict of columns, a pandas frame or an Arrow table is "
                "expected")
