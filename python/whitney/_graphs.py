"""Graphs from files, scipy, arrays, networkx and pandas."""

from __future__ import annotations

import os
from typing import Any, Optional

import numpy as np

from . import _convert, _whitney
from ._calls import Progress, call
from ._optional import require
from ._whitney import Error


class Graph:
    """A graph as CSR over nodes with any ids; made by `whitney.read_graph`.

    Repeated edges are merged: their weights add up.
    """

    @classmethod
    def _of(cls, native: _whitney.Graph) -> Graph:
        graph = cls.__new__(cls)
        graph._native = native
        return graph

    def __init__(self) -> None:
        raise Error("a Graph is made by whitney.read_graph(path, matrix, arrays, networkx graph or pandas frame)")

    @property
    def ids(self) -> np.ndarray:
        """n ids: uint64, or objects (str)."""
        return self._native.ids.numpy()

    @property
    def num_nodes(self) -> int:
        return self._native.num_nodes

    @property
    def num_edges(self) -> int:
        """Edges as a user counts them: an undirected one once."""
        return self._native.num_edges

    @property
    def directed(self) -> bool:
        return self._native.directed

    @property
    def weighted(self) -> bool:
        return self._native.weighted

    def to_scipy(self):
        """The adjacency matrix as scipy's CSR, rows in the order of `ids`; undirected edges stand in both rows."""
        sparse = require("scipy.sparse", "Graph.to_scipy")
        weights = self._native.weights if self.weighted else np.ones(len(self._native.targets), dtype=np.float32)
        n = self.num_nodes
        return sparse.csr_matrix((weights, self._native.targets, self._native.offsets), shape=(n, n), copy=False)

    def __len__(self) -> int:
        return self.num_nodes

    def __repr__(self) -> str:
        kind = ("directed" if self.directed else "undirected") + (", weighted" if self.weighted else "")
        return f"<whitney.Graph: {self.num_nodes:,} nodes, {self.num_edges:,} edges, {kind}>"


def read_graph(source: Any, *, directed: Optional[bool] = None, weighted: Optional[bool] = None, ids: Any = None,
               threads: Optional[int] = None, progress: Progress = False) -> Graph:
    """Reads a graph from what you have.

    Parameters
    ----------
    source : one of
        - the path of an edge list: TSV, CSV or SNAP text, `source target [weight]`, plain, gz, xz or zst;
        - an n x n scipy sparse matrix (or a dense one of numpy), symmetric unless directed; row i is node i;
        - arrays (sources, targets) or (sources, targets, weights) of ids, all int or all str;
        - a networkx graph, whose edge attribute "weight" is taken;
        - a pandas frame with columns source, target[, weight], or whose first two or three columns are these.
    directed : whether edges hold in one direction only. Absent: no, or as networkx says.
    weighted : whether weights are read. Absent: when there are any, and they differ from 1.
    ids : of a matrix, the names of its rows; of other sources, nodes that come first, with or without edges.
    """
    told = call(threads, None, progress)
    if isinstance(source, Graph):
        return source
    if isinstance(source, (str, os.PathLike)):
        if ids is not None:
            raise Error("ids has no place beside the path of an edge list, which names its nodes itself")
        return Graph._of(_whitney.Graph.read(os.fspath(source), bool(directed), weighted, told))
    if hasattr(source, "__array__") and not hasattr(source, "tocsr") and not hasattr(source, "columns"):
        source = np.asarray(source)
        if source.ndim != 2:
            raise Error(f"an array of shape {source.shape} is no graph (expected: n x n). Reshape your data")
    if hasattr(source, "tocsr") or isinstance(source, np.ndarray):
        return _from_matrix(source, bool(directed), weighted, ids, told)
    if hasattr(source, "is_directed") and hasattr(source, "edges"):
        directed = source.is_directed() if directed is None else directed
        return _from_networkx(source, directed, weighted, ids, told)
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return _from_arrays(_edge_columns(source), bool(directed), weighted, ids, told)
    if isinstance(source, (tuple, list)) and len(source) in (2, 3):
        return _from_arrays(source, bool(directed), weighted, ids, told)
    raise Error(f"a {type(source).__name__} is no graph (expected: a path, a scipy sparse matrix, (sources, targets"
                "[, weights]), a networkx graph or a pandas frame)")


def _weights(values: Any, weighted: Optional[bool]) -> np.ndarray:
    """float32 weights, or none where every edge weighs 1."""
    if values is None or weighted is False:
        return np.empty(0, dtype=np.float32)
    weights = _convert.as_float32(values, "weights").astype(np.float32, copy=False)
    if weights.ndim != 1:
        raise Error(f"weights have shape {weights.shape}, and one dimension is expected")
    return np.empty(0, dtype=np.float32) if weighted is None and (weights == 1).all() else weights


