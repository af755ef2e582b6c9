"""Losses of OpenCLIP where the text tower's padding id is not 0, or texts are padded with another id.

    python pad_id_loss.py fixtures/golden/pooled > fixtures/golden/pooled/pad_id.json

For the pictures and texts of expected.safetensors. OpenCLIP's own CoCa and CoCaLoss, made as its training makes it (`create_loss`).
Needs open_clip_torch 3.3.0; a tool for developers, not a part of the program.
"""

import json
import sys
from pathlib import Path

import torch
from open_clip.coca_model import CoCa
from open_clip.loss import CoCaLoss
from safetensors.torch import load_file

folder = Path(sys.argv[1])
config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
config.pop("custom_text", None)
tensors = load_file(folder / "expected.safetensors")
texts = tensors["text"].long()
# 0 after the end token only: within a text it is a token.
end = texts.argmax(1, keepdim=True)
padding = (texts == 0) & (torch.arange(texts.shape[1]) > end)
cases = []
for pad_id, padded_with in ((0, 0), (1, 0), (1, 1), (0, 1)):
    config["text_cfg"]["pad_id"] = pad_id
    model = CoCa(**config).eval()
    model.load_state_dict(load_file(folder / "open_clip_model.safetensors"))
    ids = texts.masked_fill(padding, padded_with)
    model.zero_grad()
    out = model(tensors["pixel_values"], ids)
    loss = CoCaLoss(caption_loss_weight=2.0, clip_loss_weight=1.0)(
        out["image_features"], out["text_features"], out["logits"], out["labels"], out["logit_scale"], output_dict=True)
    sum(loss.values()).backward()
    norm = torch.stack([parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]).norm()
    cases.append({
        "pad_id": pad_id, "padded_with": padded_with, "ids": ids.tolist(), "gradient_norm": norm.item(),
        **{name: value.item() for name, value in loss.items()},
    })
print(json.dumps({"caption_loss_weight": 2.0, "cases": cases}))
