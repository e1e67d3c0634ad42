#!/usr/bin/env bash
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

step "sources that can't be: no terminal, no file, a variable that is not set, an unknown kind"
run 4 -C ca sign "${device[@]}" --reissue --out none requests
run 3 -C ca sign "${device[@]}" --reissue --pin-source file:/nonexistent --out none requests
run 3 -C ca sign "${device[@]}" --reissue --pin-source env:NOT_SET --out none requests
run 2 -C ca sign "${device[@]}" --reissue --pin-source "$pin" --out none requests
says_not "$pin"
absent none/a.pem

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
# The nursery and a reader; readers of a sanitizer build are too busy at their start and end to be caught, there the nursery has to do.
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
    ! tr '\0' '\n' <"/proc/$pid/environ" | grep -qF -- "$pin" || fail "the PIN is in the environment of a reader"
done
for pid in "$main" "${readers[@]}"; do
    ! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qF -- "$pin" || fail "the PIN is in argv"
    grep -q '^Max core file size *0 *0' "/proc/$pid/limits" || fail "a core could be written: $(grep core "/proc/$pid/limits")"
done
kill -CONT "$main" "${readers[@]}"
wait "$main" || fail "the run that was stopped and continued failed: $(cat err)"

step "not in the ledger, not in any file of the home or the output, not in what was printed"
! grep -rqF -- "$pin" ca file fd env after seen-* out err || fail "the PIN is in a file"
