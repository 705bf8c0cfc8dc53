"""Reads an edge list with pandas or pyarrow and numbers its ids by first appearance, as parse_bench.cc does.

    parse_bench_peer.py pandas|pyarrow THREADS FILE     answers seconds, edges, nodes, and the sum of all ends' numbers
"""

import json
import sys
import time

import numpy as np


def by_pandas(path, _threads):
    import pandas as pd  # its C reader has one thread, and numbering too

    start = time.perf_counter()
    frame = pd.read_csv(path, sep="\t", header=None, engine="c")
    ends = frame.to_numpy().ravel()  # source, target, source, target, ...
    codes, ids = pd.factorize(ends)
    return time.perf_counter() - start, codes, len(ids)


def by_pyarrow(path, threads):
    import pyarrow as pa
    from pyarrow import csv

    pa.set_cpu_count(threads)
    start = time.perf_counter()
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(column_names=["source", "target"], use_threads=threads > 1),
        parse_options=csv.ParseOptions(delimiter="\t"),
    )
    source, target = (table[name].combine_chunks() for name in ("source", "target"))
    # Row by row, so that ids are numbered in the order of the text.
    order = np.arange(2 * len(source)).reshape(2, -1).T.ravel()
    ends = pa.concat_arrays([source, target]).take(pa.array(order)).dictionary_encode()
    return time.perf_counter() - start, ends.indices.to_numpy(), len(ends.dictionary)


def main():
    reader = {"pandas": by_pandas, "pyarrow": by_pyarrow}[sys.argv[1]]
    seconds, codes, nodes = reader(sys.argv[3], int(sys.argv[2]))
    print(json.dumps({"seconds": seconds, "edges": len(codes) // 2, "nodes": nodes, "sum": int(codes.astype(np.int64).sum())}))


if __name__ == "__main__":
    main()
