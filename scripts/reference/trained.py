"""Checks that OpenCLIP loads a checkpoint of `coca train` and computes what coca computes of it.

    python trained.py RUN/latest PICTURE CAPTION...

Needs open_clip_torch 3.3.0, transformers 4.49.0, torch 2.11.0, torchvision, tokenizers, and the built program; a tool for
developers, not a part of the program. Compares embeddings of the picture and the captions, and the greedy caption.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import open_clip
import torch
from open_clip.transform import image_transform_v2, PreprocessCfg
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer

CLI = Path(__file__).parents[2] / "dist" / "cli.js"
folder, picture, *captions = sys.argv[1:]


def coca(*words):
    command = ["node", CLI, *words, "--model", folder, "--jsonl", "--quiet"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


config = json.loads((Path(folder) / "open_clip_config.json").read_text())
model = open_clip.CoCa(**{name: value for name, value in config["model_cfg"].items() if name != "custom_text"})
weights = load_file(Path(folder) / "open_clip_model.safetensors")
print("load_state_dict:", model.load_state_dict(weights, strict=True))
model.eval()

transform = image_transform_v2(
    PreprocessCfg(size=model.visual.image_size, **config["preprocess_cfg"]), is_train=False
)
pixels = transform(Image.open(picture).convert("RGB")).unsqueeze(0)

own = Path(folder) / "tokenizer.json"
length = config["model_cfg"]["text_cfg"]["context_length"]
if own.exists():
    tokenizer = Tokenizer.from_file(str(own))
    start, end = (tokenizer.token_to_id(name) for name in ("<start_of_text>", "<end_of_text>"))
    rows = [[start, *tokenizer.encode(text).ids, end] for text in captions]
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    decode = lambda found: tokenizer.decode([i for i in found if i not in (start, end, 0)]).replace("</w>", " ").strip()
else:
    ids = open_clip.SimpleTokenizer(context_length=length)(captions)
    start, end = 49406, 49407
    decode = lambda found: open_clip.decode(torch.tensor([i for i in found if i not in (start, end)])).strip()

with torch.no_grad():
    image = model.encode_image(pixels).numpy()
    texts = model.encode_text(ids).numpy()
    found = [start]
    latent, tokens = model._encode_image(pixels)
    for _ in range(length - 1):
        logits = model(pixels, torch.tensor([found]), image_latent=latent, image_embs=tokens, output_labels=False)["logits"]
        # As coca's default: no end before there are five ids, start and end counted.
        if len(found) < 4:
            logits[0, -1, end] = -torch.inf
        found.append(int(logits[0, -1].argmax()))
        if found[-1] == end:
            break

ours = coca("embed", picture)[0]["embedding"]
print("picture:", "max difference", float(np.abs(np.array(ours) - image[0]).max()))
for text, theirs in zip(captions, texts):
    embedding = coca("embed", "--text", text)[0]["embedding"]
    print("text:", repr(text), "max difference", float(np.abs(np.array(embedding) - theirs).max()))
print("open_clip:", decode(found))
print("coca:     ", coca("caption", picture, "--strategy", "greedy")[0]["caption"])
