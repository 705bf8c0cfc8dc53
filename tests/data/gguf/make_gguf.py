"""Makes the GGUF files beside it with PyPI's `gguf` (0.19.0), whose dequantisation is the reference.

    python make_gguf.py [FOLDER]
blocks.gguf  a tensor "TYPE" of random blocks of each type, and "TYPE.float", what gguf makes of it
llama.gguf   a tiny llama as llama.cpp's converter writes it: element c of row r of a matrix is r * 1000 + c at
             Hugging Face, so that q and k, whose rows the converter interleaves, can be told; with a tokenizer
qwen3.gguf   as llama.gguf, nothing interleaved, pooling by the last token
bert.gguf    an encoder with position and token type tables
"""

import pathlib
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

TYPES = [Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K,
         Type.Q5_K, Type.Q6_K]
# Where the halves stand that scale a block.
SCALES = {Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82],
          Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}


def random_blocks(random, type_, count):
    values, size = gguf.GGML_QUANT_SIZES[type_]
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    for at in SCALES.get(type_, []):
        # Of both signs, subnormal ones too.
        scales = (random.standard_normal(count) * 2.0 ** random.integers(-20, 4, count)).astype(np.float16)
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(count, 2)
    if type_ == Type.F16:
        blocks = random.standard_normal(count).astype(np.float16).view(np.uint8).reshape(count, 2)
    if type_ == Type.BF16:
        bits = random.standard_normal(count).astype(np.float32).view(np.uint32) >> 16
        blocks = bits.astype(np.uint16).view(np.uint8).reshape(count, 2)
    return blocks


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_blocks(path):
    random = np.random.default_rng(42)
    writer = gguf.GGUFWriter(path, "none")
    for type_ in TYPES:
        values, size = gguf.GGML_QUANT_SIZES[type_]
        rows, per_row = 3, max(1, 256 // values) if values > 1 else 35
        blocks = random_blocks(random, type_, rows * per_row).reshape(rows, per_row * size)
        writer.add_tensor(type_.name, blocks, raw_dtype=type_)
        writer.add_tensor(type_.name + ".float", gguf.dequantize(blocks, type_).astype(np.float32).reshape(rows, -1))
    write(writer)


def plain(rows, cols):
    return (np.arange(rows)[:, None] * 1000 + np.arange(cols)[None, :]).astype(np.float32)


def interleaved(rows, cols, heads):
    """What llama.cpp's converter makes of q and k."""
    matrix = plain(rows, cols)
    return matrix.reshape(heads, 2, rows // heads // 2, cols).swapaxes(1, 2).reshape(rows, cols)


def add_tokenizer(writer):
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "a", "b", "ab", "\u0120", "\u0120a"])
    writer.add_token_types([3, 3, 3, 1, 1, 1, 1, 1])
    writer.add_token_merges(["a b", "\u0120 a"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(True)


def write_decoder(path, architecture, swap, norms):
    writer = gguf.GGUFWriter(path, architecture)
    hidden, heads, kv_heads, width, inner, vocab = 16, 4, 2, 8 if norms else 4, 24, 8
    writer.add_block_count(2)
    writer.add_context_length(64)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_freq_base(1e5)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width)
    if norms:
        writer.add_key_length(width)
        writer.add_pooling_type(gguf.PoolingType.LAST)
    add_tokenizer(writer)
    writer.add_tensor("token_embd.weight", plain(vocab, hidden))
    writer.add_tensor("output_norm.weight", plain(1, hidden)[0])
    for i in range(2):
        layer = f"blk.{i}."
        q, k = (interleaved(heads * width, hidden, heads), interleaved(kv_heads * width, hidden, kv_heads)) if swap else (
            plain(heads * width, hidden), plain(kv_heads * width, hidden))
        writer.add_tensor(layer + "attn_q.weight", q)
        writer.add_tensor(layer + "attn_k.weight", k)
        if swap:
            writer.add_tensor(layer + "attn_q.bias", interleaved(heads * width, 1, heads)[:, 0].copy())
        if norms:
            writer.add_tensor(layer + "attn_q_norm.weight", plain(1, width)[0])
            writer.add_tensor(layer + "attn_k_norm.weight", plain(1, width)[0])
        writer.add_tensor(layer + "attn_v.weight", plain(kv_heads * width, hidden))
        writer.add_tensor(layer + "attn_output.weight", plain(hidden, heads * width))
        writer.add_tensor(layer + "attn_norm.weight", plain(1, hidden)[0])
        writer.add_tensor(layer + "ffn_norm.weight", plain(1, hidden)[0])
        writer.add_tensor(layer + "ffn_gate.weight", plain(inner, hidden))
        writer.add_tensor(layer + "ffn_up.weight", plain(inner, hidden))
        writer.add_tensor(layer + "ffn_down.weight", plain(hidden, inner).astype(np.float16))
    write(writer)


def write_bert(path):
    writer = gguf.GGUFWriter(path, "bert")
    hidden, inner, vocab = 16, 32, 8
    writer.add_block_count(1)
    writer.add_context_length(12)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(4)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.CLS)
    writer.add_tensor("token_embd.weight", plain(vocab, hidden))
    writer.add_tensor("position_embd.weight", plain(12, hidden))
    writer.add_tensor("token_types.weight", plain(2, hidden))
    for name, rows, cols in [("token_embd_norm", 0, hidden), ("blk.0.attn_q", hidden, hidden), ("blk.0.attn_k", hidden, hidden),
                             ("blk.0.attn_v", hidden, hidden), ("blk.0.attn_output", hidden, hidden),
                             ("blk.0.attn_output_norm", 0, hidden), ("blk.0.ffn_up", inner, hidden),
                             ("blk.0.ffn_down", hidden, inner), ("blk.0.layer_output_norm", 0, hidden)]:
        writer.add_tensor(name + ".weight", plain(rows, cols) if rows else plain(1, cols)[0])
        writer.add_tensor(name + ".bias", plain(1, rows or cols)[0])
    write(writer)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    write_blocks(folder / "blocks.gguf")
    write_decoder(folder / "llama.gguf", "llama", swap=True, norms=False)
    write_decoder(folder / "qwen3.gguf", "qwen3", swap=False, norms=True)
    write_bert(folder / "bert.gguf")
