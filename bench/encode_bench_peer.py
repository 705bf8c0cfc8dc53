"""Encodes texts with all-MiniLM-L6-v2 by sentence-transformers, onnxruntime and ctranslate2 on the CPU.

Arguments: the model's folder and a folder to work in, where encode_bench.cc wrote NAME.txt, a text a line. Reads
questions, a line of JSON each: hello; encode (peer, set, call, threads, precision: seconds from texts to vectors,
which are written to `vectors` as float32). "At once" is by batches of 32 texts sorted by length, else calls get 32 texts,
or one, as they come. onnxruntime runs the graph that its own transformer optimiser fused; its int8 is quantize_dynamic of that graph,
a scale for each channel of the weights. sentence-transformers serves float32 alone.
"""

import json
import os
import pathlib
import sys
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ["HF_HUB_OFFLINE"] = "1"

import ctranslate2
import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer, __version__
from tokenizers import Tokenizer

BATCH = 32
MOST_TOKENS = 256


CALLS = {"in calls of 32": BATCH, "one by one": 1}


def batches(texts, call):
    order = range(len(texts))
    if call == "at once":
        order = sorted(order, key=lambda i: -len(texts[i]))
    size = CALLS.get(call, BATCH)
    return [order[i : i + size] for i in range(0, len(order), size)]


def pooled(states, mask):
    """Mean over real tokens, then length 1, as the model's modules say."""
    weights = mask[:, :, None].astype(np.float32)
    means = (states * weights).sum(axis=1) / weights.sum(axis=1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


class Torch:
    def __init__(self, folder, work, threads, precision):
        self.threads = threads
        self.model = SentenceTransformer(folder, device="cpu")

    def encode(self, texts, call):
        torch.set_num_threads(self.threads)
        size = CALLS.get(call, len(texts))
        return np.concatenate([self.model.encode(texts[i : i + size], batch_size=BATCH) for i in range(0, len(texts), size)])


class WithTokenizer:
    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def encode(self, texts, call):
        vectors = [None] * len(texts)
        for batch in batches(texts, call):
            encoded = self.tokenizer.encode_batch([texts[i] for i in batch])
            ids = [e.ids for e in encoded]
            lengths = np.array([len(i) for i in ids])
            mask = np.arange(lengths.max())[None, :] < lengths[:, None]
            for i, vector in zip(batch, pooled(self.states(ids, mask), mask)):
                vectors[i] = vector
        return np.stack(vectors)


class Onnx(WithTokenizer):
    def __init__(self, folder, work, threads, precision):
        super().__init__(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(onnx_file(folder, work, precision), options, ["CPUExecutionProvider"])

    def states(self, ids, mask):
        padded = np.zeros(mask.shape, dtype=np.int64)
        padded[mask] = np.concatenate(ids)
        feeds = {"input_ids": padded, "attention_mask": mask.astype(np.int64), "token_type_ids": np.zeros_like(padded)}
        return self.session.run(["last_hidden_state"], feeds)[0]


class Ctranslate2(WithTokenizer):
    def __init__(self, folder, work, threads, precision):
        super().__init__(folder)
        out = f"{work}/ct2"
        if not pathlib.Path(out).exists():
            ctranslate2.converters.TransformersConverter(folder).convert(out)
        self.encoder = ctranslate2.Encoder(out, device="cpu", intra_threads=threads, compute_type=precision)

    def states(self, ids, mask):
        return np.array(self.encoder.forward_batch(ids).last_hidden_state)


def onnx_file(folder, work, precision):
    fused = fused_onnx(folder, work)
    if precision == "float32":
        return fused
    path = f"{work}/int8.onnx"
    if not pathlib.Path(path).exists():
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic

        # (The fused operators are unknown to shape inference, so that types have to be said.)
        quantize_dynamic(fused, path, per_channel=True, weight_type=QuantType.QInt8,
                         extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    return path


def fused_onnx(folder, work):
    path = f"{work}/fused.onnx"
    if pathlib.Path(path).exists():
        return path
    from onnxruntime.transformers import optimizer
    from transformers import AutoModel

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids, attention_mask, token_type_ids).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 7), dtype=torch.int64) for _ in names)
    axes = {name: {0: "batch", 1: "tokens"} for name in names + ["last_hidden_state"]}
    torch.onnx.export(Plain(), example, f"{work}/plain.onnx", input_names=names, output_names=["last_hidden_state"],
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    fused = optimizer.optimize_model(f"{work}/plain.onnx", model_type="bert", num_heads=12, hidden_size=384)
    print("fused:", fused.get_fused_operator_statistics(), file=sys.stderr)
    fused.save_model_to_file(path)
    return path


PEERS = {"sentence-transformers": Torch, "onnxruntime": Onnx, "ctranslate2": Ctranslate2}


def main():
    folder, work = sys.argv[1:3]
    made, texts = {}, {}
    for line in sys.stdin:
        question = json.loads(line)
        if question["question"] == "hello":
            versions = (f"sentence-transformers {__version__} on torch {torch.__version__}, "
                        f"onnxruntime {onnxruntime.__version__}, ctranslate2 {ctranslate2.__version__}")
            print(json.dumps({"versions": versions}), flush=True)
            continue
        key = question["peer"], question["threads"], question["precision"]
        name = question["set"]
        if name not in texts:
            texts[name] = pathlib.Path(f"{work}/{name}.txt").read_text(encoding="utf-8").split("\n")[:-1]
        try:
            if key not in made:
                made[key] = PEERS[key[0]](folder, work, *key[1:])
            with torch.inference_mode():
                begin = time.perf_counter()
                vectors = made[key].encode(texts[name], question["call"])
                seconds = time.perf_counter() - begin
            np.ascontiguousarray(vectors, dtype=np.float32).tofile(f"{work}/vectors")
            answer = {"seconds": seconds}
        except Exception as error:  # a peer that cannot run is left out, and the bench says so
            answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        print(json.dumps(answer), flush=True)


main()
