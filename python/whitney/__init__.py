"""Whitney: learn, encode, index, search and evaluate embeddings.

    import whitney
    model = whitney.open("models/minilm")                      # a text encoder: a folder, or a .gguf file
    vectors = model.encode(["play music", "edit text"])        # n x d, as sentence-transformers gives them

    graph = whitney.read_graph("edges.tsv")                    # or scipy CSR, arrays, networkx, pandas
    nodes = whitney.learn("fastrp", graph, dim=256, seed=1)    # -> whitney.Embeddings
    index = whitney.index("hnsw", nodes)
    hits = index.search(nodes["some-id"], k=10)                # hits.ids, hits.scores

Every long call takes threads=, seed= and progress=; errors are whitney.Error, a ValueError; notes go to the logger
"whitney". `whitney.methods()` lists the methods, and each learner and index has a class (`help(whitney.FastRP)`).
"""

from __future__ import annotations

import os as _os
from typing import Optional

from . import _whitney
from ._attributes import Attributes
from ._codecs import CompressedEmbeddings, compress
from ._encoded import EncodedTexts
from ._fusion import FusedHits, fuse
from ._graphs import Graph, read_graph
from ._indexes import Hits, Index, index
from ._item_models import ItemModel
from ._methods import CLASSES as _CLASSES
from ._methods import learn
from ._models import Model, encode
from ._opening import open
from ._recommenders import Interactions, InteractionsSplit, Recommended, Recommender, read_interactions
from ._reports import Report, diagnose, evaluate
from ._tables import Embeddings, Table, UnknownIdError, read_table, read_vectors
from ._texts import Corpus, read_corpus
from ._whitney import Error

__version__: str = _whitney.version

Error.__module__ = "whitney"

# Processes are forked by schedulers and by multiprocessing: the child starts threads of its own.
_os.register_at_fork(after_in_child=_whitney.allow_threads_after_fork)


def methods(verb: Optional[str] = None) -> list[dict]:
    """Every method with its declaration: verb, name, class_name, summary, description, source, example, options."""
    return [method for method in _whitney.methods() if verb in (None, method["verb"])]


def info() -> dict:
    """Version, SIMD level, threads, and the cores and memory that the container allows."""
    return _whitney.info()


globals().update(_CLASSES)

__all__ = ["Attributes", "CompressedEmbeddings", "Corpus", "Embeddings", "EncodedTexts", "Error", "FusedHits", "Graph", "Hits",
           "Index", "Interactions", "InteractionsSplit", "ItemModel", "Model", "Recommended", "Recommender", "Report", "Table",
           "UnknownIdError", "compress", "diagnose", "encode", "evaluate", "fuse", "index", "info", "learn",
           "methods", "open", "read_corpus", "read_graph", "read_interactions", "read_table", "read_vectors", *_CLASSES]
