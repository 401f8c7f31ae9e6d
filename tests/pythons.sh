#!/usr/bin/env bash
# Runs `make test` under every supported Python found here, each in a clone and an environment of its
# own, one after the other; what is committed is tested. Prints a table; fails where a Python fails.
set -uo pipefail
# The clones must test their own sources in their own environments.
unset PYTHONPATH VIRTUAL_ENV MAKEFLAGS MFLAGS MAKELEVEL
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)

# The path of a Python of this version: the first on PATH that starts, or one that pyenv keeps.
find_python() {
  local found
  for found in "python$1" "$(pyenv prefix "$(pyenv latest "$1" 2>/dev/null)" 2>/dev/null)/bin/python$1"; do
    "$found" -c 'import sys; print(sys.executable)' 2>/dev/null && return
  done
  return 1
}

table="" status=0
for version in 3.11 3.12 3.13; do
  jax="-"
  if ! python=$(find_python "$version"); then
    result="not found on this machine"
  else
    clone=$scratch/$version
    echo "Python $version: $python"
    git clone --quiet "$root" "$clone"
    if make -C "$clone" test PYTHON="$python" >"$clone.log" 2>&1; then
      outcome=passed
    else
      outcome=FAILED status=1
      tail -n 50 "$clone.log"
    fi
    # The line in which pytest counts; without one, it was not reached.
    result="$outcome: $(grep -E '^[0-9]+ (passed|failed)' "$clone.log" || tail -n 1 "$clone.log")"
    jax=$("$clone/.venv/bin/python" -c 'import jax; print(jax.__version__)' 2>/dev/null || echo "-")
    rm -rf "$clone"
  fi
  table+="$(printf '%-8s %-10s %s' "$version" "$jax" "$result")"$'\n'
done
printf '\n%-8s %-10s %s\n%s' Python jax result "$table"
if [ "$status" = 0 ]; then rm -rf "$scratch"; else echo "the outputs are kept in $scratch"; fi
exit "$status"
