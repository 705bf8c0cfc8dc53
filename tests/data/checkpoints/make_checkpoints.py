"""Writes miniature checkpoints with random weights beside this file, one folder an architecture, and into each
expected.json: the last hidden states of a few inputs by transformers, in float64, each input alone.

    make_checkpoints.py [NAME ...]        only the named ones
"""

import json
import pathlib
import shutil
import sys

import torch
from transformers import (BertConfig, BertForMaskedLM, DistilBertConfig, DistilBertForMaskedLM, DistilBertModel, GPT2Config,
                          GPT2Model, LlamaConfig, LlamaModel, MistralConfig, MistralModel, ModernBertConfig, ModernBertForMaskedLM,
                          MPNetConfig, MPNetForMaskedLM, MPNetModel, RobertaConfig, RobertaForMaskedLM, RobertaModel, T5Config,
                          T5EncoderModel, XLMRobertaConfig, XLMRobertaModel)

try:
    from transformers import NomicBertConfig, NomicBertForMaskedLM, NomicBertModel
except ImportError:
    NomicBertConfig = None

HERE = pathlib.Path(__file__).parent
INPUTS = [[2, 9, 17, 30, 3], [2, 5, 3], [2] + [5 + i * 7 % 40 for i in range(22)] + [3]]
SIZES = {"vocab_size": 48, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}

CASES = {
    "bert-mlm-tiny": (BertForMaskedLM, BertConfig(**SIZES, max_position_embeddings=40)),
    "roberta-tiny": (RobertaModel, RobertaConfig(**SIZES, max_position_embeddings=40, type_vocab_size=1, pad_token_id=1)),
    "xlm-roberta-tiny": (XLMRobertaModel, XLMRobertaConfig(**SIZES, max_position_embeddings=40, type_vocab_size=1,
                                                           pad_token_id=1)),
    "distilbert-tiny": (DistilBertModel, DistilBertConfig(vocab_size=48, dim=16, n_layers=2, n_heads=4, hidden_dim=24,
                                                          max_position_embeddings=40)),
    "mpnet-tiny": (MPNetModel, MPNetConfig(**SIZES, max_position_embeddings=40, pad_token_id=1)),
    "t5-tiny": (T5EncoderModel, T5Config(vocab_size=48, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=4,
                                         relative_attention_num_buckets=8, relative_attention_max_distance=16)),
    "t5-gated-tiny": (T5EncoderModel, T5Config(vocab_size=48, d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=4,
                                               feed_forward_proj="gated-gelu", relative_attention_max_distance=16)),
    "gpt2-tiny": (GPT2Model, GPT2Config(vocab_size=48, n_embd=16, n_layer=2, n_head=4, n_positions=40)),
    "llama-tiny": (LlamaModel, LlamaConfig(**SIZES, num_key_value_heads=2, max_position_embeddings=64,
                                           rope_parameters={"rope_type": "llama3", "rope_theta": 100.0, "factor": 4.0,
                                                            "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                                            "original_max_position_embeddings": 16})),
    "mistral-tiny": (MistralModel, MistralConfig(**SIZES, num_key_value_heads=1, head_dim=6, sliding_window=5,
                                                 max_position_embeddings=64)),
}
MODERNBERT = {**SIZES, "max_position_embeddings": 64, "local_attention": 8, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
              "cls_token_id": 2, "sep_token_id": 3}
# Models that were trained to fill masks, beside bert-mlm-tiny; where the head's activation is not the layers', the two differ.
CASES |= {
    "distilbert-mlm-tiny": (DistilBertForMaskedLM, DistilBertConfig(vocab_size=48, dim=16, n_layers=2, n_heads=4, hidden_dim=24,
                                                                    max_position_embeddings=40, activation="relu")),
    "roberta-mlm-tiny": (RobertaForMaskedLM, RobertaConfig(**SIZES, max_position_embeddings=40, type_vocab_size=1, pad_token_id=1,
                                                           hidden_act="relu")),
    "mpnet-mlm-tiny": (MPNetForMaskedLM, MPNetConfig(**SIZES, max_position_embeddings=40, pad_token_id=1, hidden_act="relu")),
    "modernbert-mlm-tiny": (ModernBertForMaskedLM, ModernBertConfig(**MODERNBERT, hidden_activation="silu")),
    "modernbert-mlm-other-tiny": (ModernBertForMaskedLM, ModernBertConfig(**MODERNBERT, classifier_activation="silu",
                                                                          classifier_bias=True, norm_bias=True, decoder_bias=False,
                                                                          tie_word_embeddings=False,
                                                                          layer_types=["sliding_attention", "full_attention"])),
}
if NomicBertConfig is not None:
    CASES["nomic-bert-mlm-tiny"] = (NomicBertForMaskedLM, NomicBertConfig(**SIZES, max_position_embeddings=64))
    CASES["nomic-bert-tiny"] = (NomicBertModel, NomicBertConfig(**SIZES, max_position_embeddings=64))


def main(names):
    for name, (model_class, config) in CASES.items():
        if names and name not in names:
            continue
        torch.manual_seed(7)
        config._attn_implementation = "eager"
        model = model_class(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():  # no unit norms and zero biases, which would hide mistakes
                parameter.copy_(torch.randn_like(parameter) * 0.3 + (1.0 if parameter.dim() == 1 else 0.0))
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
        model = model.double()
        cases = []
        for ids in INPUTS:
            with torch.inference_mode():
                out = model(torch.tensor([ids]), output_hidden_states=True)
                states = out.last_hidden_state[0] if "last_hidden_state" in out else out.hidden_states[-1][0]
            case = {"input_ids": ids, "last_hidden_state": [[round(float(x), 8) for x in row] for row in states]}
            if "logits" in out:  # SPLADE's weights of the vocabulary
                weights = torch.log1p(out.logits[0].max(dim=0).values.relu())
                case["sparse"] = [round(float(x), 8) for x in weights]
            cases.append(json.dumps(case))
        lines = ",\n".join(cases)
        (folder / "expected.json").write_text(f"[\n{lines}\n]\n")
        for extra in folder.glob("generation_config.json"):
            extra.unlink()
        print(name)


main(sys.argv[1:])
