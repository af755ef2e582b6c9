"""Dual encoders (CLIP and its kin) as OpenCLIP computes them: small models with random weights, and what they give.

    python dual_encoders.py fixtures/dual-encoders          # writes NAME/ for each of MODELS

Each folder is a model as OpenCLIP writes it (open_clip_config.json, open_clip_model.safetensors) with `special_ids` beside,
and expected.safetensors: pixel_values [B, 3, S, S], text [B, T], image_latent, image_features, text_latent, text_features
[B, E] (before and after L2 normalisation), logits [B, B] (picture i, text j, with scale and bias), attn.vision and attn.text
[B, layer, head, query, key], and for a tower with a latent query attn.pooler.0 [B, head, 1, key].
Made with open_clip_torch 3.3.0, timm 1.0.31, torch 2.11.0. A tool for developers, not a part of the program.
"""

import copy
import json
import sys
from pathlib import Path

import timm
import torch
from open_clip import factory
from safetensors.torch import save_file

BATCH = 4
VOCAB = 64
SOT, EOT = 62, 63

VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": 12, "vocab_size": VOCAB, "width": 24, "heads": 3, "layers": 2}

# timm's towers have their sizes by name; these take their place in the small models, whose configs state timm's.
TIMM_SIZES = {"embed_dim": 32, "depth": 2, "num_heads": 2}
TIMM_IMAGE = 64

MODELS = {
    # ViT-B-32 and all its kin: text names at the top, quick GELU or not.
    "clip": {"embed_dim": 20, "vision_cfg": VISION, "text_cfg": TEXT},
    "quickgelu": {
        "embed_dim": 20,
        "quick_gelu": True,
        "custom_text": True,
        "init_logit_bias": -10,
        "nonscalar_logit_scale": True,
        "vision_cfg": {**VISION, "ls_init_value": 0.5, "mlp_ratio": 3.0},
        "text_cfg": {**TEXT, "pool_type": "first", "no_causal_mask": True, "ls_init_value": 0.5},
    },
    # CLIPA: another order of pooling and norm, the last place of a text that sees all.
    "clipa": {
        "embed_dim": 20,
        "vision_cfg": {**VISION, "no_ln_pre": True, "pool_type": "avg", "final_ln_after_pool": True},
        "text_cfg": {**TEXT, "pool_type": "last", "no_causal_mask": True},
    },
    # MetaCLIP 2: the end token by its id.
    "worldwide": {
        "embed_dim": 20,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "pool_type": "eos", "eos_id": 2, "pad_id": 1},
    },
    # Everything else that a text tower of its own may have.
    "custom": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {**VISION, "attentional_pool": True, "attn_pooler_queries": 5, "attn_pooler_heads": 2,
                       "act_kwargs": {"approximate": "tanh"}, "norm_kwargs": {"eps": 1e-3}},
        "text_cfg": {**TEXT, "embed_cls": True, "proj_bias": True,
                     "act_kwargs": {"approximate": "tanh"}, "norm_kwargs": {"eps": 1e-3}},
    },
    "siglip": {
        "embed_dim": 32,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {"image_size": 224, "timm_model_name": "vit_base_patch16_siglip_224",
                       "timm_model_pretrained": False, "timm_pool": "map", "timm_proj": "none"},
        "text_cfg": {**TEXT, "no_causal_mask": True, "proj_bias": True, "pool_type": "last",
                     "norm_kwargs": {"eps": 1e-6}, "act_kwargs": {"approximate": "tanh"}},
    },
    "siglip-noproj": {
        "embed_dim": 32,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {"image_size": 256, "timm_model_name": "vit_base_patch32_siglip_256",
                       "timm_model_pretrained": False, "timm_pool": "map", "timm_proj": "none"},
        "text_cfg": {**TEXT, "width": 32, "heads": 2, "mlp_ratio": 3.7362, "no_causal_mask": True,
                     "pool_type": "last", "proj_type": "none", "norm_kwargs": {"eps": 1e-6}},
    },
}


def small_timm_model(name, **options):
    """What OpenCLIP asks of timm, in small."""
    return create_model(name, **options, **TIMM_SIZES, img_size=TIMM_IMAGE)


create_model = timm.create_model
timm.create_model = small_timm_model


def build(config):
    factory._MODEL_CONFIGS["small"] = copy.deepcopy(config)
    model = factory.create_model("small").eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name == "logit_scale":
                parameter.fill_(1.5)
            elif name == "logit_bias":
                parameter.fill_(-0.7)
            else:
                # Norms around one, all else around zero and large enough to tell every piece of the network.
                mean = 1.0 if parameter.ndim == 1 and name.endswith("weight") else 0.0
                parameter.copy_(mean + 0.2 * torch.randn(parameter.shape, generator=generator))
    return model


