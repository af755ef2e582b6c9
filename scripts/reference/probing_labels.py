"""Labelled scenes of docs/probing.md, from a folder of `coca scenes`: things.jsonl, counts.jsonl, backgrounds.jsonl and places.jsonl in it, 1,000 pictures each.

    coca scenes big --count 36000 --seed 21 --size 96
    python scripts/reference/probing_labels.py big
"""

import collections
import json
import pathlib
import random
import sys

folder = pathlib.Path(sys.argv[1])
scenes = json.loads((folder / "scenes.json").read_text())
alone = [scene for scene in scenes if len(scene["groups"]) == 1]
shuffler = random.Random(0)


def write(name, rows):
    shuffler.shuffle(rows)
    lines = [json.dumps({"image": image, "label": label}) + "\n" for image, label in rows[:1000]]
    (folder / name).write_text("".join(lines))


def place(scene):
    box = scene["boxes"][0]
    row, column = (min(2, int((box[a] + box[b]) / 2 / scene[side] * 3)) for a, b, side in (("y0", "y1", "height"), ("x0", "x1", "width")))
    return f"{['top', 'middle', 'bottom'][row]} {['left', 'centre', 'right'][column]}"


counts = collections.Counter(scene["label"] for scene in alone)
often = [label for label, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:12]]
write("things.jsonl", [(scene["image"], scene["label"]) for scene in alone if scene["label"] in often])
write("counts.jsonl", [(scene["image"], f"{scene['groups'][0]['count']}x") for scene in alone])
write("backgrounds.jsonl", [(scene["image"], scene["background"]) for scene in scenes])
write("places.jsonl", [(scene["image"], place(scene)) for scene in alone if scene["groups"][0]["count"] == 1])
