#!/usr/bin/env bash
# Packs every crate, and checks those that may be published against each other as they are in their packages,
# away from this repository. So all that a package needs is inside it. It needs no network if the crates of
# Cargo.lock have been fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
away=$CARGO_TARGET_DIR/package/unpacked

rm -rf "$CARGO_TARGET_DIR/package"
# The warnings tell which tests and benchmarks are left out.
cargo package --workspace --no-verify --allow-dirty --locked --offline --quiet 2>&1 |
  { grep --after-context 20 '^error' || true; }

mkdir "$away"
for packed in "$CARGO_TARGET_DIR"/package/*.crate; do
  # Packed files are dated the same: cargo would take a changed one for the one that it built before.
  tar --extract --touch --file "$packed" --directory "$away"
done
{
  printf '[workspace]\nresolver = "3"\nmembers = ["*-[0-9]*"]\n\n[patch.crates-io]\n'
  for folder in "$away"/*/; do
    if grep -q '^publish = false' "$folder/Cargo.toml"; then
      rm -r "$folder"
      continue
    fi
    for file in LICENSE-APACHE LICENSE-MIT README.md; do
      [ -s "$folder/$file" ] || { printf '%s has no %s\n' "$folder" "$file" >&2; exit 1; }
    done
    name=$(basename "$folder")
    printf '%s = { path = "%s" }\n' "${name%-[0-9]*}" "$name"
  done
  # As in this workspace, so that what it built of other crates is used.
  echo
  sed -n '/^\[profile.dev\]/,/^$/p; /^\[profile.dev.package.bincode\]/,/^$/p' Cargo.toml
} >"$away/manifest"
mv "$away/manifest" "$away/Cargo.toml"
cp Cargo.lock "$away"
cd "$away"
cargo check --workspace --offline
