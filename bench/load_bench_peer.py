"""Opens all-MiniLM-L6-v2 with sentence-transformers and encodes texts by 32, for load_bench.cc.

Argument: the model's folder. Answers hello and load (batches, batch): the milliseconds of opening, and the most bytes
this process has held, before it opened the model and at the end.
"""

import json
import os
import resource
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from sentence_transformers import SentenceTransformer, __version__


def most_memory():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def load(batches, batch):
    torch.set_num_threads(2)
    before = most_memory()
    begin = time.perf_counter()
    model = SentenceTransformer(sys.argv[1], device="cpu")
    milliseconds = 1e3 * (time.perf_counter() - begin)
    for i in range(batches):
        model.encode([f"word of {i} {j} and in to " * 14 for j in range(batch)], batch_size=batch)
    return {"milliseconds": milliseconds, "before": before, "most": most_memory()}


for line in sys.stdin:
    question = json.loads(line)
    if question["question"] == "hello":
        answer = {"versions": f"sentence-transformers {__version__} on torch {torch.__version__}"}
    else:
        answer = load(question["batches"], question["batch"])
    print(json.dumps(answer), flush=True)
