#!/bin/sh
# Captions one shard of a folder: caption-shard.sh PICTURES OUT I/N [OPTION...]
pictures=$1 out=$2 shard=$3
shift 3
coca caption "$pictures" --shard "$shard" -o "$out" --quiet "$@"
code=$?
# 1: some pictures could not be read. They are in part-I-of-N.errors.jsonl, and trying again would not help.
[ "$code" -eq 1 ] || exit "$code"