def _from_matrix(matrix: Any, directed: bool, weighted: Optional[bool], ids: Any, told: _whitney.Call) -> Graph:
    if not hasattr(matrix, "tocsr"):
        matrix = require("scipy.sparse", "a graph from a dense matrix").csr_matrix(_convert.as_float32(matrix, "matrix"))
    if 0 in matrix.shape:
        what = "sample" if matrix.shape[0] == 0 else "feature"
        raise Error(f"the matrix of a graph is empty: 0 {what}(s) (shape={matrix.shape}) while a minimum of 1 is required.")
    if matrix.shape[0] != matrix.shape[1]:
        raise Error(f"the matrix of a graph has shape {matrix.shape}, and as many rows as columns are expected")
    if matrix.dtype.kind == "c":
        raise Error(f"matrix: Complex data not supported (dtype {matrix.dtype})")
    csr = matrix.tocsr()
    n = csr.shape[0]
    names = _whitney.Ids.row_numbers(n) if ids is None else _convert.ids(ids)
    if len(names) != n:
        raise Error(f"there are {len(names)} ids for a matrix of {n} rows")
    values = _convert.as_float32(csr.data, "matrix").astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise Error("the matrix of a graph contains NaN or inf; a weight must be finite and above zero")
    if values.size and values.min() < 0:
        raise Error(f"Negative values in data: the matrix of a graph holds {values.min()}; a weight must be above zero")
    stored = values if weighted is not False else (values != 0).astype(np.float32)
    if weighted is not True and (stored == 1).all():
        stored = np.empty(0, dtype=np.float32)
    graph = _whitney.Graph.from_matrix(names, np.ascontiguousarray(csr.indptr, dtype=np.int64),
                                       np.ascontiguousarray(csr.indices, dtype=np.int64), stored, directed, told)
    return Graph._of(graph)


def _is_integer(values: Any) -> bool:
    if hasattr(values, "dtype"):
        if getattr(values.dtype, "kind", "") in ("i", "u"):
            return True
        if getattr(values.dtype, "kind", "") in ("f", "b", "c", "M"):
            raise Error(f"edges: ids of type {values.dtype} (expected: whole numbers or strings)")
    return len(values) > 0 and all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values)


def _integers(values: Any, what: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise Error(f"edges: {what} have shape {array.shape}, and one dimension is expected")
    if array.size and array.dtype.kind not in "ui":  # a list whose integers fit no signed type
        try:
            array = np.array([int(v) for v in values], dtype=np.uint64)
        except OverflowError:
            raise Error(f"edges: {what} have values beyond 64 bits (expected: from 0 to 2^64 - 1)") from None
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise Error(f"edges: number {int(np.argmax(array < 0))} of the {what} is {array[array < 0][0]} (expected: whole "
                    "numbers from 0 to 2^64 - 1, or strings)")
    return np.ascontiguousarray(array, dtype=np.uint64)


def _from_arrays(edges: Any, directed: bool, weighted: Optional[bool], ids: Any, told: _whitney.Call) -> Graph:
    sources, targets = edges[0], edges[1]
    if _convert.is_arrow(sources) and _convert.is_arrow(targets):
        sources, targets = _convert.ids(sources).numpy(), _convert.ids(targets).numpy()
    weights = _weights(edges[2] if len(edges) == 3 else None, weighted)
    if len(edges) == 3 and len(edges[2]) != len(sources):
        raise Error(f"edges: {len(sources)} sources, {len(targets)} targets and {len(edges[2])} weights: the arrays must "
                    "have the same length")
    if weighted and len(edges) < 3:
        raise Error("weighted is True, and there are no weights: give (sources, targets, weights)")
    first = [] if ids is None else ids
    if all(len(part) == 0 or _is_integer(part) for part in (sources, targets, first)):
        arrays = [_integers(part, what) for part, what in ((first, "ids"), (sources, "sources"), (targets, "targets"))]
        return Graph._of(_whitney.Graph.from_integers(*arrays, weights, directed, told))
    lists = [_convert._tolist(part) for part in (first, sources, targets)]
    return Graph._of(_whitney.Graph.from_strings(*lists, weights, directed, told))


def _edge_columns(frame: Any) -> tuple:
    names = list(frame.columns)
    if "source" in names and "target" in names:
        chosen = ["source", "target"] + (["weight"] if "weight" in names else [])
    elif len(names) >= 2:
        chosen = names[:3]
    else:
        raise Error(f"the frame has the columns {names}, and source, target[, weight] are expected")
    return tuple(frame[name].to_numpy() for name in chosen)


def _from_networkx(graph: Any, directed: bool, weighted: Optional[bool], ids: Any, told: _whitney.Call) -> Graph:
    nodes = list(graph.nodes) if ids is None else list(ids)
    edges = list(graph.edges(data="weight"))
    sources, targets = [e[0] for e in edges], [e[1] for e in edges]
    weights = None
    if any(e[2] is not None for e in edges):
        weights = [1.0 if e[2] is None else e[2] for e in edges]
    for node in nodes:
        if not isinstance(node, (str, int, np.integer)):
            raise Error(f"the node {node!r} is neither str nor int; networkx.relabel_nodes gives others names")
    if not all(isinstance(node, (int, np.integer)) for node in nodes):
        nodes, sources, targets = ([str(node) for node in part] for part in (nodes, sources, targets))
    parts = (sources, targets) if weights is None else (sources, targets, weights)
    return _from_arrays(parts, directed, weighted if weights is not None else None, nodes, told)
