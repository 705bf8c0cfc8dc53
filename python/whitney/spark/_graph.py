"""The edges of a frame as a graph of the driver."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from .. import _convert, _graphs, _whitney
from .._calls import call
from .._optional import require
from .._whitney import Error
from ._session import id_type, require_columns, sentences, session_of

NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")


def read_graph(edges_df: Any, *, directed: bool = False, src: str = "src", dst: str = "dst", weight: Optional[str] = "weight",
               threads: Optional[int] = None) -> _graphs.Graph:
    """Collects edges into a whitney.Graph: nodes in ascending order of their ids, whatever the order of the rows.

    edges_df has the columns src and dst, both long or both string, and may have weight (None: it is not read). An edge that
    stands several times is one edge, whose weights add up. `whitney.learn("partitioned", read_graph(edges_df), ...)` gives
    in one process what `partitioned_embeddings(edges_df, ...)` gives on the cluster.
    """
    session_of(edges_df, "edges_df")
    require_columns(edges_df, [src, dst], "edges_df")
    kinds = {id_type(edges_df, column, "edges_df") for column in (src, dst)}
    if len(kinds) > 1:
        raise Error(f'edges_df: the ids in "{src}" and "{dst}" are of different types (expected: both long, or both string)')
    columns = [src, dst]
    if weight is not None and weight in edges_df.columns:
        kind = dict(edges_df.dtypes)[weight]
        if kind not in NUMBERS and not kind.startswith("decimal"):
            raise Error(f'edges_df: column "{weight}" is of type {kind}, and weights are numbers')
        columns.append(weight)
    table = _collected(edges_df, columns, kinds.pop())
    ids, sources, targets = _numbered(table)
    weights = _graphs._weights(table["weight"].to_numpy() if len(columns) == 3 else None, None)
    order = np.lexsort([weights, targets, sources] if len(weights) else [targets, sources])
    native = _whitney.Graph.from_rows(ids, sources[order], targets[order], weights[order] if len(weights) else weights,
                                      directed, call(threads))
    return _graphs.Graph._of(native)


def _collected(edges_df: Any, columns: list, kind: str) -> Any:
    """An Arrow table src, dst[, weight]. Throws Error for a value that is missing, or an id below 0."""
    from pyspark.sql import functions
    chosen = [functions.col(f"`{name}`").cast("double" if i == 2 else kind).alias(("src", "dst", "weight")[i])
              for i, name in enumerate(columns)]
    with sentences():
        table = edges_df.select(*chosen).toArrow()
    compute = require("pyarrow.compute", "whitney.spark")
    for name, column in zip(columns, table.columns):
        if column.null_count:
            raise Error(f'edges_df: {column.null_count:,} of {table.num_rows:,} rows have no "{name}"')
    if kind == "bigint" and table.num_rows:
        for name, column in zip(columns[:2], table.columns):
            least = compute.min(column).as_py()
            if least < 0:
                raise Error(f'edges_df: "{name}" holds {least} (expected: whole numbers from 0 on, or strings)')
    return table


def _numbered(table: Any) -> tuple:
    """The ids, ascending (strings by their UTF-8 bytes), and the rows in them of both ends of each edge."""
    pyarrow = require("pyarrow", "whitney.spark")
    if not pyarrow.types.is_integer(table.schema.field("src").type):
        compute = require("pyarrow.compute", "whitney.spark")
        ends = [table[name].combine_chunks().cast(pyarrow.large_string()) for name in ("src", "dst")]
        unique = compute.unique(pyarrow.concat_arrays(ends))
        ids = unique.take(compute.sort_indices(unique))
        rows = [compute.index_in(end, value_set=ids).to_numpy(zero_copy_only=False).astype(np.uint32) for end in ends]
        return _convert.ids(ids), *rows
    sources, targets = (table[name].to_numpy() for name in ("src", "dst"))
    ids = np.unique(np.concatenate([sources, targets]))
    return _convert.ids(ids), *(np.searchsorted(ids, end).astype(np.uint32) for end in (sources, targets))
