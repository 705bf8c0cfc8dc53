"""Models that embed items by their features and the contexts that they share."""

from __future__ import annotations

import os
from typing import Any, Optional

from . import _whitney
from ._calls import Progress, call
from ._recommenders import read_interactions
from ._tables import Embeddings, as_embeddings
from ._whitney import Error


class ItemModel:
    """A trained model of items; made by `whitney.learn("pinsage", ...)`, or `whitney.open` of its file."""

    def __init__(self) -> None:
        raise Error("an ItemModel is made by whitney.learn(\"pinsage\", events, features=...) or whitney.open(path)")

    @classmethod
    def _of(cls, native: _whitney.ItemModel) -> ItemModel:
        model = cls.__new__(cls)
        model._native = native
        return model

    @property
    def items(self) -> Embeddings:
        """The vectors of the items that it has learned from."""
        return Embeddings._of(self._native.items)

    def embed(self, events: Any, features: Any, *, threads: Optional[int] = None, progress: Progress = False) -> Embeddings:
        """Makes vectors of all items of events, also of those that it has never seen.

        events : what `whitney.read_interactions` takes; contexts are the users. features : Embeddings, or a file of them,
        with a row for each of these items, as wide as those of the training.
        """
        return Embeddings._of(self._native.embed(read_interactions(events, threads=threads)._native,
                                                 as_embeddings(features)._native, call(threads, None, progress)))

    def save(self, path: str | os.PathLike, *, force: bool = False) -> None:
        """Writes the model; read as embeddings it is its items."""
        self._native.save(os.fspath(path), force, call())

    @property
    def settings(self) -> dict:
        """What makes its vectors besides weights: layers, widths, neighbourhoods."""
        return self._native.settings

    @property
    def provenance(self) -> dict:
        """How it was made."""
        return self._native.record

    def __repr__(self) -> str:
        return f"<whitney.ItemModel: {self._native.form} of {len(self.items):,} items>"
