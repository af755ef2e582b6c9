"""Reference tokens of captions with tricky characters, made by the tokenizer in pycocoevalcap.

    python caption_tokens.py > fixtures/caption-metrics/tokens.json
    python caption_tokens.py characters         # the tables of src/model/metrics/ptb-characters.ts

Needs pycocoevalcap 1.2 and Java (for its tokenizer); a tool for developers, not a part of the program. Strings are written for this
purpose, or drawn at random from the pieces below; the generator is seeded.
"""

import contextlib
import io
import json
import os
import random
import sys
import unicodedata

os.environ["LC_ALL"] = "C.UTF-8"

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

# White space of Unicode; what separates lines in Java ends a caption of pycocoevalcap and shifts all after it, so it is left out.
SPACES = "\t \u00a0 \u1680 \u2000 \u2001 \u2002 \u2003 \u2004 \u2005 \u2006 \u2007 \u2008 \u2009 \u200a \u202f \u205f \u3000 \u001f \u180e".split(" ")
INVISIBLE = "\u200b \u200c \u200d \u2060 \ufeff \u00ad \u200e \u200f \ufe0e \ufe0f \u061c \u2061 \u202a \u202c \u0007 \u007f \u0091 \u009d".split(" ")
EMOJI = "😀 👨‍👩‍👧 🏳️‍🌈 👍🏽 🇫🇷 ❤️ ☺ ☹️ ✈ ☀️ 1️⃣ #️⃣ ⚽ ➡️ ♥ ★ ✓ © ® ™ ♫".split(" ")
MARKS = ["e\u0301", "n\u0303", "é", "ñ", "a\u0308o\u0308", "\u0301", "x\u0323\u0307", "ç", "ß", "İ", "ı", "ſ", "ﬁ", "Ω", "K", "Å", "ǆ", "ŉ"]
QUOTES = "“ ” ‘ ’ „ ‚ « » ‹ › \" ' `` '' ` ´ ″ ′ \u0091 \u0092 \u0093 \u0094".split(" ")
DASHES = "- -- --- ---- – — ‐ ‑ ‒ ― − _ __ ~ ·  • … ... . .. .... . . .  .-".split(" ")
SIGNS = "! ? !! ?! ?!? ; : , ( ) [ ] { } < > / \\ | & * ** # ## @ % ^ + = $ € £ ¥ ¢ ¤ § ° × ÷ ± µ ½ ¼ ¾ ⅓ ² ³ ¹ ª º ¿ ¡".split(" ")
NUMBERS = "1 12 1,000 10,000,000 1.5 .5 0.5% 50% -5 +3 1/2 3 1/2 2½ 12:30 10-20 1990s '90s 90's 2nd 1st 3D 4x4 8am 8:30am 10/12/2010 2010-12-10 555-1234 $5.50 $1,000 €20 £5 5¢ 20°C 5'10\" ١٢ ３".split(" ")
URLS = "http://example.com https://example.com/a?b=c&d=e#f www.example.com example.com a.b@c.org foo.jpg img_01.png file.tar.gz @user #tag #1 C++ C# .NET node.js v1.2.3 http://".split(" ")
WORDS = ("a dog cat man's dogs' don't can't cannot gonna it's I'm you're we'll they've he'd o'clock rock'n'roll ma'am O'Brien l'eau Mr. Dr. St. "
         "U.S. U.K. p.m. a.m. e.g. i.e. etc. vs. No. no. Jr. Ph.D. t-shirt x-ray black-and-white well-known his/her and/or AT&T B&B R&B N.Y. "
         "café naïve jalapeño Straße 日本語 한국어 собака كلب कुत्ता สุนัข Ελλάδα STOP The red ball. dog, cat; 'tis 'em y'all 'n' d'oh ain't isn't").split(" ")

