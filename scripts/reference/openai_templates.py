"""The 80 templates that OpenAI published for ImageNet (notebooks/Prompt_Engineering_for_ImageNet.ipynb in openai/CLIP, MIT), as open_clip_torch 3.3.0 has them.

    pip download --no-deps open_clip_torch==3.3.0
    unzip -p open_clip_torch-3.3.0-py3-none-any.whl open_clip/zero_shot_metadata.py > zero_shot_metadata.py
    python scripts/reference/openai_templates.py zero_shot_metadata.py

Writes assets/openai-templates.json.
"""

import json
import pathlib
import runpy
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
templates = [template("{}") for template in runpy.run_path(sys.argv[1])["OPENAI_IMAGENET_TEMPLATES"]]
assert len(templates) == 80
notice = "From OpenAI CLIP (https://github.com/openai/CLIP). MIT License, Copyright (c) 2021 OpenAI; the text of the licence: bpe_simple_vocab_16e6.LICENSE.txt"
(ROOT / "assets/openai-templates.json").write_text(json.dumps({"notice": notice, "templates": templates}, indent=1) + "\n")
