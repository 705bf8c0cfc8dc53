"""Answers hnsw_bench's questions with faiss: one line of JSON in, one out.

    hnsw_bench_faiss.py BASE QUERIES NUM_ROWS NUM_QUERIES DIM METRIC M EF_CONSTRUCTION K

BASE and QUERIES are files of packed float32.
"""

import json
import os
import sys
import time

# The best kernels, whatever the environment asks of another program.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)


def main():
    base_path, queries_path, *numbers = sys.argv[1:]
    num_rows, num_queries, dim, inner, m, ef_construction, k = (int(n) for n in numbers)
    import faiss
    import numpy

    base = numpy.fromfile(base_path, dtype=numpy.float32).reshape(num_rows, dim)
    queries = numpy.fromfile(queries_path, dtype=numpy.float32).reshape(num_queries, dim)
    index = None

    def build(threads):
        nonlocal index
        faiss.omp_set_num_threads(threads)
        index = faiss.IndexHNSWFlat(dim, m, faiss.METRIC_INNER_PRODUCT if inner else faiss.METRIC_L2)
        index.hnsw.efConstruction = ef_construction
        begin = time.perf_counter()
        index.add(base)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "size_bytes": len(faiss.serialize_index(index))}

    def search(ef, rows):
        faiss.omp_set_num_threads(1)
        index.hnsw.efSearch = ef
        begin = time.perf_counter()
        _, ids = index.search(queries, k)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "rows": ids.ravel().tolist() if rows else []}

    for line in sys.stdin:
        question = json.loads(line)
        kind = question["question"]
        if kind == "hello":
            answer = {"versions": f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})"}
        elif kind == "build":
            answer = build(question["threads"])
        else:
            answer = search(question["ef"], question["rows"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
