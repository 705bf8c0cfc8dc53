"""Attribute columns as numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Iterator

import numpy as np

from . import _whitney
from ._optional import require


def _missing(column: _whitney.Column) -> np.ndarray | None:
    present = column.present
    return None if present.size == 0 or present.all() else present == 0


def _strings(column: _whitney.Column, missing: np.ndarray | None) -> np.ndarray:
    dictionary = np.array(column.dictionary + [None], dtype=object)
    codes = column.codes if missing is None else np.where(missing, len(dictionary) - 1, column.codes)
    return dictionary[codes]


def _sets(column: _whitney.Column, missing: np.ndarray | None) -> np.ndarray:
    dictionary, codes, starts = column.dictionary, column.codes.tolist(), column.starts.tolist()
    values = np.empty(len(column), dtype=object)
    for row in range(len(column)):
        if missing is None or not missing[row]:
            values[row] = tuple(dictionary[code] for code in codes[starts[row]:starts[row + 1]])
    return values


def to_numpy(column: _whitney.Column) -> np.ndarray:
    """A column as numpy: int64, float64 and bool without a copy, dates as datetime64[us], strings and sets as objects.

    A row without a value is masked (int, bool), NaN (real), NaT (date) or None (string, set).
    """
    missing = _missing(column)
    kind = column.type
    if kind == "string":
        return _strings(column, missing)
    if kind == "set":
        return _sets(column, missing)
    if kind == "real":
        return column.reals if missing is None else np.where(missing, np.nan, column.reals)
    if kind == "date":
        dates = column.ints.view("datetime64[us]")
        return dates if missing is None else np.where(missing, np.datetime64("NaT", "us"), dates)
    values = column.bools.view(np.bool_) if kind == "bool" else column.ints
    return values if missing is None else np.ma.masked_array(values, missing)


class Attributes(Mapping):
    """The attribute columns of some rows, by name: a mapping to numpy arrays."""

    def __init__(self, columns: list[_whitney.Column]):
        self._columns = {column.name: column for column in columns}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._columns:
            known = ", ".join(self._columns) or "none"
            raise KeyError(f"there is no attribute {name!r} (known: {known})")
        return to_numpy(self._columns[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def types(self) -> dict[str, str]:
        """Name -> int, real, bool, string, date or set."""
        return {name: column.type for name, column in self._columns.items()}

    def row(self, row: int) -> dict[str, Any]:
        """The values of one row: dates as text, sets as lists, None where there is no value."""
        return {name: column.value(row) for name, column in self._columns.items()}

    def to_pandas(self, index: Any = None):
        """A pandas frame; integers and bools with gaps become Int64 and boolean."""
        pandas = require("pandas", "Attributes.to_pandas")
        frame = {}
        for name, values in self.items():
            if isinstance(values, np.ma.MaskedArray):
                kind = pandas.arrays.IntegerArray if values.dtype.kind == "i" else pandas.arrays.BooleanArray
                values = kind(np.array(values.data), np.ma.getmaskarray(values))
            frame[name] = pandas.Series(values, index=index)
        return pandas.DataFrame(frame, index=index)

    def __repr__(self) -> str:
        return "Attributes(" + ", ".join(f"{name}: {kind}" for name, kind in self.types.items()) + ")"
