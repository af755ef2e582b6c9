#!/usr/bin/env bash
# The families before CoCa as special cases of one model, trained on the same pictures, steps and seeds, and measured on the
# same others: the table of docs/training.md.
#
#   scripts/families.sh FOLDER [STEPS]
#
# Needs the built program, the art (npm install emoji-datasource-google@16.0.0) and, to end within the hour, TensorFlow's
# own library (COCA_TFJS_PATH, docs/engines.md). What is in FOLDER already is not made again: a run that was interrupted
# goes on.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?families.sh FOLDER [STEPS]}
steps=${2:-2000}
coca() { node "$root/dist/cli.js" "$@" --quiet; }
mkdir -p "$folder"
cd "$folder"

# Scenes of one kind of thing, which have a label.
[ -e data ] || coca scenes data --count 20000 --size 96 --seed 5 >/dev/null
[ -e test ] || coca scenes test --count 1000 --size 96 --seed 6 >/dev/null
for set in data test; do grep '"label"' "$set/captions.jsonl" >"$set/labelled.jsonl"; done

cat >config.json <<'JSON'
{
  "model_cfg": {
    "embed_dim": 128,
    "vision_cfg": {
      "image_size": 96, "patch_size": 12, "width": 128, "layers": 4, "head_width": 32,
      "attentional_pool": true, "attn_pooler_queries": 17, "attn_pooler_heads": 4, "output_tokens": true
    },
    "text_cfg": {
      "context_length": 24, "vocab_size": 1024, "width": 128, "heads": 4, "layers": 2,
      "embed_cls": true, "output_tokens": true
    },
    "multimodal_cfg": { "context_length": 24, "vocab_size": 1024, "width": 128, "heads": 4, "layers": 2 },
    "custom_text": true
  },
  "preprocess_cfg": {
    "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic", "resize_mode": "shortest"
  }
}
JSON

measure() {
  case $1 in
  classification) coca eval test/labelled.jsonl --classifier --model "$1" ;;
  contrastive) coca eval test/labelled.jsonl --zero-shot --template 'a {}' --retrieval --ranking --model "$1" ;;
  captioning) coca eval test/labelled.jsonl --captioning --ranking --perplexity --model "$1" ;;
  coca) coca eval test/labelled.jsonl --zero-shot --template 'a {}' --retrieval --ranking --captioning --perplexity --model "$1" ;;
  esac
}

for objective in classification contrastive captioning coca; do
  if [ -e "$objective/latest" ] && ! grep -q '"reason":"finished"' "$objective/log.jsonl"; then
    coca train --resume -o "$objective" --log-every 100
  elif [ ! -e "$objective" ]; then
    coca train data/labelled.jsonl -o "$objective" --objective "$objective" --config config.json \
      --tokenizer "$root/fixtures/models/scenes/tokenizer.json" --steps "$steps" --batch 64 --learning-rate 1e-3 \
      --weight-decay 0.05 --log-every 100
  fi
  echo "== $objective"
  measure "$objective"
done
