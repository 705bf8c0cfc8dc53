"""Encodes texts on the executors."""

from __future__ import annotations

import functools
import os
import tarfile
import tempfile
from typing import Any, Iterable, Iterator, Optional, Union

import numpy as np

from .. import _models
from .._optional import require
from .._options import given_options
from .._whitney import Error
from ._session import id_type, require_columns, session_of, ship_file, task_threads


def encode(texts_df: Any, model: Union[_models.Model, str, os.PathLike], *, id: str = "id", text: str = "text",
           precision: Optional[str] = None, ship: bool = True, **options: Any) -> Any:
    """Encodes texts on the executors: a frame of id and vector (array<float>), computed when something asks for it.

        vectors = whitney.spark.encode(texts_df, "models/minilm", text="description")

    Parameters
    ----------
    texts_df : a row for each text, by the columns id (long or string) and text.
    model : a whitney.Model, or the path of one.
    precision : of a model that is given by its path, as for `whitney.Model.open`.
    ship : the model's files are sent to the executors, once each; False: they find them at the same path.
    **options : those of `whitney.encode`, one vector a text.

    The vectors are those of `whitney.encode(model, texts)`, bit for bit: what a text becomes does not depend on its
    neighbours. A task opens the model once, on spark.task.cpus threads, and holds it and a batch of texts.
    """
    session = session_of(texts_df, "texts_df")
    require_columns(texts_df, [id, text], "texts_df")
    kind = id_type(texts_df, id, "texts_df")
    if dict(texts_df.dtypes)[text] != "string":
        raise Error(f'texts_df: column "{text}" is of type {dict(texts_df.dtypes)[text]}, and texts are strings')
    model = _models.as_model(model, precision)
    if not model._native.gives_embeddings(given_options(options)):
        raise Error("these options give several vectors of a text, or weights of words, and whitney.spark.encode makes one "
                    "vector a text")
    place = _shipped(session, model) if ship else os.path.abspath(model.path)
    from pyspark.sql import functions
    chosen = texts_df.select(functions.col(f"`{id}`").cast(kind).alias("id"), functions.col(f"`{text}`").alias("text"))
    work = functools.partial(_encode, place=place, shipped=ship, precision=model.precision, options=options)
    return chosen.mapInArrow(work, f"id {kind}, vector array<float>")


def _shipped(session: Any, model: _models.Model) -> str:
    """Hands the model's files to Spark; their place below the folder of each executor's files."""
    context = session.sparkContext
    name = "whitney-model-" + model.provenance["fingerprint"].replace(":", "-")
    if os.path.isfile(model.path):
        name += os.path.splitext(model.path)[1]
        ship_file(session, model.path, name)
        return name
    name += ".tar"
    if name not in {os.path.basename(path) for path in context.listArchives}:
        archive = os.path.join(tempfile.mkdtemp(prefix="whitney-", dir=context._temp_dir), name)
        with tarfile.open(archive, "w", dereference=True) as tar:
            tar.add(model.path, arcname="model")
        context.addArchive(archive)
    return os.path.join(name, "model")


@functools.lru_cache(maxsize=1)
def _opened(path: str, precision: str) -> _models.Model:
    """Kept from task to task: Spark goes on with the same worker process."""
    return _models.Model.open(path, precision=precision, threads=task_threads())


def _encode(batches: Iterable[Any], place: str, shipped: bool, precision: str, options: dict) -> Iterator[Any]:
    pyarrow = require("pyarrow", "whitney.spark")
    if shipped:
        from pyspark import SparkFiles
        place = os.path.join(SparkFiles.getRootDirectory(), place)
    for batch in batches:
        texts = batch.column("text")
        if texts.null_count:
            first = batch.column("id")[int(np.argmax(texts.is_null().to_numpy(zero_copy_only=False)))].as_py()
            raise Error(f"texts_df: the row of id {first!r} has no text")
        if batch.num_rows == 0:
            continue
        vectors = _models.encode(_opened(place, precision), texts.to_pylist(), threads=task_threads(), **options).vectors
        starts = np.arange(0, vectors.size + 1, vectors.shape[1], dtype=np.int32)
        yield pyarrow.record_batch([batch.column("id"), pyarrow.ListArray.from_arrays(starts, vectors.reshape(-1))],
                                   names=["id", "vector"])
