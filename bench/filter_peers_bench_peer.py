"""Answers filter_peers_bench's questions with qdrant-edge, faiss and numpy: one line of JSON in, one out.

    filter_peers_bench_peer.py FOLDER NUM_ROWS NUM_QUERIES DIM INNER M EF_CONSTRUCTION K

FOLDER holds base and queries (packed float32) and attributes.jsonl, a line a row. A filter is a list of conditions
[field, "=" | "contains" | "between", value, ...] that all have to hold.
"""

import json
import os
import sys
import tempfile
import time

# The best kernels, whatever the environment asks of another program; one thread searches.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ["OPENBLAS_NUM_THREADS"] = "1"


class Faiss:
    """IndexHNSWFlat under an IDSelectorBitmap."""

    def __init__(self, data):
        import faiss

        self.faiss, self.data = faiss, data
        faiss.omp_set_num_threads(os.cpu_count())
        metric = faiss.METRIC_INNER_PRODUCT if data.inner else faiss.METRIC_L2
        self.index = faiss.IndexHNSWFlat(data.dim, data.m, metric)
        self.index.hnsw.efConstruction = data.ef_construction
        self.index.add(data.base)
        faiss.omp_set_num_threads(1)

    def search(self, _filter, allowed, places, ef):
        import numpy

        queries = self.data.queries[places]
        bits = numpy.zeros(self.data.num_rows, numpy.uint8)
        bits[allowed] = 1
        begin = time.perf_counter()
        packed = numpy.packbits(bits, bitorder="little")
        selector = self.faiss.IDSelectorBitmap(packed)
        parameters = self.faiss.SearchParametersHNSW(sel=selector, efSearch=ef)
        _, ids = self.index.search(queries, self.data.k, params=parameters)
        return time.perf_counter() - begin, ids


class Numpy:
    """A scan of the passing rows, gathered beforehand; query by query."""

    def __init__(self, data):
        self.data, self.prepared = data, {}

    def search(self, filter, allowed, places, _ef):
        import numpy

        key = json.dumps(filter)
        if key not in self.prepared:
            rows = numpy.ascontiguousarray(self.data.base[allowed])
            squares = None if self.data.inner else numpy.einsum("ij,ij->i", rows, rows)
            self.prepared[key] = rows, squares
        rows, squares = self.prepared[key]
        k, found = min(self.data.k, len(rows)), []
        queries = self.data.queries[places]
        begin = time.perf_counter()
        for query in queries:
            scores = rows @ query
            if squares is not None:
                scores *= 2
                scores -= squares
            best = numpy.argpartition(scores, len(rows) - k)[-k:]
            found.append(best[numpy.argsort(-scores[best])])
        seconds = time.perf_counter() - begin
        ids = numpy.full((len(places), self.data.k), -1)
        for q, best in enumerate(found):
            ids[q, : len(best)] = allowed[best]
        return seconds, ids


class Qdrant:
    """A shard of qdrant-edge with an index on every field, which its graph's links know of; one search thread."""

    def __init__(self, data):
        import qdrant_edge as qe

        self.qe, self.data = qe, data
        self.folder = tempfile.TemporaryDirectory()
        links = qe.HnswIndexConfig(m=data.m, ef_construct=data.ef_construction, full_scan_threshold=1000,
                                   payload_m=data.m)
        config = qe.EdgeConfig(
            vectors=qe.EdgeVectorParams(data.dim, qe.Distance.Dot if data.inner else qe.Distance.Euclid),
            hnsw_config=links, max_search_threads=1, wal_enabled=False,
            optimizers=qe.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=100,
                                               max_segment_size=10_000_000))
        self.shard = qe.EdgeShard.create(self.folder.name, config)
        for field in data.attributes[0]:
            is_number = isinstance(data.attributes[0][field], int)
            kind = qe.PayloadSchemaType.Integer if is_number else qe.PayloadSchemaType.Keyword
            self.shard.update(qe.UpdateOperation.create_field_index(field, kind))
        for first in range(0, data.num_rows, 1000):
            rows = range(first, min(first + 1000, data.num_rows))
            points = [qe.Point(row, data.base[row].tolist(), data.attributes[row]) for row in rows]
            self.shard.update(qe.UpdateOperation.upsert_points(points))
        self.shard.optimize()

    def search(self, filter, _allowed, places, ef):
        """ef 0: a scan of the passing points, which it takes by itself below its threshold only."""
        import numpy

        qe, conditions = self.qe, []
        for field, operator, *values in filter:
            if operator == "between":
                conditions.append(qe.FieldCondition(field, range=qe.RangeFloat(gte=values[0], lte=values[1])))
            else:
                conditions.append(qe.FieldCondition(field, match=qe.MatchValue(values[0])))
        requests = [
            qe.QueryRequest(limit=self.data.k, query=qe.Query.Nearest(query.tolist()), filter=qe.Filter(must=conditions),
                            params=qe.SearchParams(hnsw_ef=ef) if ef > 0 else qe.SearchParams(exact=True))
            for query in self.data.queries[places]
        ]
        begin = time.perf_counter()
        answers = self.shard.query_batch(qe.QueryBatchRequest(requests))
        seconds = time.perf_counter() - begin
        ids = numpy.full((len(places), self.data.k), -1)
        for q, answer in enumerate(answers):
            ids[q, : len(answer)] = [point.id for point in answer]
        return seconds, ids


class Data:
    def __init__(self, folder, *numbers):
        import numpy

        self.num_rows, num_queries, self.dim, self.inner, self.m, self.ef_construction, self.k = map(int, numbers)
        self.base = numpy.fromfile(f"{folder}/base", numpy.float32).reshape(self.num_rows, self.dim)
        self.queries = numpy.fromfile(f"{folder}/queries", numpy.float32).reshape(num_queries, self.dim)
        with open(f"{folder}/attributes.jsonl", encoding="utf-8") as lines:
            self.attributes = [json.loads(line) for line in lines]


PEERS = {"faiss": ("faiss", Faiss), "numpy": ("numpy", Numpy), "qdrant-edge": ("qdrant_edge", Qdrant),
         "qdrant-edge exact": ("qdrant_edge", None)}


def version_of(module):
    import importlib.metadata

    package = {"faiss": "faiss-cpu", "qdrant_edge": "qdrant-edge-py"}.get(module, module)
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main():
    import numpy

    data, built = Data(*sys.argv[1:]), {}
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            versions = {name: version_of(module) for name, (module, _) in PEERS.items()}
            there = [f"{name} {version}" for name, version in versions.items() if version and PEERS[name][1]]
            answer = {"versions": ", ".join(there), "peers": [n for n, version in versions.items() if version]}
        elif question["question"] == "build":
            begin = time.perf_counter()
            make = PEERS[question["peer"]][1]
            built[question["peer"]] = make(data) if make else built["qdrant-edge"]
            answer = {"seconds": time.perf_counter() - begin}
        else:
            allowed = numpy.array(question["allowed"], numpy.int64)
            peer = built[question["peer"]]
            seconds, ids = [], None
            for _ in range(question["rounds"]):
                taken, ids = peer.search(question["filter"], allowed, question["places"], question["ef"])
                seconds.append(taken)
            answer = {"seconds": seconds, "rows": ids.ravel().tolist()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
