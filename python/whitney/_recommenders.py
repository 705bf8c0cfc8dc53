"""Events of users with items, and what is recommended from them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from . import _convert, _whitney
from ._attributes import Attributes
from ._calls import Progress, call
from ._indexes import Index
from ._options import declare, given_options
from ._tables import Table
from ._whitney import Error


class Interactions:
    """Events of users with items; made by `whitney.read_interactions`. Of repeated pairs the last counts."""

    def __init__(self) -> None:
        raise Error("Interactions are made by whitney.read_interactions(path, arrays, frame or sparse matrix)")

    @classmethod
    def _of(cls, native: _whitney.Interactions) -> Interactions:
        events = cls.__new__(cls)
        events._native = native
        return events

    @property
    def users(self) -> np.ndarray:
        """Ids of the users: uint64, or objects (str)."""
        return self._native.users.numpy()

    @property
    def items(self) -> np.ndarray:
        """Ids of the items: uint64, or objects (str)."""
        return self._native.items.numpy()

    def to_scipy(self):
        """Users x items as scipy's CSR: values, or 1 where there are none."""
        from ._optional import require
        values = self._native.values if len(self._native.values) else np.ones(len(self), dtype=np.float32)
        shape = (len(self._native.users), len(self._native.items))
        return require("scipy.sparse", "Interactions.to_scipy").csr_matrix(
            (values, self._native.targets, self._native.offsets), shape=shape, copy=False)

    def k_core(self, *, threads: Optional[int] = None, progress: Progress = False, **options: Any) -> Interactions:
        """The largest part of them in which every user and every item has enough events."""
        return Interactions._of(self._native.k_core(given_options(options), call(threads, None, progress)))

    def split(self, method: Optional[str] = None, *, seed: Optional[int] = None, threads: Optional[int] = None,
              progress: Progress = False, **options: Any) -> InteractionsSplit:
        """Splits them into training, validation and test."""
        given = given_options(options) | ({} if method is None else {"split": method})
        *parts, checksum = self._native.split(given, call(threads, seed, progress))
        return InteractionsSplit(*map(Interactions._of, parts), checksum)

    def save(self, path: str | os.PathLike, *, force: bool = True) -> None:
        """Writes them as lines `user item [value [time]]` between tabs (a .csv: commas), below a heading; as a .safetensors
        whole, with users and items that have no event. Another extension is an Error."""
        self._native.write(os.fspath(path), force, call())

    def __len__(self) -> int:
        return self._native.size

    def __repr__(self) -> str:
        return f"<whitney.Interactions: {len(self._native.users):,} users, {len(self._native.items):,} items, {len(self):,} events>"


class InteractionsSplit(NamedTuple):
    """Events of the same users and items in three parts that have no event in common."""

    train: Interactions
    validation: Interactions
    test: Interactions
    checksum: str
    """The same for the same events in the same parts: figures compare only where it is the same."""


_core_options, _split_options = _whitney.events_options()
declare(Interactions.k_core, _core_options, """The largest part of the events in which every user and every item has enough (the k-core).

Parameters
----------
{options}
""")
declare(Interactions.split, [option for option in _split_options if option["name"] != "split"],
        """Splits the events into training, validation and test: the same by the same seed, whatever their order.

Parameters
----------
method : """ + _split_options[0]["type"] + ", default " + repr(_split_options[0]["default"]) + "\n    "
        + _split_options[0]["help"] + """
{options}
""")


def _numbered(values: Any, what: str) -> tuple[_whitney.Ids, np.ndarray]:
    """Ids in their order, and the row of each event."""
    names, rows = np.unique(np.asarray(values), return_inverse=True)
    if names.dtype.kind not in "iuOUS":
        raise Error(f"{what} are of type {names.dtype} (expected: int or str)")
    return _convert.ids(names if names.dtype.kind in "iu" else [str(name) for name in names]), rows.astype(np.uint32).ravel()


