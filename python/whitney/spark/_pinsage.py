"""Embeds items by a trained PinSage, layer by layer: executors project, hand over, pool and convolve."""

from __future__ import annotations

import functools
import os
from typing import Any, Iterable, Iterator, Mapping, Optional

import numpy as np

from .. import _recommenders, _whitney
from .._calls import Progress, call
from .._optional import require
from .._whitney import Error
from . import _chunks
from ._partitioned import _id_arrays, _ids, _result
from ._session import id_type, require_columns, sentences, session_of, ship_file, task_threads

KEPT = ("range", "offsets", "columns", "weights", "ids", "id_offsets", "id_bytes")
"""Arrays that a part has from the first layer to the last, besides its lists of what others need."""


def pinsage_embeddings(events_df: Any, features_df: Any, model: str | os.PathLike, *, user: str = "user", item: str = "item",
                       id: str = "id", vector: str = "vector", parts: Optional[int] = None, ship: bool = True,
                       threads: Optional[int] = None, progress: Progress = False) -> Any:
    """Embeds the items of events on the executors: a frame of id and vector (array<float>), computed when it returns.

        items = whitney.spark.pinsage_embeddings(events_df, features_df, "model.safetensors")

    Parameters
    ----------
    events_df : a row for each event of a context (the column user) with an item; ids long or string.
    features_df : a row for each item: its id, of the same type as in events_df, and its features (array of numbers).
    model : the file of a model that `learn pinsage` made.
    parts : tasks of a stage; absent: as many as Spark runs at a time.
    ship : the file is sent to the executors, once each; False: they find it at the same path.
    threads, progress : of the driver, which finds the neighbourhoods.

    The vectors are those of `whitney.open(model).embed(events, features)`, bit for bit, for any number of parts and
    executors, and when some are lost. Each item is convolved once a layer (arXiv 1806.01973, section 3.4): a stage a layer
    projects the items of a part and hands their projections to the parts whose items have them as neighbours, which pool them
    in the order of the neighbours. The driver holds the events and neighbourhoods, and no vector. The frame is persisted:
    `unpersist()` frees it. Throws Error when the model, the events or an item's features are wrong.
    """
    session = session_of(events_df, "events_df")
    session_of(features_df, "features_df")
    kind = _item_type(events_df, item, features_df, id)
    _require_features(features_df, vector)
    path = os.fspath(model)
    native = _whitney.PinSageModel.open(path)
    events = _collected(events_df, user, item)
    if len(events.items) == 0:
        raise Error("events_df holds no event")
    parts = min(len(events.items), max(1, parts or session.sparkContext.defaultParallelism))
    bounds = np.linspace(0, len(events.items), parts + 1).astype(np.int64)
    pieces = _chunks.frame_of(session, _pieces(native, events, bounds, call(threads, None, progress)))
    features = _feature_rows(session, features_df, id, vector, events, kind, bounds, native.num_features)
    found = _chunks.by_part(pieces.union(features), parts)
    place = _shipped(session, path) if ship else os.path.abspath(path)
    layers, schema = native.num_layers, f"id {kind}, vector array<float>"
    for layer in range(-1, layers):
        step = functools.partial(_layer, layer=layer, is_last=layer == layers - 1, place=place, shipped=ship)
        if layer >= 0:
            found = _chunks.by_part(found, parts)
        found = found.mapInArrow(step, schema if layer == layers - 1 else _chunks.SCHEMA)
    with sentences():
        found = found.persist()
        found.count()
    return found


# ---- what the driver does ----

def _item_type(events_df: Any, item: str, features_df: Any, id: str) -> str:
    require_columns(events_df, [item], "events_df")
    require_columns(features_df, [id], "features_df")
    kinds = id_type(events_df, item, "events_df"), id_type(features_df, id, "features_df")
    if kinds[0] != kinds[1]:
        raise Error(f'the items in "{item}" of events_df are of type {kinds[0]}, and those in "{id}" of features_df {kinds[1]} '
                    "(expected: both long, or both string)")
    return kinds[0]


def _require_features(features_df: Any, vector: str) -> None:
    require_columns(features_df, [vector], "features_df")
    kind = dict(features_df.dtypes)[vector]
    if not kind.startswith("array<") or kind[6:-1] not in ("float", "double", "int", "bigint"):
        raise Error(f'features_df: column "{vector}" is of type {kind}, and features are arrays of numbers')


