#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signals: the first asks to stop, the second ends coldca and frees the home; never inside a call of the token's module, unless that
# does not come back.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
run 0 token init --label other --so-pin-source file:so-pin --pin-source file:pin
printf 'name: gated\ntitle: SoftHSM with a gate\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\ntimeout_seconds: 300\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "ec-p256, ec-p384, ed25519" >gated.yaml
make_ca --model "$PWD/gated.yaml"
mkfifo gate input
ask device-1

# start CALL ARGUMENTS...: coldca in the background, as pid; with a CALL, the first of these of the module waits at the gate
start() {
    local call=$1
    shift
    rm -f log out err
    if [ "$call" != - ]; then
        export TOKEN_FAULT="call=$call at=1 fault=gate gate=$PWD/gate log=$PWD/log"
    fi
    env --default-signal setsid "$COLDCA" "$@" >out 2>err </dev/null &
    pid=$!
    children+=("$pid")
    unset TOKEN_FAULT
}

# ended CODE: pid has ended, with this code
ended() {
    local code=0
    wait "$pid" || code=$?
    equal "$code" "$1" "exit code"
}

# The home is free at once, and its token sound.
free_again() {
    sign 0 --out issued-"$1" requests/device-1.csr
    sound_ledger
}

seconds() {
    date +%s
}

for signals in "TERM TERM" "INT INT" "INT TERM" "HUP INT" "QUIT"; do
    step "$signals while the module logs in: coldca ends after that call"
    start C_Login -C ca sign "${device[@]}" --pin-source file:pin --out issued requests/device-1.csr
    wait_for log "C_Login begins" "$pid" || fail "no login"
    if [ "${signals% *}" != "$signals" ]; then
        kill "-${signals% *}" "$pid"
        wait_for err "stopping at the next safe place; Ctrl-C again ends it at once" "$pid" || fail "it is not said"
    fi
    kill "-${signals#* }" "$pid"
    wait_for err "the token's module is at work; ending when it has come back, or after 10 seconds" "$pid" || fail "it is not said"
    kill -0 "$pid" || fail "ended inside C_Login"
    echo >gate
    ended 6
    equal "$(cat log)" "$(printf 'C_Login begins\nC_Login ends')"
    absent issued/*
    free_again "${signals// /-}"
done

step "a module that does not come back is waited for ten seconds"
start C_Login -C ca sign "${device[@]}" --pin-source file:pin --out issued requests/device-1.csr
wait_for log "C_Login begins" "$pid" || fail "no login"
kill -TERM "$pid"
wait_for err "stopping at the next safe place" "$pid" || fail "it is not said"
start=$(seconds)
kill -TERM "$pid"
ended 6
says "the token's module has not come back within 10 seconds; ended inside its call"
[ $(($(seconds) - start)) -ge 9 ] || fail "the module did not get its time"
[ $(($(seconds) - start)) -lt 30 ] || fail "the module got more than its time"
free_again hang

step "outside the module the second signal ends it at once: waiting for a request on stdin, the home locked"
start=$(seconds)
env --default-signal setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin - >out 2>err <input &
pid=$!
children+=("$pid")
exec {open}>input
until [ "$(cat ca/lock)" = "$pid" ]; do kill -0 "$pid"; done
kill -TERM "$pid"
wait_for err "stopping at the next safe place" "$pid" || fail "it is not said"
kill -TERM "$pid"
ended 6
[ $(($(seconds) - start)) -lt 9 ] || fail "not at once"
free_again stdin
exec {open}>&-

step "a command without safe places ends at the first signal, but never while it initializes a token or makes a key"
start C_InitToken token init --model "$PWD/gated.yaml" --label third --so-pin-source file:so-pin --pin-source file:pin
wait_for log "C_InitToken begins" "$pid" || fail "no C_InitToken"
kill -TERM "$pid"
wait_for err "the token's module is at work" "$pid" || fail "it is not said"
echo >gate
ended 6
run 0 token list --json
json '[.[] | select(.label == "third")] | length == 1 and .[0].user_pin_set' # to the user PIN: all of it is one piece
start C_GenerateKeyPair -C second init --model "$PWD/gated.yaml" --token other --subject CN=Second --pin-source file:pin
wait_for log "C_GenerateKeyPair begins" "$pid" || fail "no key is made"
kill -TERM "$pid"
wait_for err "stopping at the next safe place" "$pid" || fail "it is not said"
kill -TERM "$pid"
wait_for err "the token's module is at work" "$pid" || fail "it is not said"
echo >gate
ended 6
run 0 token show --token other --pin-source file:pin

step "a reader of stderr that has gone ends it too, but not inside the module"
mkfifo words
exec {reader}<>words
TOKEN_FAULT="call=C_Login at=1 fault=gate gate=$PWD/gate log=$PWD/log"
export TOKEN_FAULT
rm -f log
env --default-signal setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out issued requests/device-1.csr >out 2>words {reader}>&- </dev/null &
pid=$!
children+=("$pid")
unset TOKEN_FAULT
wait_for log "C_Login begins" "$pid" {reader}>&- || fail "no login" # what it leaves behind is not a reader either
exec {reader}>&-
kill -TERM "$pid"
echo >gate
ended $((128 + 13))
equal "$(cat log)" "$(printf 'C_Login begins\nC_Login ends')"
free_again pipe
