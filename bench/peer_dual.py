"""Times OpenCLIP (PyTorch) on a dual encoder: what this program is compared with.

usage: python peer_dual.py MODEL_FOLDER IMAGE SECONDS        warm figures, as one JSON object
       python peer_dual.py --cold MODEL_FOLDER IMAGE         loads, embeds the picture once, prints the embedding, exits

MODEL_FOLDER holds open_clip_config.json and open_clip_model.safetensors. Needs open_clip_torch.
"""
import json
import sys
import time

import open_clip
import torch
from peer_timing import median_ms, peak_memory
from PIL import Image

TEXT = "a photo of a small dog on a green field"


def load(folder):
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return model.eval(), preprocess


def cold(folder, image):
    model, preprocess = load(folder)
    with torch.inference_mode():
        embedding = model.encode_image(preprocess(Image.open(image)).unsqueeze(0), normalize=True)
    print(json.dumps({"embedding": embedding[0].tolist()}))


def warm(folder, image, seconds):
    start = time.perf_counter()
    model, preprocess = load(folder)
    out = {"load": 1000 * (time.perf_counter() - start)}
    one = preprocess(Image.open(image)).unsqueeze(0)
    eight = one.expand(8, -1, -1, -1).contiguous()
    text = open_clip.get_tokenizer(f"local-dir:{folder}")([TEXT])
    with torch.inference_mode():
        out["encode image (1)"] = median_ms(lambda: model.encode_image(one), seconds)
        out["encode image (8)"] = median_ms(lambda: model.encode_image(eight), seconds)
        out["encode text (1)"] = median_ms(lambda: model.encode_text(text), seconds)
    out["peakMemory"] = peak_memory()
    print(json.dumps(out))


if __name__ == "__main__":
    if sys.argv[1] == "--cold":
        cold(sys.argv[2], sys.argv[3])
    else:
        warm(sys.argv[1], sys.argv[2], float(sys.argv[3]))
