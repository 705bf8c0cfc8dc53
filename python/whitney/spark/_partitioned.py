"""Embeds a graph part by part: the driver cuts it, executors embed, align and smooth."""

from __future__ import annotations

import functools
import json
import logging
from typing import Any, Iterable, Iterator, Mapping, Optional

import numpy as np

from .. import _convert, _whitney
from .._calls import Progress, call
from .._optional import require
from .._options import given_options
from .._whitney import Error
from . import _chunks
from ._graph import read_graph
from ._session import id_type, sentences, session_of, task_threads

ROWS_BYTES = 8 << 20
"""Of vectors in a batch of the result."""


def partitioned_embeddings(edges_df: Any, *, src: str = "src", dst: str = "dst", weight: Optional[str] = "weight",
                           seed: Optional[int] = None, threads: Optional[int] = None, progress: Progress = False,
                           **options: Any) -> Any:
    """Embeds the nodes of a graph on the executors: a frame of id and vector (array<float>), computed when it returns.

        nodes = whitney.spark.partitioned_embeddings(edges_df, base="prone", base__dim=128, parts=64, seed=1)

    Parameters
    ----------
    edges_df : a row for each edge, as `whitney.spark.read_graph` takes it, by the columns src, dst and weight.
    **options : those of `whitney.Partitioned` (base, parts, combine, smoothing, ...). scratch and parallel_parts have no
        effect: Spark places parts, each task embeds one on spark.task.cpus threads.
    seed : of all randomness; absent: 42.
    threads, progress : of the driver, which cuts the graph.

    The vectors are, bit for bit, those of `whitney.learn("partitioned", whitney.spark.read_graph(edges_df), ...)`, on any
    number of executors and when some are lost. The driver holds the graph and no vector but those of the frame
    (border nodes and others of many edges, at most leaf_nodes); a task holds one part with its neighbours (concatenate: or a border of up to 4,096 nodes). The frame is persisted: `unpersist()` frees it.
    Throws Error when the edges, an option, or the base on one of the parts is wrong.
    """
    session = session_of(edges_df, "edges_df")
    graph = read_graph(edges_df, src=src, dst=dst, weight=weight, threads=threads)
    given = given_options(options)
    for name in ("scratch", "parallel_parts"):
        if given.pop(name, None) is not None:
            logging.getLogger("whitney").warning('option "%s" has no effect on Spark, which places the parts itself', name)
    told = call(threads, seed, progress)
    plan = _whitney.PartitionPlan(graph._native, given, told)
    run = _Run(session, _whitney.resolve_options("learn", "partitioned", given), id_type(edges_df, src, "edges_df"), told)
    with sentences():
        vectors = run.aligned(plan) if run.options["combine"] == "align" else run.concatenated(plan)
        vectors = vectors.persist()
        vectors.count()
    return vectors


class _Run:
    """The stages of one embedding."""

    def __init__(self, session: Any, options: dict, id_kind: str, told: _whitney.Call):
        self.session, self.options, self.told = session, options, told
        self.schema = f"id {id_kind}, vector array<float>"

    def pieces(self, arrays: Iterable[tuple[int, Mapping[str, np.ndarray]]], num_parts: int) -> Any:
        """A frame of the driver's pieces, each in a partition of its own."""
        batches = (batch for part, some in arrays for batch in _chunks.batches_of(part, some))
        return _chunks.by_part(_chunks.frame_of(self.session, batches), num_parts)

    def aligned(self, plan: _whitney.PartitionPlan) -> Any:
        """All parts in one space."""
        parts = plan.num_pieces
        passes = 0 if plan.is_whole else self.options["smoothing"]
        frame = self.frame(plan)
        pieces = self.pieces(self.parts_with_neighborhoods(plan, passes > 0), parts)
        embed = functools.partial(_embed_and_align, options=self.options, frame=frame, smoothing=passes > 0)
        found = pieces.mapInArrow(embed, _chunks.SCHEMA if passes else self.schema)
        for left in range(passes - 1, -1, -1):
            smooth = functools.partial(_smooth, more=left > 0)
            found = _chunks.by_part(found, parts).mapInArrow(smooth, _chunks.SCHEMA if left else self.schema)
        return found

    def frame(self, plan: _whitney.PartitionPlan) -> Any:
        """The rows of the frame's nodes and their vectors, broadcast; None where nothing is cut."""
        piece = plan.frame(self.told)
        if piece is None:
            return None
        embedded = self.pieces([(0, _piece_arrays(piece))], 1).mapInArrow(
            functools.partial(_embed, options=self.options), _chunks.SCHEMA)
        vectors = _chunks.gather(embedded.toArrow().to_batches())[0]["vectors"].view(np.float32)
        return self.session.sparkContext.broadcast((piece.part.rows, vectors.reshape(-1, plan.dim)))

    def parts_with_neighborhoods(self, plan: _whitney.PartitionPlan, smoothing: bool) -> Iterator[tuple[int, dict]]:
        for part in range(plan.num_pieces):
            piece = plan.piece(part, self.told)
            if len(piece.part.rows) == 0:
                continue
            arrays = _piece_arrays(piece)
            if smoothing:
                near = plan.neighborhood(part, self.told)
                arrays.update(_part_arrays(near, "near."), **{"near.part_of": plan.part_of[near.rows]})
            yield part, arrays

    def concatenated(self, plan: _whitney.PartitionPlan) -> Any:
        """Blocks of columns: pieces of all levels are embedded in one stage, and put together where a node has its part."""
        parts, home, dim = plan.num_pieces, plan.part_of, plan.dim
        pieces = []
        while True:
            for part in range(plan.num_pieces):
                piece = plan.piece(part, self.told)
                if len(piece.part.rows):
                    pieces.append((len(pieces), {**_piece_arrays(piece), "home": home[piece.part.rows]}))
            if not plan.next_level(self.told):
                break
        found = self.pieces(pieces, len(pieces)).mapInArrow(functools.partial(_embed_blocks, options=self.options),
                                                            _chunks.SCHEMA)
        return _chunks.by_part(found, parts).mapInArrow(functools.partial(_put_together, dim=dim), self.schema)


