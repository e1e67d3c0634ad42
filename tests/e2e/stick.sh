# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # the variables of lib.sh
# For tests of `coldca batch` with the home ca and the token's pin in the folder: batch CODE ..., fill, answers. To be sourced after lib.sh.

# batch CODE [ARGUMENTS...]
batch() {
    local wanted=$1
    shift
    run "$wanted" -C ca --pin-source file:pin batch "$@"
}

# fill STICK COUNT [PREFIX]: so many device requests
fill() {
    run 0 request "${device[@]}" --list <(seq -f "${3:-device}-%04g" "$2") --out made
    rm made/*.key
    mkdir -p "$1/requests"
    mv made/* "$1/requests"
    rmdir made
}

answers() {
    find "$1/issued" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1
}
