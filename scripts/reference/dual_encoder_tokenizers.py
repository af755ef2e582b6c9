"""Contexts as OpenCLIP's HFTokenizer makes them, with small tokenizers of the kinds that its dual encoders use.

    python dual_encoder_tokenizers.py fixtures/dual-encoders/tokenizers     # writes NAME/tokenizer.json, tokenizer_config.json, expected.json

`unigram` is SigLIP's kind (end token only, which also pads; canonicalised texts), `wordpiece` CLIPA's (the separating token becomes 0),
`pairs` MetaCLIP 2's (start and end, its own padding token). Made with open_clip_torch 3.3.0, transformers 4.49.0. A tool for
developers, not a part of the program.
"""

import json
import shutil
import sys
from pathlib import Path

from open_clip.tokenizer import HFTokenizer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = ["a small dog on a green field", "two cats, one hat!", "the red-brick house: a photo", "un café à Paris", "1 2 3 numbers"] * 20
TEXTS = [
    "", "a dog", "A Dog!", "two cats, one hat", "the red-brick house: a_photo", "  café   à\tParis ", "don't  stop",
    "a small dog on a green field and two cats and one hat and the red brick house and numbers 1 2 3 and a photo",
    "strange ☃ 漢字 tokens", "&lt;b&gt; &amp;amp; “quotes”", "[SEP] and </s> within",
]
LENGTH = 16


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    names = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    return tokenizer, names, {"clean": "canonicalize"}


def wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=150, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    return tokenizer, names, {"strip_sep_token": True}


def pairs():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=150, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}, {}


def main(folder):
    for make in (unigram, wordpiece, pairs):
        tokenizer, names, options = make()
        path = folder / make.__name__
        shutil.rmtree(path, ignore_errors=True)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(path)
        (path / "special_tokens_map.json").unlink()
        contexts = HFTokenizer(str(path), context_length=LENGTH, **options)(TEXTS).tolist()
        rows = [{"text": text, "ids": ids} for text, ids in zip(TEXTS, contexts)]
        whole = {"tokenizer_kwargs": options, "context_length": LENGTH, "vocab_size": tokenizer.get_vocab_size()}
        (path / "expected.json").write_text(json.dumps({**whole, "rows": rows}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
