"""Answers bm25_bench.cc: bm25s over the texts and the tokens that it wrote.

Reads questions, a line of JSON each: hello; load (texts and queries with their tokens); build (an index of the tokens by a
formula: each backend's hits for the queries); index (seconds of taking the texts apart and indexing them); search
(seconds of all queries, tokens given).
"""

import gc
import json
import sys
import time

import bm25s
import numpy as np
import Stemmer

try:
    import numba
    BACKENDS = ["numpy", "numba"]
except ImportError:
    numba = None
    BACKENDS = ["numpy"]


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row["text"] for row in rows], [row["tokens"] for row in rows]


class Peer:
    def load(self, asked):
        self.texts, self.tokens = read(asked["texts"])
        _, self.queries = read(asked["queries"])
        return True

    def build(self, asked):
        self.indexes = {}
        for backend in BACKENDS:
            index = bm25s.BM25(k1=asked["k1"], b=asked["b"], delta=asked["delta"], method=asked["variant"], backend=backend)
            index.index(self.tokens, show_progress=False)
            self.indexes[backend] = index
        # A query with no known word is an error there.
        known = self.indexes["numpy"].vocab_dict
        self.known = [[token for token in query if token in known] for query in self.queries]
        return {"backends": BACKENDS, "empty": [q for q, tokens in enumerate(self.known) if not tokens]}

    def hits(self, asked):
        found = [self.retrieve(self.indexes["numpy"], [tokens], asked["k"]) if tokens else None for tokens in self.known]
        return [[[], []] if one is None else [one[0][0].tolist(), [float(s) for s in one[1][0]]] for one in found]

    def retrieve(self, index, queries, k):
        return index.retrieve(queries, k=min(k, len(self.tokens)), show_progress=False, n_threads=0)

    def index(self, _):
        begin = time.perf_counter()
        tokens = bm25s.tokenize(self.texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)
        bm25s.BM25(backend=BACKENDS[-1]).index(tokens, show_progress=False)
        return time.perf_counter() - begin

    def search(self, asked):
        index = self.indexes[asked["backend"]]
        queries = [tokens for tokens in self.known if tokens]
        begin = time.perf_counter()
        self.retrieve(index, queries, asked["k"])
        return (time.perf_counter() - begin) / len(queries) * len(self.queries)


def main():
    peer = Peer()
    versions = f"bm25s {bm25s.__version__}, numpy {np.__version__}" + (f", numba {numba.__version__}" if numba else ", no numba")
    gc.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        question = asked["question"]
        answer = {"versions": versions} if question == "hello" else getattr(peer, question)(asked)
        print(json.dumps(answer), flush=True)


main()
