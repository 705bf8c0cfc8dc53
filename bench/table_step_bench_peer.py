"""A step of an embedding table by torch's sparse gradients and SparseAdam: what table_step_bench.cc is compared with.

    table_step_bench_peer.py FOLDER ROWS DIM LOOK_UPS THREADS

FOLDER holds table.bin (float32, ROWS x DIM), ids.bin (uint32, LOOK_UPS) and weights.bin (float32, LOOK_UPS x DIM), of which
the loss is made: the sum of weights times looked-up values plus half their squares. Answers {"question": "steps", "count": n}
with seconds, and {"question": "table"} by writing table_after.bin.
"""

import json
import os
import sys
import time

folder, rows, dim, look_ups, threads = sys.argv[1], *(int(word) for word in sys.argv[2:])
os.environ.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(threads)


def read(name, dtype):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.bin", dtype))


def main():
    table = torch.nn.Embedding(rows, dim, sparse=True)
    with torch.no_grad():
        table.weight.copy_(read("table", np.float32).reshape(rows, dim))
    ids = torch.from_numpy(np.fromfile(f"{folder}/ids.bin", np.uint32).astype(np.int64))
    weights = read("weights", np.float32).reshape(look_ups, dim)
    optimizer = torch.optim.SparseAdam(table.parameters(), lr=1e-3)
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            print(json.dumps({"versions": f"torch {torch.__version__}"}), flush=True)
        elif question["question"] == "table":
            table.weight.detach().numpy().tofile(f"{folder}/table_after.bin")
            print(json.dumps({}), flush=True)
        else:
            start = time.perf_counter()
            for _ in range(question["count"]):
                optimizer.zero_grad()
                values = table(ids)
                ((weights * values).sum() + values.square().sum() / 2).backward()
                optimizer.step()
            print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


main()
