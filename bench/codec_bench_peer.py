"""Measures recall of faiss's and rabitqlib's codecs over the rows and queries that codec_bench.cc wrote, with one thread.

Arguments: the folder, the width and k. Reads questions, a line of JSON each: hello; codec (factory: bytes a vector, the
rows found, seconds of searching all queries one by one, or error; "rabitqlib B": its codes of B bits around 16 means;
seed: of the codebooks of pq, of the means of rabitqlib, and of a rotation before faiss's RaBitQ, OPQ and RQ, whose own
seeds are out of reach); scan (factory, doublings, queries: seconds of searching so many queries one by one among the rows doubled so often;
the index is kept for the next question of its kind).
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import time

import faiss
import numpy as np

try:
    import rabitqlib
except ImportError:
    rabitqlib = None

faiss.omp_set_num_threads(1)


def main():
    folder, dim, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    base = np.fromfile(f"{folder}/base", dtype=np.float32).reshape(-1, dim)
    queries = np.fromfile(f"{folder}/queries", dtype=np.float32).reshape(-1, dim)

    scanned = {"factory": None}
    kept = []

    def index_of(factory, seed=None):
        inner = index = faiss.index_factory(dim, factory, faiss.METRIC_L2)
        if factory == "RaBitQ":  # its best: queries in 8 bits, not in float32
            index.qb = 8
        if seed is not None and factory.startswith(("RaBitQ", "OPQ", "RQ")):
            rotation = faiss.RandomRotationMatrix(dim, dim)
            rotation.init(seed)
            index = faiss.IndexPreTransform(rotation, inner)
            kept[:] = rotation, inner  # the index only points to them
        elif seed is not None and hasattr(inner, "pq"):
            inner.pq.cp.seed = seed
        index.train(base)
        return index

    def copy(index):
        return faiss.deserialize_index(faiss.serialize_index(index))

    def scan(factory, doublings, num_queries):
        if scanned["factory"] != factory:
            scanned.clear()
            scanned["factory"] = None
            try:
                index = index_of(factory)
            except RuntimeError as error:
                return {"error": str(error).splitlines()[-1]}
            index.add(base)
            index = copy(index)  # merging asks for equal types, and a Flat comes back as a FlatL2
            for _ in range(doublings):
                index.merge_from(copy(index))
            scanned.update(factory=factory, index=index)
        begin = time.perf_counter()
        for i in range(num_queries):
            scanned["index"].search(queries[i:i + 1], k)
        return {"seconds": time.perf_counter() - begin}

    def measure_rabitqlib(bits, seed, num_means=16):
        if rabitqlib is None:
            return {"error": "rabitqlib is not there"}
        means = faiss.Kmeans(dim, num_means, niter=25, seed=1234 if seed is None else seed)
        means.train(base)
        assignment = means.index.search(base, 1)[1].ravel().astype(np.uint32)
        index = rabitqlib.IvfIndex(dim=dim, max_elements=len(base), num_clusters=num_means, nbits=bits, metric="l2")
        index.build(base, means.centroids, assignment)
        begin = time.perf_counter()
        rows = np.concatenate([index.search(queries[i:i + 1], k, num_means)[0] for i in range(len(queries))])
        seconds = time.perf_counter() - begin
        with tempfile.NamedTemporaryFile() as file:
            index.save(file.name)
            size = os.path.getsize(file.name) - means.centroids.nbytes
        return {"seconds": seconds, "bytes": size // len(base), "rows": rows.ravel().tolist()}

    def measure(factory, seed):
        if factory.startswith("rabitqlib"):
            return measure_rabitqlib(int(factory.split()[1]), seed)
        try:
            index = index_of(factory, seed)
        except RuntimeError as error:
            return {"error": str(error).splitlines()[-1]}
        index.add(base)
        begin = time.perf_counter()
        rows = np.concatenate([index.search(queries[i:i + 1], k)[1] for i in range(len(queries))])
        seconds = time.perf_counter() - begin
        coded = index if not isinstance(index, faiss.IndexPreTransform) else faiss.downcast_index(index.index)
        try:
            size = coded.sa_code_size()
        except RuntimeError:  # codes in blocks alone
            size = coded.code_size
        return {"seconds": seconds, "bytes": size, "rows": rows.ravel().tolist()}

    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            versions = f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})"
            if rabitqlib is not None:
                versions += f", rabitqlib {importlib.metadata.version('rabitqlib')}"
            answer = {"versions": versions}
        elif question["question"] == "scan":
            answer = scan(question["factory"], question["doublings"], question["queries"])
        else:
            answer = measure(question["factory"], question.get("seed"))
        print(json.dumps(answer), flush=True)


main()
