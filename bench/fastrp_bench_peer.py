"""FastRP by scipy's CSR products in float32, on one thread: what fastrp_bench.cc is compared with.

    fastrp_bench_peer.py FOLDER NODES DIM WEIGHTS     answers seconds; writes FOLDER/vectors.bin

FOLDER holds offsets.bin (int64), targets.bin (uint32) and start.bin, the projection scaled by degrees (float32), which
is given, so that both compute the same and the peer need not draw it.
"""

import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402


def fastrp(adjacency, power, weights):
    degrees = np.diff(adjacency.indptr)
    scale = np.zeros(len(degrees), np.float32)
    np.divide(1, degrees, out=scale, where=degrees > 0)
    transition = sp.csr_matrix((np.repeat(scale, degrees), adjacency.indices, adjacency.indptr), adjacency.shape)
    total = None
    for weight in weights:
        power = transition @ power
        if weight == 0:
            continue
        norms = np.sqrt(np.einsum("ij,ij->i", power, power))
        factors = np.zeros_like(norms)
        np.divide(np.float32(weight), norms, out=factors, where=norms > 0)
        part = power * factors[:, None]
        total = part if total is None else np.add(total, part, out=total)
    nonzero = np.flatnonzero(total.any(axis=1))
    rows = total if len(nonzero) == len(total) else total[nonzero]
    rows = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviations = np.sqrt(np.einsum("ij,ij->j", rows, rows) / len(rows))
    rows /= np.where(deviations > 0, deviations, 1)
    if rows.shape == total.shape:
        return rows
    total[nonzero] = rows
    return total


def main():
    folder, nodes, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    weights = [float(w) for w in sys.argv[4].split(",")]
    offsets = np.fromfile(folder + "/offsets.bin", np.int64)
    targets = np.fromfile(folder + "/targets.bin", np.uint32).astype(np.int32)
    start = np.fromfile(folder + "/start.bin", np.float32).reshape(nodes, dim)
    adjacency = sp.csr_matrix((np.ones(len(targets), np.float32), targets, offsets.astype(np.int32)), (nodes, nodes))
    begin = time.perf_counter()
    vectors = fastrp(adjacency, start, weights)
    seconds = time.perf_counter() - begin
    vectors.tofile(folder + "/vectors.bin")
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
