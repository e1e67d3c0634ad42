#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P7: where a PIN may come from, and where it must never be seen.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
pin=$(cat pin)
csr requests/a.csr /CN=a

step "from a file, a descriptor, a variable"
sign 0 --out file requests
setsid --wait "$COLDCA" -C ca sign "${device[@]}" --pin-source fd:7 --out fd requests 7<pin >out 2>err </dev/null || fail "fd:7"
THE_PIN=$pin setsid --wait "$COLDCA" -C ca sign "${device[@]}" --pin-source env:THE_PIN --out env requests >out 2>err </dev/null ||
    fail "env:THE_PIN"
same file/a.pem fd/a.pem
same file/a.pem env/a.pem

step "from what is opened but once: a pipe, stdin; opened before the process is confined"
sign 0 --pin-source file:<(cat pin) --out pipe requests
same file/a.pem pipe/a.pem
for stdin in "cat pin |" "<pin"; do # a pipe, a file
    rm -rf stdin
    eval "$([ "$stdin" = "<pin" ] || echo "$stdin") setsid --wait \"\$COLDCA\" -C ca sign \"\${device[@]}\" \
        --pin-source file:/dev/stdin --out stdin requests $([ "$stdin" != "<pin" ] || echo "$stdin") >out 2>err" || fail "file:/dev/stdin, $stdin"
    same file/a.pem stdin/a.pem
done
mkdir stick
cp -r requests stick/
run 0 -C ca batch "${device[@]}" --pin-source file:<(cat pin) stick
same file/a.pem "$(find stick/issued -name a.pem)"
rm -r stick
run 2 -C ca sign "${device[@]}" --pin-source file:/dev/stdin -
says "stdin can't give both a request and the PIN"

step "sources that can't be: no terminal, no file, a variable that is not set, an unknown kind"
run 4 -C ca sign "${device[@]}" --reissue --out none requests
run 3 -C ca sign "${device[@]}" --reissue --pin-source file:/nonexistent --out none requests
run 3 -C ca sign "${device[@]}" --reissue --pin-source env:NOT_SET --out none requests
run 2 -C ca sign "${device[@]}" --reissue --pin-source "$pin" --out none requests
says_not "$pin"
absent none/a.pem

step "a file others may read is refused, and what to do for a container's secret works"
install -m 444 pin secret
run 3 -C ca sign "${device[@]}" --reissue --pin-source file:secret --out none requests
says "the PIN file secret is refused: others may read it (mode 0444); chmod 600 it"
says "fd:3 3<FILE"
setsid --wait "$COLDCA" -C ca sign "${device[@]}" --pin-source fd:3 --out secrets requests 3<secret >out 2>err </dev/null || fail "fd:3 3<secret"
same file/a.pem secrets/a.pem

step "a PIN of a length no token takes is called that, and costs no try"
install -m 600 <(echo 123) short
run 4 -C ca sign "${device[@]}" --reissue --pin-source file:short --out none requests
says "the PIN is too short: the token takes 4 to 255 bytes; it was not tried"
run 0 --json token list
json '.[] | select(.label == "test") | .pin_count_low' false
for which in so-pin-source pin-source; do
    other=$([ $which = pin-source ] && echo so-pin-source || echo pin-source)
    run 4 token init --label second "--$which" file:short "--$other" file:pin
    says "PIN is too short: the token takes 4 to 255 bytes"
done
run 0 --json token list
json '[.[] | select(.label == "second")] | length' 0

step "an option for another secret is named when that one is missing, and a variable it names is taken at once"
run 4 token init --label second --pin-source file:pin
says "give it with --so-pin-source file:PATH"
run 4 token init --label second --so-pin-source file:pin
says "give it with --pin-source file:PATH"
run 3 token init --label second --so-pin-source file:none --pin-source file:pin
says "while reading --so-pin-source"
for option in so-pin-source pin-source; do
    EMPTY='' run 3 token init --model none --label second --$option env:EMPTY
    says "while reading --$option"
done
EMPTY='' run 3 request --policy none --cn a --encrypt --passphrase-source env:EMPTY
says "while reading --passphrase-source"