FIXED = """
,
.
!!!
...
--
"
' '
()
-LRB-
- - -
?! ?! …
a
The dog\u200bhouse
dog\u200b
\u200bdog
\u200b
\u200d
\ufeff
\ufeffa dog
soft\u00adhyphen
a soft\u00ad hyphen
a\u00a0dog
a \u00a0 dog
10\u00a0km
1\u00a0000 dogs
a\u2003dog\u2009runs\u202fon\u3000grass
a\tdog
a\u200ddog
👨‍👩‍👧 a family
a family 👨‍👩‍👧.
a ❤️ on a wall
❤
😀
a smiling face 😀!
👍🏽👍🏽
e\u0301te\u0301 à la cafe\u0301
a n\u0303 on paper
\u0301
“A dog” and ‘a cat’
the dog’s ball isn’t red
the dog‘s ball
„Hund“ und ‚Katze‘
«chien» et ‹chat›
a dog -- a cat
a dog--a cat
a dog---a cat
a dog – a cat — a bird
a dog–a cat—a bird
a ‐ b ‑ c ‒ d ― e
1,000 dogs
1,000,000.50 dogs
1,00 dogs
1,0000 dogs
a 1,000-year-old tree
3,5 and 7
http://example.com/a,b.html
see http://example.com.
see https://example.com/path?x=1&y=2, then go
(http://example.com)
www.example.com/a
example.com is a site
mail a.b@c.org
:) :-) ;) :D :P :( <3 ^_^ =) :/ (-: :-D xD
a dog :)
<b>bold</b>
a < b
a & b
a &amp; b
&lt;br&gt;
&nbsp;dog
&#39;dog
100%
50 % off
#1 dog
# 1
a@b
*dog*
**dog**
_dog_
__dog__
a_dog_on_grass
~dog~
dog/cat
dog / cat
dog\\cat
a|b
2x4
2 x 4
5'10" tall
5′10″ tall
6ft. tall
10in.
No. 5
no. 5
Fig. 3
a dog, etc.
etc
U.S.
the U.S.A. flag
U.S.-based
e.g. a dog i.e. animal
a.m.
9 a.m. to 5 p.m.
9a.m. to 5p.m.
Mr. and Mrs. Smith
St. Mary's St.
a b. c
I. Newton
dog.cat
dog.Cat
dog,cat
dog;cat
dog:cat
dog!cat
dog?cat
...dog
dog...
dog..
dog.... cat
. . .
. . . .
a … b
½ cup
1½ cups
1 1/2 cups
1/2
3/4-inch
²
m²
20°C
20° C
€5 £5 ¥5 ¢5 $5
5€
US$5
C$5
A$5
$
can not
cannot
can't
CAN'T
dont
wouldn't've
y'all'd've
'90s
the '90s
'tis
'twas
'n'
rock 'n' roll
rock'n'roll
gonna
gimme
lemme
wanna
d'ye
more'n
whaddya
whatcha
dunno
gotta
O'Brien's
ol' dog
runnin'
'dog'
'dog
dog'
dogs'
"dog"
"dog
dog"
``dog''
`dog'
''
´
a ´ b
naïve
日本語
日本語の犬
犬、猫。
한국어 텍스트
собака на траве
كلب على العشب
कुत्ता घास पर
สุนัข
ΕΛΛΑΔΑ ΣΑΣ
İstanbul
STRASSE straße
ﬁsh
Ⅳ
x²+y²=z²
C++ and C#
.NET
node.js
foo.jpg
img_01.png
v1.2.3
1.2.3
192.168.0.1
12:30
12:30pm
12.30pm
10-20
10–20
2010-12-10
12/10/2010
555-1234
-5
+5
- 5
50-50
1990s
1990's
20s
2nd
2 nd
3D
t-shirt
T-Shirts
x-ray
e-mail
co-op
non-
-ish
pre- and post-
black-and-white
his/her/their
w/
w/o
b/w
AT&T
B&B
b&b
M&M's
R & B
Q&A
@home
#tag #tag_2
@user_name
A man (in a suit) sits.
[a] {b} (c)
(a
a)
((a))
<a>
<a b>
<img src="x">
a > b
=> ->
--> <--
=
==
+
++
^
`
\\
|
||
§ 5
¶
©2010
™
Nike™
® mark
•dog
· dog
★ ★
✓ done
♥
☺
☃
→ left
◄ ►
■
→
№ 5
µm
×
4×4
÷
±5
¿Qué?
¡Hola!
ª º
\u0007bell
a\u007fb
a\u2060b
a\u200eb
a\u00ad
\u00ad
a \u00ad b
No.\u00ad a
dog.\u00ad a
cannot\u00ad a
can\u00adnot a
do\u00adn't
don\u00ad't
dog'\u00ads
U.\u00adS.
\u00ad5
dog!cat
no way!it is
9a.m yes
www.a.com/b?c
A\u00ad&B
HK$5
R$5
ol\u2019 dog
rock \u2019n\u2019 roll
O\u2019Brien
1\u00ad000
don\u00adt
a\u180eb
a\u1680b
a\u205fb
a\u2007b
a\ufffcb
\ue000
a\ue000b
A&B&C
\U00010400
𝓭𝓸𝓰
𠮷野家
a🇫🇷b
1️⃣
#️⃣
☺️
✈️ plane
dog.\u200b
"dog\u200b"
dog\u200b's
don\u2019t
don\u02bct
don\u0092t
\u0093dog\u0094
it\u00b4s
it`s
dog 's
dog ' s
is n't
do n't
n't
's
s'
""".strip("\n").split("\n")


