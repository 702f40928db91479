# Shared by the scripts of this directory: places, messages and step timing. Sourced, never run.

set -euo pipefail

GRANARY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
GRANARY_CACHE=${GRANARY_CACHE:-${HOME:-/root}/.cache/granary}
# Outside the checkout, so that a fresh clone reuses the compiled dependencies.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$GRANARY_CACHE/target}
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

# The toolchain that compiles the runtime to wasm where rustup cannot add the target.
WASM_TOOLCHAIN_NAME=granary-wasm
if [ -e "$GRANARY_CACHE/wasm-toolchain" ]; then
  WASM_BUILD_TOOLCHAIN=$(cat "$GRANARY_CACHE/wasm-toolchain")
  [ -z "$WASM_BUILD_TOOLCHAIN" ] || export WASM_BUILD_TOOLCHAIN
fi

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() { printf '\033[31merror:\033[0m %s\n' "$*" >&2; exit 1; }

# step "what is done" command...: runs the command, shows a running clock on a terminal,
# keeps its output in a log and prints the log's end when it fails.
step() {
  local title=$1 started=$SECONDS log status
  shift
  log=$(mktemp)
  if [ -t 1 ]; then
    "$@" >"$log" 2>&1 &
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r    %s … %4d s  %.60s\033[K' "$title" $((SECONDS - started)) "$(tail -n 1 "$log" | tr -d '\r')"
      sleep 1
    done
    status=0
    wait "$pid" || status=$?
    printf '\r\033[K'
  else
    note "$title …"
    status=0
    "$@" >"$log" 2>&1 || status=$?
  fi
  if [ "$status" -ne 0 ]; then
    tail -n 60 "$log" >&2
    rm -f "$log"
    die "$title failed after $((SECONDS - started)) s (exit status $status)"
  fi
  note "$title: done in $((SECONDS - started)) s"
  rm -f "$log"
}
