"""Answers ivf_bench's questions with faiss: one line of JSON in, one out.

    ivf_bench_peer.py BASE QUERIES NUM_ROWS NUM_QUERIES DIM NLIST NUM_SUBSPACES K

BASE and QUERIES are files of packed float32. Indexes by name: flat (IndexIVFFlat), pq (IndexIVFPQFastScan of 4 bits
under IndexRefineFlat), rabitq (IndexIVFRaBitQFastScan under IndexRefineFlat, behind a random rotation, which that code
needs). By l2 always: vectors of cosine have norm 1 here, which orders alike.
"""

import json
import sys
import time


def main():
    base_path, queries_path, *numbers = sys.argv[1:]
    num_rows, num_queries, dim, nlist, num_subspaces, k = (int(n) for n in numbers)
    import faiss
    import numpy

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
        rotation = faiss.RandomRotationMatrix(dim, dim)
        rotation.init(1234)
        turned_coarse = faiss.IndexFlatL2(dim)
        turned_coarse.add(rotation.apply(coarse.reconstruct_n(0, nlist)))
        lists[name] = faiss.IndexIVFRaBitQFastScan(turned_coarse, dim, nlist, faiss.METRIC_L2)
        turned = faiss.IndexPreTransform(rotation, lists[name])
        kept.extend([rotation, turned_coarse, turned])
        return faiss.IndexRefineFlat(turned)

    def build(name):
        begin = time.perf_counter()
        indexes[name] = index = make(name)
        if name != "flat":
            index.train(base)
        index.add(base)
        return {"seconds": coarse_seconds + time.perf_counter() - begin, "size_bytes": len(faiss.serialize_index(index))}

    def search(name, nprobe, k_factor, rows, one_by_one):
        index = indexes[name]
        lists[name].nprobe = nprobe
        if name != "flat":
            index.k_factor = k_factor
        begin = time.perf_counter()
        if one_by_one:
            ids = numpy.concatenate([index.search(queries[i:i + 1], k)[1] for i in range(num_queries)])
        else:
            ids = index.search(queries, k)[1]
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "rows": ids.ravel().tolist() if rows else []}

    for line in sys.stdin:
        question = json.loads(line)
        kind = question.pop("question")
        if kind == "hello":
            answer = {"versions": f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})"}
        elif kind == "build":
            answer = build(**question)
        else:
            answer = search(**question)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
