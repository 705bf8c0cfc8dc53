"""The hits of several searches as one list."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence, Union

import numpy as np

from . import _whitney
from ._calls import call
from ._indexes import Hits
from ._options import declare, given_options
from ._whitney import Error


class FusedHits(NamedTuple):
    """The best of n searches for m queries, best first, at most k each."""

    ids: np.ndarray
    """m x k: uint64 where ids are integers and every place is filled, else objects with None in unfilled places."""
    scores: np.ndarray
    """m x k: fused scores, higher first; unfilled NaN."""
    counts: np.ndarray
    """m: filled places of each query."""
    ranks: np.ndarray
    """m x k x n: the rank of a hit in each search, from 1; 0 where that did not find it."""


def fuse(hits: Sequence[Union[Hits, FusedHits]], k: int = 10, *, method: str = "rrf", **options: Any) -> FusedHits:
    """Fuses hits."""
    if len(hits) < 2:
        raise Error(f"fuse takes the hits of two searches or more, and {len(hits)} are given")
    rankings = [_rankings(one) for one in hits]
    fused = _whitney.fuse(rankings, k, {"fusion": method, **given_options(options)}, call())
    shape = (len(fused), k)
    ids, scores, ranks = np.empty(shape, object), np.full(shape, np.nan), np.zeros((*shape, len(hits)), np.int64)
    names = {str(id): id for one in hits for id in one.ids.reshape(-1).tolist() if id is not None}
    for q, found in enumerate(fused):
        for place, (id, score, places) in enumerate(found):
            ids[q, place], scores[q, place] = names[id], score
            ranks[q, place] = [rank or 0 for rank in places]
    if ids.size and all(isinstance(id, int) for id in ids.reshape(-1)):
        ids = ids.astype(np.uint64)
    return FusedHits(ids, scores, np.array([len(found) for found in fused], np.int64), ranks)


def _rankings(hits: Union[Hits, FusedHits]) -> list[tuple[list[str], list[float]]]:
    if not isinstance(hits, (Hits, FusedHits)):
        raise Error(f"fuse takes the hits of searches, and a {type(hits).__name__} is given")
    return [([str(id) for id in ids[:count]], scores[:count].tolist())
            for ids, scores, count in zip(hits.ids.tolist(), hits.scores, hits.counts)]


_OPTIONS = [option for option in _whitney.fusion_options() if option["name"] != "fusion"]

declare(fuse, _OPTIONS, """Fuses the hits of two or more searches for the same queries into the k best, by id.

    by_words = texts.search("play music", k=100)
    by_meaning = vectors.search("play music", k=100, model=model)
    best = whitney.fuse([by_words, by_meaning], k=10)

Search for more than k: a hit that stands deep in all lists may be the best of them. Hits that were fused may be fused
again.

Parameters
----------
hits : two or more of whitney.Hits, with as many queries.
method : "rrf" sums 1 / (rrf_k + rank) over the searches (Cormack, Clarke, Buettcher 2009); "weighted" takes the mean of
    scores, each search's brought to 0..1 by its best and worst hit.
{options}
""")
