#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
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
sed 's/^index .*/index 1/' ../device-2.tlog-proof >changed
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
run 2 -C ca ledger verify --witness "${witnesses[0]}" --witness "$vkey" --quorum 2
says "not the key of a witness"
run 2 -C ca ledger verify --witness "$other"
says "its key id is not the one its name and key give"
# A witness who has not cosigned: dot, with a key of her own.
openssl genpkey -algorithm ed25519 -out dot.pem 2>/dev/null
dot=$(openssl pkey -in dot.pem -pubout -outform DER | python3 -c '
import base64, hashlib, sys
name, key = "witness.example/dot", b"\x04" + sys.stdin.buffer.read()[-32:]
print(f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + key).hexdigest()[:8]}+{base64.b64encode(key).decode()}")')
run 5 -C ca ledger verify --witness "$dot"
says "missing: witness.example/dot"
run 3 -C ca ledger cosign --key issued/device-1.pem --name witness.example/dot
run 2 -C ca ledger cosign --key ada.pem
run 0 -C ca ledger prove "$serial"
cp out cosigned.tlog-proof
run 0 ledger verify --proof cosigned.tlog-proof --vkey "$vkey" --witness "${witnesses[0]}" --quorum 1
run 5 ledger verify --proof device-2.tlog-proof --vkey "$vkey" --witness "${witnesses[0]}" --quorum 1
says "missing: witness.example/ada"

# A witness whose key is in a token: his own, with a PIN of his own.
softhsm2-util --init-token --free --label witness --so-pin 87654321 --pin 24681012 >made 2>&1 || fail "$(cat made)"
module=$(softhsm_module)
for label in dee:EC:edwards25519 eve:EC:prime256v1; do # the labels in hex are as good as any CKA_ID
    pkcs11-tool --module "$module" --token-label witness --login --pin 24681012 --keypairgen --key-type "${label#*:}" \
        --label "${label%%:*}" --id "$(printf %s "${label%%:*}" | od -An -tx1 | tr -d ' ')" --usage-sign >made 2>&1 || fail "pkcs11-tool: $(cat made)"
done
(umask 077 && echo 24681012 >witness-pin)
run 0 -C ca ledger cosign --key "pkcs11:token=witness;object=dee" --name witness.example/dee --pin-source file:witness-pin
dee=$(cat out)
run 0 -C ca ledger cosign --key "pkcs11:token=witness;object=dee?module-path=$module" --name witness.example/dee --pin-source file:witness-pin
equal "$(cat out)" "$dee"
run 0 -C ca ledger verify --witness "$dee" --witness "${witnesses[0]}"
run 3 -C ca ledger cosign --key "pkcs11:token=witness;object=eve" --name witness.example/eve --pin-source file:witness-pin
says "witnesses cosign with no other"
run 4 -C ca ledger cosign --key "pkcs11:token=witness;object=nobody" --name witness.example/eve --pin-source file:witness-pin
run 4 -C ca ledger cosign --key "pkcs11:token=witness;object=dee" --name witness.example/dee --pin-source file:pin
run 4 -C ca ledger cosign --key "pkcs11:token=elsewhere;object=dee" --name witness.example/dee --pin-source file:witness-pin

# A QR code carries the checkpoint out of the room: what a phone reads is what is kept.
run 0 -C ca ledger checkpoint --qr
python3 -c '
import sys
lines, scale = sys.stdin.read().splitlines(), 4
rows = [row for line in lines for row in ([c in "█▀" for c in line], [c in "█▄" for c in line])]  # a block is light
bits = b"".join(bytes(255 * light for light in row for _ in range(scale)) * scale for row in rows)
sys.stdout.buffer.write(b"P5 %d %d 255\n" % (len(rows[0]) * scale, len(rows) * scale) + bits)' <out >drawing.pgm
zbarimg -q --raw -Sdisable -Sqrcode.enable -Sbinary drawing.pgm >scanned 2>err || fail "zbarimg reads nothing"
same scanned ca/ledger.checkpoint

# Export, and again.
run 0 -C ca ledger export log
[ -f log/checkpoint ] || fail "no checkpoint in the export"
cmp log/checkpoint ca/ledger.checkpoint
tree() { find log -type f -printf '%p %T@ %i\n' | grep -v checkpoint | sort; }
tree >before
run 0 -C ca --json ledger export log
json '.records == .records_before and .records > 0 and .files == 1'
tree | diff before - || fail "what was exported already was written again"
for id in $(seq -w 130); do csr "requests/many-$id.csr" "/CN=many-$id"; done
sign 0 --out issued requests
run 0 -C ca --json ledger export log
json '.records > 256 and .records_before < 100'
absent log/tile/0/000.p log/tile/entries/000.p # full now
present log/tile/0/000 log/tile/entries/000
tree | grep -v '\.p/' >before
csr requests/one-more.csr /CN=one-more
sign 0 --out issued requests
run 0 -C ca --json ledger export log
json '.files <= 5'
tree | grep -v '\.p/' | diff before - || fail "full tiles were written again"
run 0 -C ca ledger export log-in-one-go
(cd log-in-one-go && find . -type f -print0 | xargs -0 -I{} cmp {} ../log/{})
cp -r log halfway # as an export that was stopped: files are missing, and the checkpoint, which comes last
rm -r halfway/checkpoint halfway/tile/0 halfway/tile/entries/000
run 0 -C ca ledger export halfway
(cd log-in-one-go && find . -type f -print0 | xargs -0 -I{} cmp {} ../halfway/{})
echo "$vkey" >vkey # for Tessera's client, see tests/interop/ledger_go.sh
"$SOURCE/build/tlogclient" log vkey first.checkpoint 2>err || fail "Tessera does not accept the export"

# A token that makes no Ed25519 keys: the ledger key is P-256, and all of it holds as well.
sed 's/^keys: .*/keys: [ec-p256]/; s/^name: .*/name: no-ed25519/' "$SOURCE/tokens/softhsm2.yaml" >no-ed25519.yaml
run 0 -C ca-256 init --token test --key-label second --key ec-p256 --subject "CN=Second Root" --model ./no-ed25519.yaml --pin-source file:pin
says "so the ledger key is P-256"
run 0 -C ca-256 sign "${device[@]}" --pin-source file:pin --out second requests
run 0 -C ca-256 ledger verify
run 0 -C ca-256 --json ledger checkpoint
jq -r .vkey out >vkey-256
run 0 ledger verify --proof second/device-1.tlog-proof --certificate second/device-1.pem --vkey "$(cat vkey-256)"
run 0 -C ca-256 ledger export log-256
"$SOURCE/build/tlogclient" log-256 vkey-256 2>err || fail "Tessera does not accept a P-256 ledger"

# A ledger that was cut is refused by every command, and verify says what holds.
cp -r ca cut
head -n 3 ca/ledger.jsonl >cut/ledger.jsonl
run 5 -C cut cert list
says "ledger was cut"
run 5 -C cut ledger verify
says "ledger.rollback"
echo "ledger: proofs, consistency, witnesses, export and a cut ledger: all as they should be"
