"""What OpenCLIP computes of the 48 scenes with the bundled model (or another one with its tokenizer).

    python scenes.py MODEL_FOLDER > fixtures/scenes/expected.json

Needs open_clip_torch 3.3.0, transformers 4.49.0, torch 2.11.0, torchvision, tokenizers; a tool for developers, not a part
of the program. Pictures are decoded and resized with PIL. For each scene: the ids of a greedy caption and of a beam
search with six beams (24 ids at most, 5 at least), the score of that one, and for [caption, *hard_negatives] the
similarity logits and the mean log-probability of a token, the end token included.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import LogitsProcessorList, MaxLengthCriteria, MinLengthLogitsProcessor, StoppingCriteriaList

LENGTH, BEAMS, SHORTEST = 24, 6, 5
SCENES = Path(__file__).parents[2] / "fixtures" / "scenes"
folder = Path(sys.argv[1])

config = json.loads((folder / "open_clip_config.json").read_text())
model = open_clip.CoCa(**{name: value for name, value in config["model_cfg"].items() if name != "custom_text"})
weights = {name: tensor.float() for name, tensor in load_file(folder / "open_clip_model.safetensors").items()}
model.load_state_dict(weights, strict=True)
model.eval()
transform = image_transform_v2(PreprocessCfg(size=model.visual.image_size, **config["preprocess_cfg"]), is_train=False)
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
start, end = (tokenizer.token_to_id(name) for name in ("<start_of_text>", "<end_of_text>"))


def log_probabilities(ids, logits, **_):
    """OpenCLIP's own beam search adds up raw logits; transformers' and ours log-probabilities."""
    return torch.log_softmax(logits, -1)


def ids_of(text):
    return [start, *tokenizer.encode(text).ids, end]


def text_of(ids):
    return "".join(tokenizer.id_to_token(i) for i in ids if i not in (start, end, 0)).replace("</w>", " ").strip()


def upto_end(ids):
    return ids[: ids.index(end) + 1] if end in ids else ids


def logits_of(pixels, ids, latent, tokens):
    return model(pixels, torch.tensor([ids]), image_latent=latent, image_embs=tokens, output_labels=False)["logits"][0]


def mean_logprob(pixels, ids, latent, tokens):
    chances = torch.log_softmax(logits_of(pixels, ids[:-1], latent, tokens), -1)
    return torch.stack([chances[t, i] for t, i in enumerate(ids[1:])]).mean().item()


def greedy(pixels, latent, tokens):
    ids = [start]
    while len(ids) < LENGTH and ids[-1] != end:
        ids.append(int(logits_of(pixels, ids, latent, tokens)[-1].argmax()))
    return ids


def kind_of(scene):
    groups = scene["groups"]
    return "pair" if len(groups) > 1 else "count" if groups[0]["count"] > 1 else "single"


samples, truths = [], []
for scene in json.loads((SCENES / "scenes.json").read_text()):
    pixels = transform(Image.open(SCENES / scene["image"]).convert("RGB")).unsqueeze(0)
    with torch.no_grad():
        latent, tokens = model._encode_image(pixels)
        first = greedy(pixels, latent, tokens)
        best = upto_end(
            model._generate_beamsearch(
                pixels, sot_token_id=start, eos_token_id=torch.tensor([end]), pad_token_id=0, num_beams=BEAMS, num_beam_groups=1,
                logit_processor=LogitsProcessorList([log_probabilities, MinLengthLogitsProcessor(SHORTEST, end)]),
                stopping_criteria=StoppingCriteriaList([MaxLengthCriteria(LENGTH)]),
            )[0].tolist()
        )
        rows = [ids_of(text) for text in [scene["caption"], *scene["hard_negatives"]]]
        padded = torch.tensor([row + [0] * (LENGTH - len(row)) for row in rows])
        similarity = model.logit_scale.exp() * model.encode_image(pixels, normalize=True) @ model.encode_text(padded, normalize=True).T
        means = [mean_logprob(pixels, row, latent, tokens) for row in rows]
    samples.append({
        "image": scene["image"], "greedy_ids": first, "beam6_ids": best,
        "beam6_score": mean_logprob(pixels, best, latent, tokens), "beam6_caption": text_of(best),
        "similarity_logits": similarity[0].tolist(), "caption_mean_logprob": means,
    })
    true = scene["true_captions"]
    truths.append((kind_of(scene), text_of(first) in true, text_of(best) in true))

count = len(samples)
kinds, found = Counter(kind for kind, _, _ in truths), Counter(kind for kind, _, is_true in truths if is_true)
best_of = lambda name: sum(max(sample[name]) == sample[name][0] for sample in samples) / count
figures = {
    "true_captions_greedy": sum(is_true for _, is_true, _ in truths) / count,
    "true_captions_beam": sum(is_true for _, _, is_true in truths) / count,
    "rank_contrastive": best_of("similarity_logits"),
    "rank_caption": best_of("caption_mean_logprob"),
    "by_kind": {kind: f"{found[kind]}/{kinds[kind]}" for kind in ("single", "pair", "count")},
}
print(json.dumps({"figures": figures, "samples": samples}))
