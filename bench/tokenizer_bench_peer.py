"""Answers tokenizer_bench's questions with the tokenizers library: one line of JSON in, one out.

    tokenizer_bench_peer.py TEXTS ANSWERS DATA FOLDER [MODEL ...]

TEXTS holds texts (u32 length, UTF-8), ANSWERS takes ids (i32 count, i32 ids, a text after the other). DATA is the
folder of the real data; what `prepare` makes goes into FOLDER. MODELs are folders with a tokenizer.json and .gguf files.
"""

import gzip
import json
import os
import pathlib
import struct
import sys
import time

# One thread, set before the library is loaded.
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers  # noqa: E402
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402

LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)


def read_texts(path):
    data = pathlib.Path(path).read_bytes()
    texts, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        texts.append(data[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return texts


def frame(first, last):
    return processors.TemplateProcessing(single=f"{first[0]} $A {last[0]}", special_tokens=[first, last])


def real_vocabularies(data, folder):
    """The vocabularies of the fixtures: where the file is, as ours opens it, and the library's own tokenizer."""
    source = pathlib.Path(data) / "tokenizer-fixtures"

    def unpack(name, to):
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(gzip.decompress((source / (name + ".gz")).read_bytes()))

    unpack("bert-base-uncased-vocab.txt", folder / "bert" / "vocab.txt")
    bert = tokenizers.BertWordPieceTokenizer(str(folder / "bert" / "vocab.txt"))._tokenizer
    unpack("gpt2-vocab.json", folder / "gpt2" / "vocab.json")
    unpack("gpt2-merges.txt", folder / "gpt2" / "merges.txt")
    (folder / "gpt2" / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    gpt2 = Tokenizer(models.BPE.from_file(str(folder / "gpt2" / "vocab.json"), str(folder / "gpt2" / "merges.txt")))
    gpt2.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2.decoder = decoders.ByteLevel()
    gpt2.add_special_tokens(["<|endoftext|>"])
    unpack("roberta-base-tokenizer.json", folder / "roberta" / "tokenizer.json")
    unpack("t5-small-tokenizer.json", folder / "t5" / "tokenizer.json")
    return {
        "bert-base-uncased": ("bert", bert),
        "gpt2": ("gpt2", gpt2),
        "roberta-base": ("roberta", Tokenizer.from_file(str(folder / "roberta" / "tokenizer.json"))),
        "t5-small": ("t5", Tokenizer.from_file(str(folder / "t5" / "tokenizer.json"))),
    }


def from_gguf(path):
    """SmolLM2's tokenizer out of its GGUF file: what its tokenizer.json holds."""
    from gguf import GGUFReader

    reader = GGUFReader(path)

    def strings(key):
        field = reader.fields["tokenizer.ggml." + key]
        return [bytes(field.parts[i]).decode() for i in field.data]

    tokens, types = strings("tokens"), [int(reader.fields["tokenizer.ggml.token_type"].parts[i][0])
                                        for i in reader.fields["tokenizer.ggml.token_type"].data]
    merges = [tuple(line.split(" ")) for line in strings("merges")]
    result = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    result.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens([token for token, kind in zip(tokens, types) if kind in (2, 3)])
    return result


def trained(texts):
    """Small vocabularies of every other kind, trained on some of the texts."""
    texts = texts[: len(texts) // 2][:20000]  # natural language comes first
    specials = ["<unk>", "<s>", "</s>", "<mask>"]
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]

    def bpe(name, model, normalizer, pre_tokenizer, decoder, post=None, **options):
        tokenizer = Tokenizer(model)
        tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre_tokenizer, decoder
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=6000, show_progress=False, **options))
        if post:
            tokenizer.post_processor = post(tokenizer)
        return name, tokenizer

    metaspace = pre_tokenizers.Metaspace()
    yield bpe(
        "bpe-byte-fallback",
        models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"),
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        None,
        decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        ),
        special_tokens=specials + bytes_,
        limit_alphabet=200,
        max_token_length=12,
    )
    yield bpe("bpe-metaspace", models.BPE(unk_token="<unk>"), normalizers.NFKC(), metaspace, decoders.Metaspace(),
              special_tokens=specials, limit_alphabet=300)
    yield bpe(
        "bpe-suffix",
        models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=False),
        normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(
                    Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True
                ),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        decoders.Sequence([decoders.ByteLevel(), decoders.BPEDecoder(suffix="</w>")]),
        special_tokens=specials,
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    yield bpe(
        "bpe-prefix",
        models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True),
        normalizers.BertNormalizer(lowercase=False),
        pre_tokenizers.BertPreTokenizer(),
        None,
        special_tokens=specials,
        continuing_subword_prefix="##",
        limit_alphabet=150,
    )
    yield bpe(
        "bpe-ignore-merges",
        models.BPE(ignore_merges=True),
        None,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        decoders.ByteLevel(),
        lambda t: processors.Sequence(
            [processors.ByteLevel(), processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])]
        ),
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    for name, fallback in (("unigram", False), ("unigram-byte-fallback", True)):
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
        trainer = trainers.UnigramTrainer(
            vocab_size=6000, show_progress=False, unk_token="<unk>", special_tokens=specials + (bytes_ if fallback else [])
        )
        tokenizer.train_from_iterator(texts, trainer)
        if fallback:
            state = json.loads(tokenizer.to_str())
            state["model"]["byte_fallback"] = True
            tokenizer = Tokenizer.from_str(json.dumps(state))
        tokenizer.post_processor = frame(("<s>", 1), ("</s>", 2))
        yield name, tokenizer
    words = Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip()])
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits()]
    )
    words.train_from_iterator(texts, trainers.WordLevelTrainer(vocab_size=8000, show_progress=False, special_tokens=specials))
    words.add_tokens(
        [
            tokenizers.AddedToken("New York", single_word=True, normalized=True),
            tokenizers.AddedToken("<mask>", lstrip=True, special=True),
            tokenizers.AddedToken("<tail>", rstrip=True, normalized=False),
            tokenizers.AddedToken("été", normalized=True),
        ]
    )
    yield "wordlevel-added", words