def read_interactions(source: Any, *, user_field: Optional[str] = None, item_field: Optional[str] = None,
                      value_field: Optional[str] = None, time_field: Optional[str] = None,
                      min_value: Optional[float] = None, value_range: Optional[Sequence[float]] = None,
                      events_form: Optional[str] = None, threads: Optional[int] = None,
                      progress: Progress = False) -> Interactions:
    """Reads events of users with items from what you have. An option that has no effect on it is told by a note.

    Parameters
    ----------
    source : one of
        - the path of a file: lists (`user item item ...`), columns between tabs, commas or `::`, RecBole's .inter files, or
          what Interactions.save wrote;
        - arrays (users, items), (users, items, values) or (users, items, values, times) of ids, int or str;
        - a pandas frame with columns user, item[, value[, time]], or whose first columns are these;
        - a scipy sparse matrix, users x items; ids are row and column numbers;
        - Interactions, of which all users and items stay.
    user_field, item_field, value_field, time_field : names of the columns of a file or frame.
    min_value : events of a lower value are left out; compared as float32, as values are kept.
    value_range : lowest and highest value, such as (1, 5); an event outside is an Error.
    events_form : of a file: "lists", "columns", or "auto" (default): by the heading, between tabs, commas or `::` columns,
        else lists unless a word can only be a value.
    """
    told = call(threads, None, progress)
    options = {"user_field": user_field, "item_field": item_field, "value_field": value_field, "time_field": time_field,
               "min_value": min_value, "value_range": value_range, "events_form": events_form}
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(source, Interactions):
        return Interactions._of(source._native.that_count(given, told)) if given else source
    if isinstance(source, (str, os.PathLike)):
        return Interactions._of(_whitney.Interactions.read(os.fspath(source), given, told))
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        columns = _frame_columns(source, (user_field, item_field, value_field, time_field))
        unnamed = {name: value for name, value in given.items() if not name.endswith("_field")}
        return _from_columns(columns, "a frame, which has columns", unnamed, told)
    if hasattr(source, "tocoo"):
        matrix = source.tocoo()
        columns = [matrix.row, matrix.col, matrix.data]
    elif isinstance(source, (tuple, list)) and len(source) in (2, 3, 4):
        columns = list(source)
    else:
        raise Error(f"a {type(source).__name__} holds no events (expected: a path, (users, items[, values[, times]]), a pandas "
                    "frame or a scipy sparse matrix)")
    return _from_columns(columns, "arrays, whose fields have no names", given, told)


def _frame_columns(frame: Any, fields: tuple) -> list:
    names = [str(name) for name in frame.columns]
    if any(fields):
        unknown = [field for field in fields if field and field not in names]
        if unknown:
            raise Error(f"the frame has no column {unknown[0]!r} (it has: {', '.join(names)})")
    defaults = names + [None] * 4
    chosen = [field or default for field, default in zip(fields, defaults)]
    return [frame[name].to_numpy() for name in chosen if name is not None]


def _from_columns(columns: list, what: str, options: dict, told: _whitney.Call) -> Interactions:
    lengths = {len(column) for column in columns if column is not None}
    if len(lengths) != 1:
        raise Error(f"events: the arrays have lengths {sorted(lengths)}, and all must be as long")
    columns = [None if column is None else np.asarray(column) for column in columns] + [None] * (4 - len(columns))
    values = np.empty(0, dtype=np.float32) if columns[2] is None else np.ascontiguousarray(columns[2], dtype=np.float32)
    if options:
        places = _whitney.Interactions.places_that_count(values, len(columns[0]), what, options, told)
        columns = [None if column is None else column[places] for column in columns]
        values = values if columns[2] is None else values[places]
    users, user_rows = _numbered(columns[0], "users")
    items, item_rows = _numbered(columns[1], "items")
    times = np.empty(0) if columns[3] is None else columns[3]
    return Interactions._of(_whitney.Interactions.of_rows(
        users, items, user_rows, item_rows, values, np.ascontiguousarray(times, dtype=np.int64), told))


class Recommended(NamedTuple):
    """The best items of m users (or items), best first, at most k each."""

    ids: np.ndarray
    """m x k: uint64 where ids are integers and every place is filled, else objects with None in unfilled places."""
    scores: np.ndarray
    """m x k float32, higher first; unfilled NaN."""
    counts: np.ndarray
    """m: filled places."""
    rows: np.ndarray
    """m x k int64: rows of the items, of an index its rows; unfilled -1."""
    partial: bool = False
    """The time of a search in an index was up before it ended: items are missing, or are not the best."""


