"""Answers graph_bench's questions with rabitqlib's SymqgIndex: one line of JSON in, one out.

    graph_bench_peer.py BASE QUERIES INDEX NUM_ROWS NUM_QUERIES DIM EF_CONSTRUCTION K

BASE and QUERIES are files of packed float32, INDEX where it may write one. Its defaults: degree 32, PiPNN, l2.
"""

import importlib.metadata
import json
import os
import sys
import time


def main():
    base_path, queries_path, index_path, *numbers = sys.argv[1:]
    num_rows, num_queries, dim, ef_construction, k = (int(n) for n in numbers)
    import numpy
    import rabitqlib

    base = numpy.fromfile(base_path, dtype=numpy.float32).reshape(num_rows, dim)
    queries = numpy.fromfile(queries_path, dtype=numpy.float32).reshape(num_queries, dim)
    index = None

    def build(threads):
        nonlocal index
        index = rabitqlib.SymqgIndex(dim, 32, "l2")
        begin = time.perf_counter()
        index.build(base, ef_construction, threads)
        seconds = time.perf_counter() - begin
        index.save(index_path)
        return {"seconds": seconds, "size_bytes": os.path.getsize(index_path)}

    def search(ef, rows):
        begin = time.perf_counter()
        found = index.search(queries, k, ef, 1)
        seconds = time.perf_counter() - begin
        ids = next(part for part in found if part.dtype.kind in "iu")
        return {"seconds": seconds, "rows": ids.ravel().tolist() if rows else []}

    for line in sys.stdin:
        question = json.loads(line)
        kind = question["question"]
        if kind == "hello":
            answer = {"versions": f"rabitqlib {importlib.metadata.version('rabitqlib')}"}
        elif kind == "build":
            answer = build(question["threads"])
        else:
            answer = search(question["ef"], question["rows"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