def main():
    texts_path, answers_path, data, folder, *given = sys.argv[1:]
    folder = pathlib.Path(folder)
    texts, known, current = [], {}, None
    for line in sys.stdin:
        question = json.loads(line)
        kind = question["question"]
        if kind == "hello":
            answer = {"versions": f"tokenizers {tokenizers.__version__}"}
        elif kind == "prepare":
            texts = read_texts(texts_path)
            paths = {}
            for name, (place, tokenizer) in real_vocabularies(data, folder).items():
                known[name], paths[name] = tokenizer, str(folder / place)
            for path in given:
                name = pathlib.Path(path).stem
                is_gguf = path.endswith(".gguf")
                known[name] = from_gguf(path) if is_gguf else Tokenizer.from_file(path + "/tokenizer.json")
                paths[name] = path
            if question["train"]:
                for name, tokenizer in trained(texts):
                    known[name], paths[name] = tokenizer, str(folder / f"{name}.json")
                    tokenizer.save(paths[name])
            answer = {"paths": paths}
        elif kind == "open":
            current = known[question["name"]]
            current.no_truncation()
            current.no_padding()
            answer = {}
        else:
            chosen = texts[: question["texts"]]
            begin = time.perf_counter()
            encode = current.encode_batch_fast if question["fast"] else current.encode_batch
            encodings = encode(chosen)
            answer = {"seconds": time.perf_counter() - begin}
            if kind == "ids":
                with open(answers_path, "wb") as out:
                    for encoding in encodings:
                        ids = encoding.ids
                        out.write(struct.pack(f"<{len(ids) + 1}i", len(ids), *ids))
                if question["decode"]:
                    with open(answers_path + ".texts", "wb") as out:
                        for text in current.decode_batch([e.ids for e in encodings], skip_special_tokens=True):
                            out.write(struct.pack("<I", len(text.encode())) + text.encode())
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
