"""How many parameters, and how many tensors of them, OpenCLIP's models have, by the name of their config.

    python parameter_counts.py fixtures/dual-encoders/parameters.json

Of every config whose text tower OpenCLIP has itself (those of transformers would have to be fetched). Models are built without memory
for their weights. Made with open_clip_torch 3.3.0, timm 1.0.31. A tool for developers, not a part of the program.
"""

import json
import sys
from pathlib import Path

import torch
from open_clip import factory


def main(path):
    counts = {}
    for name in factory.list_models():
        config = factory.get_model_config(name)
        if "hf_model_name" in config["text_cfg"]:
            continue
        with torch.device("meta"):
            parameters = [p.numel() for p in factory.create_model(name, device="meta").parameters()]
        counts[name] = [sum(parameters), len(parameters)]
        print(name, counts[name])
    path.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(c)}" for name, c in counts.items()) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
