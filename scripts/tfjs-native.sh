#!/usr/bin/env bash
# Builds TensorFlow.js's native backend against a current TensorFlow, where `coca --engine tfjs` finds it.
#
#   tfjs-native.sh [--gpu] [FOLDER]
#
# @tensorflow/tfjs-node 4.22, the last release, downloads libtensorflow 2.9.1 (for a GPU: CUDA 11.2). This takes the same
# library from TensorFlow's wheel on PyPI instead, and compiles the small addon between the two.
#   --gpu    @tensorflow/tfjs-node-gpu on `tensorflow[and-cuda]`: CUDA 12 and cuDNN come with it (6.5 GB), the driver
#            does not
#   FOLDER   by default `tfjs` in the program's cache folder, which is looked in by itself; any other must be named in
#            $COCA_TFJS_PATH
# Needs Linux, npm, a C++ compiler, make and python3 with pip. $TF_VERSION chooses another TensorFlow.
set -euo pipefail

package=@tensorflow/tfjs-node
wheel=tensorflow-cpu
extra=
if [ "${1:-}" = --gpu ]; then
  package=@tensorflow/tfjs-node-gpu wheel=tensorflow extra='[and-cuda]'
  shift
fi
case "${1:-}" in -*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 64 ;; esac
version=${TF_VERSION:-2.20.0}
[ "$(uname -s)" = Linux ] || { echo "tfjs-native.sh: only Linux's wheels hold the library" >&2; exit 1; }
# The wheel named tensorflow-cpu is for x86-64 alone; elsewhere the plain one has no CUDA in it.
[ "$(uname -m)" = x86_64 ] || [ -n "$extra" ] || wheel=tensorflow
for tool in node npm python3 make c++; do
  command -v "$tool" >/dev/null || { echo "tfjs-native.sh: needs $tool" >&2; exit 1; }
done

folder=${1:-${COCA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coca}/tfjs}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
libraries=$folder/${package##*/}-libraries
cd "$folder"
[ -f package.json ] || echo '{ "private": true }' >package.json

echo "== $package" >&2
npm install --ignore-scripts --no-fund --no-audit --loglevel=error "$package@4.22.0" >/dev/null

if [ ! -e "$libraries/tensorflow/libtensorflow_cc.so.2" ]; then
  echo "== $wheel$extra $version" >&2
  # Of the wheel only its C++ libraries are used, so it need not be for the Python at hand.
  options=(--quiet --only-binary=:all: --python-version 3.12 --target "$libraries")
  [ -n "$extra" ] || options+=(--no-deps)
  python3 -m pip install "${options[@]}" "$wheel$extra==$version"
fi

echo "== addon" >&2
cd "node_modules/$package"
rm -rf deps
mkdir -p deps/lib
ln -s "$libraries/tensorflow/include" deps/include
for name in framework cc; do ln -s "$libraries/tensorflow/libtensorflow_$name.so.2" deps/lib/; done
ln -s libtensorflow_framework.so.2 deps/lib/libtensorflow_framework.so
ln -s libtensorflow_cc.so.2 deps/lib/libtensorflow.so
# TensorFlow looks for CUDA in ../nvidia, seen from where it was found.
[ -z "$extra" ] || ln -s "$libraries/nvidia" deps/nvidia
gyp=$(dirname "$(readlink -f "$(command -v npm)")")/../node_modules/node-gyp/bin/node-gyp.js
prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
headers=() # of this Node where they are at hand; otherwise node-gyp fetches them
[ -d "$prefix/include/node" ] && headers=(--nodedir="$prefix")
node "$gyp" rebuild "${headers[@]}" --module_name=tfjs_binding --module_path="$PWD/lib/napi-v8" >build.log 2>&1 || {
  tail -20 build.log >&2
  exit 1
}

cd "$folder"
TF_CPP_MIN_LOG_LEVEL=2 node -e '
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value === undefined || value === null;
const tf = require(process.argv[1]);
const device = tf.backend().isUsingGpuDevice ? "a GPU" : "the CPU";
console.log(`${process.argv[1]} computes on ${device}: ${tf.ones([2, 2]).matMul(tf.ones([2, 2])).dataSync()}`);
' "$package"
