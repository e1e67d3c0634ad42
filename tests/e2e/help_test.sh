#!/usr/bin/env bash
# Every command explains itself: --help of each and of each of its parts, no command, a wrong one.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

run 0 --help
mapfile -t commands < <(sed -n 's/^  \([a-z]*\) .*/\1/p' out)
equal "${commands[*]}" "init request check sign batch review cert policy token ledger"
for command in "${commands[@]}"; do
    run 0 "$command" --help
    says "usage: coldca $command"
    [ "$(wc -l <out)" -ge 4 ] || fail "$command says too little"
    # The parts of a command stand between its first and last paragraph.
    case $command in cert | policy | token | ledger)
        mapfile -t parts < <(sed -n 's/^  \([a-z]*\)  .*/\1/p' out)
        [ ${#parts[@]} -ge 2 ] || fail "$command has no parts"
        for part in "${parts[@]}"; do
            run 0 "$command" "$part" --help
            says "usage: coldca $command $part"
            says "--json"
        done
        run 2 "$command"
        run 2 "$command" no-such-part
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
run 0 --version
