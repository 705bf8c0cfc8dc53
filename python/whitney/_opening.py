"""Files of any kind."""

from __future__ import annotations

import os
from typing import Optional, Union

from . import _whitney
from ._calls import Progress, call
from ._indexes import Index
from ._tables import Embeddings, Table, read_table, read_vectors
from ._whitney import Error


def open(path: str | os.PathLike, *, threads: Optional[int] = None,
         progress: Progress = False) -> Union[Embeddings, Index, Table]:
    """Opens embeddings, an index or a table by what the file says it is; artifacts are mapped, at once.

    Other files of vectors (.npy, .fvecs, word2vec, ...) are read by their extension.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise Error(f"{name} is a folder; models and collections are not in this version")
    if not name.endswith(".safetensors"):
        return read_vectors(name, threads=threads, progress=progress)
    kind = _whitney.kind_of_file(name)
    if kind == "index":
        return Index._of(_whitney.Searcher.open(name, call(threads)))
    if kind == "table":
        return read_table(name, threads=threads, progress=progress)
    if kind == "model":
        raise Error(f"{name} is a model; encode is not in this version")
    return read_vectors(name, threads=threads, progress=progress)
