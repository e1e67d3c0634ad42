#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P4: old files in a home's place. Each way of turning the ledger back is found, ends with exit code 5, and is told as what it is: which evidence
# disagrees with which, and what to do. What a crash or a lost cache explains is mended, and said once.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# Four days of one home: 5, 8, 11 and 14 records, a checkpoint each; what left it on the last day is in issued.
make_ca --policies any # few records: the numbers below are theirs
keep_day() { cp -a ca "day-$1" && cp -a issued "issued-$1"; }
# What the token remembers goes back with the home: here only what lies in files is looked at (memory_test.sh has the token's part).
forget() { token_again day-3; }
mkdir issued
keep_day 0
for day in 1 2 3; do
    csr "requests/device-$day.csr" "/CN=device-$day"
    sign 0 --out issued requests/device-$day.csr
    keep_day "$day"
done
equal "$(wc -l <ca/ledger.jsonl)" 14
keep_token day-3
csr late/late.csr /CN=late

# What a case does to ./ca, today's home; from DAY FILE...: those files as they were then.
from() {
    local day=$1 file
    shift
    for file in "$@"; do
        rm -f "ca/$file"
        cp -a "day-$day/$file" "ca/$file"
    done
}
no_index() { rm -f ca/index.sqlite*; }
first_lines() { head -n "$2" "day-3/$1" >"ca/$1"; }

restored_files() { from 1 ledger.jsonl; }
restored_files_no_index() { from 1 ledger.jsonl && no_index; }
cut_one_record() { first_lines ledger.jsonl 13; }
cut_one_record_no_index() { first_lines ledger.jsonl 13 && no_index; }
cut_to_nothing() { : >ca/ledger.jsonl; }
cut_with_checkpoints() { from 2 ledger.jsonl ledger.checkpoints; }
cut_with_checkpoints_no_index() { from 2 ledger.jsonl ledger.checkpoints && no_index; }
all_but_index() { from 2 ledger.jsonl ledger.checkpoints ledger.checkpoint; }
newest_of_day_1() { from 1 ledger.checkpoint; }
newest_of_day_2() { from 2 ledger.checkpoint; }
newest_of_another_ca() { sed 1s/test-root/other-root/ day-3/ledger.checkpoint >ca/ledger.checkpoint; }
fewer_checkpoints() { from 2 ledger.checkpoints; }
fewer_checkpoints_no_index() { from 2 ledger.checkpoints && no_index; }
no_checkpoints() { : >ca/ledger.checkpoints; }
first_checkpoint_gone() { tail -n +7 day-3/ledger.checkpoints >ca/ledger.checkpoints; }
both_checkpoints_old() { from 2 ledger.checkpoints ledger.checkpoint; }
checkpoints_out_of_order() { cat <(tail -n 6 day-3/ledger.checkpoints) <(head -n 18 day-3/ledger.checkpoints) >ca/ledger.checkpoints && no_index; }
another_record_under_checkpoint() { sed -i 's/CN=device-1"/CN=device-7"/' ca/ledger.jsonl && no_index; }
whole_home() { rm -rf ca && cp -a day-2 ca; }
whole_home_no_index() { whole_home && no_index; }
whole_checkpoints_no_index() { both_checkpoints_old && no_index; }
first_day() { rm -rf ca && cp -a day-0 ca; }

again() {
    rm -rf ca issued
    forget
    cp -a day-3 ca
    cp -a issued-3 issued
}

# refused NAME WORDS REMEDY: every command that opens the home ends with 5 and says both; nothing is signed, nothing in the home changes.
refused() {
    local name=$1 command sum
    again
    "$name"
    sum=$(sha256sum ca/ledger.*)
    for command in "cert list" "ledger list" "ledger checkpoint" "ledger export export" "ledger prove 0" \
        "sign ${device[*]} --pin-source file:pin --out issued late"; do
        # shellcheck disable=SC2086 # words of a command
        run 5 -C ca $command
        says "$2"
        says "$3"
    done
    absent issued/late.pem export/checkpoint
    equal "$(sha256sum ca/ledger.*)" "$sum" "$name: the ledger's files after being refused"
    run 5 -C ca ledger verify
    says "damaged; the last checkpoint that holds"
    says "newest copy"
    again
    cases=$((cases + 1))
}

# met NAME WORDS REMEDY: nothing in the home disagrees; the folder signed for carries a later checkpoint.
met() {
    again
    "$1"
    run 0 -C ca cert list
    run 0 -C ca ledger verify
    sign 5 --out issued late
    says "$2"
    says "$3"
    says "while comparing with the checkpoint in the output directory"
    absent issued/late.pem
    run 5 -C ca ledger export log
    says "$2"
    says "while continuing the export"
    again
    cases=$((cases + 1))
}

cases=0
step "the records are older than what else the home holds"
cut="the ledger was cut or an old copy restored; put the newer ledger.jsonl back"
refused restored_files "holds 8 records, but index.sqlite has read 14 of the same history" "$cut"
refused restored_files_no_index "holds 8 records, but the checkpoint in ledger.checkpoints is of 11" "$cut"
refused cut_one_record "holds 13 records, but index.sqlite has read 14 of the same history" "$cut"
refused cut_one_record_no_index "holds 13 records, but the checkpoint in ledger.checkpoints is of 14" "$cut"
refused cut_to_nothing "holds 0 records, but index.sqlite has read 14 of the same history" "$cut"
refused cut_with_checkpoints "holds 11 records, but index.sqlite has read 14 of the same history" "$cut"
refused cut_with_checkpoints_no_index "holds 11 records, but the checkpoint in ledger.checkpoint is of 14" "$cut"
refused all_but_index "holds 11 records, but index.sqlite has read 14 of the same history" "$cut"

