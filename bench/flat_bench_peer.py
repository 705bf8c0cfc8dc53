"""Searches with faiss's IndexFlat over the rows and queries that flat_bench.cc wrote, with one thread.

Arguments: the folder, the width and k. Reads questions, a line of JSON each: hello; search (metric, count, one_by_one:
seconds of searching so many queries; the rows found are written beside the input).
"""

import ctypes
import json
import pathlib
import sys
import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)


def blas_kernel():
    """The kernel that the OpenBLAS inside faiss's package picked for this processor."""
    for path in sorted(pathlib.Path(faiss.__file__).parent.parent.glob("faiss_cpu.libs/libopenblas*")):
        name = ctypes.CDLL(str(path)).openblas_get_corename
        name.restype = ctypes.c_char_p
        return name().decode()
    return "unknown"


def main():
    folder, dim, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    base = np.fromfile(f"{folder}/base", dtype=np.float32).reshape(-1, dim)
    queries = np.fromfile(f"{folder}/queries", dtype=np.float32).reshape(-1, dim)
    indexes = {"l2": faiss.IndexFlatL2(dim), "inner_product": faiss.IndexFlatIP(dim)}
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            options = faiss.get_compile_options().strip()
            answer = {"versions": f"faiss {faiss.__version__} ({options}; OpenBLAS kernel {blas_kernel()})"}
        else:
            index = indexes[question["metric"]]
            if index.ntotal == 0:
                for other in indexes.values():
                    other.reset()
                index.add(base)
            some = queries[: question["count"]]
            begin = time.perf_counter()
            if question["one_by_one"]:
                rows = np.concatenate([index.search(some[i : i + 1], k)[1] for i in range(len(some))])
            else:
                rows = index.search(some, k)[1]
            answer = {"seconds": time.perf_counter() - begin}
            rows.astype(np.int64).tofile(f"{folder}/rows")
        print(json.dumps(answer), flush=True)


main()
