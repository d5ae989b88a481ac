#!/usr/bin/env bash
# Runs the sections of sections.ts on a machine with a GPU, Python with the libraries of CUDA 13, and nothing else:
#     bash test/gpu/run.sh FOLDER_OF_PIECES OUT [SECTION...]
# The pieces come from `npm run gpu:pack`; on a machine with Node and this project, `npm run gpu -- OUT` does without them.
set -euo pipefail
if [ $# -lt 2 ] || ! ls "$1"/dcrc-gpu.tar.xz.* > /dev/null 2>&1; then
  echo "usage: bash test/gpu/run.sh FOLDER_OF_PIECES OUT [SECTION...]; npm run gpu:pack writes the pieces" >&2
  exit 1
fi
pieces=$1 out=$2
shift 2
place=${TMPDIR:-/tmp}/dcrc-gpu-pack
if [ ! -e "$place/whole" ]; then
  mkdir -p "$place"
  cat "$pieces"/dcrc-gpu.tar.xz.* > "$place/pack.tar.xz"
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$place/pack.tar.xz" "$place"
  touch "$place/whole"
fi
# CUDA's libraries as Python packages bring them
libraries=$(python3 -c '
import glob, os, site, sys
roots = [*site.getsitepackages(), *(p for p in sys.path if p.endswith("site-packages"))]
print(":".join(sorted({d for r in roots for d in glob.glob(os.path.join(r, "nvidia", "*", "lib"))})))')
export LD_LIBRARY_PATH=$libraries:${LD_LIBRARY_PATH:-}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$place"
exec bin/node dist/gpu/device.js "$out" "$@"
