"""Answers walks_bench.cc: node vectors by pecanpy's walks and gensim's skip-gram, on one thread.

    walks_bench_peer.py FOLDER     FOLDER holds offsets.bin (int64) and targets.bin (uint32) of an undirected graph

Reads questions, a line of JSON each: hello; learn (num_walks, walk_length in nodes, dim, window): seconds of the walks and
of the training, and writes FOLDER/vectors.bin (float32). pecanpy compiles its walks whenever it is called: that time,
of walks of one step, is told apart and taken from the walks.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
from gensim.models import Word2Vec
from pecanpy.pecanpy import FirstOrderUnweighted


def load(folder):
    offsets = np.fromfile(folder + "/offsets.bin", np.int64)
    targets = np.fromfile(folder + "/targets.bin", np.uint32)
    graph = FirstOrderUnweighted(p=1, q=1, workers=1, verbose=False, random_state=42)
    graph.set_node_ids([str(node) for node in range(len(offsets) - 1)])
    graph.indptr = offsets.astype(np.uint32)
    graph.indices = targets
    graph.data = np.ones(len(targets), np.float32)
    return graph


def seconds_of(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def learn(graph, asked):
    # A walk of pecanpy has as many steps as it is asked for, a node more.
    compiling, _ = seconds_of(lambda: graph.simulate_walks(1, 1))
    walking, walks = seconds_of(lambda: graph.simulate_walks(asked["num_walks"], asked["walk_length"] - 1))
    training, model = seconds_of(lambda: Word2Vec(
        walks, vector_size=asked["dim"], window=asked["window"], sg=1, negative=5, min_count=0, workers=1, epochs=1,
        seed=42))
    vectors = model.wv[graph.nodes]
    return {"compiling": compiling, "walks": max(walking - compiling, 0), "training": training}, vectors


def main():
    graph = load(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["question"] == "hello":
            answer = {"versions": ", ".join(f"{name} {version(name)}" for name in ("pecanpy", "gensim", "numpy"))}
        else:
            answer, vectors = learn(graph, asked)
            vectors.astype(np.float32).tofile(sys.argv[1] + "/vectors.bin")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