step "two reads of one variable: both PINs of a token; and two variables"
BOTH=$pin run 0 token init --label second --so-pin-source env:BOTH --pin-source env:BOTH
ONE=8402 TWO=$pin run 0 token init --label third --so-pin-source env:ONE --pin-source env:TWO
ONE=8402 TWO=$pin run 0 token init --label third --token third --erase --so-pin-source env:ONE --pin-source env:TWO

step "on a terminal, each is asked for by its name"
expect -f - "$COLDCA" <<'EXPECT' >seen 2>err || fail "the prompts of token init"
set timeout 60
log_user 0
spawn [lindex $argv 0] token init --label fourth
foreach {prompt typed} {
    "new security officer PIN: " 8402 "new security officer PIN, once more: " 8402 "new user PIN: " 7391 "new user PIN, once more: " 7391
} {
    expect {
        -re "(^|\n)$prompt$" { send "$typed\r" }
        timeout { puts stderr "never asked: $prompt"; exit 1 }
        eof { puts stderr "ended before: $prompt"; exit 1 }
    }
}
expect "token fourth is ready"
expect eof
exit [lindex [wait] 3]
EXPECT

step "a wrong PIN: one try, exit 4, told in words; the right one works afterwards"
echo 00000000 >wrong
run 3 -C ca sign "${device[@]}" --reissue --pin-source file:wrong --out none requests
says "chmod 600"
chmod 600 wrong
run 4 -C ca sign "${device[@]}" --reissue --pin-source file:wrong --out none requests
says PIN
absent none/a.pem
sign 0 --out after requests

step "while it runs: not in argv, not in the environment of a child, even when it came by the environment; no core dump"
run 0 request "${device[@]}" --list <(seq -f 'device-%04g' 2000) --key ed25519 --out many
# Children and their children.
descendants() {
    local child
    for child in $(pgrep -P "$1"); do
        echo "$child"
        descendants "$child"
    done
}
# Whether a process that was sent SIGSTOP is there and stopped.
stands_still() {
    local status=R
    until [ "$status" = T ]; do # it stops as soon as it is scheduled
        status=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1)
        [ -n "$status" ] && [ "$status" != Z ] || return 1
    done
}
# The fork server and a parser process; those of a sanitizer build are too busy at their start and end to be caught, there the fork server has to do.
least=2
[ -z "$(preloaded_for "$COLDCA")" ] || least=1
# stopped_run: starts a run and stops it while its readers are there; false if it was too quick.
stopped_run() {
    THE_PIN=$pin setsid "$COLDCA" -C ca sign "${device[@]}" --reissue --pin-source env:THE_PIN --out "$1" many >out 2>err </dev/null &
    main=$!
    children+=("$main")
    readers=()
    until [ ${#readers[@]} -ge $least ] || ! kill -0 "$main" 2>/dev/null; do
        mapfile -t readers < <(descendants "$main" || true) # none yet: look again
    done
    kill -STOP "$main" "${readers[@]}" 2>/dev/null || true # those that are done have ended by themselves
    local pid still=()
    for pid in "${readers[@]}"; do
        ! stands_still "$pid" || still+=("$pid")
    done
    readers=("${still[@]}")
    stands_still "$main" && [ ${#readers[@]} -ge $least ]
}
for try in 1 2 3 4 5 none; do
    [ "$try" != none ] || fail "no reader was seen in five runs"
    ! stopped_run "seen-$try" || break
    kill -CONT "$main" "${readers[@]}" 2>/dev/null || true # it may have ended
    wait "$main" || fail "a run that was only watched failed"
done
for pid in "${readers[@]}"; do
    ! grep -qaF -- "$pin" "/proc/$pid/environ" || fail "the PIN is in the environment of a reader"
done
for pid in "$main" "${readers[@]}"; do
    ! grep -qaF -- "$pin" "/proc/$pid/cmdline" || fail "the PIN is in argv"
    grep -q '^Max core file size *0 *0' "/proc/$pid/limits" || fail "a core could be written: $(grep core "/proc/$pid/limits")"
done
kill -CONT "$main" "${readers[@]}"
wait "$main" || fail "the run that was stopped and continued failed: $(cat err)"

step "not in the ledger, not in any file of the home or the output, not in what was printed"
! grep -rqF -- "$pin" ca file fd env after seen-* out err || fail "the PIN is in a file"
