"""Arrays of parts as rows of a frame: how pieces of graphs and vectors travel between driver and executors."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

import numpy as np

from .._optional import require

SCHEMA = "part int, name string, place bigint, data binary"
CHUNK_BYTES = 64 << 10
"""Of a row: a batch of 10,000, which Spark makes by default, stays below the 2 GB of an Arrow column."""
BATCH_BYTES = 8 << 20
"""Of a batch, which is a partition of the driver's frame: a task carries it, and Spark refuses tasks of 128 MB."""


def batches_of(part: int, arrays: Mapping[str, np.ndarray]) -> Iterator[Any]:
    """The arrays of a part in record batches that share their memory. An empty array is one empty row."""
    pyarrow = require("pyarrow", "whitney.spark")
    for name, array in arrays.items():
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for begin in range(0, max(1, flat.size), BATCH_BYTES):
            block = flat[begin:begin + BATCH_BYTES]
            starts = np.append(np.arange(0, block.size, CHUNK_BYTES, dtype=np.int32), np.int32(block.size))
            if block.size == 0:
                starts = np.zeros(2, dtype=np.int32)
            rows = len(starts) - 1
            data = pyarrow.Array.from_buffers(pyarrow.binary(), rows,
                                              [None, pyarrow.py_buffer(starts), pyarrow.py_buffer(block)])
            places = begin // CHUNK_BYTES + np.arange(rows, dtype=np.int64)
            yield pyarrow.record_batch([pyarrow.array(np.full(rows, part, dtype=np.int32)),
                                        pyarrow.array([name] * rows, pyarrow.string()), pyarrow.array(places), data],
                                       names=["part", "name", "place", "data"])


def gather(batches: Iterable[Any]) -> dict[int, dict[str, np.ndarray]]:
    """The arrays of each part, as uint8, from batches in any order."""
    found: dict[int, dict[str, list]] = {}
    for batch in batches:
        columns = (batch.column(name) for name in ("part", "name", "place", "data"))
        parts, names, places, data = columns
        for part, name, place, chunk in zip(parts.to_pylist(), names.to_pylist(), places.to_pylist(), data):
            found.setdefault(part, {}).setdefault(name, []).append((place, chunk.as_buffer()))
    return {part: {name: _joined(chunks) for name, chunks in arrays.items()} for part, arrays in sorted(found.items())}


def _joined(chunks: list) -> np.ndarray:
    chunks.sort(key=lambda chunk: chunk[0])
    whole = np.empty(sum(buffer.size for _, buffer in chunks), dtype=np.uint8)
    begin = 0
    for _, buffer in chunks:
        whole[begin:begin + buffer.size] = np.frombuffer(buffer, dtype=np.uint8)
        begin += buffer.size
    return whole


def by_part(frame: Any, num_parts: int) -> Any:
    """Rows of one part in one partition, which is one task."""
    return frame.repartitionById(num_parts, "part")


def frame_of(session: Any, batches: Iterable[Any]) -> Any:
    """A frame of the driver's batches, which it holds until the frame is given up."""
    pyarrow = require("pyarrow", "whitney.spark")
    schema = pyarrow.schema([("part", pyarrow.int32()), ("name", pyarrow.string()), ("place", pyarrow.int64()),
                             ("data", pyarrow.binary())])
    return session.createDataFrame(pyarrow.Table.from_batches(list(batches), schema))