def drawn(random, count):
    """What is a word is followed by something else, most often a space: of two that are written together it is chance what comes out."""
    for _ in range(count):
        pieces = []
        for _ in range(random.randint(1, 6)):
            kind = random.choice([WORDS, WORDS, MARKS, NUMBERS, URLS])
            pieces.append(random.choice(kind))
            if kind is not URLS and random.random() < 0.5:
                pieces.append(random.choice(random.choice([INVISIBLE, EMOJI, SPACES])))
            pieces.append(" ")
            if random.random() < 0.4:
                pieces += [random.choice(random.choice([QUOTES, DASHES, SIGNS, EMOJI, SPACES])), " "]
        yield "".join(pieces)


def tokenize(captions):
    """Each caption between lines of its own, so that one which makes more lines than one shifts no other."""
    separator = "zzseparatorzz"
    lines = [line for caption in captions for line in (caption, separator)]
    with contextlib.redirect_stdout(io.StringIO()):
        tokenized = PTBTokenizer().tokenize({i: [{"caption": line}] for i, line in enumerate(lines)})
    result, current = [], []
    for (tokens,) in tokenized.values():
        if tokens == separator:
            assert len(current) == 1, current
            result.append(current[0])
            current = []
        else:
            current.append(tokens)
    assert len(result) == len(captions), (len(result), len(captions))
    return result


# Candidates and references with little or nothing in them, or with characters that the tokenizer drops or keeps in its own way.
SETS = {
    "wordless": [("", ["."]), (".", ["", "a dog"]), ("a dog", ["", "..."]), ("\u200b", ["\u00ad", "a cat"]), ("a cat on a mat", ["a cat on a mat", ","])],
    "wordless candidates": [("", ["a dog on grass"]), ("!", ["a cat", "two cats"]), ("a bird", ["a bird"])],
    "no-break spaces": [("1 1/2 cups", ["1 1/2 cups of tea", "a cup"]), ("<a b> tag", ["<a b> tag"]), ("1\u00a0dog", ["1 dog", "one dog"])],
    "quotes, dashes and marks": [("the dog\u2019s ball\u2014red", ["the dog's ball -- red", "\u201cred\u201d ball"]),
                                 ("cafe\u0301 \U0001f600", ["caf\u00e9", "cafe\u0301"]), ("soft\u00adhyphen", ["softhyphen", "soft hyphen"])],
}


def figures(pairs):
    tokens = iter(tokenize([text for candidate, references in pairs for text in (candidate, *references)]))
    candidates, references = {}, {}
    for i, (_, wanted) in enumerate(pairs):
        candidates[i] = [next(tokens)]
        references[i] = [next(tokens) for _ in wanted]
    with contextlib.redirect_stdout(io.StringIO()):
        result = {f"Bleu_{n + 1}": value for n, value in enumerate(Bleu(4).compute_score(references, candidates)[0])}
        result["ROUGE_L"] = float(Rouge().compute_score(references, candidates)[0])
        result["CIDEr"] = float(Cider().compute_score(references, candidates)[0])
    return result


def characters():
    """Which characters beyond ASCII are part of words, and which are tokens of their own, as ranges of hexadecimal numbers."""
    line_ends = {0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029}
    codes = [code for code in range(0xa0, 0x10000)
             if not 0xd800 <= code < 0xe000 and code not in line_ends and unicodedata.category(chr(code)) != "Cn"]
    alone = tokenize([f"xq {chr(code)} xr" for code in codes])
    inside = tokenize([f"ab{chr(code)}cd" for code in codes])
    kinds = {}
    for code, one, other in zip(codes, alone, inside):
        same = {chr(code), chr(code).lower()}
        if one in {f"xq {c} xr" for c in same}:
            kinds[code] = "words" if other in {f"ab{c}cd" for c in same} else "signs"
    for kind in ("words", "signs"):
        ranges, before = [], None
        for code in codes:
            now = kinds.get(code)
            if now == kind and before == kind:
                ranges[-1][1] = code
            elif now == kind:
                ranges.append([code, code])
            before = now
        print(kind, " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in ranges))


if __name__ == "__main__":
    if sys.argv[1:] == ["characters"]:
        characters()
        sys.exit()
    captions = list(dict.fromkeys([*FIXED, *drawn(random.Random(7), int((sys.argv[1:] or [400])[0]))]))
    rows = [json.dumps([caption, tokens], ensure_ascii=True) for caption, tokens in zip(captions, tokenize(captions))]
    sets = [json.dumps({"name": name, "captions": [{"candidate": c, "references": r} for c, r in pairs], "figures": figures(pairs)})
            for name, pairs in SETS.items()]
    print('{"tokens": [\n' + ",\n".join(rows) + '\n],\n"sets": [\n' + ",\n".join(sets) + "\n]}")