def texts(config):
    """Texts of four lengths, as their tokenizers end and pad them; one of them fills the context, one has no end."""
    text = config["text_cfg"]
    length, pad = text["context_length"], text.get("pad_id", 0)
    is_eos = text.get("pool_type") == "eos"
    sot, eot = (0, text["eos_id"]) if is_eos else (SOT, EOT)
    generator = torch.Generator().manual_seed(3)
    rows = torch.full((BATCH, length), pad)
    for row, count in enumerate((3, 1, 7, length - 2)):
        words = torch.randint(3, 60, (count,), generator=generator)
        rows[row, : count + 2] = torch.cat([torch.tensor([sot]), words, torch.tensor([eot])])
    if is_eos:
        rows[3, -1] = 9
    return rows


def attention_of(x, block, mask=None):
    """Softmax probabilities [B, H, N, N] of an OpenCLIP block on its input x [B, N, W]."""
    attn = block.attn
    heads, width = attn.num_heads, attn.embed_dim
    projected = torch.nn.functional.linear(block.ln_1(x), attn.in_proj_weight, attn.in_proj_bias)
    q, k, _ = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in projected.split(width, -1))
    scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
    return (scores if mask is None else scores + mask).softmax(-1)


def timm_attention_of(x, block):
    attn = block.attn
    q, k, _ = attn.qkv(block.norm1(x)).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    return (q @ k.transpose(-1, -2) * attn.scale).softmax(-1)


def pooler_attention_of(x, pool):
    q = pool.q(pool.latent.expand(x.shape[0], -1, -1)).unflatten(-1, (pool.num_heads, -1)).transpose(1, 2)
    k, _ = pool.kv(x).unflatten(-1, (2, pool.num_heads, -1)).permute(2, 0, 3, 1, 4)
    return (q @ k.transpose(-1, -2) * pool.scale).softmax(-1)


def watch(modules, seen, attention):
    def hook(module, args, kwargs):
        seen.append(attention(args[0] if args else kwargs["x"], module, kwargs))

    return [module.register_forward_pre_hook(hook, with_kwargs=True) for module in modules]


def expected(model, config):
    side = TIMM_IMAGE if "timm_model_name" in config["vision_cfg"] else config["vision_cfg"]["image_size"]
    pixels = torch.randn((BATCH, 3, side, side), generator=torch.Generator().manual_seed(11))
    ids = texts(config)
    vision, text, pooler = [], [], []
    trunk = getattr(model.visual, "trunk", None)
    if trunk is None:
        watch(model.visual.transformer.resblocks, vision, lambda x, block, _: attention_of(x, block))
    else:
        watch(trunk.blocks, vision, lambda x, block, _: timm_attention_of(x, block))
        watch([trunk.attn_pool], pooler, lambda x, pool, _: pooler_attention_of(x, pool))
    tower = getattr(model, "text", model).transformer
    if not config["text_cfg"].get("embed_cls"):
        watch(tower.resblocks, text, lambda x, block, given: attention_of(x, block, given.get("attn_mask")))
    with torch.no_grad():
        image_latent, text_latent = model.encode_image(pixels), model.encode_text(ids)
        image_features, text_features = (
            torch.nn.functional.normalize(latent, dim=-1) for latent in (image_latent, text_latent)
        )
        image_logits, _ = model.get_logits(pixels, ids)
    count = len(vision) // 2  # the towers ran twice
    tensors = {
        "pixel_values": pixels,
        "text": ids.int(),
        "image_latent": image_latent,
        "image_features": image_features,
        "text_latent": text_latent,
        "text_features": text_features,
        "logits": image_logits,
        "attn.vision": torch.stack(vision[:count], 1),
    }
    if text:
        tensors["attn.text"] = torch.stack(text[: len(text) // 2], 1)
    if pooler:
        tensors["attn.pooler.0"] = pooler[0]
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def main(folder):
    for name, config in MODELS.items():
        model = build(config)
        path = folder / name
        path.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path / "open_clip_model.safetensors")
        save_file(expected(model, config), path / "expected.safetensors")
        special = {"sot": SOT, "eot": EOT, "pad": config["text_cfg"].get("pad_id", 0)}
        whole = {"model_cfg": config, "preprocess_cfg": {}, "special_ids": special}
        (path / "open_clip_config.json").write_text(json.dumps(whole, indent=1))
        print(name, sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