# ---- pieces as arrays ----

def _part_arrays(part: _whitney.PartGraph, prefix: str = "") -> dict[str, np.ndarray]:
    arrays = {name: getattr(part, name) for name in ("offsets", "targets", "weights", "rows", "is_core")}
    arrays["directed"] = np.array([part.directed], dtype=np.uint8)
    arrays = {prefix + name: array for name, array in arrays.items()}
    if not prefix:  # of a neighbourhood nobody asks for ids
        arrays.update(_id_arrays(part.ids))
    return arrays


def _id_arrays(ids: _whitney.Ids) -> dict[str, np.ndarray]:
    if ids.is_integer:
        return {"ids": ids.numpy()}
    offsets, text = ids.utf8
    return {"id_offsets": offsets, "id_bytes": text}


def _ids(arrays: Mapping[str, np.ndarray]) -> _whitney.Ids:
    if "ids" in arrays:
        return _whitney.Ids.from_integers(arrays["ids"].view(np.uint64))
    return _whitney.Ids.from_utf8(arrays["id_offsets"].view(np.uint64), arrays["id_bytes"])


def _piece_arrays(piece: _whitney.Piece) -> dict[str, np.ndarray]:
    told = {name: getattr(piece, name) for name in ("what", "seed", "column", "columns", "normalize")}
    return {"piece": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8), **_part_arrays(piece.part)}


def _part(arrays: Mapping[str, np.ndarray], prefix: str = "") -> _whitney.PartGraph:
    types = {"offsets": np.int64, "targets": np.uint32, "weights": np.float32, "rows": np.uint32, "is_core": np.uint8}
    typed = {name: arrays[prefix + name].view(kind) for name, kind in types.items()}
    return _whitney.PartGraph(ids=None if prefix else _ids(arrays), directed=bool(arrays[prefix + "directed"][0]), **typed)


def _piece(arrays: Mapping[str, np.ndarray]) -> _whitney.Piece:
    return _whitney.Piece(part=_part(arrays), **json.loads(arrays["piece"].tobytes()))


# ---- what tasks do ----

def _embedded(piece: _whitney.Piece, options: dict) -> _whitney.Matrix:
    return _whitney.embed_piece(piece, options, call(task_threads()))


def _embed(batches: Iterable[Any], options: dict) -> Iterator[Any]:
    """Vectors of pieces as they are."""
    for part, arrays in _chunks.gather(batches).items():
        yield from _chunks.batches_of(part, {"vectors": _embedded(_piece(arrays), options).numpy()})


def _embed_and_align(batches: Iterable[Any], options: dict, frame: Any, smoothing: bool) -> Iterator[Any]:
    """Vectors of parts, taken to the frame: the result, or what smoothing needs of them."""
    for part, arrays in _chunks.gather(batches).items():
        piece = _piece(arrays)
        vectors = _embedded(piece, options)
        if frame is not None:
            rows, frame_vectors = frame.value
            vectors = _whitney.align_part(
                piece.part, vectors, rows, _whitney.matrix_view(frame_vectors), options, call(task_threads())
            )
        core = piece.part.is_core
        ids = _convert.ids(piece.part.ids.numpy()[core != 0]) if len(core) and frame is not None else piece.part.ids
        if smoothing:
            near = {name: array for name, array in arrays.items() if name.startswith("near.")}
            yield from _handed_over(part, {**near, **_id_arrays(ids)}, vectors.numpy())
        else:
            yield from _result(ids, vectors.numpy())


