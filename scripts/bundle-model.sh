#!/usr/bin/env bash
# Makes a checkpoint of `coca train` the model that comes with the program: half-precision weights, what OpenCLIP computes with them
# (fixtures/scenes/expected.json, fixtures/decoding/openclip-models.json), the calibration of coca ground, and the hashes that coca doctor compares.
#
#     scripts/bundle-model.sh RUN/latest [WEIGHTS]        # WEIGHTS: ema.safetensors, or open_clip_model.safetensors
#
# Needs the built program, and in $PYTHON (default: python3) what scripts/reference/scenes.py and openclip_generate.py need. After it, run the tests: some of
# them say what is true of this model alone. A tool for developers, not a part of the program.
set -euo pipefail
run=$1
weights=${2:-ema.safetensors}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
model=$here/fixtures/models/scenes
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp "$run/open_clip_config.json" "$run/tokenizer.json" "$model/"
"$python" - "$run/$weights" "$model/open_clip_model.safetensors" <<'PYTHON'
import sys

from safetensors.torch import load_file, save_file

source, target = sys.argv[1:]
# The temperature and its kin are few, and all that is scored hangs on them.
half = {name: tensor if tensor.numel() == 1 else tensor.half() for name, tensor in load_file(source).items()}
save_file({name: tensor.contiguous() for name, tensor in half.items()}, target)
PYTHON
chmod 644 "$model/open_clip_model.safetensors"

"$python" "$here/scripts/reference/scenes.py" "$model" >"$scratch/expected.json"
mv "$scratch/expected.json" "$here/fixtures/scenes/expected.json"
"$python" "$here/scripts/reference/openclip_generate.py" models >"$scratch/generated.json"
mv "$scratch/generated.json" "$here/fixtures/decoding/openclip-models.json"

# Scenes that neither the training nor the tests of this program have.
node "$here/dist/cli.js" scenes "$scratch/scenes" --count 120 --held-out --seed 78 --quiet
node "$here/dist/cli.js" eval "$scratch/scenes/scenes.json" --grounding --model "$model" --quiet \
  --calibrate "$model/grounding.json"

hashes=$here/src/model/doctor/bundled.ts
for file in "$model"/*.json "$model"/*.safetensors; do
  sum=$(sha256sum "$file" | cut -d' ' -f1)
  sed -i "s|'$(basename "$file")': '[0-9a-f]*'|'$(basename "$file")': '$sum'|" "$hashes"
done
