"""VQA's own string rules, as the evaluation of the VQA challenge has them (here from salesforce-lavis 1.0.2, BSD 3-Clause).

    pip download --no-deps salesforce-lavis==1.0.2
    unzip -p salesforce_lavis-1.0.2-py3-none-any.whl lavis/common/vqa_tools/vqa_eval.py > vqa_eval.py
    python scripts/reference/vqa_strings.py vqa_eval.py

Writes assets/vqa-strings.json (the tables) and fixtures/vqa/strings.json (texts with what the rules make of them, and accuracies).
"""

import importlib.util
import json
import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("vqa_eval", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

rules = module.VQAEval()
tables = {"contractions": dict(rules.contractions), "numbers": dict(rules.manualMap), "articles": rules.articles, "punctuation": rules.punct}
(ROOT / "assets/vqa-strings.json").write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n")

TEXTS = [
    "yes", "Yes.", "  a dog ", "The Dog", "two dogs", "none", "ten", "Zero", "dont know", "don't know", "it's", "its a cat",
    "red, white and blue", "red,white", "1,000", "1,000 people, all", "3.5", "3.", ".5", "e.g. this", "t-shirt", "t - shirt", "black/white",
    "black / white", "what?", "what ? no!", "(left)", "[ left ]", "a an the", "an apple a day", "two\tdogs\nrun", "isnt", "ISNT", "Im", "he'dve",
    "5:30", "50%", "$5", "u.s.a.", "......................................", "one two three", "someone'dve", "yall", "hot-dog; bun",
    "a_b", "@home", "x=y+z", "\\", "`quoted`", "\"quoted\"", "{a}", "<b>", "", "  ", "\u00e9t\u00e9", "o'clock", "oclock",
]


def normal(text):
    return rules.processDigitArticle(rules.processPunctuation(text.replace("\n", " ").replace("\t", " ").strip()))


strings = [{"text": text, "normal": normal(text)} for text in TEXTS]

CASES = [
    ("yes", ["yes"] * 10),
    ("yes", ["yes"] * 9 + ["no"]),
    ("no", ["yes"] * 9 + ["no"]),
    ("no", ["yes"] * 8 + ["no"] * 2),
    ("no", ["yes"] * 7 + ["no"] * 3),
    ("no", ["yes"] * 6 + ["no"] * 4),
    ("The dog.", ["dog"] * 3 + ["cat"] * 7),
    ("two", ["2"] * 4 + ["3"] * 6),
    ("bird", ["dog"] * 10),
]
accuracies = []
for answer, people in CASES:
    answers = [{"answer": one, "answer_id": i} for i, one in enumerate(people)]
    qa = {0: {"answers": answers, "question_type": "what", "answer_type": "other"}}
    truth = types.SimpleNamespace(qa=qa, getQuesIds=lambda: [0])
    found = types.SimpleNamespace(qa={0: {"answer": answer}})
    evaluation = module.VQAEval(truth, found, n=10)
    evaluation.updateProgress = lambda _: None
    evaluation.evaluate()
    accuracies.append({"answer": answer, "people": people, "accuracy": evaluation.evalQA[0] / 100})

(ROOT / "fixtures/vqa/strings.json").write_text(json.dumps({"strings": strings, "accuracies": accuracies}, indent=1, ensure_ascii=False) + "\n")
