#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every block of docs/recipes.md as it stands, in order, in one directory: against mosquitto and amqtt, by name and by address, in a network of its own
# that has nothing but a loopback. What came out is then compared with what amqtt's tools and openssl make of the same words.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
venv=$SOURCE/build/venv/bin
[ -x "$venv/amqtt" ] || fail "amqtt is not installed: scripts/setup venv"
for program in mosquitto pkcs11-tool keytool ip unshare; do
    [ -n "$(PATH=$PATH:/usr/sbin command -v "$program")" ] || fail "$program is not installed: scripts/setup test"
done
own=(unshare --net --mount --pid --fork --kill-child)
[ "$(id -u)" = 0 ] || own+=(--map-root-user --map-auto)
"${own[@]}" true 2>err || own+=(--propagation unchanged) # in a chroot, whose root is not a mount
"${own[@]}" true 2>err || skip "no network of its own for the page's port 8883: $(cat err); run it as root"

step "each block of the page is a shell block, so each is run"
python3 - "$SOURCE/docs/recipes.md" page.sh <<'END' || fail "a block of the page can't be run"
import sys
script, block, start = ["set -euo pipefail\n"], None, 0
for number, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1):
    fence = line.startswith("```")
    if block is None and fence:
        if line != "```sh\n":
            sys.exit(f"line {number}: {line.strip()} is not ```sh")
        block, start = [], number
    elif fence:
        script += [f"echo '-- docs/recipes.md:{start}' >&3\n", *block]
        block = None
    elif "```" in line:
        sys.exit(f"line {number}: a fence that does not begin its line")
    elif block is not None:
        block.append(line)
if block is not None or len(script) < 30:
    sys.exit("the page has no end, or hardly a block")
open(sys.argv[2], "w", encoding="utf-8").writelines(script)
END

softhsm_use token
mkdir page bin home
ln -s "$COLDCA" bin/coldca
cp /etc/hosts hosts 2>/dev/null || echo '127.0.0.1 localhost' >hosts
cp -a /etc/mosquitto mosquitto
cat >enter.sh <<END
set -euo pipefail
[ -e /etc/hosts ] || : >/etc/hosts
mount --bind "$work/hosts" /etc/hosts
mount --bind "$work/mosquitto" /etc/mosquitto
trap 'umount /etc/mosquitto /etc/hosts' EXIT
ip link set lo up
cd "$work/page"
timeout --kill-after=10 400 bash "$work/page.sh"
END
HOME=$work/home PATH=$work/bin:$venv:$PATH:/usr/sbin:/sbin "${own[@]}" bash enter.sh 3>blocks >out 2>err </dev/null || {
    [ ! -s page/broker.log ] || tail -n 20 page/broker.log >&2
    cat page/edge.log page/mqtt.log >&2 2>/dev/null || true
    tail -n 1 blocks >&2
    fail "the last block that was begun did not end well"
}
cat blocks
equal "$(grep -c . blocks)" "$(grep -c '^```sh$' "$SOURCE/docs/recipes.md")" "blocks that were run"
cp out said
cp err told

step "the messages arrived, by name and by address"
for message in 21 7; do grep -qx "$message" said || fail "the message $message did not arrive"; done
equal "$(grep -cx 21 said)" 2 "amqtt's and mosquitto's reader"

step "no private key on the stick, none open to others"
! grep -q "private keys on the medium" told || fail "batch found a private key: $(cat told)"
while IFS= read -r -d '' file; do
    ! openssl pkey -in "$file" -passin pass: -noout 2>/dev/null || fail "$file is a private key, on the stick"
done < <(find page/media page/stick -type f -print0)
equal "$(find page/keys mosquitto -name '*.key' -perm /077)" "" "keys that others may read"
absent page/old/ca.key

# days NAME: how long a certificate is good, in whole days
days() {
    local from to
    from=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    to=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((to - from + 43200) / 86400)) # from the minutes before now, to the second before
}
name_of() {
    openssl x509 -in "$1" -noout -subject -nameopt RFC2253
}
bits_of() {
    openssl x509 -in "$1" -noout -text | sed -n 's/.*Public-Key: (\([0-9]*\) bit)/\1/p'
}
# san_of NAME: sorted, one a line
san_of() {
    openssl x509 -in "$1" -noout -ext subjectAltName | tail -n +2 | tr ',' '\n' | sed 's/^ *//' | sort
}

