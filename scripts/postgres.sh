#!/usr/bin/env bash
# Starts a PostgreSQL of its own in a new folder, on this machine alone, runs a command with its address in
# TEST_POSTGRES, and stops it. Exit status 3: PostgreSQL is not installed.
#
#   scripts/postgres.sh COMMAND [ARGUMENT...]
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: scripts/postgres.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
PATH=$PATH:$(printf '%s:' /usr/lib/postgresql/*/bin)
command -v initdb >/dev/null && command -v pg_ctl >/dev/null || exit 3

folder=$(mktemp -d)
as_user=()
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL refuses to run as root; its package comes with a user.
  getent passwd postgres >/dev/null && command -v setpriv >/dev/null || exit 3
  chown postgres "$folder"
  as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
control() { "${as_user[@]}" env PATH="$PATH" pg_ctl --silent --pgdata "$folder/data" "$@" >/dev/null; }
stop() {
  control --mode immediate stop || true
  rm -rf "$folder"
}
trap stop EXIT

init=(initdb --pgdata "$folder/data" --username tickwire --auth trust --no-sync)
"${as_user[@]}" env PATH="$PATH" "${init[@]}" >/dev/null
# No port: a socket in the folder, which only this user and root can reach.
options="-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off"
control --log "$folder/log" --timeout 30 --wait --options "$options" start
TEST_POSTGRES="host=$folder user=tickwire dbname=postgres" "$@"
