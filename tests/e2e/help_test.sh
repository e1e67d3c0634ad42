#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command explains itself: --help of each and of each of its parts, no command, a wrong one.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

run 0 --help
mapfile -t commands < <(sed -n 's/^  \([a-z]*\) .*/\1/p' out)
equal "${commands[*]}" "init request check sign plan approve batch review revoke crl status cert policy people token ceremony ledger"
same_as_help() {
    run 0 "$@" --help
    mv out asked
    run 0 help "$@"
    same out asked
}
run 0 --help
mv out asked
run 0 help
same out asked
for command in "${commands[@]}"; do
    same_as_help "$command"
    says "usage: coldca $command"
    [ "$(wc -l <out)" -ge 4 ] || fail "$command says too little"
    # The parts of a command stand between its first and last paragraph.
    case $command in cert | policy | people | token | ceremony | ledger)
        mapfile -t parts < <(sed -n 's/^  \([a-z]*\)  .*/\1/p' out)
        [ ${#parts[@]} -ge 2 ] || fail "$command has no parts"
        for part in "${parts[@]}"; do
            same_as_help "$command" "$part"
            says "usage: coldca $command $part"
            says "--json"
        done
        run 0 "$command" help
        run 0 "$command" help "${parts[0]}"
        says "usage: coldca $command ${parts[0]}"
        run 2 "$command"
        run 2 "$command" no-such-part
        run 2 "$command" help no-such-part
        says 'has no command "no-such-part"'
        ;;
    *)
        says "for example:"
        ;;
    esac
done
run 2
says "no command was given"
run 2 no-such-command
says "no such command"
run 2 help no-such-command
says "no such command"
run 0 --version
run 0 -C somewhere help sign
says "usage: coldca sign"

# meant WORDS... -- GUESS: a slip is answered with what was meant, on one line
meant() {
    local words=()
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    run 2 "${words[@]}"
    says "did you mean $2?"
    equal "$(wc -l <err)" 1 "the guess alone is said"
    absent_output
}
absent_output() {
    [ ! -s out ] || fail "a refused command line printed something"
}
meant sgin -- sign
meant ledgre verify -- ledger
meant hlep -- help
meant help polciy -- policy
meant ledger verfy -- verify
meant help ledger verfy -- verify
meant token lits -- list
meant --hlep -- --help
meant --jsno -- --json
meant check --polcy mqtt-device x.csr -- --policy
meant sign -policy mqtt-device x.csr -- --policy
meant init --subjetc CN=x -- --subject
meant token init --so-pin-sourc=file:x -- --so-pin-source
meant ledger verify --jsn -- --json
run 3 policy show mqtt-devcie
says "did you mean mqtt-device?"
run 3 check --policy tls-sever x.csr
says "did you mean tls-server?"
run 2 sign --quite-another
says "--help shows those there are"
says_not "did you mean"
