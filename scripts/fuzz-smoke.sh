#!/usr/bin/env bash
# Runs each fuzz target so many times, from nothing and with a fixed seed: the same executions each time. Needs a nightly
# toolchain and cargo-fuzz. To search further: `cargo +nightly fuzz run TARGET`.
#
#   scripts/fuzz-smoke.sh EXECUTIONS
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:?"usage: scripts/fuzz-smoke.sh EXECUTIONS"}
work=$PWD/target/fuzz
mkdir -p "$work"
cargo +nightly fuzz build --target-dir "$work"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')

# One allocation of over 64 MiB, or one execution of over 10 s, is a fault like a panic.
smoke() {
  local target=$1
  if ASAN_OPTIONS=detect_odr_violation=0 timeout 900 "$work/$host/release/$target" -runs="$runs" -seed=1 \
    -max_len=1024 -timeout=10 -malloc_limit_mb=64 -artifact_prefix="$work/$target-" >"$work/$target.log" 2>&1; then
    printf '%s: %s\n' "$target" "$(grep '^Done' "$work/$target.log")"
  else
    tail -n 60 "$work/$target.log"
    printf '%s: FAILED; its input is in %s\n' "$target" "$work/$target-*"
    return 1
  fi
}

# On two cores the two long ones take as long as one.
failed=0
smoke decode_server &
smoke apply_delta || failed=1
smoke decode_client || failed=1
wait $! || failed=1
exit "$failed"
