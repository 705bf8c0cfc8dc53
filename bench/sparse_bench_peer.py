"""Answers sparse_bench.cc: products of sparse rows by scipy, and by a loop that numba compiles (as bm25s adds lists up).

Seismic (Bruch, Nardini, Rulli, Venturini 2024; pyseismic-lsr), an approximate index of such vectors, where it is there.

Reads questions, a line of JSON each: hello; load (rows and queries as CSR arrays in files); check (scores of hits, and
that no other row scores more); search (seconds of all queries one by one, by "scipy" or "numba"); index (seconds of
turning rows into lists); seismic (seconds, and the share of given hits, at several settings).
"""

import gc
import json
import os
import sys
import time

import numba
import numpy as np
import scipy
from scipy import sparse

try:
    import seismic
except ImportError:
    seismic = None


def read(prefix, dims):
    starts = np.fromfile(prefix + ".starts", np.int64)
    return sparse.csr_matrix((np.fromfile(prefix + ".values", np.float32), np.fromfile(prefix + ".indices", np.int32), starts),
                             shape=(len(starts) - 1, dims))


@numba.njit(cache=False, fastmath=False)
def add_lists(starts, rows, values, dims, weights, scores):
    for i in range(len(dims)):
        weight = weights[i]
        for entry in range(starts[dims[i]], starts[dims[i] + 1]):
            scores[rows[entry]] += weight * values[entry]


def best(scores, k):
    chosen = np.argpartition(scores, -k)[-k:]
    return chosen[np.argsort(-scores[chosen], kind="stable")]


class Peer:
    def load(self, asked):
        self.rows, self.queries = read(asked["rows"], asked["dims"]), read(asked["queries"], asked["dims"])
        self.index({})
        return True

    def index(self, _):
        begin = time.perf_counter()
        self.lists = self.rows.tocsc()
        return time.perf_counter() - begin

    def check(self, asked):
        """Scores every row of every query in float64."""
        rows64 = self.lists.astype(np.float64)
        worst, ties = 0.0, 0
        for q, (rows, scores) in enumerate(zip(asked["rows"], asked["scores"])):
            query = self.queries[q]
            truth = np.zeros(rows64.shape[0])
            for dim, weight in zip(query.indices, query.data.astype(np.float64)):
                part = slice(rows64.indptr[dim], rows64.indptr[dim + 1])
                truth[rows64.indices[part]] += weight * rows64.data[part]
            if not rows:
                continue
            off = np.abs(truth[rows] - scores) / np.abs(scores)
            worst = max(worst, float(off.max()))
            others = truth.copy()
            others[rows] = -np.inf
            slack = 1e-6 * abs(scores[-1])
            if off.max() > asked["tolerance"] or others.max() > scores[-1] + slack:
                return {"wrong": f"query {q}: we score {scores}, the peer {truth[rows].tolist()}; left out {others.max()}"}
            ties += bool(others.max() >= scores[-1] - slack)
        return {"worst": worst, "ties": ties}

    def seismic(self, asked):
        if seismic is None:
            return {"settings": []}
        word = seismic.get_seismic_string()
        data = seismic.SeismicDataset()
        names = np.array([str(dim) for dim in range(self.rows.shape[1])], dtype=word)
        if self.rows.shape[1] >= 1 << 16:  # more than it takes
            return {"settings": []}
        for row, (a, b) in enumerate(zip(self.rows.indptr, self.rows.indptr[1:])):
            data.add_document(str(row), names[self.rows.indices[a:b]], self.rows.data[a:b])
        begin = time.perf_counter()
        index = seismic.SeismicIndex.build_from_dataset(data, num_threads=1)
        built = time.perf_counter() - begin
        queries = [(names[self.queries.indices[a:b]], self.queries.data[a:b])
                   for a, b in zip(self.queries.indptr, self.queries.indptr[1:])]
        settings = []
        for cut, factor in ((5, 0.9), (10, 0.9), (10, 0.7), (1000, 0.9), (1000, 0.7)):
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                found = [index.search("q", words, values, asked["k"], cut, factor) for words, values in queries]
                times.append(time.perf_counter() - begin)
            kept = sum(len({int(hit[2]) for hit in hits} & set(rows)) for hits, rows in zip(found, asked["rows"]))
            settings.append({"what": f"query_cut {cut}, heap_factor {factor}", "seconds": float(np.median(times)),
                             "recall": kept / sum(map(len, asked["rows"]))})
        return {"settings": settings, "built": built}

    def search(self, asked):
        k, lists = asked["k"], self.lists
        queries = [(self.queries.indices[a:b], self.queries.data[a:b], self.queries[q])
                   for q, (a, b) in enumerate(zip(self.queries.indptr, self.queries.indptr[1:]))]
        scores = np.zeros(lists.shape[0], np.float32)
        begin = time.perf_counter()
        for dims, weights, query in queries:
            if asked["by"] == "numba":
                scores[:] = 0
                add_lists(lists.indptr, lists.indices, lists.data, dims, weights, scores)
                best(scores, k)
            else:
                product = query @ lists_t(self)
                values = product.data
                if len(values) > k:
                    best(values, k)
        return time.perf_counter() - begin


def lists_t(peer):
    """Dimensions x rows as CSR: a query's row picks its lists."""
    if not hasattr(peer, "by_dimension"):
        peer.by_dimension = peer.lists.T.tocsr() if peer.lists.T.format != "csr" else peer.lists.T
    return peer.by_dimension


def main():
    # Answers go where they should; what libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = Peer()
    versions = f"scipy {scipy.__version__}, numba {numba.__version__}, numpy {np.__version__}"
    gc.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        question = asked["question"]
        answer = {"versions": versions} if question == "hello" else getattr(peer, question)(asked)
        print(json.dumps(answer), file=answers, flush=True)


main()
