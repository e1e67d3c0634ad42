#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P4: ways to rewrite, cut and put back a home, its token and what left it, and which evidence finds each (docs/operations.md, "What finds what"):
# the form of the records, the checkpoints in the home, the index, the token's memory, a checkpoint on a medium.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --policies any # few records: the numbers below are theirs
softhsm_use other-token
run 0 token init --label other --so-pin-source file:so-pin --pin-source file:pin
run 0 -C other-ca init --token other --subject "CN=Other Root" --pin-source file:pin
softhsm_use token
csr late/late.csr /CN=late
csr else/else.csr /CN=else
# 5, 8, 11 records; a checkpoint each.
for day in 0 1 2; do
    [ "$day" = 0 ] || csr "requests/device-$day.csr" "/CN=device-$day"
    [ "$day" = 0 ] || sign 0 --out issued "requests/device-$day.csr"
    cp -a ca "home-$day"
    keep_token "$day"
done
# Another future of day 1: as long as day 2, and other records.
rm -rf ca && cp -a home-1 ca && token_again 1
sign 0 --out elsewhere else
cp -a ca home-future

today() {
    rm -rf ca issued-now
    cp -a home-2 ca
    token_again 2
}
from() {
    local day=$1 file
    shift
    for file in "$@"; do
        rm -f "ca/$file"
        cp -a "home-$day/$file" "ca/$file"
    done
}
no_index() { rm -f ca/index.sqlite*; }
no_checkpoints() { rm -f ca/ledger.checkpoint && : >ca/ledger.checkpoints; }
# renumbered SEQ...: these records, numbered anew and with what refers to them, as if there had been no others
renumbered() {
    jq -cS -n --argjson kept "[$(IFS=, && echo "$*")]" \
        '[inputs] as $all | $kept | to_entries[] | $all[.value] + {seq: .key} | if .ref then .ref as $ref | .ref = ($kept | index($ref)) else . end' \
        home-2/ledger.jsonl >ca/ledger.jsonl
}

begun_anew() { no_index && no_checkpoints && : >ca/ledger.jsonl; }
first_torn() { no_index && no_checkpoints && head -c 40 home-2/ledger.jsonl >ca/ledger.jsonl; }
rewritten() { no_index && no_checkpoints && renumbered 0 1 2 3 4 8 9 10; }
no_beginning() { no_index && renumbered 0 1 3 4 5 6 7 8 9 10; }
one_taken_out() { no_index && renumbered 0 1 2 3 4 6 7 8 9 10; }
swapped_records() {
    no_index
    jq -cS -n '[inputs] as $all | $all | .[5] = $all[8] + ($all[5] | {seq, time}) | .[8] = $all[5] + ($all[8] | {seq, time}) | .[]' \
        home-2/ledger.jsonl >ca/ledger.jsonl
}
cut_records() { head -n 8 home-2/ledger.jsonl >ca/ledger.jsonl; }
cut_records_no_index() { cut_records && no_index; }
cut_all_but_index() { from 1 ledger.jsonl ledger.checkpoints ledger.checkpoint; }
cut_all() { cut_all_but_index && no_index; }
cut_checkpoints() { from 1 ledger.checkpoints ledger.checkpoint && no_index; }
edited_in_place() { sed -i 's/CN=device-1"/CN=device-7"/' ca/ledger.jsonl; }
edited_and_backdated() { edited_in_place && touch -r home-2/ledger.jsonl ca/ledger.jsonl; }
made_void() { sed -i '7s/.$/\x18/' ca/ledger.jsonl && no_index; }
long_void() { truncate -s +65M ca/ledger.jsonl && printf '\x18\n' >>ca/ledger.jsonl; }
void_before() { { printf 'nothing\x18\n' && cat home-2/ledger.jsonl; } >ca/ledger.jsonl && no_index; }
ledger_of_another() { for file in ledger.jsonl ledger.checkpoints ledger.checkpoint; do cp "other-ca/$file" ca/; done && no_index; }
certificate_of_another() { cp other-ca/ca.pem ca/; }
no_certificate() { rm ca/ca.pem; }
old_home() { rm -rf ca && cp -a home-1 ca; }
first_home() { rm -rf ca && cp -a home-0 ca; }
other_future() { rm -rf ca && cp -a home-future ca; }
old_home_and_token() { old_home && token_again 1; }

