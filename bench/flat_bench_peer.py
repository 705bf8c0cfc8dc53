"""Searches with faiss's IndexFlat over the rows and queries that flat_bench.cc wrote, with one thread.

Arguments: the folder, the width and k. Reads questions, a line each: `version`, `l2` or `inner_product` (the index to
search next), `at_once COUNT` and `one_by_one COUNT` (seconds of searching so many queries; the rows found are written
beside the input).
"""

import ctypes
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
    index = None
    for line in sys.stdin:
        question, *count = line.split()
        if question == "version":
            options = faiss.get_compile_options().strip()
            answer = f"faiss {faiss.__version__} ({options}; OpenBLAS kernel {blas_kernel()})"
        elif question in indexes:
            for other in indexes.values():
                other.reset()
            index = indexes[question]
            index.add(base)
            answer = question
        else:
            some = queries[: int(count[0])]
            begin = time.perf_counter()
            if question == "at_once":
                rows = index.search(some, k)[1]
            else:
                rows = np.concatenate([index.search(some[i : i + 1], k)[1] for i in range(len(some))])
            answer = repr(time.perf_counter() - begin)
            rows.astype(np.int64).tofile(f"{folder}/rows")
        print(answer, flush=True)


main()
