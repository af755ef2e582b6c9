"""Reference data for caption metrics, made by pycocoevalcap on captions written for this purpose.

    python captions.py > fixtures/caption-metrics/expected.json

Needs pycocoevalcap 1.2 and Java (for its tokenizer); a tool for developers, not a part of the program.
"""

import contextlib
import io
import json
import sys

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

# References, then a candidate that is close and one that is not.
IMAGES = [
    (["A man riding a wave on top of a surfboard.", "A surfer rides a big wave.",
      "Someone surfing in the ocean on a white board", "a person on a surfboard riding a wave"],
     "a man riding a wave on a surfboard", "a dog on a beach"),
    (["Two dogs play with a ball in the grass.", "Two brown dogs are running after a red ball",
      "A pair of dogs chasing a ball on a lawn."],
     "two dogs playing with a ball in the grass", "two dogs two dogs two dogs"),
    (["A man's hat isn't on his head; it's on the table.", "There is a hat on the table and the man doesn't wear it.",
      "The man can't find his hat, which is on the table"],
     "a man 's hat is on the table", "a hat"),
    (["A kitchen with a stove, a sink, and a refrigerator.", "A small kitchen (with white cabinets) and an oven",
      "The kitchen has white cabinets and a black stove.", "An empty kitchen that's very clean!",
      "Kitchen with stainless-steel appliances."],
     "a kitchen with white cabinets and a stove", "a bathroom with a toilet and a sink"),
    (["A red double-decker bus drives down the street.", "A double-decker bus on a busy street in London",
      "The bus is red and has two decks."],
     "a red double-decker bus on a street", "a red bus a red bus a red bus on the the the street"),
    (["A \"no parking\" sign on a wall.", "There's a sign that says 'no parking'.", "a no-parking sign"],
     "a sign on a wall that says no parking", "sign"),
    (["A pizza with cheese, tomatoes and olives sits on a wooden table.", "A pizza on a table",
      "Pizza topped with olives -- it looks good..."],
     "a pizza sitting on top of a wooden table", "a cheese pizza with olives , tomatoes and cheese on a plate"),
    (["Dr. Smith, 45, stands in front of the U.S. Capitol at 5 p.m.", "A man in front of the U.S. Capitol"],
     "a man standing in front of the u.s. capitol", "a man in a suit and tie"),
    (["a giraffe and two zebras at a watering hole", "Two zebras and a giraffe drinking water."],
     "two zebras and a giraffe drinking water", "a giraffe and two zebras at a watering hole"),
    (["Skis", "A pair of skis in the snow", "Skis standing in the snow"], "a pair of skis in the snow", "skis"),
    (["The children cannot wait to open their presents!", "Kids are gonna open presents",
      "Three children in front of a Christmas tree"],
     "children opening presents in front of a christmas tree", ""),
    (["A boat on a lake", "A boat on a lake", "A small boat on the lake."], "a boat on a lake", "a small boat in the water"),
]

# One caption a line: what the tokenizer makes of contractions, abbreviations, quotes, numbers and signs.
CAPTIONS = """A man's hat isn't red; don't they can't won't I'm you're we'll they've he'd it's
The dogs' bowls (two of them) are "empty" and 'clean'.
A black-and-white T-shirt, a well-known x-ray -- a dash - and another—one
It costs $5.50, or 5% off, #1 at 3:00 p.m. on 10/12/2010.
He cannot say whether they're gonna, wanna, gotta; lemme see, gimme that
'Tis the season, 'twas the night
Mr. Smith, Mrs. Jones and Dr. No from the U.S. went to St. Louis.
Visit www.example.com or http://example.com/a?b=c and write to a.b@c.org now
his/her 1/2 cup of tea and/or coffee w/ milk
A dog... and a cat…! What?! Hello!!
[brackets] {braces} (parentheses)
“curly” ‘single’ it’s don’t the dog’s
1,000 dogs, 1.5 m, the 2nd, 3rd and 20th of the 1990s, '90s, 90's, 4x4, 8am, 8 am, 12:30pm
in the sun. A cat sat. On Sun. it rains, on Mon. it doesn't, in Feb. it snows etc.
naïve café Straße jalapeño crème brûlée 日本語
o'clock, rock 'n' roll, ma'am, O'Brien, l'eau
A cat,dog and bird.The end
AT&T, B&B and R&B, but salt & pepper and man&woman
a no. 5 bus, no. It says no.
A sign that reads "STOP", and a man (in a suit) who doesn't.
person in a t-shirt with the no. 10 on its back, 7' tall
a + b = c * d < e > f @ home ~ | ^
5-year-old girl on a 1.5-inch board, 50-50, -5 degrees
A ladies' room; boys' and girls' shoes. The team's bus
he said:"yes" (no)yes
£10, 10€, 5¢, 20°C
a constructor, a toString and a __proto__ walk by
so.... on.. and . . . on
""".split("\n")


def tokenize(captions):
    with contextlib.redirect_stdout(io.StringIO()):
        return PTBTokenizer().tokenize({i: [{"caption": caption}] for i, caption in enumerate(captions)})


def figures(which):
    references = {i: [{"caption": text} for text in image[0]] for i, image in enumerate(IMAGES)}
    candidates = {i: [{"caption": image[which]}] for i, image in enumerate(IMAGES)}
    tokenizer = PTBTokenizer()
    references, candidates = tokenizer.tokenize(references), tokenizer.tokenize(candidates)
    with contextlib.redirect_stdout(io.StringIO()):
        bleu = Bleu(4).compute_score(references, candidates)[0]
        result = {f"Bleu_{n + 1}": value for n, value in enumerate(bleu)}
        result["ROUGE_L"] = float(Rouge().compute_score(references, candidates)[0])
        result["CIDEr"] = float(Cider().compute_score(references, candidates)[0])
    return result


json.dump({
    "tokens": [{"caption": caption, "tokens": tokens[0].split()}
               for caption, tokens in zip(CAPTIONS, tokenize(CAPTIONS).values()) if caption],
    "images": [{"references": image[0], "close": image[1], "far": image[2]} for image in IMAGES],
    "close": figures(1),
    "far": figures(2),
}, sys.stdout, ensure_ascii=False, indent=1)
