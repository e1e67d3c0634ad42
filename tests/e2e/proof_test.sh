#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# NAME.tlog-proof beside each certificate: holds with no home, stays as it is when the run is repeated, goes when it is not wanted.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
run 0 -C ca --json ledger checkpoint
vkey=$(jq -r .vkey out)

# holds CODE PROOF CERTIFICATE: away from any home
holds() {
    local folder=$PWD
    mkdir -p away
    cd away
    run "$1" ledger verify --proof "$folder/$2" --certificate "$folder/$3" --vkey "$vkey"
    cd "$folder"
}

step "each certificate issued has its proof, which holds where there is no home, and for no other certificate"
for id in 1 2 3; do csr requests/device-$id.csr /CN=device-$id; done
sign 0 --json --out issued requests
json '.issued == 3 and .proofs == 3'
for id in 1 2 3; do holds 0 issued/device-$id.{tlog-proof,pem}; done
holds 5 issued/device-1.tlog-proof issued/device-2.pem
tail -n 5 issued/device-1.tlog-proof >end
same end issued/checkpoint

step "the same run again leaves proofs as they are, though the ledger has a later checkpoint"
csr later/later.csr /CN=later
sign 0 --out later-issued later
cp -r issued before
places=$(stat -c '%n %i %y' issued/*.tlog-proof)
sign 0 --out issued requests
for id in 1 2 3; do
    same issued/device-$id.tlog-proof before/device-$id.tlog-proof
done
equal "$(stat -c '%n %i %y' issued/*.tlog-proof)" "$places"
! cmp -s issued/checkpoint before/checkpoint || fail "no later checkpoint"

step "a proof that is missing, or was never written, comes with the certificate that is handed out again"
rm issued/device-2.tlog-proof
sign 0 --no-proof --out bare requests
equal "$(find bare -type f -printf '%f\n' | sort | tr '\n' ' ')" "checkpoint device-1.pem device-2.pem device-3.pem "
sign 0 --out issued requests
sign 0 --out bare requests
for id in 1 2 3; do
    holds 0 issued/device-$id.{tlog-proof,pem}
    holds 0 bare/device-$id.{tlog-proof,pem}
done

step "policy: 'proof: false' is heard"
sed '/^policy:/a proof: false' ca/policies/mqtt-device.yaml >quiet.yaml
sed -i 's/^policy: .*/policy: quiet/' quiet.yaml
approve ./quiet.yaml
run 0 -C ca sign --policy ./quiet.yaml --set domain=iot.example --pin-source file:pin --out quiet requests/device-1.csr
present quiet/device-1.pem
absent quiet/device-1.tlog-proof

step "what is not this certificate's proof is not written over, and the request is refused"
mkdir taken
for text in "somebody else's" "$(cat issued/device-2.tlog-proof)"; do
    printf '%s\n' "$text" >taken/device-1.tlog-proof
    sign 1 --out taken requests/device-1.csr
    says "holds another device-1"
    equal "$(cat taken/device-1.tlog-proof)" "$text"
    csr requests/new.csr /CN=new
    cp taken/device-1.tlog-proof taken/new.tlog-proof
    sign 1 --out taken requests/new.csr
    absent taken/new.pem taken/device-1.pem
done
sign 0 --no-proof --out taken requests/device-1.csr
present taken/device-1.pem

step "a certificate whose run died before its checkpoint: the next run signs one first"
cp ca/ledger.checkpoint{,s} .
csr dead/dead.csr /CN=dead
sign 0 --out dead-issued dead
mv ledger.checkpoint{,s} ca
token_forgets # it is told after the checkpoint, which that run did not come to
rm ca/index.sqlite*
sign 0 --out dead-again dead
same dead-issued/dead.pem dead-again/dead.pem
holds 0 dead-again/dead.tlog-proof dead-issued/dead.pem
sound_ledger

step "several groups: one checkpoint each, and every proof holds"
run 0 request "${device[@]}" --list <(seq -f 'many-%03g' 300) --out many
checkpoints=$(grep -c '^—' ca/ledger.checkpoints)
sign 0 --out many-issued many
made=$(($(grep -c '^—' ca/ledger.checkpoints) - checkpoints)) # a group of 64, then as many as the token signs in half a second
if [ "$made" -lt 2 ] || [ "$made" -gt 13 ]; then fail "$made checkpoints for 300 certificates"; fi
for id in $(seq -f many-%03g 1 9 300); do holds 0 many-issued/"$id".{tlog-proof,pem}; done
tail -n 5 many-issued/many-300.tlog-proof >end
same end many-issued/checkpoint
sound_ledger

step "review writes them too, unless told not to"
grep -q 'no-proof' <(COLUMNS=200 "$COLDCA" review --help) || fail "review has no --no-proof"
