"""Checks that coca and Python's huggingface_hub use each other's downloads.

    node --import tsx scripts/serve-hub.ts FOLDER 8123 &          # FOLDER/someone/scenes/ holds the files of a model
    HF_ENDPOINT=http://127.0.0.1:8123 python hub_cache.py someone/scenes

Needs huggingface_hub (tried with 2.4.0) and the built program; a tool for developers, not a part of the program. Each
direction downloads with the one into an empty cache and asks the other, which must fetch nothing of what is there.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from huggingface_hub import hf_hub_download, scan_cache_dir

FILES = ["open_clip_config.json", "open_clip_model.safetensors"]
CLI = Path(__file__).parents[2] / "dist" / "cli.js"
REPOSITORY = sys.argv[1]


def coca(cache, *words):
    environment = {**os.environ, "HF_HUB_CACHE": cache}
    return subprocess.run(["node", CLI, *words], env=environment, check=True, capture_output=True, text=True).stdout


with tempfile.TemporaryDirectory() as cache:
    pulled = json.loads(coca(cache, "models", "pull", REPOSITORY, "--jsonl"))
    for name in FILES:
        path = hf_hub_download(REPOSITORY, name, cache_dir=cache, local_files_only=True)
        assert path == str(Path(pulled["folder"]) / name), path
        before = os.stat(path).st_mtime_ns
        assert hf_hub_download(REPOSITORY, name, cache_dir=cache) == path
        assert os.stat(path).st_mtime_ns == before, f"{name} was fetched again"
    scan = scan_cache_dir(cache)
    assert not scan.warnings, scan.warnings
    (repository,) = scan.repos
    (revision,) = repository.revisions
    assert (repository.repo_id, revision.commit_hash, revision.refs) == (REPOSITORY, pulled["commit"], {"main"})
    print("Python uses what coca fetched")

with tempfile.TemporaryDirectory() as cache:
    for name in FILES:
        hf_hub_download(REPOSITORY, name, cache_dir=cache)
    listed = [json.loads(line) for line in coca(cache, "models", "list", "--jsonl").splitlines()]
    assert any(model["name"] == REPOSITORY and model["state"] == "installed" for model in listed), listed
    pulled = json.loads(coca(cache, "models", "pull", REPOSITORY, "--jsonl"))
    sizes = sum((Path(pulled["folder"]) / name).stat().st_size for name in FILES)
    assert pulled["fetched"] == pulled["bytes"] - sizes, pulled
    print("coca uses what Python fetched")
