"""What OpenCLIP ships: its model configs, and on the Hugging Face hub the weights it knows by name.

    python shipped_models.py assets/openclip-models.json

`configs`: every file of `model_configs`, as it is. `pretrained`: for configs that this program can build, TAG -> OWNER/NAME of
what OpenCLIP loads by (config, tag); the first tag is the one that a name alone stands for. Names of quick GELU's configs are
left out where they only repeat the repositories of the config without: a repository says itself which it is.
Made with open_clip_torch 3.3.0. A tool for developers, not a part of the program.
"""

import json
import re
import sys
from pathlib import Path

import open_clip
from open_clip import pretrained

CONFIGS = Path(open_clip.__file__).parent / "model_configs"
# Where there are several: LAION-2B is the largest open data, and what most people mean.
PREFERRED = ("laion2b", "datacomp_xl", "datacomp", "dfn", "metaclip", "webli", "openai")
# Weights of another config, whose own size a repository states.
OTHER_SIZE = ("ViT-SO400M-14-SigLIP-378",)


def is_known(config):
    vision, text = config["vision_cfg"], config["text_cfg"]
    timm = vision.get("timm_model_name")
    return (
        not isinstance(vision.get("layers"), list)
        and (timm is None or "_siglip_" in timm)
        and "hf_model_name" not in text
        and "multimodal_cfg" not in config
    )


def rank(tag):
    """The better data first, then the longer training."""
    data = next((i for i, start in enumerate(PREFERRED) if tag.startswith(start)), len(PREFERRED))
    seen = re.search(r"_s(\d+)([bm])_", tag)
    return data, -int(seen[1]) * {"b": 1000, "m": 1}[seen[2]] if seen else 0


def repositories(name):
    tags = {}
    for tag, source in pretrained._PRETRAINED.get(name, {}).items():
        hub = source.get("hf_hub", "")
        if hub.endswith("/") and hub.rstrip("/") not in tags.values():
            tags[tag] = hub.rstrip("/")
    return dict(sorted(tags.items(), key=lambda item: rank(item[0])))


def main(path):
    configs = {file.stem: json.loads(file.read_text()) for file in sorted(CONFIGS.glob("*.json"))}
    known = {}
    for name, config in configs.items():
        tags = repositories(name) if is_known(config) else {}
        if tags and not name.endswith("-quickgelu") and name not in OTHER_SIZE:
            known[name] = tags
    rows = [f"{json.dumps(name)}: {json.dumps(config)}" for name, config in configs.items()]
    tags = [f"{json.dumps(name)}: {json.dumps(tags)}" for name, tags in known.items()]
    path.write_text('{"configs": {\n' + ",\n".join(rows) + '\n}, "pretrained": {\n' + ",\n".join(tags) + "\n}}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
