"""Times OpenCLIP (PyTorch) on a CoCa checkpoint: what this program is compared with.

usage: python peer.py MODEL_FOLDER IMAGE SECONDS        warm figures, as one JSON object
       python peer.py MODEL_FOLDER IMAGE SECONDS cuda [fp16]    the same on a GPU, and of many pictures side by side
       python peer.py --cold MODEL_FOLDER IMAGE         loads, captions once with 6 beams, prints the ids, exits

MODEL_FOLDER holds open_clip_config.json and open_clip_model.safetensors. Needs open_clip_torch and transformers < 4.50.
"""
import json
import os
import sys
import time

import open_clip
import torch
from open_clip import coca_model
from peer_timing import median_ms, peak_memory
from PIL import Image
from transformers import BeamSearchScorer, LogitsProcessorList, MaxLengthCriteria, MinLengthLogitsProcessor, StoppingCriteriaList
from transformers.generation.logits_process import LogitNormalization


def load(folder):
    with open(os.path.join(folder, "open_clip_config.json"), encoding="utf8") as file:
        config = json.load(file)["model_cfg"]
    # Registered under a name of its own, so that any config can be measured.
    open_clip.factory._MODEL_CONFIGS["measured"] = config
    model, _, preprocess = open_clip.create_model_and_transforms(
        "measured", pretrained=os.path.join(folder, "open_clip_model.safetensors")
    )
    return model.eval(), preprocess


LENGTH, MIN_LENGTH, START, END = 30, 5, 49406, 49407
BEAM = dict(generation_type="beam_search", num_beams=6, num_beam_groups=1, seq_len=LENGTH)
GREEDY = dict(generation_type="top_k", top_k=1, seq_len=LENGTH)


class GeneratedOnly(BeamSearchScorer):
    """Leaves the start token out of lengths, as transformers' own beam search does and OpenCLIP's does not."""

    def process(self, *arguments, **options):
        return super().process(*arguments, **options, decoder_prompt_len=1)

    def finalize(self, *arguments, **options):
        return super().finalize(*arguments, **options, decoder_prompt_len=1)


def transformers_beam(model, pictures):
    """OpenCLIP's beam search with transformers' scores: log-probabilities, over what was generated."""
    end = torch.tensor([END])
    theirs, coca_model.BeamSearchScorer = coca_model.BeamSearchScorer, GeneratedOnly
    try:
        return model._generate_beamsearch(
            pictures, pad_token_id=model.pad_id, eos_token_id=end, sot_token_id=torch.tensor([START]),
            num_beams=6, num_beam_groups=1, stopping_criteria=StoppingCriteriaList([MaxLengthCriteria(LENGTH)]),
            logit_processor=LogitsProcessorList([LogitNormalization(), MinLengthLogitsProcessor(MIN_LENGTH, end)]),
        )
    finally:
        coca_model.BeamSearchScorer = theirs


def cold(folder, image):
    model, preprocess = load(folder)
    with torch.inference_mode():
        ids = model.generate(preprocess(Image.open(image)).unsqueeze(0), **BEAM)
    print(json.dumps({"ids": ids[0].tolist()}))


def opened(folder, image, device="cpu", dtype=torch.float32):
    """The model, a picture, a text, and the milliseconds that the model took to be there."""
    start = time.perf_counter()
    model, preprocess = load(folder)
    model = model.to(device, dtype)
    load_ms = 1000 * (time.perf_counter() - start)
    one = preprocess(Image.open(image)).unsqueeze(0).to(device, dtype)
    text = open_clip.tokenizer.SimpleTokenizer(context_length=76)(["a photo of a small dog on a green field"])
    return model, one, text.to(device), load_ms


def on_gpu(folder, image, seconds, device, precision):
    """Like `warm`, on a GPU, of as many pictures as keep it busy. Each run ends with a value that is read back."""
    model, one, text, load_ms = opened(folder, image, device, torch.float16 if precision == "fp16" else torch.float32)
    out = {"device": torch.cuda.get_device_name(), "precision": precision, "load": load_ms}
    with torch.inference_mode():
        for batch in (1, 8, 32, 256):
            pictures = one.expand(batch, -1, -1, -1).contiguous()
            out[f"encode image ({batch})"] = median_ms(lambda: model.encode_image(pictures)[0, 0].item(), seconds)
        out["encode text (1)"] = median_ms(lambda: model.encode_text(text)[0, 0].item(), seconds)
        for batch in (1, 32):
            pictures = one.expand(batch, -1, -1, -1).contiguous()
            for name, search in (("greedy", GREEDY), ("beam", BEAM)):
                out[f"caption {name} ({batch})"] = median_ms(lambda: model.generate(pictures, **search).tolist(), seconds)
        out["ids"] = model.generate(one, **BEAM)[0].tolist()
    out["peak GPU memory"] = torch.cuda.max_memory_allocated()
    print(json.dumps(out))


def warm(folder, image, seconds):
    model, one, text, load_ms = opened(folder, image)
    out = {"threads": torch.get_num_threads(), "load": load_ms}
    eight = one.expand(8, -1, -1, -1).contiguous()
    with torch.inference_mode():
        out["encode image (1)"] = median_ms(lambda: model.encode_image(one), seconds)
        out["encode image (8)"] = median_ms(lambda: model.encode_image(eight), seconds)
        out["encode text (1)"] = median_ms(lambda: model.encode_text(text), seconds)
        searches = {
            "caption greedy, openclip": lambda: model.generate(one, **GREEDY),
            "caption beam, openclip": lambda: model.generate(one, **BEAM),
            "caption beam, transformers": lambda: transformers_beam(model, one),
        }
        for name, search in searches.items():
            found = {}

            def run():
                found["ids"] = search()[0].tolist()

            out[name] = median_ms(run, seconds)
            out[f"{name} ids"] = found["ids"]
    out["peak memory"] = peak_memory()
    print(json.dumps(out))


if __name__ == "__main__":
    if sys.argv[1] == "--cold":
        cold(sys.argv[2], sys.argv[3])
    elif len(sys.argv) > 4:
        on_gpu(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4], *(sys.argv[5:] or ["fp32"]))
    else:
        warm(sys.argv[1], sys.argv[2], float(sys.argv[3]))
