#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ledger list: every filter chooses its records, in three forms; as many rows as there are cost no more memory than a few.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
csr requests/one.csr /CN=one
csr requests/two.csr /CN=two
openssl req -new -noenc -newkey rsa:1024 -keyout weak.key -subj /CN=weak -out requests/weak.csr 2>err
sign 1 --out issued requests
csr other/server.csr "/CN=server.example" -addext subjectAltName=DNS:server.example,DNS:www.server.example
run 0 -C ca sign --policy tls-server --pin-source file:pin --out issued other

# chosen WANTED FILTER...: so many records, the same in every form
chosen() {
    local wanted=$1
    shift
    run 0 -C ca ledger list "$@" --json
    equal "$(wc -l <out)" "$wanted" "records of ledger list $*"
    jq -c .seq out >seqs
    run 0 -C ca ledger list "$@" --csv
    equal "$(head -n 1 out)" seq,time,type,serial,subject,policy,status
    tail -n +2 out | cut -d, -f1 | diff - seqs || fail "--csv lists others: $*"
    run 0 -C ca ledger list "$@"
    awk '{ print $1 }' out | diff - seqs || fail "the table lists others: $*"
}

step "each filter, in each form"
all=$(wc -l <ca/ledger.jsonl)
serial=$(serial_of issued/one.pem)
batch=$(jq -r 'select(.type == "session.opened" and .command == "sign") | .batch' ca/ledger.jsonl | head -n 1)
day=$(date -u +%Y-%m-%d)
chosen "$all"
chosen 4 --type cert.signing
chosen 4 --type cert.issued
chosen 1 --type request.refused
chosen 2 --type cert.signing --policy mqtt-device
chosen 1 --policy tls-server
chosen 2 --serial "$serial"
chosen 2 --serial "${serial^^}"
colons=$(sed 's/../&:/g; s/:$//' <<<"$serial")
chosen 2 --serial "$colons"
run 0 -C ca ledger prove "$colons"
chosen 1 --serial "$serial" --type cert.issued
chosen 0 --serial 00112233445566778899
chosen 1 --subject CN=tw
chosen 0 --subject CN=twelve
chosen 1 --san www.server.example
chosen 1 --san dns:www.server.example
chosen 0 --san ip:www.server.example
chosen 0 --san w.server.example
chosen 1 --san uri:spiffe://iot.example/device/two
chosen 4 --status issued
chosen 0 --status revoked
chosen 0 --status unfinished
chosen 1 --status issued --subject CN=one --policy mqtt-device
[ -n "$batch" ] || fail "the run has no batch id"
chosen 1 --batch "$batch" --type session.opened
chosen 2 --batch "$batch" --type cert.signing
chosen 0 --batch another
chosen "$all" --since "$day" --until "${day}T23:59:59Z"
chosen 0 --since 2199-01-01
chosen 0 --until 2001-01-01T00:00:00Z
run 2 -C ca ledger list --since yesterday
says '--since needs a time like'
run 2 -C ca ledger list --status lost
run 2 -C ca ledger list --serial xyz
says "hex"

step "a record is shown as it stands in the ledger, and its certificate's state with it"
run 0 -C ca ledger list --json
same out ca/ledger.jsonl
run 0 -C ca ledger list --csv --subject CN=one
grep -qE "^[0-9]+,\"$day.*\",\"cert.signing\",\"$serial\",\"CN=one\",\"mqtt-device\",\"issued\"$" out || fail "the line of CN=one"
run 0 -C ca ledger list --subject CN=one
says "status=issued"

step "a subject that would break a table or a terminal does not"
csr odd/odd.csr $'/CN=a","b\n1,2\e[2J'
sign 1 --out issued odd
csr quoted/ada.csr '/CN=Ada "A", Lovelace'
run 0 -C ca sign --policy tls-client --pin-source file:pin --out issued quoted
run 0 -C ca ledger list --csv
[ "$(python3 -c 'import csv; print({len(row) for row in csv.reader(open("out", newline=""))})')" = "{7}" ] || fail "the CSV has rows of other lengths"
grep -qF 'Lovelace' out || fail "Ada is not in the CSV"
run 0 -C ca ledger list
grep -q $'\e' out && fail "an escape character reaches the terminal"

step "nor does a ledger that somebody wrote into"
cp -a ca written
rm written/index.sqlite
last=$(tail -n 1 ca/ledger.jsonl | jq -r '"\(.seq) \(.time)"')
printf '{"operator":"\\u001b[2J","seq":%d,"subject":"\\u001b[2J","time":"%s","type":"\\u001b[2J"}\n' $((${last% *} + 1)) "${last#* }" >>written/ledger.jsonl
sed -i '0,/"subject":"CN=one"/s//"subject":"\\u001b[2J"/' written/ledger.jsonl
cp -a written changed # one is held by a checkpoint, the other by none
cp ca/ledger.jsonl written/
tail -n 1 changed/ledger.jsonl >>written/ledger.jsonl
run 5 -C changed ledger verify
says 'the record says \x1b[2J'
grep -q $'\e' out && fail "ledger verify lets an escape character through"
for form in "ledger list" "ledger list --csv" "ledger list --json" "cert list"; do
    # shellcheck disable=SC2086 # words of a command
    run 0 -C written $form
    grep -q $'\e' out && fail "$form lets an escape character through"
done

# A home with so many records, as no CA of ours could make in a moment: made by the test tool, with a configuration to open it by.
big() {
    mkdir "big-$1"
    "${BUILD:?}/tests/ledger_tool" make "big-$1" "$1"
    sed "s|^ledger_vkey:.*|ledger_vkey: \"$(cat "big-$1/vkey")\"|; s|^origin:.*|origin: ca.example/interop|" ca/ca.yaml >"big-$1/ca.yaml"
}
# peak HOME COMMAND...: the most memory it took, in KiB
peak() {
    local home=$1
    shift
    setsid --wait /usr/bin/time -o peak -f %M "$COLDCA" -C "$home" "$@" >out 2>err </dev/null || fail "coldca $*"
    cat peak
}
few=1000 many=100000
[ -z "$(preloaded_for "$COLDCA")" ] || many=5000 # sanitizers are slow, and keep what was freed
step "$many rows take no more memory than $few"
big "$few"
big "$many"
for form in "ledger list --json" "ledger list --csv" "ledger list" "ledger list --subject d-0 --json" "ledger verify" "ledger export"; do
    target=()
    [ "$form" != "ledger export" ] || target=(log)
    # shellcheck disable=SC2086 # words of a command
    {
        rm -rf log
        small=$(peak "big-$few" $form "${target[@]}")
        rm -rf log
        large=$(peak "big-$many" $form "${target[@]}")
    }
    [ "$form" != "ledger list --json" ] || same out "big-$many/ledger.jsonl"
    [ "$form" != "ledger list --subject d-0 --json" ] || equal "$(jq -r .type out | uniq)" cert.signing
    echo "   $form: $small KiB, $large KiB"
    most=$((small + 8192))
    [ "$form" != "ledger verify" ] || most=40960 # its rounds are full only in a long ledger
    [ "$many" -lt 100000 ] || [ "$large" -lt "$most" ] || fail "$form takes $large KiB for $many records, $small for $few"
done
echo "list: filters, forms and $many rows: all as they should be"
