#!/usr/bin/env bash
# The ledger as auditors and witnesses use it: proofs without a home, export, cosignatures, kept checkpoints, a cut ledger.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

make_ca --key ec-p256 --origin ca.example/ledger-test
run 0 -C ca ledger checkpoint
cp out first.checkpoint
run 0 -C ca --json ledger checkpoint
vkey=$(python3 -c 'import json; print(json.load(open("out"))["vkey"])')

for id in 1 2 3; do csr "requests/device-$id.csr" "/CN=device-$id"; done
sign 0 --out issued requests
run 0 -C ca ledger verify
says "all of it holds"

# A proof is checked where there is no home: another folder, no configuration.
serial=$(openssl x509 -in issued/device-2.pem -noout -serial | cut -d= -f2)
run 0 -C ca ledger prove "$serial" --out device-2.tlog-proof
mkdir elsewhere
cd elsewhere
run 0 ledger verify --proof ../device-2.tlog-proof --certificate ../issued/device-2.pem --vkey "$vkey"
says "the proof holds"
run 5 ledger verify --proof ../device-2.tlog-proof --certificate ../issued/device-1.pem --vkey "$vkey"
says "another certificate"
run 2 ledger verify --proof ../device-2.tlog-proof
sed 's/^index ./index 1/' ../device-2.tlog-proof >changed
run 5 ledger verify --proof changed --certificate ../issued/device-2.pem --vkey "$vkey"
run 3 ledger verify --proof ../issued/device-2.pem --vkey "$vkey"
cd ..
run 0 -C ca ledger prove 0
grep -q '^index 0$' out || fail "no proof of record 0"
run 5 -C ca ledger prove 9999
run 3 -C ca ledger prove 00112233445566778899

# Consistency with a checkpoint an auditor kept.
run 0 -C ca ledger prove --consistency first.checkpoint
cp out since.proof
run 0 ledger verify --proof since.proof --since first.checkpoint --vkey "$vkey"
says "continues the one of"
run 0 -C ca ledger verify --since first.checkpoint
sed '2s/.*/1/' first.checkpoint >other.checkpoint
run 3 -C ca ledger verify --since other.checkpoint

# Witnesses: two of three were there.
declare -a witnesses
for name in ada ben cyd; do
    openssl genpkey -algorithm ed25519 -out "$name.pem" 2>/dev/null
    [ "$name" = cyd ] || run 0 -C ca ledger cosign --key "$name.pem" --name "witness.example/$name"
    [ "$name" = cyd ] || witnesses+=("$(cat out)")
done
run 0 -C ca ledger verify --witness "${witnesses[0]}" --witness "${witnesses[1]}"
other=${witnesses[1]/ben/bob}
run 5 -C ca ledger verify --witness "${witnesses[0]}" --witness "$vkey" --quorum 2
says "not the key of a witness"
run 5 -C ca ledger verify --witness "$other"
run 3 -C ca ledger cosign --key issued/device-1.pem --name witness.example/dot
run 2 -C ca ledger cosign --key ada.pem
run 0 -C ca ledger prove "$serial"
cp out cosigned.tlog-proof
run 0 ledger verify --proof cosigned.tlog-proof --vkey "$vkey" --witness "${witnesses[0]}" --quorum 1
run 5 ledger verify --proof device-2.tlog-proof --vkey "$vkey" --witness "${witnesses[0]}" --quorum 1
says "missing: witness.example/ada"

# Export, and again.
run 0 -C ca ledger export log
[ -f log/checkpoint ] || fail "no checkpoint in the export"
cmp log/checkpoint ca/ledger.checkpoint
run 0 -C ca --json ledger export log
python3 -c 'import json; r = json.load(open("out")); assert r["records"] == r["records_before"] > 0, r'

# A ledger that was cut is refused by every command, and verify says what holds.
cp -r ca cut
head -n 3 ca/ledger.jsonl >cut/ledger.jsonl
run 5 -C cut cert list
says "ledger was cut"
run 5 -C cut ledger verify
says "ledger.rollback"
echo "ledger: proofs, consistency, witnesses, export and a cut ledger: all as they should be"
