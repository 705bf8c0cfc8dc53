"""Answers multi_vector_bench.cc: late interaction by numpy, over the vectors of tokens that it wrote.

Reads questions, a line of JSON each: hello; load (arrays in files); check (scores of hits, and that no other row scores
more); search (seconds of all queries: "product", the product with all vectors and the largest of each row's run, or
"einsum", np.einsum document by document over the first queries).
"""

import gc
import json
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np


def read(prefix, dim):
    return np.fromfile(prefix + ".vectors", np.float32).reshape(-1, dim), np.fromfile(prefix + ".starts", np.int64)


class Peer:
    def load(self, asked):
        self.rows, self.starts = read(asked["rows"], asked["dim"])
        queries, starts = read(asked["queries"], asked["dim"])
        self.queries = [queries[a:b] for a, b in zip(starts, starts[1:])]
        return True

    def scores(self, query):
        return np.maximum.reduceat(query @ self.rows.T, self.starts[:-1], axis=1).sum(axis=0)

    def check(self, asked):
        worst = 0.0
        for query, rows, scores in zip(self.queries, asked["rows"], asked["scores"]):
            truth = self.scores(query)
            off = np.abs(truth[rows] - scores).max()
            worst = max(worst, float(off))
            truth[rows] = -np.inf
            if off > asked["tolerance"] or truth.max() > scores[-1] + asked["tolerance"]:
                return {"wrong": f"we score {scores}, and a row of {truth.max()} is left out"}
        return {"worst": worst}

    def search(self, asked):
        k = asked["k"]
        begin = time.perf_counter()
        if asked["by"] == "product":
            for query in self.queries:
                scores = self.scores(query)
                chosen = np.argpartition(scores, -k)[-k:]
                chosen[np.argsort(-scores[chosen])]
            return time.perf_counter() - begin
        some = self.queries[:1]
        for query in some:
            for a, b in zip(self.starts, self.starts[1:]):
                np.einsum("id,jd->ij", query, self.rows[a:b]).max(axis=1).sum()
        return (time.perf_counter() - begin) / len(some) * len(self.queries)


def main():
    peer = Peer()
    gc.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        question = asked["question"]
        answer = {"versions": f"numpy {np.__version__}"} if question == "hello" else getattr(peer, question)(asked)
        print(json.dumps(answer), flush=True)


main()
