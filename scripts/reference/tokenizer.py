"""Reference data for tokenizer training, made by Hugging Face tokenizers on the words that it is given.

    python tokenizer.py train > fixtures/tokenizer-training/merges.json
    python tokenizer.py ids TOKENIZER.json < TEXTS > IDS.json       # what the library makes of a file that we trained

Needs tokenizers 0.23; a tool for developers, not a part of the program. How often each word occurs is drawn at random
from a wide range, so that hardly two pairs are equally frequent: of those each trainer takes first which it likes.
"""

import json
import random
import sys

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

PATTERN = r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
MERGES = 250
WORDS = """a an and the on in of to left right above below next background dog dogs cat cats horse horses bear bears
elephant elephants crocodile butterfly butterflies strawberry strawberries pineapple watermelon mushroom mushrooms
helicopter ambulance airplane bicycle basketball football television telephone umbrella scissors glasses orange oranges
purple yellow green brown white black small large two three four circle circles square squares heart hearts naïve café
straße über señor Ελλάδα мир 日本語 🙂 🙂🙂 ... !? -- don't they're we'll i'm you'd it's 2024 banana bananas ananas""".split()


def build():
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return tokenizer


def train():
    draw = random.Random(1)
    counts = {word: draw.randint(2, 3000) for word in WORDS}
    tokenizer = build()
    # Letters at the end of words have tokens only where they occur: room for them, and the merges cut to length.
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=["<pad>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>", show_progress=False, min_frequency=2)
    tokenizer.train_from_iterator((word for word, count in counts.items() for _ in range(count)), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"][:MERGES]
    json.dump({"words": counts, "merges": [" ".join(merge) for merge in merges]}, sys.stdout, ensure_ascii=False, indent=1)


def ids(path):
    tokenizer = Tokenizer.from_file(path)
    json.dump([tokenizer.encode(line.rstrip("\n"), add_special_tokens=False).ids for line in sys.stdin], sys.stdout)


{"train": train, "ids": ids}[sys.argv[1]](*sys.argv[2:])
