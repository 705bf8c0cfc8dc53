"""Whitney on Spark: the stage that embeds parts, on two workers and on one.

    .venv/bin/python bench/spark_bench.py [--edges FILE] [--base deepwalk] [--dim 128] [--parts 8] [--num-walks 28] [--pairs 3]

Workers are executors of one core in a local cluster, processes of their own, warm before the stage begins. Ends in an error,
without a ratio, where the vectors are not those of one process, bit for bit. Times are those of Spark's own event log. Needs `import whitney`
(PYTHONPATH=build/python), pyspark and Java; the edges are DBLP's below WHITNEY_DATA unless others are given.
"""

import argparse
import glob
import hashlib
import json
import os
import statistics
import tempfile
import time

import numpy as np

import whitney
import whitney.spark


def parsed():
    data = os.environ.get("WHITNEY_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edges", default=os.path.join(data, "dblp-aminer", "edges.txt.gz"))
    parser.add_argument("--base", default="deepwalk")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--num-walks", type=int, default=28, help="of deepwalk and node2vec: the stage then lasts a minute")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--single", action=argparse.BooleanOptionalAction, default=True, help="compare with one process, too")
    return parser.parse_args()


def options_of(given):
    """Of partitioned embedding."""
    options = {"base": given.base, "base__dim": given.dim, "parts": given.parts, "seed": 7}
    if given.base in ("deepwalk", "node2vec"):
        options["base__num_walks"] = given.num_walks
    return options


def edges_of(path):
    """Both ends of every edge, once."""
    matrix = whitney.read_graph(path).to_scipy().tocoo()
    upper = matrix.row <= matrix.col
    return matrix.row[upper].astype(np.int64), matrix.col[upper].astype(np.int64)


def longest_stage(folder, after):
    """Seconds and tasks of the stage that took longest of those that began after a time."""
    longest = (0.0, 0)
    for path in glob.glob(os.path.join(folder, "**", "*"), recursive=True):
        if not os.path.isfile(path) or "appstatus" in path:
            continue
        with open(path) as log:
            for line in log:
                event = json.loads(line)
                if event["Event"] == "SparkListenerStageCompleted":
                    stage = event["Stage Info"]
                    if stage["Submission Time"] >= 1000 * after:
                        seconds = (stage["Completion Time"] - stage["Submission Time"]) / 1000
                        longest = max(longest, (seconds, stage["Number of Tasks"]))
    return longest


def run(workers, edges, options):
    """(seconds of the stage that embeds, its tasks, seconds of all, digest of the vectors in the order of ids)"""
    import pyarrow
    with tempfile.TemporaryDirectory() as log:
        spark = whitney.spark.local_cluster(workers=workers, cores=1, memory_mb=3072, spark__driver__memory="2g",
                                            spark__eventLog__enabled="true", spark__eventLog__dir="file://" + log,
                                            spark__eventLog__compress="false", spark__log__level="ERROR")
        small = np.arange(64 * workers)
        warm = spark.createDataFrame(pyarrow.table({"src": small, "dst": (small + 1) % len(small)}))
        whitney.spark.partitioned_embeddings(warm, base="fastrp", base__dim=8, parts=4 * workers).unpersist()
        frame = spark.createDataFrame(pyarrow.table({"src": edges[0], "dst": edges[1]}))
        begin = time.time()
        found = whitney.spark.partitioned_embeddings(frame, **options)
        seconds = time.time() - begin
        table = found.toArrow().sort_by("id")
        digest = hashlib.sha256(table["vector"].combine_chunks().flatten().to_numpy().tobytes()).hexdigest()
        spark.stop()
        return *longest_stage(log, begin), seconds, digest


def main():
    given = parsed()
    options = options_of(given)
    edges = edges_of(given.edges)
    print(f"{given.edges}: {len(edges[0]):,} edges; {options}")
    digests, ratios = set(), []
    for pair in range(given.pairs):
        stages = {}
        for workers in (1, 2) if pair % 2 == 0 else (2, 1):
            load = os.getloadavg()[0]
            stages[workers], tasks, whole, digest = run(workers, edges, options)
            digests.add(digest)
            print(f"{workers} worker(s): stage of {tasks} parts {stages[workers]:.1f} s, all {whole:.1f} s (load before: {load:.1f})",
                  flush=True)
        ratios.append(stages[1] / stages[2])
    if given.single:
        begin = time.time()
        graph = whitney.read_graph(edges, ids=np.unique(np.concatenate(edges)))
        vectors = whitney.learn("partitioned", graph, threads=1, **options).vectors
        digests.add(hashlib.sha256(vectors.tobytes()).hexdigest())
        print(f"one process, one thread: all {time.time() - begin:.1f} s")
    if len(digests) != 1:
        raise SystemExit("the vectors differ: the times mean nothing")
    print(f"same bytes; 2 workers against 1: {statistics.median(ratios):.2f}x (from {min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
