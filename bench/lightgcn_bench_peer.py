"""LightGCN's training step as its authors wrote it, in PyTorch: what lightgcn_bench.cc is compared with.

    lightgcn_bench_peer.py FOLDER NODES DIM LAYERS BATCH REGULARIZATION THREADS

FOLDER holds the symmetric matrix (offsets.bin int64, columns.bin uint32, weights.bin float32), vectors.bin (float32,
NODES x DIM) and triples.bin (uint32: BATCH users, positives and negatives, as nodes). Answers one line of JSON with one:

    {"question": "gradient", "layout": "coo"}   the loss; writes gradient.bin, of the vectors as given
    {"question": "steps", "layout": "csr", "count": 5}   seconds of so many steps with Adam

coo is what the authors run (torch.sparse.mm, its gradient by torch). csr is MKL's product; as torch would transpose the
matrix for the gradient, a function is told that it is symmetric, and indices have the 32 bits that MKL reads: the best that the peer can have.
"""

import json
import os
import sys
import time

folder, nodes, dim, layers, batch = sys.argv[1], *(int(word) for word in sys.argv[2:6])
regularization, threads = float(sys.argv[6]), int(sys.argv[7])
os.environ.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(threads)


class SymmetricProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, matrix, x):
        ctx.matrix = matrix
        return torch.mm(matrix, x)

    @staticmethod
    def backward(ctx, gradient):
        return None, torch.mm(ctx.matrix, gradient)


def read(name, dtype):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.bin", dtype))


def matrices():
    offsets, weights = read("offsets", np.int64), read("weights", np.float32)
    columns = torch.from_numpy(np.fromfile(f"{folder}/columns.bin", np.uint32).astype(np.int64))
    rows = torch.repeat_interleave(torch.arange(nodes), offsets.diff())
    return {"coo": torch.sparse_coo_tensor(torch.stack([rows, columns]), weights, (nodes, nodes)).coalesce(),
            "csr": torch.sparse_csr_tensor(offsets.int(), columns.int(), weights, (nodes, nodes))}


def multiply(layout, matrix, x):
    return torch.sparse.mm(matrix, x) if layout == "coo" else SymmetricProduct.apply(matrix, x)


def loss_of(layout, matrix, vectors, triples):
    parts = [vectors]
    for _ in range(layers):
        parts.append(multiply(layout, matrix, parts[-1]))
    final = torch.stack(parts, dim=1).mean(dim=1)
    users, positives, negatives = (final[t] for t in triples)
    margins = (users * negatives).sum(1) - (users * positives).sum(1)
    squares = sum(vectors[t].norm(2).pow(2) for t in triples)
    return torch.nn.functional.softplus(margins).mean() + regularization * squares / (2 * batch)


def main():
    by_layout = matrices()
    begin = read("vectors", np.float32).reshape(nodes, dim)
    triples = torch.from_numpy(np.fromfile(f"{folder}/triples.bin", np.uint32).astype(np.int64)).reshape(3, batch)
    vectors = {layout: begin.clone().requires_grad_() for layout in by_layout}
    optimizers = {layout: torch.optim.Adam([vectors[layout]], lr=1e-3) for layout in by_layout}
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            print(json.dumps({"versions": f"torch {torch.__version__}"}), flush=True)
            continue
        layout = question["layout"]
        if question["question"] == "gradient":
            x = begin.clone().requires_grad_()
            loss = loss_of(layout, by_layout[layout], x, triples)
            loss.backward()
            x.grad.numpy().tofile(f"{folder}/gradient.bin")
            print(json.dumps({"loss": loss.item()}), flush=True)
            continue
        start = time.perf_counter()
        for _ in range(question["count"]):
            loss = loss_of(layout, by_layout[layout], vectors[layout], triples)
            optimizers[layout].zero_grad()
            loss.backward()
            optimizers[layout].step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


main()
