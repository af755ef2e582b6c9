"""The very pixels that OpenCLIP's evaluation transform makes of fixtures/pictures.

    python openclip_pixels.py fixtures/pictures > fixtures/golden/openclip-pixels.json

Each picture is opened by Pillow as OpenCLIP's data sets open it (no EXIF rotation, its own mode) and goes through
`open_clip.image_transform` without normalisation. RGB bytes, compressed by zlib, in base64; null for what Pillow does not read.
Needs open_clip_torch 3.3.0 and Pillow; a tool for developers, not a part of the program.
"""

import base64
import hashlib
import json
import os
import sys
import warnings
import zlib

import open_clip
import PIL
from PIL import Image

warnings.simplefilter("ignore")
FORMS = {"shortest": (10, "shortest", "bicubic"), "squash": (20, "squash", "bilinear"), "longest": (12, "longest", "bicubic")}
TRANSFORMS = {
    name: open_clip.image_transform(size, is_train=False, mean=(0, 0, 0), std=(1, 1, 1), resize_mode=mode, interpolation=filter, fill_color=7)
    for name, (size, mode, filter) in FORMS.items()
}

folder = sys.argv[1]
pixels, files = {}, {}
for name in sorted(os.listdir(folder)):
    if name.endswith(".json"):
        continue
    found = {}
    try:
        with Image.open(os.path.join(folder, name)) as image:
            image.load()
            found["mode"] = image.mode
            for form, transform in TRANSFORMS.items():
                rgb = (transform(image).permute(1, 2, 0) * 255).round().byte().numpy().tobytes()
                key = hashlib.sha256(rgb).hexdigest()[:8]
                pixels[key] = base64.b64encode(zlib.compress(rgb, 9)).decode()
                found[form] = key
    except Exception as error:
        found = {"unreadable": type(error).__name__, **({"mode": found["mode"]} if "mode" in found else {})}
    files[name] = found
print(json.dumps({"made_by": f"open_clip_torch {open_clip.__version__}, Pillow {PIL.__version__}", "forms": FORMS, "files": files, "pixels": pixels}, indent=0))
