"""Answers bm25_bench.cc: bm25s over the texts and the tokens that it wrote.

Reads questions, a line of JSON each: hello; load (texts and queries with their tokens); build (an index of the tokens by a
formula); check (hits of that index); index (seconds of taking the texts apart and indexing them); size (bytes of the
index); search (seconds of all queries, at once or one by one, from numbers of words, words, or raw text; the mean of some passes).
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
    BACKEND = "numba"
except ImportError:
    numba = None
    BACKEND = "numpy"


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row["text"] for row in rows], [row["tokens"] for row in rows]


class Peer:
    def load(self, asked):
        self.texts, self.tokens = read(asked["texts"])
        self.query_texts, self.query_tokens = read(asked["queries"])
        self.stemmer = Stemmer.Stemmer("english")
        return True

    def build(self, asked):
        self.bm25 = bm25s.BM25(k1=asked["k1"], b=asked["b"], delta=asked["delta"], method=asked["variant"], backend=BACKEND)
        self.bm25.index(self.tokens, show_progress=False)
        # A query with no known word is an error there.
        known = self.bm25.vocab_dict
        self.words = [[token for token in query if token in known] for query in self.query_tokens]
        self.ids = [[known[token] for token in query] for query in self.words]
        return True

    def check(self, asked):
        """Scores every text of every query: the number of hits, their scores, and what they leave out."""
        starts, rows_of = self.bm25.scores["indptr"], self.bm25.scores["indices"]
        worst, hits, ties, tolerance = 0.0, 0, 0, asked["tolerance"]
        for q, (ids, rows, scores) in enumerate(zip(self.ids, asked["rows"], asked["scores"])):
            matches = np.unique(np.concatenate([rows_of[starts[i]:starts[i + 1]] for i in ids])) if ids else np.empty(0, int)
            if len(rows) != min(asked["k"], len(matches)):
                return {"wrong": f"query {q} has {len(rows)} hits of {len(matches)} texts with a word of it"}
            if not rows:
                continue
            truth = self.bm25.get_scores_from_ids(np.array(ids, dtype=np.int32))
            off = np.abs(truth[rows] - scores) / np.maximum(1, np.abs(scores))
            worst = max(worst, float(off.max()))
            if off.max() > tolerance:
                return {"wrong": f"query {q}: we score {scores}, the peer {truth[rows].tolist()}"}
            others = truth[np.setdiff1d(matches, rows)]
            slack = tolerance * max(1, abs(scores[-1]))
            if others.size and others.max() > scores[-1] + slack:
                return {"wrong": f"query {q}: a text of score {others.max()} is left out for one of {scores[-1]}"}
            ties += bool(others.size and others.max() >= scores[-1] - slack)
            hits += len(rows)
        return {"worst": worst, "hits": hits, "ties": ties}

    def tokenize(self, texts):
        return bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def index(self, _):
        begin = time.perf_counter()
        bm25s.BM25(backend=BACKEND).index(self.tokenize(self.texts), show_progress=False)
        return time.perf_counter() - begin

    def size(self, _):
        scores = self.bm25.scores
        words = sum(len(word.encode()) + 8 for word in self.bm25.vocab_dict)
        return float(sum(scores[name].nbytes for name in ("data", "indices", "indptr")) + words)

    def retrieve(self, queries, k):
        return self.bm25.retrieve(queries, k=min(k, len(self.tokens)), show_progress=False, n_threads=0)

    def search(self, asked):
        given = {"ids": self.ids, "words": self.words, "text": self.query_texts}[asked["given"]]
        queries = [query for query, ids in zip(given, self.ids) if ids]
        prepared = self.tokenize if asked["given"] == "text" else lambda some: some
        begin = time.perf_counter()
        for _ in range(asked["passes"]):
            if asked["batch"]:
                self.retrieve(prepared(queries), asked["k"])
            else:
                for query in queries:
                    self.retrieve(prepared([query]), asked["k"])
        return (time.perf_counter() - begin) / asked["passes"] / len(queries) * len(self.ids)


def main():
    peer = Peer()
    versions = f"bm25s {bm25s.__version__} by {BACKEND}, numpy {np.__version__}" + (f", numba {numba.__version__}" if numba else "")
    gc.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        question = asked["question"]
        answer = {"versions": versions} if question == "hello" else getattr(peer, question)(asked)
        print(json.dumps(answer), flush=True)


main()
