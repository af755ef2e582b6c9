"""Times training steps of OpenCLIP's CoCa: what this program's trainer is compared with.

usage: python peer_train.py MODEL_FOLDER BATCH_FILE WARM_UP STEPS LEARNING_RATE

MODEL_FOLDER holds open_clip_config.json and open_clip_model.safetensors; BATCH_FILE (safetensors) holds pixels and texts.
Prints one JSON object. Needs open_clip_torch.
"""
import json
import os
import sys
import time

import open_clip
import torch
from open_clip.loss import CoCaLoss
from safetensors.torch import load_file


def load(folder):
    with open(os.path.join(folder, "open_clip_config.json"), encoding="utf8") as file:
        config = json.load(file)["model_cfg"]
    open_clip.factory._MODEL_CONFIGS["measured"] = config
    return open_clip.create_model("measured", pretrained=os.path.join(folder, "open_clip_model.safetensors")).train()


def resident():
    with open("/proc/self/statm", encoding="utf8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(folder, batch_file, warm_up, steps, learning_rate):
    model = load(folder)
    batch = load_file(batch_file)
    pixels, texts = batch["pixels"], batch["texts"].long()
    loss = CoCaLoss(caption_loss_weight=2.0, clip_loss_weight=1.0, pad_id=model.pad_id)

    def is_spared(name, parameter):
        return parameter.ndim < 2 or any(part in name for part in ("bn", "ln", "bias", "logit_scale"))

    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if is_spared(n, p)], "weight_decay": 0.0},
        {"params": [p for n, p in named if not is_spared(n, p)], "weight_decay": 0.05},
    ]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), eps=1e-6)
    losses, times = [], []

    def step():
        start = time.perf_counter()
        total = sum(loss(**model(pixels, texts), output_dict=True).values())
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, 4.605170185988092)
        losses.append(total.item())
        times.append(1000 * (time.perf_counter() - start))

    for _ in range(warm_up):
        step()
    before = resident()
    for _ in range(steps):
        step()
    measured = sorted(times[warm_up:])
    print(json.dumps({"ms": measured[len(measured) // 2], "losses": losses, "memory": [before, resident()]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
