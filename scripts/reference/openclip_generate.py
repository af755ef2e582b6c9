"""Reference data for OpenCLIP's scoring, made by `CoCa.generate` of OpenCLIP itself.

    python openclip_generate.py hash   > fixtures/decoding/openclip.json         # on a model whose logits are a hash
    python openclip_generate.py models > fixtures/decoding/openclip-models.json  # on the models in fixtures/

Needs open_clip_torch 3.3.0, transformers 4.49 and torch; a tool for developers, not a part of the program.
test/model/decoding/hash-model.ts is the same hash in TypeScript: its logits are whole numbers divided by a power of two.
"""

import json
import os
import random
import sys

import open_clip
import torch
import transformers
from open_clip.coca_model import CoCa
from PIL import Image
from safetensors.torch import load_file

from decoding import EOT, PAD, SOT, VOCAB, hash_logits

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")


class HashCoCa:
    """What `generate` needs of a CoCa: an image encoder that says nothing, and logits that are a hash of the ids so far."""

    pad_id = PAD
    training = False
    generate = CoCa.generate
    _generate_beamsearch = CoCa._generate_beamsearch

    def __init__(self, seed, window, eot_bias, pad_bias, offset):
        self.hash = (seed, window, eot_bias)
        self.pad_bias, self.offset = pad_bias, offset

    def eval(self):
        return self

    train = lambda self, mode: self

    def _encode_image(self, image):
        return None, None

    def row(self, ids):
        row = [logit + self.offset for logit in hash_logits(ids, *self.hash)]
        row[PAD] += self.pad_bias
        return row

    def __call__(self, image, text, **_):
        return {"logits": torch.tensor([[self.row(ids)] for ids in text.tolist()], dtype=torch.float32)}


