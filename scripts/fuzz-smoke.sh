#!/usr/bin/env bash
# Runs each fuzz target EXECUTIONS times, without a corpus and with a fixed seed: the same executions each
# time. Needs a nightly toolchain and cargo-fuzz. Runs without AddressSanitizer, which makes an execution six
# times as long: `shared` has no unsafe code. To search further, with it: `cargo +nightly fuzz run TARGET`.
#
#   scripts/fuzz-smoke.sh EXECUTIONS
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:?"usage: scripts/fuzz-smoke.sh EXECUTIONS"}
work=$PWD/target/fuzz
mkdir -p "$work"
cargo +nightly fuzz build --sanitizer none --target-dir "$work"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')

# A target itself takes 42 MiB of address space.
MEMORY_KIB_MAX=98304

# More memory than that, or one execution of more than 10 s, is a fault like a panic.
fuzz() {
  ulimit -v "$MEMORY_KIB_MAX" || return
  # A panic that writes a backtrace can end as a timeout here; run its input alone to get the backtrace.
  RUST_BACKTRACE=0 MALLOC_ARENA_MAX=1 timeout --foreground 900 "$work/$host/release/$1" \
    -runs="$runs" -seed=1 -max_len=1024 -timeout=10 -artifact_prefix="$work/$1-"
}

smoke() {
  local target=$1
  rm -f "$work/$target"-*
  if (fuzz "$target") >"$work/$target.log" 2>&1; then
    printf '%s: %s\n' "$target" "$(grep '^Done' "$work/$target.log")"
  else
    tail -n 60 "$work/$target.log"
    printf '%s: FAILED; its input, if any, is %s\n' "$target" "$work/$target-*"
    return 1
  fi
}

# On two cores the two long targets take as long as one.
failed=0
smoke decode_server &
smoke apply_delta || failed=1
smoke decode_client || failed=1
wait $! || failed=1
exit "$failed"
