"""Writes the weights of miniature checkpoints into GGUF files beside this one, as llama.cpp's converter does: tensors take
the names that PyPI's `gguf` (0.19.0) maps them to, and q and k of llama alone are interleaved. The states that the files
must give are those of the checkpoints' expected.json.

    make_gguf_models.py HF_TINY_CHECKPOINTS        the folder of qwen2-tiny and qwen3-tiny
"""

import json
import pathlib
import sys

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).parent
KEPT = HERE.parent / "checkpoints"
ARCHITECTURES = {"bert": gguf.MODEL_ARCH.BERT, "nomic_bert": gguf.MODEL_ARCH.NOMIC_BERT, "qwen2": gguf.MODEL_ARCH.QWEN2,
                 "qwen3": gguf.MODEL_ARCH.QWEN3, "mistral": gguf.MODEL_ARCH.LLAMA}


def interleaved(weight, heads):
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def add_sizes(writer, config):
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    rope = config.get("rope_parameters") or config
    if "rope_theta" in rope:
        writer.add_rope_freq_base(rope["rope_theta"])
    if "rms_norm_eps" in config:
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_head_count_kv(config["num_key_value_heads"])
        if config.get("head_dim"):
            writer.add_key_length(config["head_dim"])
            writer.add_value_length(config["head_dim"])
            writer.add_rope_dimension_count(config["head_dim"])
    else:
        writer.add_layer_norm_eps(config["layer_norm_eps"])
        writer.add_causal_attention(False)
    if config["model_type"] == "mistral":
        writer.add_sliding_window(config["sliding_window"])


def write_model(folder, path):
    config = json.loads((folder / "config.json").read_text())
    architecture = ARCHITECTURES[config["model_type"]]
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    add_sizes(writer, config)
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(file))
    for name, tensor in tensors.items():
        if "pooler" in name or name.startswith("cls."):
            continue
        kind = name[name.rindex("."):]
        bare = name.removesuffix(kind)
        candidates = [bare, "model." + bare, bare.removeprefix("bert.")]
        mapped = next(filter(None, (names.get_name(one) for one in candidates)), None)
        if mapped is None:
            raise SystemExit(f"{folder.name}: llama.cpp has no name for {name}")
        values = tensor.to(torch.float32).numpy()
        if config["model_type"] == "mistral" and bare.endswith("q_proj"):
            values = interleaved(values, config["num_attention_heads"])
        if config["model_type"] == "mistral" and bare.endswith("k_proj"):
            values = interleaved(values, config["num_key_value_heads"])
        writer.add_tensor(mapped + kind, np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for name in ["bert-mlm-tiny", "nomic-bert-tiny", "mistral-tiny"]:
    write_model(KEPT / name, HERE / (name + ".gguf"))
for name in ["qwen2-tiny", "qwen3-tiny"]:
    write_model(pathlib.Path(sys.argv[1]) / name, HERE / (name + ".gguf"))
