"""Measures recall of faiss's codecs over the rows and queries that codec_bench.cc wrote, with one thread.

Arguments: the folder, the width and k. Reads questions, a line of JSON each: hello; codec (factory: bytes a vector, the
rows found, seconds of searching all queries one by one, or error).
"""

import json
import sys
import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)


def main():
    folder, dim, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    base = np.fromfile(f"{folder}/base", dtype=np.float32).reshape(-1, dim)
    queries = np.fromfile(f"{folder}/queries", dtype=np.float32).reshape(-1, dim)

    def measure(factory):
        try:
            index = faiss.index_factory(dim, factory, faiss.METRIC_L2)
        except RuntimeError as error:
            return {"error": str(error).splitlines()[-1]}
        index.train(base)
        index.add(base)
        begin = time.perf_counter()
        rows = np.concatenate([index.search(queries[i:i + 1], k)[1] for i in range(len(queries))])
        return {"seconds": time.perf_counter() - begin, "bytes": index.sa_code_size(), "rows": rows.ravel().tolist()}

    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            answer = {"versions": f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})"}
        else:
            answer = measure(question["factory"])
        print(json.dumps(answer), flush=True)


main()
