"""What each row of a caption owes to its cross-attention, by PyTorch's autograd through OpenCLIP's own modules.

    python cross_gradients.py fixtures/golden/pooled        # writes cross_gradients.safetensors there

For one picture (the first of expected.safetensors) and the ids below: d log p(ids[r + 1] | image, ids[0..r]) by the
cross-attention probabilities of row r, [layers, heads, rows, image tokens], computed in double precision. Needs torch and
open_clip_torch; a tool for developers, not a part of the program.
"""

import json
import sys
from pathlib import Path

import torch
from open_clip.coca_model import CoCa
from safetensors.torch import load_file, save_file

IDS = [62, 7, 21, 7, 50, 33, 12, 40, 5, 18, 63]


def attention_with(block, added):
    """The attention of a block, in the open, with something added to its probabilities."""
    attn = block.attn
    width, heads = attn.embed_dim, attn.num_heads

    def attention(q_x, k_x=None, v_x=None, attn_mask=None):
        weights, biases = attn.in_proj_weight.split(width), attn.in_proj_bias.split(width)
        q, k, v = (
            torch.nn.functional.linear(x, w, b).unflatten(-1, (heads, -1)).transpose(1, 2)
            for x, w, b in zip((q_x, k_x, v_x), weights, biases)
        )
        scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
        output = (scores.softmax(-1) + added) @ v
        return attn.out_proj(output.transpose(1, 2).flatten(-2))

    return attention


def main(folder):
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    config.pop("custom_text", None)
    # Of interest to the CLS alone, and unknown to open_clip_torch 3.3.
    config["text_cfg"].pop("correct_cls_mask", None)
    model = CoCa(**config).double().eval()
    model.load_state_dict({k: v.double() for k, v in load_file(folder / "open_clip_model.safetensors").items()})
    pixels = load_file(folder / "expected.safetensors")["pixel_values"][:1].double()
    ids = torch.tensor([IDS[:-1]])
    blocks = model.text_decoder.cross_attn
    with torch.no_grad():
        image = model._encode_image(pixels)[1]
        tokens = model._encode_text(ids)[1]
        plain = model.text_decoder(image, tokens)
    shape = (1, config["multimodal_cfg"]["heads"], ids.shape[1], image.shape[1])
    zeros = [torch.zeros(shape, dtype=torch.double, requires_grad=True) for _ in blocks]
    for block, added in zip(blocks, zeros):
        block.attention = attention_with(block, added)
    logits = model.text_decoder(image, tokens)
    assert torch.allclose(logits, plain, atol=1e-9), (logits - plain).abs().max()
    logprobs = logits[0].log_softmax(-1)
    result = torch.zeros(len(zeros), *shape[1:], dtype=torch.double)
    for row in range(ids.shape[1]):
        by_zeros = torch.autograd.grad(logprobs[row, IDS[row + 1]], zeros, retain_graph=True)
        for layer, gradient in enumerate(by_zeros):
            result[layer, :, row] = gradient[0, :, row]
    tensors = {"gradients": result.float().contiguous(), "ids": torch.tensor(IDS, dtype=torch.int32)}
    save_file(tensors, folder / "cross_gradients.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
