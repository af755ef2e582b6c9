#!/usr/bin/env bash
# What a GPU does here, as Markdown to be pasted into docs/performance.md: whether each device computes what the CPU does, how fast
# it is on the bundled model and on MODEL, and beside it OpenCLIP in PyTorch, where that is there.
# usage: scripts/gpu-report.sh [MODEL [SECONDS]]     MODEL: as --model takes it, or a named config (default coca_ViT-B-32: random weights)
#        $COCA: the program (default: this checkout's); $COCA_PEER_PYTHON: a Python with open_clip (default: python3)
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-coca_ViT-B-32} seconds=${2:-4} python=${COCA_PEER_PYTHON:-python3}
read -ra coca <<<"${COCA:-node dist/cli.js}"
picture=fixtures/scenes/0001.png
[ -e dist/cli.js ] || [ -n "${COCA:-}" ] || npm run --silent build

if ! "${coca[@]}" models info "$model" >/dev/null 2>&1; then
  folder=${TMPDIR:-/tmp}/coca-bench-$model
  [ -e "$folder/open_clip_model.safetensors" ] || "${coca[@]}" init "$model" "$folder" --seed 1 --quiet >/dev/null
  model=$folder
fi

models=(scenes)
[ "$model" = scenes ] || models+=("$model")

echo "### $(uname -sm), $(date -u +%Y-%m-%d), $("${coca[@]}" --version)"
if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | sed 's/^/- /'; fi
for name in "${models[@]}"; do
  printf '\n%s, `coca doctor --verify`:\n\n| device | | |\n|---|---|---|\n' "$(basename "$name")"
  "${coca[@]}" doctor --verify --model "$name" --quiet | awk -F'\t' '{ print "| " $3 " | " $1 " | " $4 " |" }' || true
done

# Milliseconds of a task; a device that is not there, or has no half precision, says so.
row() {
  local name=$1 device=$2 precision=$3 batch=$4 report
  local how=(--device "$device" --precision "$precision" --batch "$batch" --seconds "$seconds")
  if report=$("${coca[@]}" bench "$picture" --model "$name" "${how[@]}" --jsonl --quiet 2>&1); then
    node -e '
      const { load, measurements, peakMemory } = JSON.parse(process.argv[1]);
      const times = measurements.map(({ task, batch, ms }) => `${task} (${batch}) ${ms.toFixed(1)} ms`);
      console.log(`| ${process.argv[2]} | load ${load.toFixed(0)} ms; ${times.join("; ")}; ${(peakMemory / 2 ** 20).toFixed(0)} MiB |`);
    ' "$report" "$device $precision"
  else
    echo "| $device $precision | $(head -1 <<<"$report") |"
  fi
}
for name in "${models[@]}"; do
  printf '\n%s, `coca bench`:\n\n| device | |\n|---|---|\n' "$(basename "$name")"
  row "$name" cpu fp32 1,8
  for device in cuda webgpu; do
    for precision in fp32 fp16; do row "$name" "$device" "$precision" 1,8,32; done
  done
done

if "$python" -c 'import open_clip' 2>/dev/null && [ -d "$model" ]; then
  printf '\nOpenCLIP on the CPU (`bench/peer.py`), milliseconds:\n\n```\n'
  "$python" bench/peer.py "$model" "$picture" "$seconds"
  printf '```\n'
  if "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    printf '\nOpenCLIP on the GPU, milliseconds:\n\n```\n'
    for precision in fp32 fp16; do "$python" bench/peer.py "$model" "$picture" "$seconds" cuda "$precision"; done
    printf '```\n'
  fi
fi
