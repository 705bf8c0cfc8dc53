"""Answers ivf_bench's questions with faiss and rabitqlib: one line of JSON in, one out.

    ivf_bench_peer.py BASE QUERIES NUM_ROWS NUM_QUERIES DIM NLIST NUM_SUBSPACES K

BASE and QUERIES are files of packed float32. Indexes by name: of faiss flat (IndexIVFFlat), pq (IndexIVFPQFastScan of 4
bits under IndexRefineFlat), rabitq (IndexIVFRaBitQFastScan under IndexRefineFlat, behind a random rotation, which that
code needs), rabitq4 and rabitq7 (the same of several bits, not refined); of rabitqlib rabitq (IvfIndex that ranks again
by raw vectors), rabitq4 and rabitq7, with faiss's centroids. By l2 always: vectors of cosine have norm 1 here, which
orders alike.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import time


def main():
    base_path, queries_path, *numbers = sys.argv[1:]
    num_rows, num_queries, dim, nlist, num_subspaces, k = (int(n) for n in numbers)
    import faiss
    import numpy
    try:
        import rabitqlib
    except ImportError:
        rabitqlib = None

    faiss.omp_set_num_threads(1)
    base = numpy.fromfile(base_path, dtype=numpy.float32).reshape(num_rows, dim)
    queries = numpy.fromfile(queries_path, dtype=numpy.float32).reshape(num_queries, dim)
    lists, indexes, kept = {}, {}, []

    # The centroids are found once; each index is charged with the time.
    begin = time.perf_counter()
    coarse = faiss.IndexFlatL2(dim)
    lists["flat"] = faiss.IndexIVFFlat(coarse, dim, nlist, faiss.METRIC_L2)
    lists["flat"].train(base)
    coarse_seconds = time.perf_counter() - begin

    def make(name):
        if name == "flat":
            return lists[name]
        if name == "pq":
            lists[name] = faiss.IndexIVFPQFastScan(coarse, dim, nlist, num_subspaces, 4, faiss.METRIC_L2)
            return faiss.IndexRefineFlat(lists[name])
        bits = int(name.removeprefix("rabitq") or 1)
        rotation = faiss.RandomRotationMatrix(dim, dim)
        rotation.init(1234)
        turned_coarse = faiss.IndexFlatL2(dim)
        turned_coarse.add(rotation.apply(coarse.reconstruct_n(0, nlist)))
        lists[name] = faiss.IndexIVFRaBitQFastScan(turned_coarse, dim, nlist, faiss.METRIC_L2, 32, True, bits)
        turned = faiss.IndexPreTransform(rotation, lists[name])
        kept.extend([rotation, turned_coarse, turned])
        return faiss.IndexRefineFlat(turned) if bits == 1 else turned

    def build_rabitqlib(name):
        bits = int(name.removeprefix("rabitq") or 32)  # 32: one bit, and raw vectors
        centroids = coarse.reconstruct_n(0, nlist)
        assignment = coarse.search(base, 1)[1].ravel().astype(numpy.uint32)
        index = rabitqlib.IvfIndex(dim=dim, max_elements=num_rows, num_clusters=nlist, nbits=bits, metric="l2")
        index.build(base, centroids, assignment, num_threads=1)
        with tempfile.NamedTemporaryFile() as file:
            index.save(file.name)
            return index, os.path.getsize(file.name)

    def build(name):
        program, _, name_there = name.partition(" ")
        begin = time.perf_counter()
        if program == "rabitqlib":
            indexes[name], size = build_rabitqlib(name_there)
            seconds = time.perf_counter() - begin
        else:
            indexes[name] = index = make(name_there)
            if name_there != "flat":
                index.train(base)
            index.add(base)
            seconds = time.perf_counter() - begin
            size = len(faiss.serialize_index(index))
        return {"seconds": coarse_seconds + seconds, "size_bytes": size}

    def search(name, nprobe, k_factor, rows, one_by_one):
        index = indexes[name]
        program, _, name_there = name.partition(" ")
        if program == "rabitqlib":
            find = lambda some: index.search(some, k, nprobe, num_threads=1)[0]
        else:
            lists[name_there].nprobe = nprobe
            if isinstance(index, faiss.IndexRefineFlat):
                index.k_factor = k_factor
            find = lambda some: index.search(some, k)[1]
        begin = time.perf_counter()
        if one_by_one:
            ids = numpy.concatenate([find(queries[i:i + 1]) for i in range(num_queries)])
        else:
            ids = find(queries)
        seconds = time.perf_counter() - begin
        ids = ids.astype(numpy.int64)
        ids[ids >= num_rows] = -1  # what rabitqlib says of a place without a hit
        return {"seconds": seconds, "rows": ids.ravel().tolist() if rows else []}

    for line in sys.stdin:
        question = json.loads(line)
        kind = question.pop("question")
        if kind == "hello":
            versions = f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})"
            if rabitqlib is not None:
                versions += f", rabitqlib {importlib.metadata.version('rabitqlib')}"
            answer = {"versions": versions}
        elif kind == "build":
            answer = build(**question)
        else:
            answer = search(**question)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
