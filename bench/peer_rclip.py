"""The files of a model that rclip runs, made of the weights of a folder: what `npm run bench -- rclip` compares with.

usage: python peer_rclip.py MODEL_FOLDER DATA_FOLDER     DATA_FOLDER: rclip's own ($RCLIP_DATADIR)

Needs open_clip_torch, transformers and onnx.
"""
import os
import shutil
import sys

import open_clip
import torch
from peer import load

# rclip's own names for them.
MODEL = "ViT-B-32-256-datacomp_s34b_b86k"
SIDE, CONTEXT = 256, 77


class Encoder(torch.nn.Module):
    def __init__(self, model, which):
        super().__init__()
        self.model, self.which = model, which

    def forward(self, x):
        return getattr(self.model, self.which)(x)


def export(encoder, example, path):
    axes = {"input": {0: "batch"}, "output": {0: "batch"}}
    torch.onnx.export(
        encoder, (example,), path, input_names=["input"], output_names=["output"], dynamic_axes=axes, dynamo=False
    )


def main(folder, data):
    model, _ = load(folder)
    os.makedirs(os.path.join(data, MODEL), exist_ok=True)
    os.makedirs(os.path.join(data, "tokenizer"), exist_ok=True)
    # The fast path of attention has no counterpart in ONNX.
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad():
        export(Encoder(model, "encode_image"), torch.zeros(2, 3, SIDE, SIDE), os.path.join(data, MODEL, "visual.onnx"))
        export(Encoder(model, "encode_text"), torch.zeros(2, CONTEXT, dtype=torch.int64), os.path.join(data, MODEL, "textual.onnx"))
    vocabulary = os.path.join(os.path.dirname(open_clip.__file__), "bpe_simple_vocab_16e6.txt.gz")
    shutil.copy(vocabulary, os.path.join(data, "tokenizer"))


main(*sys.argv[1:])