def _handed_over(part: int, own: Mapping[str, np.ndarray], vectors: np.ndarray) -> Iterator[Any]:
    """A part's arrays and vectors to itself, and to other parts the vectors of their neighbours."""
    near = _part(own, "near.")
    rows = near.rows[near.is_core != 0]
    yield from _chunks.batches_of(part, {**own, f"from.{part}.rows": rows, f"from.{part}.vectors": vectors})
    parts_of_neighbors = own["near.part_of"].view(np.uint32)[near.targets]
    outside = parts_of_neighbors != part
    places = np.repeat(np.arange(len(rows)), np.diff(near.offsets)[near.is_core != 0])[outside]
    for other, edges in _grouped(parts_of_neighbors[outside]):
        chosen = np.unique(places[edges])
        yield from _chunks.batches_of(other, {f"from.{part}.rows": rows[chosen], f"from.{part}.vectors": vectors[chosen]})


def _grouped(keys: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each key, ascending, and the places where it stands, ascending."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order].astype(np.int64), prepend=-1))
    for begin, end in zip(starts, [*starts[1:], len(order)]):
        yield int(keys[order[begin]]), order[begin:end]


def _smooth(batches: Iterable[Any], more: bool) -> Iterator[Any]:
    """One pass: the result, or what the next one needs."""
    for part, arrays in _chunks.gather(batches).items():
        near = _part(arrays, "near.")
        senders = sorted(name[:-len(".rows")] for name in arrays if name.startswith("from.") and name.endswith(".rows"))
        dim = arrays[f"from.{part}.vectors"].size // 4 // int(np.count_nonzero(near.is_core))
        vectors = np.empty((len(near.rows), dim), dtype=np.float32)
        filled = 0
        for sender in senders:
            rows = arrays[f"{sender}.rows"].view(np.uint32)
            vectors[np.searchsorted(near.rows, rows)] = arrays[f"{sender}.vectors"].view(np.float32).reshape(-1, dim)
            filled += len(rows)
        if filled != len(near.rows):
            raise Error(f"part {part} was handed {filled} of {len(near.rows)} vectors; please report it")
        smoothed = _whitney.smooth_part(near, _whitney.matrix_view(vectors), call(task_threads())).numpy()
        if more:
            own = {name: array for name, array in arrays.items() if not name.startswith("from.")}
            yield from _handed_over(part, own, smoothed)
        else:
            yield from _result(_ids(arrays), smoothed)


def _embed_blocks(batches: Iterable[Any], options: dict) -> Iterator[Any]:
    """Blocks of columns, each row to the part where its node has its home."""
    for number, arrays in _chunks.gather(batches).items():
        piece = _piece(arrays)
        vectors = _embedded(piece, options).numpy()
        ids = piece.part.ids.numpy()
        for part, chosen in _grouped(arrays["home"].view(np.uint32)):
            block = {"rows": piece.part.rows[chosen], "vectors": vectors[chosen],
                     "columns": np.array([piece.column, piece.columns])}
            if piece.column == 0:  # level 0 holds every node once
                block.update(_id_arrays(_convert.ids(ids[chosen])))
            yield from _chunks.batches_of(part, {f"{number}.{name}": array for name, array in block.items()})


def _put_together(batches: Iterable[Any], dim: int) -> Iterator[Any]:
    """A part's vectors from their blocks; zeros where a level does not hold a node."""
    for _, arrays in _chunks.gather(batches).items():
        blocks: dict[str, dict[str, np.ndarray]] = {}
        for name, array in arrays.items():
            number, _, inner = name.partition(".")
            blocks.setdefault(number, {})[inner] = array
        whole = next(block for block in blocks.values() if block["columns"].view(np.int64)[0] == 0)
        rows = whole["rows"].view(np.uint32)
        vectors = np.zeros((len(rows), dim), dtype=np.float32)
        for block in blocks.values():
            column, columns = block["columns"].view(np.int64)
            places = np.searchsorted(rows, block["rows"].view(np.uint32))
            vectors[places, column:column + columns] = block["vectors"].view(np.float32).reshape(-1, columns)
        yield from _result(_ids(whole), vectors)


def _result(ids: _whitney.Ids, vectors: np.ndarray) -> Iterator[Any]:
    """Rows of id and vector."""
    pyarrow = require("pyarrow", "whitney.spark")
    if ids.is_integer:
        names = pyarrow.array(ids.numpy().view(np.int64))
    else:
        offsets, text = ids.utf8
        names = pyarrow.Array.from_buffers(pyarrow.large_string(), len(ids), [None, pyarrow.py_buffer(offsets),
                                                                            pyarrow.py_buffer(text)])
    dim = vectors.shape[1]
    step = max(1, ROWS_BYTES // (4 * dim))
    for begin in range(0, len(ids), step):
        block = np.ascontiguousarray(vectors[begin:begin + step])
        lists = pyarrow.ListArray.from_arrays(np.arange(0, block.size + 1, dim, dtype=np.int32), block.reshape(-1))
        some = names.slice(begin, len(block))
        yield pyarrow.record_batch([some.cast(pyarrow.string()) if not ids.is_integer else some, lists], names=["id", "vector"])