step "checkpoints are older, fewer or others"
refused newest_of_day_1 "ledger.checkpoint is of 8 records and not the newest of ledger.checkpoints, which is of 14" "put the right one back"
refused newest_of_day_2 "ledger.checkpoint is of 11 records and not the newest of ledger.checkpoints, which is of 14" "put the right one back"
refused newest_of_another_ca "a checkpoint in ledger.checkpoint does not hold: the signature of test-root does not verify" \
    "put the right ledger.checkpoint back"
refused fewer_checkpoints "checkpoints were cut off" "put the newer ledger.checkpoints back"
refused fewer_checkpoints_no_index "ledger.checkpoint is of 14 records and not the newest of ledger.checkpoints, which is of 11" "put the right one back"
refused no_checkpoints "checkpoints were cut off" "put the newer ledger.checkpoints back"
refused first_checkpoint_gone "checkpoints were cut off" "put the newer ledger.checkpoints back"
refused both_checkpoints_old "checkpoints were cut off" "put the newer ledger.checkpoints back"
refused checkpoints_out_of_order "has a checkpoint of 5 records after one of 14" "restore it from a copy"
refused another_record_under_checkpoint "are not those the checkpoint in ledger.checkpoints was signed over" "coldca ledger verify"

step "the whole home is older: only what left it since can tell"
run 0 -C ca ledger export log
home="an old copy restored; put the newer copy of the home back"
met whole_home "ledger.jsonl holds 11 records, but a checkpoint that left this home is of 14" "$home"
met whole_home_no_index "ledger.jsonl holds 11 records, but a checkpoint that left this home is of 14" "$home"
met first_day "ledger.jsonl holds 5 records, but a checkpoint that left this home is of 14" "$home"
met whole_checkpoints_no_index "the newest checkpoint of ledger.checkpoints is of 11 records, but a checkpoint that left this home is of 14" \
    "put the newer ledger.checkpoints back"

step "an auditor with a checkpoint of his own finds it with ledger verify --since"
whole_home
run 5 -C ca ledger verify --since issued-3/checkpoint
says "the kept checkpoint is of 14 records, but ledger.jsonl holds 11"
again
run 0 -C ca ledger verify --since issued-1/checkpoint

step "two histories of one ledger: the medium's checkpoint is as long as the home's, and another"
rm -rf issued
sign 0 --out issued late
cp issued/checkpoint other-future
again
rm -rf other && cp -a late other
csr other/else.csr /CN=else
sign 0 --out elsewhere other/else.csr
cp other-future elsewhere/checkpoint
sign 5 --out elsewhere late
says "the first 17 records of ledger.jsonl are not those a checkpoint that left this home was signed over"
again
cases=$((cases + 1))

step "a medium's checkpoint that is older, foreign or forged stops nothing"
cp issued-1/checkpoint older
sed s/test-root/other-root/ issued-3/checkpoint >foreign
sed 2s/13/99/ issued-3/checkpoint >forged
echo "holiday photos" >photos
for evidence in older foreign forged photos; do
    rm -rf fresh
    mkdir fresh
    cp "$evidence" fresh/checkpoint
    sign 0 --out fresh late
    present fresh/late.pem
    again
done

# mended NAME WORDS: the first command says so, the next one finds nothing to say.
mended() {
    again
    "$1"
    run 0 -C ca "${@:3}"
    says "$2"
    run 0 -C ca cert list
    [ ! -s err ] || fail "$1 is told twice"
    sound_ledger
    again
    cases=$((cases + 1))
}

step "an index that is gone, of another day, broken or another ledger's is remade and that is said once, by commands that read and that write"
index_gone() { no_index; }
index_of_day_1() { no_index && from 1 index.sqlite; }
index_broken() { no_index && head -c 9000 day-3/index.sqlite >ca/index.sqlite; }
index_garbage() { no_index && head -c 9000 /dev/zero | tr '\0' x >ca/index.sqlite; }
index_empty() { no_index && : >ca/index.sqlite; }
index_of_another_ca() { no_index && cp other-ca/index.sqlite ca/; }
openssl genpkey -algorithm ed25519 -out ada.pem 2>err
write=(ledger cosign --key ada.pem --name witness.example/ada)
softhsm_use other-token
run 0 token init --label other --so-pin-source file:so-pin --pin-source file:pin
run 0 -C other-ca init --token other --subject "CN=Other Root" --pin-source file:pin
softhsm_use token
for command in "cert list" "${write[*]}"; do
    # shellcheck disable=SC2086 # words of a command
    {
        mended index_gone "index.sqlite was not there" $command
        mended index_broken "read the ledger's 14 records again" $command
        mended index_garbage "read the ledger's 14 records again" $command
        mended index_of_another_ca "index.sqlite is of another ledger or another version: read the ledger's 14 records again" $command
    }
done
index_broken
run 5 -C ca ledger verify
says "ledger.index: index.sqlite can't be read"
says "the ledger itself holds"
mended index_empty "14 records" "${write[@]}"
mended index_of_day_1 "index.sqlite knew 8 of the ledger's 14 records" "${write[@]}"

step "what a crash explains is mended: ledger.checkpoint not there or one behind, with an index that knows no better"
newest_gone() { rm ca/ledger.checkpoint; }
newest_behind() { from 2 ledger.checkpoint && no_index && from 2 index.sqlite; }
newest_behind
sound_ledger # no damage
mended newest_gone "ledger.checkpoint was missing: made it from ledger.checkpoints" "${write[@]}"
mended newest_behind "ledger.checkpoint was one checkpoint behind: an earlier run was stopped; repaired it" "${write[@]}"

echo "rollback: $cases cases, each found and told as what it is"
