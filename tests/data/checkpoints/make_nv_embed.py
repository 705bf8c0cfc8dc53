"""Writes nv-embed-tiny beside this file: a random NV-Embed, that is a Mistral without the causal mask (by transformers)
and a latent attention (by its equations, below, with every head's keys and values as they are stored), and into its
expected.json the states of a few inputs behind both, in float64, each input alone.
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from torch.nn.functional import gelu, layer_norm
from transformers import MistralConfig, MistralModel

HERE = pathlib.Path(__file__).parent
INPUTS = [[2, 9, 17, 30, 3], [2, 5, 3], [2] + [5 + i * 7 % 40 for i in range(22)] + [3]]
WIDTH, LATENTS, HEADS, HEAD_DIM = 16, 5, 3, 6


def random_latent_attention():
    inner, wide = HEADS * HEAD_DIM, 4 * WIDTH
    shapes = {"latents": (LATENTS, WIDTH), "cross_attend_blocks.0.fn.to_q.weight": (inner, WIDTH),
              "cross_attend_blocks.0.fn.to_kv.weight": (2 * inner, WIDTH), "cross_attend_blocks.0.fn.to_out.weight": (WIDTH, inner),
              "cross_attend_blocks.1.fn.net.0.weight": (2 * wide, WIDTH), "cross_attend_blocks.1.fn.net.0.bias": (2 * wide,),
              "cross_attend_blocks.1.fn.net.2.weight": (WIDTH, wide), "cross_attend_blocks.1.fn.net.2.bias": (WIDTH,)}
    for norm in ("0.norm", "0.norm_context", "1.norm"):
        for part in ("weight", "bias"):
            shapes[f"cross_attend_blocks.{norm}.{part}"] = (WIDTH,)
    return {name: torch.randn(shape) * 0.2 + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
            for name, shape in shapes.items()}


def latent_attention(tensors, states):
    """states: T x D. Keys and values are the latents, the queries all tokens; nothing is masked."""
    t = {name.removeprefix("cross_attend_blocks."): tensor.double() for name, tensor in tensors.items()}

    def norm(x, name):
        return layer_norm(x, (WIDTH,), t[f"{name}.weight"], t[f"{name}.bias"])

    queries = norm(states, "0.norm") @ t["0.fn.to_q.weight"].T
    keys, values = (norm(t["latents"], "0.norm_context") @ t["0.fn.to_kv.weight"].T).chunk(2, dim=-1)
    heads = []
    for h in range(HEADS):
        part = slice(h * HEAD_DIM, (h + 1) * HEAD_DIM)
        weights = torch.softmax(queries[:, part] @ keys[:, part].T / HEAD_DIM**0.5, dim=-1)
        heads.append(weights @ values[:, part])
    states = torch.cat(heads, dim=-1) @ t["0.fn.to_out.weight"].T + states
    let_through, gates = (norm(states, "1.norm") @ t["1.fn.net.0.weight"].T + t["1.fn.net.0.bias"]).chunk(2, dim=-1)
    return (let_through * gelu(gates)) @ t["1.fn.net.2.weight"].T + t["1.fn.net.2.bias"] + states


def main():
    torch.manual_seed(7)
    config = MistralConfig(vocab_size=48, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                           intermediate_size=24, sliding_window=None, max_position_embeddings=64, attn_implementation="eager")
    model = MistralModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # no unit norms, which would hide mistakes
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (1.0 if parameter.dim() == 1 else 0.0))
    latent = random_latent_attention()
    folder = HERE / "nv-embed-tiny"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    text_config = config.to_dict() | {"model_type": "bidir_mistral"}
    settings = {"model_type": "nvembed", "add_eos": True, "is_mask_instruction": True, "mask_type": "b", "padding_side": "right",
                "latent_attention_config": {"model_type": "latent_attention", "num_latents_value": LATENTS, "num_cross_heads": HEADS,
                                            "cross_dim_head": HEAD_DIM, "hidden_dim": WIDTH, "latent_dim": WIDTH, "mult": 4,
                                            "output_normalize": True},
                "text_config": text_config}
    (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    save_file({f"embedding_model.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
              | {f"latent_attention_model.{name}": tensor for name, tensor in latent.items()},
              folder / "model.safetensors", metadata={"format": "pt"})
    model = model.double()
    cases = []
    for ids in INPUTS:
        everything = torch.zeros(1, 1, len(ids), len(ids), dtype=torch.float64)  # added to the scores: nothing is masked
        with torch.inference_mode():
            states = model(torch.tensor([ids]), attention_mask=everything).last_hidden_state[0]
            states = latent_attention(latent, states)
        cases.append(json.dumps({"input_ids": ids, "last_hidden_state": [[round(float(x), 8) for x in row] for row in states]}))
    (folder / "expected.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


main()
