"""Writes splade-tiny beside this file: a random BERT that fills masks with a SpladePooling, as sentence-transformers' SparseEncoder
keeps them, and into its expected.json what SparseEncoder makes of a few texts: "max" by that pooling, "sum_log1p_relu" by one of
sums and two logarithms, "heaviest" with max_active_dims = 3, "query" with the prompt of queries; each a list of weights by word.
"""

import json
import pathlib
import shutil
import tempfile

import torch
from sentence_transformers import SparseEncoder
from sentence_transformers.sparse_encoder.modules import SpladePooling, Transformer
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

HERE = pathlib.Path(__file__).parent
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "music", "in", "a", "terminal", "game", "of", "chess", "##s", "."]
TEXTS = ["play music", "Plays a game of chess.", "terminal terminal music", "unknown words", ""]


def write_bert(folder):
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                        max_position_embeddings=40)
    model = BertForMaskedLM(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # no unit norms and zero biases, which would hide mistakes
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (1.0 if name.endswith("LayerNorm.weight") else 0.0))
    model.save_pretrained(folder)


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    folder = HERE / "splade-tiny"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as bert:
        write_bert(pathlib.Path(bert))
        transformer = Transformer(bert, transformer_task="fill-mask")
    model = SparseEncoder(modules=[transformer, SpladePooling("max", "relu")], prompts={"query": "game ", "document": ""}, device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    model = SparseEncoder(str(folder), device="cpu")
    summed = SparseEncoder(modules=[transformer, SpladePooling("sum", "log1p_relu")], device="cpu")
    cases = []
    for text in TEXTS:
        encoded = {"max": model.encode([text]), "sum_log1p_relu": summed.encode([text]),
                   "heaviest": model.encode([text], max_active_dims=3), "query": model.encode_query([text])}
        cases.append(json.dumps({"text": text, **{name: [round(float(x), 6) for x in weights.to_dense()[0]]
                                                  for name, weights in encoded.items()}}))
    (folder / "expected.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


main()
