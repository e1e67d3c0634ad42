#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Private keys stay off the stick: `request --csr-out` puts none there, and `batch` warns of each that lies there, by its content.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca

# batch CODE ARGUMENTS...
batch() {
    local wanted=$1
    shift
    run "$wanted" -C ca --pin-source file:pin batch "${device[@]}" "$@"
}

# keys_below FOLDER: files that openssl takes for a private key
keys_below() {
    local file
    while IFS= read -r -d '' file; do
        ! openssl pkey -in "$file" -noout -passin pass:x 2>/dev/null || echo "$file"
    done < <(find "$1" -type f -print0)
}

step "--csr-out: the requests are on the stick, the keys are not, one or many, interrupted or not"
mkdir stick
run 0 request "${device[@]}" --cn device-1 --out keys --csr-out stick/requests
says "1 made in stick/requests"
says "the keys are in keys"
equal "$(find keys stick -type f | sort | tr '\n' ' ')" "keys/device-1.key stick/requests/device-1.csr "
equal "$(openssl req -in stick/requests/device-1.csr -noout -pubkey)" "$(openssl pkey -in keys/device-1.key -pubout)"
printf 'device-2\ndevice-3\n' >ids
run 0 request "${device[@]}" --list ids --out keys --csr-out stick/requests --json
json '.folder == "keys" and .csr_folder == "stick/requests" and .made == 2'
key=$(sha256sum keys/device-3.key)
rm stick/requests/device-3.csr
run 0 request "${device[@]}" --list ids --out keys --csr-out stick/requests
says "1 there already"
equal "$(sha256sum keys/device-3.key)" "$key" "the key of the run before is used"
equal "$(openssl req -in stick/requests/device-3.csr -noout -pubkey)" "$(openssl pkey -in keys/device-3.key -pubout)"
run 3 request "${device[@]}" --cn device-1 --out keys --csr-out stick/requests
says "device-1.csr already exists"
run 3 request "${device[@]}" --cn device-4 --out keys --csr-out nowhere/requests
absent keys/device-4.key
equal "$(keys_below stick)" ""

step "a stick without a key: batch says nothing of keys"
batch 0 --json stick
json '.issued == 3 and .private_keys == 0'
says_not "private key"

step "a stick with keys in every form, whatever they are called, hidden or in a directory beside: each is named"
mkdir bad
run 0 request "${device[@]}" --cn device-5 --out bad/requests # as an older page told its readers
mkdir -p bad/elsewhere/.ssh bad/issued
openssl genrsa -traditional -out rsa.pem 2048 2>err
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem
openssl rsa -traditional -in rsa.pem -outform DER -out bad/requests/pkcs1.bin 2>err
openssl ec -in ec.pem -outform DER -out bad/requests/sec1.doc 2>err
openssl pkcs8 -topk8 -nocrypt -in ec.pem -outform DER -out bad/elsewhere/pkcs8 2>err
openssl pkcs8 -topk8 -in ec.pem -passout pass:x -outform DER -out bad/elsewhere/.ssh/sealed
openssl pkcs8 -topk8 -in ec.pem -passout pass:x -out bad/readme.txt
openssl pkcs12 -export -nocerts -inkey ec.pem -passout pass:x -out bad/elsewhere/store.p12 2>err
cp rsa.pem bad/issued/forgotten.pem
echo "-----BEGIN CERTIFICATE-----" >bad/not-a-key.key
batch 0 --json bad
json '.issued == 1 and .private_keys == 8'
folder=$(find bad/issued -mindepth 1 -type d)
for found in 'requests/device-5.key (a private key in PEM)' 'requests/pkcs1.bin (an RSA private key in DER (PKCS #1))' \
    'requests/sec1.doc (an EC private key in DER (SEC 1))' 'elsewhere/pkcs8 (a private key in DER (PKCS #8))' \
    'elsewhere/.ssh/sealed (an encrypted private key in DER (PKCS #8))' 'readme.txt (an encrypted private key in PEM)' \
    'elsewhere/store.p12 (a PKCS #12 file)' 'issued/forgotten.pem (a private key in PEM)'; do
    grep -qF -- "$found" err || fail "the warning does not name $found"
    jq -e --arg found "$found" '.warnings[] | select(.rule == "medium.private-key") | .text | contains($found)' "$folder/report.json" >jq.out ||
        fail "report.json does not name $found"
done
says_not not-a-key.key
says "remove them from it"

step "a key that is called a request: refused with that reason, and the warning names it too"
mkdir -p mixed/requests
cp stick/requests/device-1.csr mixed/requests/
cat stick/requests/device-2.csr ec.pem >mixed/requests/device-2.pem
openssl pkcs8 -topk8 -nocrypt -in ec.pem -outform DER -out mixed/requests/key.der
cp bad/elsewhere/store.p12 mixed/requests/store.der
cp bad/elsewhere/pkcs8 mixed/requests/.hidden.der
iconv -t UTF-16LE <rsa.pem >mixed/requests/wide.pem
batch 1 --json mixed
json '.repeated == 2 and .refused == 4 and .private_keys == 5'
says "requests/.hidden.der (a private key in DER (PKCS #8))"
says "requests/device-2.pem (a private key in PEM)"
folder=$(find mixed/issued -mindepth 1 -type d)
for name in key store wide; do
    jq -e --arg name "$name" '.requests[] | select(.name == $name) | .reasons[] | select(.remedy | contains("take the private key off"))' \
        "$folder/report.json" >jq.out || { cat "$folder/report.json" >&2; fail "$name is not refused as a private key"; }
done
run 1 check "${device[@]}" mixed/requests/key.der
says "a private key in DER (PKCS #8), not a certificate request"

step "many keys: some are named, all are counted"
mkdir many
run 0 request "${device[@]}" --list <(seq -f 'many-%02g' 20) --out many/requests
batch 0 --json many
json '.issued == 20 and .private_keys == 20'
says "and 12 more"
sound_ledger
