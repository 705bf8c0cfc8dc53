"""Searches vectors that lie in shards: every task searches its own, and the best of all are merged in order."""

from __future__ import annotations

import functools
from typing import Any, Iterable, Iterator, Optional

import numpy as np

from .. import _convert, _indexes, _tables, _whitney
from .._optional import require
from .._whitney import Error
from ._session import id_type, require_columns, session_of, task_threads


def search(vectors_df: Any, queries: Any, k: int = 10, *, index: str = "flat", metric: str = "cosine",
           shards: Optional[int] = None, id: str = "id", vector: str = "vector", search_options: Optional[dict] = None,
           **options: Any) -> Any:
    """Finds the k nearest rows of each query: a frame of query (row of the query), rank (from 0), id and score.

        hits = whitney.spark.search(vectors_df, queries, k=10)                          # exact
        hits = whitney.spark.search(vectors_df, queries, k=10, index="hnsw", shards=16, search_options={"ef": 100})

    Parameters
    ----------
    vectors_df : a row for each vector, by the columns id (long or string) and vector (array of float or double).
    queries : one vector, m x d vectors, or whitney.Embeddings; every task holds them.
    index : the method by which a task indexes its shard; "flat" compares with every row.
    metric : "cosine", "inner_product" or "l2".
    shards : into so many, by the ids' hash. Absent: the partitions that vectors_df has.
    search_options : the index's own for a search, such as ef; **options: those by which it is built.

    Hits are ordered by score, equal ones by id. With "flat" they are, bit for bit, those of one index of all rows in
    ascending order of id, for any number of shards. With other indexes they depend on the shards, and on nothing else
    when these are given. A task holds a shard and its index. Computed when something asks for it.
    """
    session = session_of(vectors_df, "vectors_df")
    require_columns(vectors_df, [id, vector], "vectors_df")
    kind = id_type(vectors_df, id, "vectors_df")
    stored = dict(vectors_df.dtypes)[vector]
    if stored not in ("array<float>", "array<double>"):
        raise Error(f'vectors_df: column "{vector}" is of type {stored} (expected: array<float> or array<double>)')
    if k < 1:
        raise Error(f"k is {k}, and a number from 1 on is expected")
    _require_vectors_index(index)
    asked = queries._native.vectors if isinstance(queries, _tables.Embeddings) else _convert.queries(queries)
    from pyspark.sql import Window, functions
    chosen = vectors_df.select(functions.col(f"`{id}`").cast(kind).alias("id"),
                               functions.col(f"`{vector}`").cast("array<float>").alias("vector"))
    if shards is not None:
        chosen = chosen.repartition(shards, "id")
    work = functools.partial(_search_shard, queries=session.sparkContext.broadcast(np.array(asked.numpy())), k=k, index=index,
                             metric=metric, options=options, search_options=search_options or {})
    found = chosen.mapInArrow(work, f"query bigint, id {kind}, score float")
    # -0.0 and 0.0 are equal scores, and Spark tells them apart.
    nearer = functions.col("score") + functions.lit(0.0)
    order = [nearer.asc() if metric == "l2" else nearer.desc(), functions.col("id").asc()]
    ranked = found.withColumn("rank", functions.row_number().over(Window.partitionBy("query").orderBy(*order)) - 1)
    return ranked.where(functions.col("rank") < k).select("query", "rank", "id", "score")


def _require_vectors_index(method: str) -> None:
    _whitney.require_method("index", method)
    if _whitney.index_input(method) != "vectors":
        raise Error(f'{method} holds no vectors of one width (expected: "flat", "hnsw" or another index of vectors)')


def _shard(batches: Iterable[Any]) -> Optional[tuple]:
    """The ids, ascending, and the vectors of a task's rows; None when it has none."""
    pyarrow = require("pyarrow", "whitney.spark")
    compute = require("pyarrow.compute", "whitney.spark")
    table = [batch for batch in batches if batch.num_rows]
    if not table:
        return None
    table = pyarrow.Table.from_batches(table)
    for name in ("id", "vector"):
        if table[name].null_count:
            raise Error(f'vectors_df: {table[name].null_count:,} rows have no "{name}"')
    order = compute.sort_indices(table["id"])
    ids = table["id"].combine_chunks().take(order)
    widths = compute.list_value_length(table["vector"]).to_numpy()
    if widths.min() != widths.max():
        odd = int(np.argmax(widths != widths[0]))
        raise Error(f"vectors_df: the vector of id {table['id'][odd].as_py()!r} has {widths[odd]} values, and that of id "
                    f"{table['id'][0].as_py()!r} {widths[0]}")
    flat = compute.list_flatten(table["vector"])
    values = flat.to_numpy()
    return ids, np.ascontiguousarray(values.reshape(-1, int(widths[0]))[order.to_numpy()])


def _search_shard(batches: Iterable[Any], queries: Any, k: int, index: str, metric: str, options: dict,
                  search_options: dict) -> Iterator[Any]:
    shard = _shard(batches)
    if shard is None:
        return
    pyarrow = require("pyarrow", "whitney.spark")
    ids, vectors = shard
    threads = task_threads()
    rows = _tables.Embeddings(vectors=vectors, ids=ids, metric=metric, threads=threads)
    hits = _indexes.index(index, rows, threads=threads, **options).search(queries.value, k, threads=threads, **search_options)
    filled = hits.rows >= 0
    numbers = np.broadcast_to(np.arange(len(hits.rows))[:, None], hits.rows.shape)[filled]
    yield pyarrow.record_batch([pyarrow.array(numbers), ids.take(pyarrow.array(hits.rows[filled])),
                                pyarrow.array(hits.scores[filled])], names=["query", "id", "score"])
