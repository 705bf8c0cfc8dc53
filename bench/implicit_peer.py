"""Answers recommend_bench.cc, ials_bench.cc and mf_bpr_bench.cc: recommenders of implicit, on the CPU.

Arguments: the folder that holds offsets.bin (int64) and targets.bin (uint32) of users' training items, the number of
items, and of threads. Reads questions, a line of JSON each: hello; lists (dim, k: seconds of the lists of all users from
the vectors users.bin and items.bin); als (dim, epochs, regularization, alpha, steps: seconds of an exact half step or
of so many steps of conjugate gradients) and bpr (dim, epochs, learning_rate, regularization: seconds), both of which write
their vectors to users.bin and items.bin.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking


class Peer:
    def __init__(self, folder, num_items, threads):
        self.folder, self.threads = folder, threads
        offsets = np.fromfile(folder + "/offsets.bin", np.int64).astype(np.int32)
        targets = np.fromfile(folder + "/targets.bin", np.uint32).astype(np.int32)
        self.events = scipy.sparse.csr_matrix(
            (np.ones(len(targets), np.float32), targets, offsets), shape=(len(offsets) - 1, num_items))

    def hello(self, _):
        return {"versions": ", ".join(f"{name} {version(name)}" for name in ("implicit", "numpy", "scipy"))}

    def vectors(self, name, dim):
        return np.fromfile(f"{self.folder}/{name}.bin", np.float32).reshape(-1, dim)

    def lists(self, asked):
        model = AlternatingLeastSquares(factors=asked["dim"], num_threads=self.threads)
        model.user_factors = self.vectors("users", asked["dim"])
        model.item_factors = self.vectors("items", asked["dim"])
        users = np.arange(self.events.shape[0])
        begin = time.perf_counter()
        ids, _ = model.recommend(users, self.events, N=asked["k"], filter_already_liked_items=True)
        seconds = time.perf_counter() - begin
        ids.astype(np.int32).tofile(self.folder + "/lists.bin")
        return {"seconds": seconds}

    def fit(self, model):
        begin = time.perf_counter()
        model.fit(self.events, show_progress=False)
        seconds = time.perf_counter() - begin
        for name, vectors in (("users", model.user_factors), ("items", model.item_factors)):
            np.ascontiguousarray(vectors, np.float32).tofile(f"{self.folder}/{name}.bin")
        return {"seconds": seconds, "dim": model.item_factors.shape[1]}

    def als(self, asked):
        model = AlternatingLeastSquares(
            factors=asked["dim"], iterations=asked["epochs"], regularization=asked["regularization"],
            alpha=asked["alpha"], use_cg=asked["steps"] > 0, num_threads=self.threads, random_state=42)
        model.cg_steps = asked["steps"]
        return self.fit(model)

    def bpr(self, asked):
        return self.fit(BayesianPersonalizedRanking(
            factors=asked["dim"], iterations=asked["epochs"], learning_rate=asked["learning_rate"],
            regularization=asked["regularization"], num_threads=self.threads, random_state=42))


def main():
    peer = Peer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(getattr(peer, asked["question"])(asked)), flush=True)


if __name__ == "__main__":
    main()
