"""Writes states-tiny beside this file: a random BERT of three layers with a WeightedLayerPooling, a WordWeights and all
six poolings, as sentence-transformers keeps them, and into its expected.json what sentence-transformers makes of a few
texts: "vector" by all modules, "plain_vector" by transformer and poolings alone.
"""

import json
import pathlib
import shutil
import tempfile

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer, WeightedLayerPooling, WordWeights
from transformers import BertConfig, BertModel, BertTokenizer

HERE = pathlib.Path(__file__).parent
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "music", "in", "a", "terminal", "game", "of", "chess", "##s", "."]
TEXTS = ["play music", "Plays a game of chess.", "terminal terminal music", "unknown words", ""]
MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def write_bert(folder):
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=3, num_attention_heads=4, intermediate_size=24,
                        max_position_embeddings=40, output_hidden_states=True)
    model = BertModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # no unit norms and zero biases, which would hide mistakes
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (1.0 if parameter.dim() == 1 else 0.0))
    model.save_pretrained(folder)


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    folder = HERE / "states-tiny"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as bert:
        write_bert(pathlib.Path(bert))
        transformer = Transformer(bert)
    layers = WeightedLayerPooling(16, num_hidden_layers=3, layer_start=1, layer_weights=torch.nn.Parameter(torch.tensor([0.5, 2.0, 1.25])))
    words = WordWeights(WORDS, {"play": 2.5, "chess": 0.25, "music": 3.0, "[CLS]": 0.5, "nowhere": 9.0}, unknown_word_weight=0.75)
    pooling = Pooling(16, pooling_mode=MODES)
    model = SentenceTransformer(modules=[transformer, layers, words, pooling], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    model = SentenceTransformer(str(folder), device="cpu")
    plain = SentenceTransformer(modules=[transformer, pooling], device="cpu")
    cases = [json.dumps({"text": text, **{name: [round(float(x), 6) for x in by.encode([text])[0]]
                                          for name, by in (("vector", model), ("plain_vector", plain))}}) for text in TEXTS]
    (folder / "expected.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


main()
