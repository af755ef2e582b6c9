"""Small Hugging Face tokenizers of every kind, and what OpenCLIP's HFTokenizer makes of texts with them.

    python hf_tokenizers.py fixtures/hf-tokenizers

Needs open_clip_torch 3.3.0, transformers 4.49 and tokenizers; a tool for developers, not a part of the program. Each is trained
on a few sentences, saved as transformers saves it, and read again as OpenCLIP reads the tokenizer beside a model.
"""

import json
import os
import shutil
import sys

import open_clip.tokenizer
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertTokenizerFast, CLIPTokenizerFast, PreTrainedTokenizerFast, RobertaTokenizerFast, T5TokenizerFast, XLMRobertaTokenizerFast,
)

SENTENCES = [
    "a photo of a small dog on a green field", "two cats and a bird near the red house", "The quick brown fox jumps over the lazy dog",
    "a painting of the sea at night, with three boats", "an old man reads a newspaper in the park", "it's raining; people don't walk",
] * 4
TEXTS = [
    "a dog", "", "Two Dogs, on  a FIELD!", "it's a café at night", "zebra xylophone 123", "日本",
    "a photo of a small dog on a green field near the red house with three boats and an old man",
]
LENGTH = 16


def template(start, end, tokenizer):
    single = " ".join(([start] if start else []) + ["$A"] + ([end] if end else []))
    tokens = [(token, tokenizer.token_to_id(token)) for token in (start, end) if token]
    return processors.TemplateProcessing(single=single, pair=f"{single} $B", special_tokens=tokens)


def train(tokenizer, trainer):
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def clip():
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(" ", " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(
            __import__("tokenizers").Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(
        sep=("<|endoftext|>", 1), cls=("<|startoftext|>", 0), add_prefix_space=False, trim_offsets=False)
    return CLIPTokenizerFast(tokenizer_object=tokenizer)


def byte_level(cls=None, **names):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    train(tokenizer, trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(sep=("</s>", 2), cls=("<s>", 0), add_prefix_space=False)
    return (cls or PreTrainedTokenizerFast)(tokenizer_object=tokenizer, **names)


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    train(tokenizer, trainers.WordPieceTrainer(
        vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    tokenizer.post_processor = template("[CLS]", "[SEP]", tokenizer)
    return BertTokenizerFast(tokenizer_object=tokenizer)


def unigram(cls, start, specials):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(__import__("tokenizers").Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    train(tokenizer, trainers.UnigramTrainer(vocab_size=160, special_tokens=specials, unk_token="<unk>"))
    tokenizer.post_processor = template(start, "</s>", tokenizer)
    return cls(tokenizer_object=tokenizer, **({"extra_ids": 0} if cls is T5TokenizerFast else {}))


KINDS = {
    # Pads with its end token, as openai/clip-vit-large-patch14 does.
    "clip": clip,
    "roberta": lambda: byte_level(RobertaTokenizerFast),
    # No class to know its tokens by: the files say them all.
    "bare-bpe": lambda: byte_level(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"),
    "bert": word_piece,
    "xlm-roberta": lambda: unigram(XLMRobertaTokenizerFast, "<s>", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
    # Texts begin with no token of their own, and nothing names one.
    "t5": lambda: unigram(T5TokenizerFast, None, ["<pad>", "</s>", "<unk>"]),
}


def main(folder):
    transformers.logging.set_verbosity_error()
    expected = {}
    for name, make in KINDS.items():
        path = os.path.join(folder, name)
        shutil.rmtree(path, ignore_errors=True)
        make().save_pretrained(path)
        for file in os.listdir(path):
            if file not in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
                os.remove(os.path.join(path, file))
        tokenizer = open_clip.tokenizer.HFTokenizer(path, context_length=LENGTH)
        expected[name] = {
            "size": len(tokenizer.tokenizer),
            "contexts": [{"text": text, "ids": ids} for text, ids in zip(TEXTS, tokenizer(TEXTS).tolist())],
        }
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf8") as file:
        json.dump(expected, file, ensure_ascii=False, separators=(",", ":"))


main(sys.argv[1])
