#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CRLs as time goes by: when one is due and when it is too late, ca.yaml's word on it, expired entries, burned serials.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# at DAYS CODE ARGUMENTS...: coldca so many days from now
at() {
    local days=$1 wanted=$2 code=0
    shift 2
    setsid --wait faketime -f "+${days}d" "$COLDCA" "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted, in $days days: coldca $*"
}
pin=(--pin-source file:pin)
# days_of CRL: from thisUpdate to nextUpdate
days_of() {
    local from to
    from=$(date -d "$(openssl crl -in "$1" -noout -lastupdate | cut -d= -f2)" +%s)
    to=$(date -d "$(openssl crl -in "$1" -noout -nextupdate | cut -d= -f2)" +%s)
    echo "$(((to - from) / 86400)).$(((to - from) % 86400 / 3600))"
}
on_crl() {
    openssl crl -in "$1" -noout -text | grep -A1 "Serial Number: ${2^^}" >entry || fail "$2 is not on $1"
}
not_on_crl() {
    openssl crl -in "$1" -noout -text >crl.text
    ! grep -q "Serial Number: ${2^^}" crl.text || fail "$2 is on $1"
}

make_ca
for name in a b c; do ask $name; done
sign 0 --out issued requests
a=$(serial_of issued/a.pem) b=$(serial_of issued/b.pem)

step "due and overdue"
run 0 -C ca status
says "no CRL was ever made"
run 0 -C ca revoke --serial "$a" --reason superseded --yes "${pin[@]}"
run 1 -C ca status
says "run \`coldca crl\`"
run 0 -C ca crl "${pin[@]}"
equal "$(days_of ca/crl/crl-1.pem)" 33.0
run 0 -C ca status
at 22 0 -C ca status
at 24 1 -C ca status --json
json .due due
json .waiting 0
at 24 0 -C ca status --within 5d
at 31 1 -C ca status
at 31 0 -C ca crl verify ca/crl/crl-1.pem
at 31 1 -C ca crl --due
at 34 5 -C ca status --json
json .due overdue
at 34 5 -C ca crl --due
says "not good any more"
at 34 1 -C ca crl verify ca/crl/crl-1.pem
says "was good until"

step "ca.yaml says how often, and --days more"
cp ca/ca.yaml plain.yaml
configured() {
    { cat plain.yaml; printf 'crl:\n%b' "$1"; } >ca/ca.yaml
}
configured '  days: 7\n  overlap_hours: 12\n'
run 0 -C ca crl "${pin[@]}"
equal "$(days_of ca/crl/crl-2.pem)" 7.12
run 1 -C ca status
run 0 -C ca status --within 6d
run 0 -C ca crl --days 2 "${pin[@]}"
equal "$(days_of ca/crl/crl-3.pem)" 2.12
configured '  overlap_hours: 0\n'
run 0 -C ca crl "${pin[@]}"
equal "$(days_of ca/crl/crl-4.pem)" 30.0
for wrong in '  days: 0\n' '  days: 4000\n' '  overlap_hours: 9000\n' '  days: soon\n' '  weeks: 3\n'; do
    configured "$wrong"
    run 3 -C ca crl "${pin[@]}"
    says "ca.yaml"
done
cp plain.yaml ca/ca.yaml

step "a serial that a run left behind is burned, and on every CRL without a reason"
cp -r ca cut
keep_token before
csr late/late.csr /CN=late
sign 0 --out late late
burned=$(serial_of late/late.pem)
signing=$(jq -c 'select(.type == "cert.signing") | .seq' ca/ledger.jsonl | tail -n 1)
head -n $((signing + 1)) ca/ledger.jsonl >cut/ledger.jsonl
rm -rf ca late
mv cut ca
token_again before
run 0 -C ca crl "${pin[@]}"
says "burned"
on_crl ca/crl/crl-5.pem "$burned"
openssl crl -in ca/crl/crl-5.pem -noout -text | grep -A4 "Serial Number: ${burned^^}" | head -n 3 >entry
! grep -q "Reason" entry || fail "a burned serial has a reason"
run 0 -C ca cert list --status burned --json
json 'map(.serial) | join(" ")' "$burned"
run 3 -C ca cert show "$burned"
says "never issued"
run 3 -C ca revoke --serial "$burned" --release --yes "${pin[@]}"
says "stays on every CRL"
sound_ledger

step "what expires: listed, and off the CRL after one that was made beyond its end"
life=$((($(date -d "$(openssl x509 -in issued/b.pem -noout -enddate | cut -d= -f2)" +%s) - $(date +%s)) / 86400))
at $((life - 30)) 0 -C ca cert list --policy mqtt-device --expires-within 60d --json
json 'map(.serial) | index("'"$b"'") != null'
at $((life - 30)) 0 -C ca cert list --policy mqtt-device --expires-within 10d --json
json length 0
at $((life + 2)) 0 -C ca cert list --policy mqtt-device --status expired --json
json 'map(.serial) | index("'"$b"'") != null'
json 'map(.serial) | index("'"$a"'")' null
at $((life + 2)) 0 -C ca cert list --policy mqtt-device --status valid --json
json length 0
at $((life + 2)) 0 -C ca crl "${pin[@]}"
on_crl ca/crl/crl-6.pem "$a"
at $((life + 3)) 0 -C ca crl "${pin[@]}"
not_on_crl ca/crl/crl-7.pem "$a"
at $((life + 3)) 0 -C ca crl verify ca/crl/crl-7.pem
at $((life + 3)) 0 -C ca ledger verify
