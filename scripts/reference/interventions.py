"""What a changed place of the network leads to, by hooks in OpenCLIP's own modules.

    python interventions.py fixtures/golden/pooled        # writes interventions.safetensors there

A place is what an attention gives before its output projection, what an MLP gives, or what leaves a block. One at a time, it is
changed for the first two pictures and texts of expected.safetensors (x scale + offset), and what follows is written down:
image features, text features, and the logits of the caption below. `plain.*` is what is at each place when nothing is changed, and
`gradients` what the caption owes to its cross-attention while `attention.decoder_self.0` is changed. `lens.*` are the logits of what leaves
the unimodal half and each layer of the multimodal one, read out as if it were the last. All in double precision.
Needs torch and open_clip_torch; a tool for developers, not a part of the program.
"""

import json
import sys
from pathlib import Path

import torch
from open_clip.coca_model import CoCa
from safetensors.torch import load_file, save_file

IDS = [62, 7, 21, 7, 50, 33, 12, 40, 5, 18, 63]


class Places:
    """All places of a model, by name: changed where `changes` says so, and kept in `seen`."""

    def __init__(self, model):
        self.changes, self.seen, self.added = {}, {}, {}
        towers = {
            "vision": model.visual.transformer.resblocks,
            "text": model.text.transformer.resblocks,
            "decoder_self": model.text_decoder.resblocks,
            "cross": model.text_decoder.cross_attn,
        }
        for tower, blocks in towers.items():
            for layer, block in enumerate(blocks):
                site = f"{tower}.{layer}"
                block.attention = self.attention(site, block.attn)
                block.mlp.register_forward_hook(self.hook(f"mlp.{site}"))
                block.register_forward_hook(self.hook(f"residual.{site}"))
        for index, name in enumerate(["attn_pool", "attn_pool_contrastive"]):
            pooler = getattr(model.visual, name, None)
            if pooler is not None:
                pooler.attn.forward = self.pooling(f"pooler.{index}.0", pooler.attn)

    def passing(self, place, x):
        if place in self.changes:
            scale, offset = self.changes[place]
            x = x * scale + offset
        self.seen[place] = x.detach()
        return x

    def hook(self, place):
        return lambda module, inputs, output: self.passing(place, output)

    def attention(self, site, attn):
        def attention(q_x, k_x=None, v_x=None, attn_mask=None):
            k_x, v_x = (q_x if x is None else x for x in (k_x, v_x))
            return self.attend(site, attn, (q_x, k_x, v_x), attn_mask)

        return attention

    def pooling(self, site, attn):
        return lambda q, k, v, need_weights=False: (self.attend(site, attn, (q, k, v), None), None)

    def attend(self, site, attn, inputs, mask):
        width, heads = attn.embed_dim, attn.num_heads
        if attn.in_proj_weight is not None:
            weights = attn.in_proj_weight.split(width)
        else:
            weights = (attn.q_proj_weight, attn.k_proj_weight, attn.v_proj_weight)
        q, k, v = (
            torch.nn.functional.linear(x, w, b).unflatten(-1, (heads, -1)).transpose(1, 2)
            for x, w, b in zip(inputs, weights, attn.in_proj_bias.split(width))
        )
        scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
        if mask is not None:
            if mask.ndim == 3:  # of every head of every text
                mask = mask.unflatten(0, (-1, heads))
            scores = scores + (mask.double().masked_fill(~mask, 0).masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else mask)
        probabilities = scores.softmax(-1)
        if site in self.added:
            probabilities = probabilities + self.added[site]
        output = self.passing(f"attention.{site}", (probabilities @ v).transpose(1, 2).flatten(-2))
        return attn.out_proj(output)


def main(folder):
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    config.pop("custom_text", None)
    # Of interest to the CLS alone, and unknown to open_clip_torch 3.3: texts of such a model are left out.
    texts_known = not config["text_cfg"].pop("correct_cls_mask", None)
    model = CoCa(**config).double().eval()
    model.load_state_dict({k: v.double() for k, v in load_file(folder / "open_clip_model.safetensors").items()})
    reference = load_file(folder / "expected.safetensors")
    pixels = reference["pixel_values"][:2].double()
    texts = reference["text"][:2].long()
    ids = torch.tensor([IDS[:-1]] * 2)

    def run():
        features, tokens = model._encode_image(pixels)
        logits = model.text_decoder(tokens, model._encode_text(ids)[1])
        result = {"image_features": features, "logits": logits}
        return result | ({"text_features": model._encode_text(texts)[0]} if texts_known else {})

    with torch.no_grad():
        untouched = run()
        places = Places(model)
        opened = run()
        for name, value in untouched.items():
            assert torch.allclose(value, opened[name], atol=1e-9), (name, (value - opened[name]).abs().max())
        model._encode_image(pixels)
        model.text_decoder(model._encode_image(pixels)[1], model._encode_text(ids)[1])
        plain = dict(places.seen)
    tensors = {f"plain.{place}": value for place, value in plain.items()}
    with torch.no_grad():
        last_of_text = f"residual.text.{config['text_cfg']['layers'] - 1}"
        for place in [last_of_text, *(name for name in plain if name.startswith("residual.cross"))]:
            rows = model.text_decoder.ln_final(plain[place][:, : len(IDS) - 1])
            tensors[f"lens.{place}"] = rows @ model.text_decoder.text_projection

    def change(scale, offset, place):
        places.changes = {place: (scale, offset)}
        with torch.no_grad():
            changed = run()
        tensors[f"scale.{place}"], tensors[f"offset.{place}"] = scale, offset
        for name, value in changed.items():
            if not torch.allclose(value, untouched[name], atol=1e-7):
                tensors[f"{name}.{place}"] = value

    generator = torch.Generator().manual_seed(3)
    for place, value in plain.items():
        batch, rows, width = value.shape
        scale = (torch.rand(2, 1, width, generator=generator) < 0.5).double()
        offset = torch.randn(2, 1, width, generator=generator).double() * value.std()
        if place.startswith("residual") and not place.startswith("residual.text"):
            # Another value at one position, of the second of the two alone.
            scale, offset = torch.ones(2, rows, 1).double(), torch.zeros(2, rows, width).double()
            scale[1, 1], offset[1, 1] = 0, value[0, 0]
        change(scale, offset, place)

    self_attention = "attention.decoder_self.0"
    places.changes = {self_attention: tuple(tensors[f"{which}.{self_attention}"][:1] for which in ("scale", "offset"))}
    layers, heads = config["multimodal_cfg"]["layers"], config["multimodal_cfg"]["heads"]
    image, tokens = model._encode_image(pixels[:1])[1].detach(), model._encode_text(ids[:1])[1].detach()
    places.added = {
        f"cross.{layer}": torch.zeros(1, heads, len(IDS) - 1, image.shape[1], dtype=torch.double, requires_grad=True)
        for layer in range(layers)
    }
    logprobs = model.text_decoder(image, tokens)[0].log_softmax(-1)
    gradients = torch.zeros(layers, heads, len(IDS) - 1, image.shape[1], dtype=torch.double)
    for row in range(len(IDS) - 1):
        by_added = torch.autograd.grad(logprobs[row, IDS[row + 1]], list(places.added.values()), retain_graph=True)
        for layer, gradient in enumerate(by_added):
            gradients[layer, :, row] = gradient[0, :, row]
    tensors |= {"gradients": gradients, "ids": torch.tensor(IDS, dtype=torch.int32)}
    floats = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    save_file({name: value.contiguous() for name, value in floats.items()}, folder / "interventions.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
