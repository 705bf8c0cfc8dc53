"""Answers spectral_bench.cc: ProNE and NetMF by numpy, scipy and scikit-learn, from the equations of their papers, in the
way that people write them: sparse CSR products, randomized_svd for ProNE, dense powers or eigsh with svds for NetMF.

    spectral_bench_peer.py FOLDER     FOLDER holds offsets.bin (int64) and targets.bin (uint32) of an undirected graph

Reads questions, a line of JSON each: hello; run (method, dim) -> seconds, and writes FOLDER/vectors.bin (float32).
"""

import json
import sys
import time

import numpy as np
import scipy
import scipy.sparse as sp
import sklearn
from scipy.sparse.linalg import eigsh, svds
from scipy.special import iv
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd


def prone(adjacency, dim, order=10, mu=0.2, theta=0.5):
    n = adjacency.shape[0]
    steps = normalize(adjacency, norm="l1")
    shares = np.asarray(steps.sum(axis=0)).ravel() ** 0.75
    shares /= shares.sum()
    shares[shares <= 0] = 1
    matrix = steps.tocsr(copy=True)
    matrix.data = np.log(matrix.data) - np.log(shares)[matrix.indices]
    u, s, _ = randomized_svd(matrix, n_components=dim, n_iter=5, random_state=1)
    start = normalize(u * np.sqrt(s))

    with_own = sp.eye(n, format="csr") + adjacency
    filter_matrix = sp.eye(n) - normalize(with_own, norm="l1") - mu * sp.eye(n)
    filter_matrix = filter_matrix.tocsr()
    before = start
    current = 0.5 * (filter_matrix @ (filter_matrix @ start)) - start
    total = iv(0, theta) * before - 2 * iv(1, theta) * current
    for i in range(2, order):
        after = filter_matrix @ (filter_matrix @ current) - 2 * current - before
        total += (2 if i % 2 == 0 else -2) * iv(i, theta) * after
        before, current = current, after
    u, s, _ = np.linalg.svd(with_own @ (start - total), full_matrices=False)
    return normalize(u * np.sqrt(s))


def factor_of_logarithms(matrix, dim):
    matrix = np.log(np.maximum(matrix, 1))
    u, s, _ = svds(sp.csr_matrix(matrix), dim)
    return u * np.sqrt(s)


def netmf_small(adjacency, dim, window=10):
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    inverse = np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    step = (sp.diags(inverse) @ adjacency).toarray()
    total, power = np.zeros_like(step), np.eye(len(step))
    for _ in range(window):
        power = power @ step
        total += power
    return factor_of_logarithms(degrees.sum() / window * total * inverse[None, :], dim)


def netmf_large(adjacency, dim, window=10, rank=256):
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    roots = np.sqrt(np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0))
    values, vectors = eigsh(sp.diags(roots) @ adjacency @ sp.diags(roots), rank, which="LA")
    one = values >= 1
    safe = np.where(one, 0, values)
    filtered = np.where(one, 1, np.maximum(safe * (1 - safe**window) / ((1 - safe) * window), 0))
    half = (roots[:, None] * vectors) * np.sqrt(filtered)
    return factor_of_logarithms(degrees.sum() * (half @ half.T), dim)


METHODS = {"prone": prone, "netmf_small": netmf_small, "netmf_large": netmf_large}


def main():
    folder = sys.argv[1]
    adjacency = None
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["question"] == "hello":
            answer = {"versions": f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}"}
        else:
            if adjacency is None:
                offsets = np.fromfile(folder + "/offsets.bin", np.int64)
                targets = np.fromfile(folder + "/targets.bin", np.uint32).astype(np.int32)
                adjacency = sp.csr_matrix((np.ones(len(targets)), targets, offsets), (len(offsets) - 1,) * 2)
            begin = time.perf_counter()
            vectors = METHODS[asked["method"]](adjacency, asked["dim"])
            answer = {"seconds": time.perf_counter() - begin}
            vectors.astype(np.float32).tofile(folder + "/vectors.bin")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
