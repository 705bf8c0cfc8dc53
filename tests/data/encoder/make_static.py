"""Writes static-tiny beside this file: a random table of vectors as sentence-transformers keeps it (StaticEmbedding), and
into its expected.json what sentence-transformers makes of a few texts.
"""

import json
import pathlib
import shutil

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

HERE = pathlib.Path(__file__).parent
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "music", "in", "a", "terminal", "game", "of", "chess", "##s", "."]
TEXTS = ["play music", "Plays a game of chess.", "terminal terminal music", "unknown words", ""]


def main():
    torch.manual_seed(7)
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    # A static model adds no special tokens, whatever its tokenizer says.
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    table = torch.randn(len(WORDS), 6)
    folder = HERE / "static-tiny"
    shutil.rmtree(folder, ignore_errors=True)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=table.numpy())], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    lines = [json.dumps({"text": text, "vector": [round(float(x), 7) for x in vector]})
             for text, vector in zip(TEXTS, model.encode(TEXTS))]
    (folder / "expected.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


main()