ways=0
# found WAY EVIDENCE WORDS VERIFY: `sign` ends with 5 and says WORDS, nothing is signed; `ledger verify` ends with VERIFY, and with --token
# with 5, unless TOKEN is 0.
found() {
    local way=$1 evidence=$2 words=$3 verify=$4 token=${5:-5} sum
    today
    "$way"
    sum=$(cat ca/ledger.* | sha256sum)
    run "$verify" -C ca ledger verify
    run "$token" -C ca --pin-source file:pin ledger verify --token
    today
    "$way"
    sign 5 --out "${out:-issued-now}" late
    says "$words"
    absent "${out:-issued-now}/late.pem"
    equal "$(cat ca/ledger.* | sha256sum)" "$sum" "$way: the ledger's files after being refused"
    echo "   $way: $evidence"
    ways=$((ways + 1))
}

step "found by the beginning that every made CA has"
found begun_anew "ca.created" "does not begin with the making of this CA (ca.created)" 5
found first_torn "ca.created" "does not begin with the making of this CA (ca.created)" 5
found rewritten "a checkpoint that must be there" "the ledger has no checkpoint" 5
found certificate_of_another "ca.created" "begins with the making of another CA" 5
found no_certificate "a ledger with history" "ca.pem was taken away" 5

step "found by the form of the records"
found void_before "form" "a void line stands before the first record" 5
found long_void "form" "the line is longer than a record can be" 5

step "found by the checkpoints in the home"
found no_beginning "checkpoints" "the first 5 records of ledger.jsonl are not those the checkpoint in ledger.checkpoints" 5
found one_taken_out "checkpoints" "the first 8 records of ledger.jsonl are not those the checkpoint in ledger.checkpoints" 5
found swapped_records "checkpoints" "the first 8 records of ledger.jsonl are not those the checkpoint in ledger.checkpoints" 5
found cut_records_no_index "checkpoints" "holds 8 records, but the checkpoint in ledger.checkpoints is of 11" 5
found made_void "form and checkpoints" "its seq does not follow" 5
found ledger_of_another "the ledger key" "does not hold" 5

step "found by the index, which has read more or others"
found cut_records "index" "holds 8 records, but index.sqlite has read 11 of the same history" 5
found cut_all_but_index "index" "holds 8 records, but index.sqlite has read 11 of the same history" 5
found edited_in_place "index, then checkpoints" "are not those the checkpoint in ledger.checkpoints was signed over" 5
found edited_and_backdated "index, then checkpoints" "are not those the checkpoint in ledger.checkpoints was signed over" 5

step "found by the token's memory alone: nothing in the home disagrees"
found cut_all "token" "holds 8 records, but the token test remembers 11" 0
found cut_checkpoints "token" "the newest checkpoint of ledger.checkpoints is of 8 records, but the token test remembers one of 11" 0
found old_home "token" "holds 8 records, but the token test remembers 11" 0
found first_home "token" "holds 5 records, but the token test remembers 11" 0
found other_future "token" "the first 11 records of ledger.jsonl are not those the token test remembers" 0

step "home and token put back from the same day: found by what left since, on the medium"
out=issued found old_home_and_token "medium" "ledger.jsonl holds 8 records, but a checkpoint that left this home is of 11" 0 0
run 5 -C ca ledger verify --since issued/checkpoint

step "and a home that nobody touched is found sound by all of them"
today
run 0 -C ca --pin-source file:pin --json ledger verify --token
json '.ok and .token_asked and .tokens == 1 and .remembered[0].records == 11'
run 0 -C ca ledger verify
says "the token was not asked"
sign 0 --out issued-now late
present issued-now/late.pem

step "a token whose model keeps no data says so, in ledger verify and in token show"
today
mkdir data
cp -r "$SOURCE/policies" "$SOURCE/tokens" data/
sed 's/^tested: true/&\nremembers: false/' "$SOURCE/tokens/softhsm2.yaml" >data/tokens/softhsm2.yaml
COLDCA_DATA=$work/data run 0 -C ca --pin-source file:pin ledger verify --token
says "1 of 1 tokens keep no data (remembers: false in the profile)"
COLDCA_DATA=$work/data run 0 --pin-source file:pin token show --token test
says "this token keeps no data"
old_home
COLDCA_DATA=$work/data sign 0 --out forgotten late
[ "$ways" -ge 12 ] || fail "only $ways ways"
echo "evidence: $ways ways, each found"