def _collected(events_df: Any, user: str, item: str) -> Any:
    """The events as the native library has them, items in the order of their ids."""
    from pyspark.sql import functions
    require_columns(events_df, [user], "events_df")
    chosen = [functions.col(f"`{name}`").cast(id_type(events_df, name, "events_df")).alias(alias)
              for name, alias in ((user, "user"), (item, "item"))]
    with sentences():
        table = events_df.select(*chosen).toArrow()
    for name, column in zip((user, item), table.columns):
        if column.null_count:
            raise Error(f'events_df: {column.null_count:,} of {table.num_rows:,} rows have no "{name}"')
    arrays = [column.to_numpy() for column in table.columns]
    return _recommenders.read_interactions(tuple(arrays))._native


def _pieces(model: _whitney.PinSageModel, events: Any, bounds: np.ndarray, told: _whitney.Call) -> Iterator[Any]:
    """Of each part: its items, their neighbourhoods and degrees, and which of its items each other part needs."""
    offsets, columns, weights, degrees = model.surroundings(events, told)
    needed = [np.unique(columns[offsets[begin]:offsets[end]]) for begin, end in zip(bounds, bounds[1:])]
    ids = events.items
    for part, (begin, end) in enumerate(zip(bounds, bounds[1:])):
        own = slice(offsets[begin], offsets[end])
        arrays = {"range": np.array([begin, end]), "offsets": offsets[begin:end + 1] - offsets[begin],
                  "columns": columns[own], "weights": weights[own], "degrees": degrees[begin:end],
                  **_id_arrays(_part_of(ids, begin, end))}
        for other, rows in enumerate(needed):
            low, high = np.searchsorted(rows, (begin, end))
            if low < high:
                arrays[f"to.{other}"] = rows[low:high]
        yield from _chunks.batches_of(part, arrays)


def _part_of(ids: _whitney.Ids, begin: int, end: int) -> _whitney.Ids:
    if ids.is_integer:
        return _whitney.Ids.from_integers(np.ascontiguousarray(ids.numpy()[begin:end]))
    offsets, text = ids.utf8
    return _whitney.Ids.from_utf8(offsets[begin:end + 1] - offsets[begin], text[int(offsets[begin]):int(offsets[end])])


def _feature_rows(session: Any, features_df: Any, id: str, vector: str, events: Any, kind: str, bounds: np.ndarray,
                  width: int) -> Any:
    """A chunk for each item of the events: its features, in the part that the item is in."""
    from pyspark.sql import functions
    pyarrow = require("pyarrow", "whitney.spark")
    ids = events.items
    names = pyarrow.array(ids.numpy().astype(np.int64) if ids.is_integer else ids.numpy().tolist())
    rows = session.createDataFrame(pyarrow.table({"item": names, "row": pyarrow.array(np.arange(len(ids)))}))
    chosen = features_df.select(functions.col(f"`{id}`").cast(kind).alias("item"),
                                functions.col(f"`{vector}`").cast("array<float>").alias("vector"))
    joined = rows.join(chosen, "item", "left")
    return joined.mapInArrow(functools.partial(_as_chunks, bounds=bounds, width=width), _chunks.SCHEMA)


def _shipped(session: Any, path: str) -> str:
    """Hands the model's file to Spark; its name among each executor's files."""
    told = os.stat(path)
    name = f"whitney-pinsage-{told.st_ino}-{told.st_size}-{told.st_mtime_ns}.safetensors"
    ship_file(session, path, name)
    return name


# ---- what tasks do ----

