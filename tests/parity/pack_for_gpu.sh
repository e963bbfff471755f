#!/usr/bin/env bash
# Gathers what full_size.py and gpu_checks.py need on a machine with a GPU, Python's torch 2.11 with CUDA,
# safetensors and little else: the programs, the shared libraries that they need beside torch's and glibc's,
# the scripts, nano, a page, and wheels of what is too old there.
#
#   tests/parity/pack_for_gpu.sh DIR [BUILD_FOLDER]
#
# Then, on that machine: DIR/run_on_gpu.sh full_size.py|gpu_checks.py WORK_FOLDER [arguments of the script]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:?usage: pack_for_gpu.sh DIR [BUILD_FOLDER]}"
build="${2:-$here/../../build}"
programs=("$build/bin/quire_parity" "$build/bin/engine_bench")
for program in "${programs[@]}"; do
  [ -x "$program" ] || { echo "pack_for_gpu: $program is not there: ninja -C build ${program##*/}" >&2; exit 1; }
done

rm -rf "$out"
mkdir -p "$out/lib" "$out/wheels"
for program in "${programs[@]}"; do strip -o "$out/${program##*/}" "$program"; done
# Neither glibc's nor the compiler's, which every such machine has, nor torch's.
ldd "${programs[@]}" | awk '$3 ~ "^/" {print $3}' |
  grep -vE '/(libc|libm|librt|libdl|libpthread|libutil|libstdc\+\+|libgcc_s)\.so' |
  grep -vE '/(torch|nvidia)/' | sort -u | xargs -I{} cp -L {} "$out/lib/"
cp "$here"/{checkpoint,native,page,make_full_size,full_size,gpu_checks}.py "$out/"
cp "$here/../../fixtures/tokenizers/deepseek_subset.json" "$out/tokenizer.json"
cp -r "$here/../../fixtures/models/nano" "$out/nano"
pdftoppm -r 100 -f 1 -l 1 -singlefile "$here/../../fixtures/pdf/five_pages.pdf" "$out/page"
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 \
  --platform manylinux2014_x86_64 -d "$out/wheels" \
  $(grep -E '^(transformers|tokenizers|regex)==' "$here/requirements.txt")
cat >"$out/run_on_gpu.sh" <<'RUN'
#!/usr/bin/env bash
# run_on_gpu.sh full_size.py|gpu_checks.py WORK_FOLDER [arguments]: about 20 GB of WORK_FOLDER are used.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
site="$(mktemp -d)"
trap 'rm -rf "$site"' EXIT
script="$1"
shift
[ "$script" = gpu_checks.py ] || python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$site" \
  "$here"/wheels/*.whl
export PYTHONPATH="$site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
torch="$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')"
cuda="$(dirname "$torch")/nvidia/cu13/lib"
python3 "$here/$script" "$@" --program "$here/quire_parity" \
  --libraries "$torch/lib:$cuda:$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
RUN
chmod +x "$out/run_on_gpu.sh"
du -sh "$out"/* | sort -h | tail -6
du -sm "$out"
