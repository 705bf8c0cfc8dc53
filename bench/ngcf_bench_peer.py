"""NGCF's training step as its authors wrote it, in PyTorch: what ngcf_bench.cc is compared with.

    ngcf_bench_peer.py FOLDER NODES DIM LAYERS BATCH REGULARIZATION THREADS

FOLDER holds the adjacency (offsets.bin int64, columns.bin uint32, weights.bin float32), parameters.bin (float32: vectors NODES x
DIM, then of each layer two maps DIM x DIM and two offsets) and triples.bin (uint32: BATCH users, positives and negatives, as
nodes). Answers one line of JSON with one:

    {"question": "gradient", "layout": "coo"}   the loss without dropout; writes gradients.bin, in the order of the parameters
    {"question": "steps", "layout": "csr", "count": 5}   seconds of so many steps with message dropout 0.1 and Adam

coo is what the authors run (a sparse tensor times a dense one). csr is MKL's product; as torch would transpose the matrix anew
for every gradient, a function is given the transpose, and indices have the 32 bits that MKL reads: the best that the peer can have.
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
from torch.nn import functional  # noqa: E402

torch.set_num_threads(threads)


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, matrix, transpose, x):
        ctx.transpose = transpose
        return torch.mm(matrix, x)

    @staticmethod
    def backward(ctx, gradient):
        return None, None, torch.mm(ctx.transpose, gradient)


def read(name, dtype):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.bin", dtype))


def matrices():
    offsets, weights = read("offsets", np.int64), read("weights", np.float32)
    columns = torch.from_numpy(np.fromfile(f"{folder}/columns.bin", np.uint32).astype(np.int64))
    rows = torch.repeat_interleave(torch.arange(nodes), offsets.diff())
    coo = torch.sparse_coo_tensor(torch.stack([rows, columns]), weights, (nodes, nodes)).coalesce()

    def csr(matrix):
        matrix = matrix.to_sparse_csr()
        return torch.sparse_csr_tensor(matrix.crow_indices().int(), matrix.col_indices().int(), matrix.values(), (nodes, nodes))

    both = csr(coo), csr(coo.t().coalesce())
    return {"coo": lambda x: torch.sparse.mm(coo, x), "csr": lambda x: Product.apply(*both, x)}


def parameters():
    values = read("parameters", np.float32)
    shapes = [(nodes, dim)] + [(dim, dim), (dim, dim), (1, dim), (1, dim)] * layers
    parts = torch.split(values, [rows * cols for rows, cols in shapes])
    return [part.reshape(shape).clone().requires_grad_() for part, shape in zip(parts, shapes)]


def loss_of(multiply, learned, triples, dropout):
    vectors = learned[0]
    parts = [vectors]
    for layer in range(layers):
        weights1, weights2, bias1, bias2 = learned[1 + 4 * layer:5 + 4 * layer]
        side = multiply(vectors)
        summed = functional.leaky_relu(side @ weights1 + bias1, 0.2)
        product = functional.leaky_relu((vectors * side) @ weights2 + bias2, 0.2)
        vectors = functional.dropout(summed + product, dropout) if dropout else summed + product
        parts.append(functional.normalize(vectors, p=2, dim=1))
    final = torch.cat(parts, 1)
    users, positives, negatives = (final[t] for t in triples)
    margins = (users * negatives).sum(1) - (users * positives).sum(1)
    squares = sum(rows.pow(2).sum() for rows in (users, positives, negatives))
    return functional.softplus(margins).mean() + regularization * squares / (2 * batch)


def main():
    products = matrices()
    triples = torch.from_numpy(np.fromfile(f"{folder}/triples.bin", np.uint32).astype(np.int64)).reshape(3, batch)
    learned = {layout: parameters() for layout in products}
    optimizers = {layout: torch.optim.Adam(learned[layout], lr=1e-3) for layout in products}
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            print(json.dumps({"versions": f"torch {torch.__version__}"}), flush=True)
            continue
        layout = question["layout"]
        if question["question"] == "gradient":
            begin = parameters()
            loss = loss_of(products[layout], begin, triples, 0)
            loss.backward()
            np.concatenate([p.grad.numpy().ravel() for p in begin]).tofile(f"{folder}/gradients.bin")
            print(json.dumps({"loss": loss.item()}), flush=True)
            continue
        start = time.perf_counter()
        for _ in range(question["count"]):
            loss = loss_of(products[layout], learned[layout], triples, 0.1)
            optimizers[layout].zero_grad()
            loss.backward()
            optimizers[layout].step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


main()
