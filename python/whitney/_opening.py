"""Files of any kind."""

from __future__ import annotations

import os
from typing import Optional, Union

from . import _whitney
from ._calls import Progress, call
from ._encoded import EncodedTexts
from ._indexes import Index
from ._item_models import ItemModel
from ._models import Model
from ._recommenders import Interactions, Recommender, read_interactions
from ._tables import Embeddings, Table, read_table, read_vectors
from ._whitney import Error


def open(path: str | os.PathLike, *, precision: Optional[str] = None, threads: Optional[int] = None,
         progress: Progress = False) -> Union[Embeddings, EncodedTexts, Index, Interactions, ItemModel, Model, Recommender,
                                               Table]:
    """Opens a model, a recommender, a model of items, embeddings, an index, a table or events by what the file says it is; artifacts are mapped, at once.

    A model is a folder (config.json or modules.json, tokenizer, safetensors) or a .gguf file; precision="int8" keeps its
    weights in 8 bits. Other files of vectors (.npy, .fvecs, word2vec, ...) are read by their extension.
    """
    name = os.fspath(path)
    if not os.path.exists(name):
        raise Error(f"{name}: there is no such file or folder")
    if os.path.isdir(name) or name.endswith(".gguf"):
        return Model.open(name, precision=precision, threads=threads, progress=progress)
    if precision is not None:
        raise Error(f"{name} is no model, and precision is for models only")
    if not name.endswith(".safetensors"):
        return read_vectors(name, threads=threads, progress=progress)
    kind = _whitney.kind_of_file(name)
    if kind == "index":
        return Index._of(_whitney.Searcher.open(name, call(threads)))
    if kind == "table":
        return read_table(name, threads=threads, progress=progress)
    if kind == "interactions":
        return read_interactions(name, threads=threads, progress=progress)
    if kind == "embeddings" and _whitney.holds_encoded_texts(name):
        return EncodedTexts.open(name, threads=threads, progress=progress)
    if kind == "model" and _whitney.holds_item_model(name):
        return ItemModel._of(_whitney.ItemModel.open(name))
    if kind == "model":
        return Recommender._of(_whitney.Recommender.open(name))
    return read_vectors(name, threads=threads, progress=progress)