class Draws:
    """Takes the place of torch.multinomial: keeps what it is asked to draw from, and draws what a seed says."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seen = []

    def __call__(self, probabilities, count):
        row = {token: value for token, value in enumerate(probabilities[0].tolist()) if value > 0}
        self.seen.append(row)
        return torch.tensor([[self.random.choice(list(row))]])


def generate_hash(model, prompt, options):
    return HashCoCa(**model).generate(
        torch.zeros(1, 1), text=None if len(prompt) == 1 else torch.tensor([prompt]),
        sot_token_id=SOT, eos_token_id=EOT, **options,
    )[0].tolist()


def hash_cases():
    draw = random.Random("coca openclip")
    pick = draw.choice
    for number in range(300):
        kind = pick(["beam_search", "beam_search", "greedy", "top_k", "top_p"]) if number > 1 else "beam_search"
        seq_len = pick([4, 8, 12, 16, 22, 30])
        model = {
            "seed": draw.randrange(2**31),
            "window": pick([2, 3, 100, 100]),
            "eot_bias": pick([0, 0.5, 2, 3]),
            "pad_bias": pick([0, 0, 1, 3]),
            "offset": pick([0, -4, -8, -12]),
        }
        options = {
            "seq_len": seq_len,
            "min_seq_len": pick([0, 2, min(5, seq_len - 1), seq_len // 2, seq_len - 1]),
            "repetition_penalty": pick([1.0, 1.0, 1.3, 2.0, 0.8]),
        }
        prompt = [SOT]
        if kind == "beam_search":
            groups, size = pick([(3, 2), (3, 2), (1, 6), (1, 6), (1, 2), (1, 3), (2, 3), (2, 1), (4, 2)])
            options |= {"generation_type": kind, "num_beams": groups * size, "num_beam_groups": groups}
            # The first two are generate() with all of its own defaults, and the same with one group.
            if number < 2:
                options = {"num_beam_groups": 1} if number else {}
            yield {"model": model, "prompt": prompt, "options": options, "ids": generate_hash(model, prompt, options)}
            continue
        prompt += [draw.randrange(1, SOT) for _ in range(pick([0, 0, 0, 1, 2]))]
        options["temperature"] = pick([1.0, 0.5, 1.7])
        if kind == "top_p":
            options |= {"generation_type": "top_p", "top_p": pick([0.1, 0.5, 0.9, 1.0])}
        else:
            options |= {"generation_type": "top_k", "top_k": 1 if kind == "greedy" else pick([2, 5, 20])}
        draws = torch.multinomial = Draws(number)
        case = {"model": model, "prompt": prompt, "options": options, "ids": generate_hash(model, prompt, options)}
        # What the third generated id was drawn from says enough of a sample.
        if kind != "greedy":
            case["drawn_from"] = [{"length": len(prompt) + i, "probabilities": row} for i, row in enumerate(draws.seen[:3])][-1:]
        yield case


def load(folder):
    with open(os.path.join(folder, "open_clip_config.json"), encoding="utf8") as file:
        config = json.load(file)
    arguments = {name: value for name, value in config["model_cfg"].items() if name != "custom_text"}
    # The text tower has it, its config in this release does not; it is about the CLS alone, which captions never see.
    arguments["text_cfg"].pop("correct_cls_mask", None)
    model = CoCa(**arguments)
    model.load_state_dict(load_file(os.path.join(folder, "open_clip_model.safetensors")))
    return model.eval(), config


MODES = {
    "default": {},
    "one group": {"num_beam_groups": 1},
    "greedy": {"generation_type": "top_k", "top_k": 1},
    "penalty": {"repetition_penalty": 1.3, "num_beams": 4, "num_beam_groups": 2},
}


def generate_all(model, pictures, special, seq_len):
    with torch.no_grad():
        found = {}
        for name, options in MODES.items():
            found[name] = [
                # A row of its own is not padded: it ends where the caption does.
                model.generate(
                    picture[None], seq_len=seq_len, min_seq_len=min(5, seq_len - 1),
                    sot_token_id=special["sot"], eos_token_id=special["eot"], **options,
                )[0].tolist()
                for picture in pictures
            ]
        return found


def scene_pictures(config, folder):
    transform = open_clip.image_transform(
        config["model_cfg"]["vision_cfg"]["image_size"], is_train=False,
        **{name: config["preprocess_cfg"][name] for name in ("mean", "std", "interpolation", "resize_mode")},
    )
    names = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
    return [transform(Image.open(os.path.join(folder, name))) for name in names]


def models(scenes):
    folder = os.path.join(FIXTURES, "models", "scenes")
    model, config = load(folder)
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf8") as file:
        ids = {token["content"]: token["id"] for token in json.load(file)["added_tokens"]}
    special = {"sot": ids["<start_of_text>"], "eot": ids["<end_of_text>"]}
    # A caption of 24 ids is the longest that this model has positions for.
    yield "scenes", generate_all(model, scene_pictures(config, scenes), special, 24)
    for name in ("pooled", "unpooled", "cascade"):
        folder = os.path.join(FIXTURES, "golden", name)
        model, config = load(folder)
        pixels = load_file(os.path.join(folder, "expected.safetensors"))["pixel_values"]
        seq_len = config["model_cfg"]["text_cfg"]["context_length"] - 1
        yield name, generate_all(model, pixels, config["special_ids"], seq_len)


def main():
    transformers.logging.set_verbosity_error()
    made_by = f"open_clip_torch {open_clip.__version__}, transformers {transformers.__version__}"
    if sys.argv[1] == "hash":
        print('{"made_by": %s, "cases": [' % json.dumps(made_by))
        print(",\n".join(json.dumps(case) for case in hash_cases()))
        print("]}")
    else:
        scenes = sys.argv[2] if len(sys.argv) > 2 else os.path.join(FIXTURES, "scenes")
        print('{"made_by": %s, "models": {' % json.dumps(made_by))
        print(",\n".join("%s: %s" % (json.dumps(name), json.dumps(ids)) for name, ids in models(scenes)))
        print("}}")


if __name__ == "__main__":
    main()
