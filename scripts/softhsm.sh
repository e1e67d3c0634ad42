# SPDX-License-Identifier: Apache-2.0
# Sourced by demo, bench and the tests: a SoftHSM token in a folder of its own, so that nothing system-wide is touched.
# shellcheck shell=bash

# softhsm_use FOLDER: this shell and its children see the tokens below FOLDER and no others.
softhsm_use() {
    mkdir -p "$1/tokens"
    [ -s "$1/softhsm2.conf" ] ||
        printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' \
            "$(realpath "$1")" >"$1/softhsm2.conf"
    SOFTHSM2_CONF=$(realpath "$1")/softhsm2.conf
    export SOFTHSM2_CONF
}

# softhsm_pins FOLDER: FOLDER/pin and FOLDER/so-pin, random, for the owner only.
softhsm_pins() {
    local name
    for name in pin so-pin; do
        [ -s "$1/$name" ] || (umask 077 && od -An -N4 -tu4 /dev/urandom | awk '{ printf "%08d\n", $1 % 100000000 }' >"$1/$name")
    done
}

# Prints where SoftHSM's module is.
softhsm_module() {
    local path
    for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
        if [ -r "$path" ]; then
            echo "$path"
            return
        fi
    done
    echo "SoftHSM is not installed: scripts/setup build" >&2
    return 1
}

# preloaded_for FILE: what an uninstrumented program must preload before it can load this library of a sanitizer build; else nothing.
preloaded_for() {
    ldd "$1" | awk '/lib(clang_rt\.)?asan/ { print $3 }'
}
