# SPDX-License-Identifier: Apache-2.0
# Sourced by the fault tests: the end-to-end tests' helpers, and a scene for scene.py.
# shellcheck shell=bash
# In memory where that is possible: thousands of runs are not to wear a disk out, and no other program's syncs are waited for.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
FAULT_SHIM=$(preloadable fault_shim.so)
export FAULT_SHIM PYTHONDONTWRITEBYTECODE=1
PRELOAD_FIRST=$(preloaded_for "$COLDCA")
export PRELOAD_FIRST
# What is tried by chance, or as every FAULT_SAMPLE-th of many, follows from it.
seed=${FAULT_SEED:-$RANDOM}
echo "FAULT_SEED=$seed${FAULT_SAMPLE:+ FAULT_SAMPLE=$FAULT_SAMPLE} repeats this run"

# make_scene COUNT [OPTIONS OF coldca init...]: ./base with a token and a CA, ./requests with so many requests
make_scene() {
    local count=$1
    shift
    mkdir base
    cd base
    make_token
    make_ca --key ec-p256 "$@"
    cd ..
    run 0 request "${device[@]}" --list <(seq -f 'device-%04g' "$count") --out requests
    rm -f requests/*.key
}
