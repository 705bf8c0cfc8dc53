"""Runs k-means of faiss and scikit-learn over the points that k_means_bench.cc wrote, from the centroids that it wrote.

Arguments: the folder, the width and the number of threads. Reads questions, a line of JSON each: hello; k-means (program,
k, rounds: seconds, or error), which writes the last centroids to the folder.
"""

import json
import sys
import time
import warnings

import numpy as np

try:
    import faiss
except ImportError:
    faiss = None
try:
    import sklearn
    from sklearn.cluster import KMeans
except ImportError:
    sklearn = None

warnings.simplefilter("ignore")


def with_faiss(points, start, rounds):
    # All points, however many a centroid has.
    k_means = faiss.Kmeans(points.shape[1], len(start), niter=rounds, nredo=1, min_points_per_centroid=1,
                           max_points_per_centroid=len(points))
    begin = time.perf_counter()
    k_means.train(points, init_centroids=start)
    return time.perf_counter() - begin, k_means.centroids


def with_sklearn(algorithm):
    def run(points, start, rounds):
        k_means = KMeans(len(start), init=start, n_init=1, max_iter=rounds, tol=0, algorithm=algorithm)
        begin = time.perf_counter()
        k_means.fit(points)
        return time.perf_counter() - begin, k_means.cluster_centers_
    return run


def main():
    folder, dim, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    points = np.fromfile(f"{folder}/points", dtype=np.float32).reshape(-1, dim)
    programs, versions = {}, []
    if faiss is not None:
        faiss.omp_set_num_threads(threads)
        programs["faiss"] = with_faiss
        versions.append(f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})")
    if sklearn is not None:
        programs.update({f"sklearn {name}": with_sklearn(name) for name in ("lloyd", "elkan")})
        versions.append(f"scikit-learn {sklearn.__version__}")
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            answer = {"versions": ", ".join(versions)}
        elif question["program"] not in programs:
            answer = {"error": "not there"}
        else:
            start = np.fromfile(f"{folder}/start", dtype=np.float32).reshape(question["k"], dim)
            seconds, centroids = programs[question["program"]](points, start, question["rounds"])
            np.ascontiguousarray(centroids, dtype=np.float32).tofile(f"{folder}/centroids")
            answer = {"seconds": seconds}
        print(json.dumps(answer), flush=True)


main()