step "amqtt's own tools, asked with the words of the page: the same subjects, names, sizes and days"
mkdir theirs
cd theirs
"$venv/ca_creds" --country US --state NY --locality NY --org-name "My Org" --cn my.domain.name >out 2>err || fail ca_creds
"$venv/server_creds" --country US --org-name "My Org" --cn broker.example >out 2>err || fail server_creds
"$venv/device_creds" --country US --org-name "My Org" --device-id device-1 --uri iot.example >out 2>err || fail device_creds
cd ..
for pair in ca:ca/ca.pem server:media/issued/broker.example.pem device-1:media/issued/device-1.pem; do
    theirs=theirs/${pair%%:*}.crt ours=page/${pair#*:}
    for fact in name_of bits_of days; do equal "$($fact "$ours")" "$($fact "$theirs")" "$fact of $ours"; done
    [ "$pair" = ca:ca/ca.pem ] || equal "$(san_of "$ours")" "$(san_of "$theirs")" "names of $ours"
done

step "AUTOSOL's words in openssl: the same subjects and days, and the address is an IP name"
for pair in "server:10.3.0.11" "client:MyEACM"; do
    openssl req -new -noenc -newkey rsa:2048 -keyout theirs/x.key -out theirs/x.csr 2>err \
        -subj "/C=US/ST=Texas/O=My Company/CN=${pair#*:}/emailAddress=john.smith@company.example" || fail "openssl req"
    openssl x509 -req -in theirs/x.csr -CA theirs/ca.crt -CAkey theirs/ca.key -CAcreateserial -days 3650 -out theirs/x.crt 2>err || fail "openssl x509"
    ours=page/media/issued/${pair%%:*}.pem
    for fact in name_of bits_of days; do equal "$($fact "$ours")" "$($fact theirs/x.crt)" "$fact of $ours"; done
done
equal "$(days page/edge-ca/ca.pem)" 3650
equal "$(san_of page/media/issued/server.pem | tr '\n' ' ')" "DNS:broker.example IP Address:10.3.0.11 "
head -n 1 page/keys/server.key | grep -qx -- '-----BEGIN ENCRYPTED PRIVATE KEY-----' || fail "the server's key has no passphrase"
head -n 1 page/keys/client.key | grep -qx -- '-----BEGIN PRIVATE KEY-----' || fail "the client's key has a passphrase"

step "1024 and 500 days"
equal "$(days page/mqtt-ca/ca.pem)" 1024
for name in mqtt-broker sensor-1 sensor-2; do equal "$(days "page/media/issued/$name.pem")" 500 "$name"; done

step "PKCS #12: Java lists a key and a trusted certificate, openssl opens both encryptions, and they hold the CA"
keytool -list -keystore page/keys/truststore.p12 -storepass:file page/storepass >out 2>err || fail "keytool does not open the trust store"
says trustedCertEntry
for store in client.p12 server.p12 client.pfx; do
    keytool -list -keystore "page/keys/$store" -storepass:file page/storepass >out 2>err || fail "keytool does not open $store"
    says PrivateKeyEntry
    openssl pkcs12 -in "page/keys/$store" -passin file:page/storepass -nokeys -out chain 2>err || fail "openssl does not open $store"
    equal "$(grep -c 'BEGIN CERTIFICATE' chain)" 2 "certificates in $store"
done

step "every CA's certificates hold by openssl's rules, and every ledger"
openssl verify -x509_strict -CAfile page/ca/ca.pem page/media/issued/{broker.example,device-1}.pem >out 2>err || fail "amqtt's"
openssl verify -x509_strict -CAfile page/edge-ca/ca.pem page/media/issued/{server,client}.pem >out 2>err || fail "AUTOSOL's"
openssl verify -x509_strict -CAfile page/mqtt-ca/ca.pem page/media/issued/{mqtt-broker,sensor-1,sensor-2}.pem >out 2>err || fail "mosquitto's"
for home in ca edge-ca mqtt-ca old-ca; do run 0 -C "page/$home" ledger verify; done
equal "$(openssl x509 -in page/old-ca/ca.pem -outform DER | sha256sum)" "$(openssl x509 -in page/old/ca.pem -outform DER | sha256sum)"

step "the key of an EC CA, as the page says beside its blocks: by pkcs11-tool in two objects, by softhsm2-util in one go"
cd page
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem
openssl pkcs8 -topk8 -nocrypt -in ec.pem -out ec.p8
openssl req -new -x509 -days 3650 -key ec.pem -subj "/CN=Old EC CA" -out ec-ca.pem
import=(pkcs11-tool --module "$(softhsm_module)" --token-label my-token --login --pin env:PIN --label ec --id 01ec)
PIN=$(cat pin) "${import[@]}" --write-object ec.p8 --type privkey --usage-sign --sensitive >out 2>err || fail "pkcs11-tool"
adopt=(init --certificate ec-ca.pem --pin-source file:pin --key-label)
run 4 -C ec-ca "${adopt[@]}" ec --origin company.example/ec --use-key 'pkcs11:token=my-token;id=%01%EC;type=private'
says "store one there with the same id"
openssl pkey -in ec.pem -pubout -outform DER -out ec.pub
PIN=$(cat pin) "${import[@]}" --write-object ec.pub --type pubkey >out 2>err || fail "pkcs11-tool"
run 0 -C ec-ca "${adopt[@]}" ec --origin company.example/ec --use-key 'pkcs11:token=my-token;id=%01%EC;type=private'
says "it was not made in the token"
# shellcheck disable=SC2016 # Tcl's own variable
expect -c 'set timeout 20; spawn softhsm2-util --import ec.p8 --token my-token --label ec-2 --id 02ec; expect "user PIN:"; send "[exec cat pin]\r"' \
    -c 'expect "reenter"; send "[exec cat pin]\r"; expect eof; catch wait result; exit [lindex $result 3]' >out || fail "softhsm2-util"
run 0 -C ec-ca-2 "${adopt[@]}" ec-2 --origin company.example/ec-2 --use-key 'pkcs11:token=my-token;id=%02%EC;type=private'
