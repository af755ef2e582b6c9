"""What OpenCLIP's own modules make of the frames of a clip: frames through the transformer one by one, their outputs in a row
through the pooler (CoCa, section 4.2; VideoCoCa, arXiv 2212.04979).

    python video.py fixtures/golden/pooled        # writes video.safetensors there

The frames are pixel_values of expected.safetensors. With an attentional pooler: its embedding (latent, features) and image
tokens over all frames' outputs. Without one: the mean of the frames' features, made of unit length again, the mean of their latents,
and their image tokens in a row. Then logits of a caption over those tokens. Needs torch and open_clip_torch; a tool for
developers, not a part of the program.
"""

import json
import sys
from pathlib import Path

import torch
from open_clip.coca_model import CoCa
from safetensors.torch import load_file, save_file

IDS = [62, 7, 21, 7, 50, 33, 12, 40, 5, 18, 63]


def main(folder):
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    config.pop("custom_text", None)
    # Of interest to the CLS alone, and unknown to open_clip_torch 3.3.
    config["text_cfg"].pop("correct_cls_mask", None)
    model = CoCa(**config).double().eval()
    model.load_state_dict({k: v.double() for k, v in load_file(folder / "open_clip_model.safetensors").items()})
    frames = load_file(folder / "expected.safetensors")["pixel_values"].double()
    visual = model.visual
    with torch.no_grad():
        outputs = visual.transformer(visual._embeds(frames))  # [N, K, W]
        if config["vision_cfg"].get("attentional_pool"):
            pooled, tokens = visual._pool(outputs.reshape(1, -1, outputs.shape[-1]))
            latent = pooled @ visual.proj
            features = torch.nn.functional.normalize(latent, dim=-1)
        else:
            pooled, tokens = visual._pool(outputs)
            latents = pooled @ visual.proj
            latent = latents.mean(0, keepdim=True)
            features = torch.nn.functional.normalize(
                torch.nn.functional.normalize(latents, dim=-1).mean(0, keepdim=True), dim=-1
            )
            tokens = tokens.reshape(1, -1, tokens.shape[-1])
        text = model._encode_text(torch.tensor([IDS[:-1]]))[1]
        logits = model.text_decoder(tokens, text)
    result = {"latent": latent, "features": features, "tokens": tokens, "logits": logits[0]}
    result = {name: tensor.float().contiguous() for name, tensor in result.items()}
    save_file({**result, "ids": torch.tensor(IDS, dtype=torch.int32)}, folder / "video.safetensors")


main(Path(sys.argv[1]))