def _as_chunks(batches: Iterable[Any], bounds: np.ndarray, width: int) -> Iterator[Any]:
    pyarrow = require("pyarrow", "whitney.spark")
    for batch in batches:
        vectors, names, rows = batch.column("vector"), batch.column("item"), batch.column("row").to_numpy()
        widths = np.nan_to_num(vectors.value_lengths().to_numpy(zero_copy_only=False), nan=-1).astype(np.int64)
        wrong = np.flatnonzero(widths != width)
        if len(wrong):
            name = names[int(wrong[0])].as_py()
            raise Error(f"features_df: item {name!r} has no features (expected: a row for every item of the events)"
                        if widths[wrong[0]] < 0 else
                        f"features_df: item {name!r} has {widths[wrong[0]]} values, but the model was trained with {width}")
        values = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            name = names[int(np.flatnonzero(~np.isfinite(values))[0]) // width].as_py()
            raise Error(f"features_df: item {name!r} has a value that is missing or not finite")
        starts = np.arange(0, 4 * values.size + 1, 4 * width, dtype=np.int64)
        data = pyarrow.Array.from_buffers(pyarrow.large_binary(), len(rows), [None, pyarrow.py_buffer(starts),
                                                                              pyarrow.py_buffer(values)])
        parts = (np.searchsorted(bounds, rows, side="right") - 1).astype(np.int32)
        yield pyarrow.record_batch([pyarrow.array(parts), pyarrow.array(["features"] * len(rows), pyarrow.string()),
                                    pyarrow.array(rows.astype(np.int64)), data.cast(pyarrow.binary())],
                                   names=["part", "name", "place", "data"])


@functools.lru_cache(maxsize=1)
def _opened(path: str) -> _whitney.PinSageModel:
    """Kept from task to task: Spark goes on with the same worker process."""
    return _whitney.PinSageModel.open(path)


def _layer(batches: Iterable[Any], layer: int, is_last: bool, place: str, shipped: bool) -> Iterator[Any]:
    """Vectors of a part's items behind a layer (-1: what the first one reads): the result, or what the next one needs."""
    if shipped:
        from pyspark import SparkFiles
        place = os.path.join(SparkFiles.getRootDirectory(), place)
    model = _opened(place)
    for part, arrays in _chunks.gather(batches).items():
        h = _read(model, arrays) if layer < 0 else _convolved(model, layer, arrays)
        if is_last:
            yield from _result(_ids(arrays), model.finish(h, call(task_threads())).numpy())
        else:
            yield from _handed_over(model, layer + 1, part, arrays, h)


def _read(model: _whitney.PinSageModel, arrays: Mapping[str, np.ndarray]) -> _whitney.Matrix:
    begin, end = arrays["range"].view(np.int64)
    features = arrays["features"].view(np.float32).reshape(-1, model.num_features)
    if len(features) != end - begin:
        raise Error(f"features_df has {len(features)} rows for {end - begin} items (expected: one for each)")
    return model.inputs(_whitney.matrix_view(features), arrays["degrees"].view(np.float32), call(task_threads()))


def _handed_over(model: _whitney.PinSageModel, layer: int, part: int, arrays: Mapping[str, np.ndarray],
                 h: _whitney.Matrix) -> Iterator[Any]:
    """To the part itself what its items keep, and to each part the projections of those that are neighbours there."""
    told = call(task_threads())
    lists = {int(name[3:]): rows.view(np.uint32) for name, rows in arrays.items() if name.startswith("to.")}
    kept = {name: array for name, array in arrays.items() if name in KEPT or name.startswith("to.")}
    yield from _chunks.batches_of(part, {**kept, "own": model.own_part(layer, h, told).numpy()})
    projected = model.project(layer, h, told).numpy()
    begin = arrays["range"].view(np.int64)[0]
    for other, rows in lists.items():
        yield from _chunks.batches_of(other, {f"from.{part}.rows": rows, f"from.{part}.vectors": projected[rows - begin]})


def _convolved(model: _whitney.PinSageModel, layer: int, arrays: Mapping[str, np.ndarray]) -> _whitney.Matrix:
    begin, end = arrays["range"].view(np.int64)
    own = arrays["own"].view(np.float32).reshape(end - begin, -1)
    columns = arrays["columns"].view(np.uint32)
    # Senders hold ascending ranges of rows: one behind the other, rows ascend.
    senders = sorted(int(name.split(".")[1]) for name in arrays if name.startswith("from.") and name.endswith(".rows"))
    rows = np.concatenate([np.zeros(0, np.uint32), *(arrays[f"from.{sender}.rows"].view(np.uint32) for sender in senders)])
    if not np.array_equal(rows, np.unique(columns)):
        raise Error(f"items {begin} to {end} were handed {len(rows)} of {len(np.unique(columns))} neighbours; please report it")
    told = call(task_threads())
    vectors = [arrays[f"from.{sender}.vectors"].view(np.float32) for sender in senders]
    projected = np.concatenate(vectors).reshape(len(rows), -1) if vectors else np.zeros((0, model.num_hidden), np.float32)
    places = np.searchsorted(rows, columns).astype(np.uint32)
    return model.combine(layer, arrays["offsets"].view(np.int64), places, arrays["weights"].view(np.float32),
                         _whitney.matrix_view(projected), _whitney.matrix_view(own), told)
