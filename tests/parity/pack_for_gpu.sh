#!/usr/bin/env bash
# Gathers what full_size.py needs on a machine with a GPU, Python's torch 2.11 with CUDA, safetensors and
# little else: the program, the shared libraries that it needs beside torch's and glibc's, the scripts,
# and wheels of what is too old there.
#
#   tests/parity/pack_for_gpu.sh DIR [BUILD_FOLDER]
#
# Then, on that machine: DIR/run_on_gpu.sh WORK_FOLDER [arguments of full_size.py]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:?usage: pack_for_gpu.sh DIR [BUILD_FOLDER]}"
build="${2:-$here/../../build}"
program="$build/bin/quire_parity"
[ -x "$program" ] || { echo "pack_for_gpu: $program is not there: ninja -C build quire_parity" >&2; exit 1; }

rm -rf "$out"
mkdir -p "$out/lib" "$out/wheels"
strip -o "$out/quire_parity" "$program"
# Neither glibc's nor the compiler's, which every such machine has, nor torch's.
ldd "$program" | awk '$3 ~ "^/" {print $3}' |
  grep -vE '/(libc|libm|librt|libdl|libpthread|libutil|libstdc\+\+|libgcc_s)\.so' |
  grep -vE '/(torch|nvidia)/' | xargs -I{} cp -L {} "$out/lib/"
cp "$here"/{checkpoint,native,page,make_full_size,full_size}.py "$out/"
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 \
  --platform manylinux2014_x86_64 -d "$out/wheels" \
  $(grep -E '^(transformers|tokenizers|regex)==' "$here/requirements.txt")
cat >"$out/run_on_gpu.sh" <<'RUN'
#!/usr/bin/env bash
# run_on_gpu.sh WORK_FOLDER [arguments of full_size.py]: about 20 GB of WORK_FOLDER are used.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
site="$(mktemp -d)"
trap 'rm -rf "$site"' EXIT
python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$site" \
  "$here"/wheels/*.whl
export PYTHONPATH="$site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
torch="$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')"
cuda="$(dirname "$torch")/nvidia/cu13/lib"
python3 "$here/full_size.py" "$@" --program "$here/quire_parity" \
  --libraries "$torch/lib:$cuda:$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
RUN
chmod +x "$out/run_on_gpu.sh" "$out/full_size.py"
du -sh "$out"/* | sort -h | tail -6
du -sm "$out"