class Recommender:
    """A trained recommender; made by `whitney.learn`, or `whitney.open` of its file."""

    def __init__(self) -> None:
        raise Error("a Recommender is made by whitney.learn(method, events) or whitney.open(path)")

    @classmethod
    def _of(cls, native: _whitney.Recommender) -> Recommender:
        recommender = cls.__new__(cls)
        recommender._native = native
        return recommender

    def recommend(self, users: Any = None, k: int = 10, filter: Optional[str] = None, *, items: Any = None,
                  keep_seen: bool = False, index: Optional[Index] = None, exact: bool = False,
                  timeout_ms: Optional[float] = None, threads: Optional[int] = None, progress: Progress = False,
                  **options: Any) -> Recommended:
        """Finds the k best items of each user: min(k, items that satisfy the filter and are not seen).

        Parameters
        ----------
        users : an id, or a list of ids.
        filter : a condition on the attributes of the items; with an index, on those of the index.
        items : instead of users, the items that somebody has who was not there in training, or a list of such lists.
        keep_seen : items that a user has had may come, too.
        index : a whitney.Index of the model's items, which is searched instead of scoring all of them. What was seen is
            left out by its ids; rows that the model does not know may come. The model must be one of vectors
            (ials, mf_bpr, lightgcn, ngcf).
        exact, timeout_ms, **options : as of Index.search; they need an index.
        """
        told = call(threads, None, progress)
        if (users is None) == (items is None):
            raise Error("recommend takes users, or items that new users have")
        if items is not None:
            asked = [_listed(one) for one in items] if _is_nested(items) else [_listed(items)]
        else:
            asked = _listed(users)
        what = (asked, k, filter or "", keep_seen)
        if index is None:
            if exact or timeout_ms is not None or options:
                raise Error("exact, timeout_ms and options of a search are about an index: recommend(..., index=index)")
            return _recommended((self._native.recommend if items is None else self._native.recommend_to_new)(*what, told))
        if not isinstance(index, Index):
            raise Error(f"index is a {type(index).__name__} (expected: a whitney.Index of the model's items)")
        ask = self._native.recommend_by if items is None else self._native.recommend_to_new_by
        return _recommended(ask(index._native, *what, given_options(options), exact, timeout_ms, told))

    def similar_items(self, items: Any, k: int = 10, filter: Optional[str] = None, *, threads: Optional[int] = None,
                      progress: Progress = False) -> Recommended:
        """Finds the k items most like each of some items: by the cosine of their vectors, or by their weights."""
        return _recommended(self._native.similar_items(_listed(items), k, filter or "", call(threads, None, progress)))

    def with_attributes(self, table: Table) -> Recommender:
        """The same with attributes of the items, joined by id, for filters."""
        return Recommender._of(self._native.with_attributes(table._native))

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes the model; read as embeddings it is its items."""
        self._native.save(os.fspath(path), force, call())

    @property
    def users(self) -> np.ndarray:
        """Ids of the users of training."""
        return self._native.users.numpy()

    @property
    def items(self) -> np.ndarray:
        """Ids of the items."""
        return self._native.items.numpy()

    @property
    def attributes(self) -> Attributes:
        """Of the items."""
        return Attributes(self._native.columns)

    @property
    def user_factors(self) -> Optional[np.ndarray]:
        """users x d float32; None for a model without vectors."""
        matrix = self._native.factors(True)
        return None if matrix is None else matrix.numpy()

    @property
    def item_factors(self) -> Optional[np.ndarray]:
        """items x d float32; None for a model without vectors."""
        matrix = self._native.factors(False)
        return None if matrix is None else matrix.numpy()

    @property
    def provenance(self) -> dict:
        """How it was made."""
        return self._native.record

    def __repr__(self) -> str:
        return (f"<whitney.Recommender: {self.provenance.get('method', 'model')} of {len(self._native.users):,} users and "
                f"{len(self._native.items):,} items>")


def _listed(ids: Any) -> list:
    if isinstance(ids, (str, int, np.generic)):
        ids = [ids]
    return [id.item() if isinstance(id, np.generic) else id for id in ids]


def _is_nested(items: Any) -> bool:
    return len(items) > 0 and not isinstance(items, str) and isinstance(items[0], (list, tuple, np.ndarray, set))


def _recommended(found: tuple) -> Recommended:
    rows, scores, ids, counts, partial = found
    return Recommended(ids, scores, counts, rows, partial)
