"""Answers graph_bench's questions with a graph over codes of others: one line of JSON in, one out.

    graph_bench_peer.py BASE QUERIES NUM_ROWS NUM_QUERIES DIM WINDOW K KIND

BASE and QUERIES are files of packed float32. KIND: rabitqlib, or "svs CODES" with CODES float32 or lvqB1[xB2]. Degree
32, l2; the rest by their defaults (rabitqlib: PiPNN; svs: alpha 1.2).
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import time


class Rabitqlib:
    def __init__(self, base, window, _codes):
        import rabitqlib

        self.module, self.base, self.window = rabitqlib, base, window
        self.versions = f"rabitqlib {importlib.metadata.version('rabitqlib')}"

    def build(self, threads):
        index = self.module.SymqgIndex(self.base.shape[1], 32, "l2")
        begin = time.perf_counter()
        index.build(self.base, self.window, threads)
        seconds = time.perf_counter() - begin
        self.index = index
        with tempfile.NamedTemporaryFile() as file:
            index.save(file.name)
            return seconds, os.path.getsize(file.name)

    def search(self, queries, k, ef):
        begin = time.perf_counter()
        found = self.index.search(queries, k, ef, 1)
        seconds = time.perf_counter() - begin
        return seconds, next(part for part in found if part.dtype.kind in "iu")


class Svs:
    def __init__(self, base, window, codes):
        import svs

        self.module, self.base, self.window, self.codes = svs, base, window, codes
        self.versions = f"scalable-vs {importlib.metadata.version('scalable-vs')} ({codes})"

    def vectors(self, folder):
        """What an index is built of: the vectors, or where to read them and code them."""
        svs = self.module
        if self.codes == "float32":
            return self.base
        path = os.path.join(folder, "base.fvecs")
        svs.write_vecs(self.base, path)
        first, _, second = self.codes.removeprefix("lvq").partition("x")
        loader = svs.VectorDataLoader(path, svs.DataType.float32, dims=self.base.shape[1])
        return svs.LVQLoader(loader, primary=int(first), residual=int(second or 0), padding=32)

    def build(self, threads):
        svs = self.module
        parameters = svs.VamanaBuildParameters(graph_max_degree=32, window_size=self.window, alpha=1.2)
        with tempfile.TemporaryDirectory() as folder:
            vectors = self.vectors(folder)
            begin = time.perf_counter()
            self.index = svs.Vamana.build(parameters, vectors, svs.DistanceType.L2, num_threads=threads)
            seconds = time.perf_counter() - begin
            parts = [os.path.join(folder, part) for part in ("config", "graph", "data")]
            self.index.save(*parts)
            size = sum(os.path.getsize(os.path.join(at, name)) for part in parts[1:] for at, _, names in os.walk(part)
                       for name in names)
        self.index.num_threads = 1
        return seconds, size

    def search(self, queries, k, ef):
        self.index.search_window_size = max(ef, k)
        begin = time.perf_counter()
        ids, _ = self.index.search(queries, k)
        return time.perf_counter() - begin, ids


def main():
    base_path, queries_path, *numbers, kind = sys.argv[1:]
    num_rows, num_queries, dim, window, k = (int(n) for n in numbers)
    import numpy

    base = numpy.fromfile(base_path, dtype=numpy.float32).reshape(num_rows, dim)
    queries = numpy.fromfile(queries_path, dtype=numpy.float32).reshape(num_queries, dim)
    name, _, codes = kind.partition(" ")
    peer = {"rabitqlib": Rabitqlib, "svs": Svs}[name](base, window, codes)

    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            answer = {"versions": peer.versions}
        elif question["question"] == "build":
            seconds, size_bytes = peer.build(question["threads"])
            answer = {"seconds": seconds, "size_bytes": size_bytes}
        else:
            seconds, ids = peer.search(queries, k, question["ef"])
            answer = {"seconds": seconds, "rows": ids.ravel().tolist() if question["rows"] else []}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
