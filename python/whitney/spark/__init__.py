"""Whitney on Apache Spark: executors call the native library on Arrow batches.

    import whitney.spark

    nodes = whitney.spark.partitioned_embeddings(edges_df, base="fastrp", base__dim=128, parts=64)   # id, vector
    texts = whitney.spark.encode(texts_df, "models/minilm")                                           # id, vector
    hits = whitney.spark.search(texts, queries, k=10)                                # query, rank, id, score
    items = whitney.spark.pinsage_embeddings(events_df, texts, "model.safetensors")                   # id, vector

What they give is that of one process, byte for byte, on any number of executors, and when some of them are lost.
docs/spark.md tells how to submit to a cluster, how whitney gets onto it, and what driver and executors hold.
"""

from __future__ import annotations

from ._graph import read_graph
from ._partitioned import partitioned_embeddings
from ._pinsage import pinsage_embeddings
from ._search import search
from ._session import local_cluster
from ._texts import encode

__all__ = ["encode", "local_cluster", "partitioned_embeddings", "pinsage_embeddings", "read_graph", "search"]
