#!/usr/bin/env bash
# Prints where a program is. One that is not installed, but comes as a package of Python, is installed below
# target/tools, for these tests alone.
#
#   scripts/find-tool.sh NAME [PACKAGE]
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?"usage: scripts/find-tool.sh NAME [PACKAGE]"}
package=${2-}
tools=$PWD/target/tools

PATH=$PATH:/usr/sbin:/sbin command -v "$name" && exit
[ -n "$package" ] && command -v python3 >/dev/null || exit 1
if [ ! -x "$tools/bin/$name" ]; then
  # What failed is not tried again for a day: each attempt may take minutes.
  tried=$tools/tried-$package
  [ -z "$(find "$tried" -mtime -1 2>/dev/null)" ] || exit 1
  mkdir -p "$tools" && touch "$tried"
  [ -x "$tools/bin/pip" ] || timeout 60 python3 -m venv "$tools" >/dev/null 2>&1 || exit 1
  options=(--quiet --no-input --disable-pip-version-check)
  timeout 120 "$tools/bin/pip" install "${options[@]}" "$package" >/dev/null 2>&1 || exit 1
fi
[ -x "$tools/bin/$name" ] && printf '%s\n' "$tools/bin/$name"
