#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca request as a requester uses it: the recipes of the README, many at once, encrypted keys, and what must be refused.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# request CODE ARGUMENTS...: coldca request must end with CODE.
request() {
    local wanted=$1
    shift
    run "$wanted" request "$@"
}

# The request verifies with tools that are not ours and has this subject.
sound() {
    openssl req -in "$1" -verify -noout >verified 2>&1 || fail "openssl does not verify $1"
    grep -q "OK" verified || fail "openssl does not verify $1"
    [ "$(openssl req -in "$1" -noout -subject -nameopt RFC2253)" = "subject=$2" ] ||
        fail "the subject of $1 is $(openssl req -in "$1" -noout -subject -nameopt RFC2253)"
}

has_san() {
    openssl req -in "$1" -noout -text | grep -A1 'Subject Alternative Name' | grep -qF -- "$2" ||
        fail "$1 has no SAN $2"
}

same_key() {
    [ "$(openssl req -in "$1" -noout -pubkey)" = "$(openssl pkey -in "$2" -pubout)" ] || fail "$2 is not the key of $1"
}

# none_of WHY FILE...
none_of() {
    local why=$1 file
    shift
    for file in "$@"; do
        [ ! -e "$file" ] || fail "$why: $file"
    done
}

mode_of() {
    stat -c %a "$1"
}

echo "the recipe for a broker"
request 0 --policy mqtt-server --cn broker.example --san ip:127.0.0.1 --out server
sound server/broker.example.csr CN=broker.example
has_san server/broker.example.csr "IP Address:127.0.0.1"
same_key server/broker.example.csr server/broker.example.key
[ "$(mode_of server/broker.example.key)" = 600 ] || fail "others may read the key"
head -1 server/broker.example.key | grep -qx -- '-----BEGIN PRIVATE KEY-----' || fail "the key is not PKCS#8"

echo "the recipe for a device"
request 0 --policy mqtt-device --set domain=iot.example --cn device-1 --out device
sound device/device-1.csr CN=device-1
same_key device/device-1.csr device/device-1.key

echo "every kind of key"
for kind in ec-p256 ec-p384 ed25519 rsa-2048 rsa-3072 rsa-4096; do
    request 0 --policy mqtt-device --set domain=iot.example --cn "device-$kind" --key "$kind" --out kinds
    sound "kinds/device-$kind.csr" "CN=device-$kind"
    same_key "kinds/device-$kind.csr" "kinds/device-$kind.key"
done
openssl pkey -in kinds/device-ec-p384.key -noout -text | grep -q 'P-384' || fail "not P-384"
openssl pkey -in kinds/device-rsa-4096.key -noout -text | grep -q '4096 bit' || fail "not RSA 4096"

echo "a file is never written over"
before=$(sha256sum device/*)
request 3 --policy mqtt-device --set domain=iot.example --cn device-1 --out device
says "device-1.csr already exists"
rm device/device-1.csr
request 3 --policy mqtt-device --set domain=iot.example --cn device-1 --out device
says "device-1.key already exists"
request 0 --policy mqtt-device --set domain=iot.example --cn device-1 --out device --key-file device/device-1.key
sound device/device-1.csr CN=device-1
same_key device/device-1.csr device/device-1.key
[ "$(sha256sum device/device-1.key)" = "$(grep 'key$' <<<"$before")" ] || fail "the key was changed"
ln -s "$work/elsewhere" device/planted.csr
request 3 --policy mqtt-device --set domain=iot.example --cn planted --out device
none_of "written through a link" elsewhere device/planted.key

echo "a key with a passphrase"
(umask 077 && echo "correct horse" >passphrase && echo wrong >other)
request 0 --policy mqtt-server --cn sealed.example --encrypt --passphrase-source file:passphrase --out sealed
head -1 sealed/sealed.example.key | grep -qx -- '-----BEGIN ENCRYPTED PRIVATE KEY-----' || fail "not encrypted"
[ "$(mode_of sealed/sealed.example.key)" = 600 ] || fail "others may read the key"
openssl pkey -in sealed/sealed.example.key -passin file:passphrase -noout || fail "openssl does not open the key"
if openssl pkey -in sealed/sealed.example.key -passin file:other -noout 2>/dev/null; then
    fail "a wrong passphrase opens the key"
fi
openssl asn1parse -in sealed/sealed.example.key >parsed
for part in PBES2 PBKDF2 ":0927C0" hmacWithSHA256 aes-256-cbc; do # 600,000 iterations
    grep -q -- "$part" parsed || fail "the key's encryption lacks $part"
done
request 0 --policy mqtt-server --cn again.example --key-file sealed/sealed.example.key --passphrase-source file:passphrase --out sealed
sound sealed/again.example.csr CN=again.example
[ ! -e sealed/again.example.key ] || fail "the key was written again"
request 3 --policy mqtt-server --cn third.example --key-file sealed/sealed.example.key --passphrase-source file:other --out sealed
says "the passphrase is wrong"
request 2 --policy mqtt-server --cn third.example --key-file sealed/sealed.example.key --out sealed
says "--passphrase-source"
request 2 --policy mqtt-server --cn third.example --encrypt --out sealed
says "--passphrase-source"
PASS="from the environment" request 0 --policy mqtt-server --cn env.example --encrypt --passphrase-source env:PASS --out sealed
openssl pkey -in sealed/env.example.key -passin "pass:from the environment" -noout || fail "env: gave another passphrase"
chmod 644 passphrase
request 3 --policy mqtt-server --cn third.example --encrypt --passphrase-source file:passphrase --out sealed
says "others may read"
none_of "something was written in spite of an error" sealed/third.example.key sealed/third.example.csr

echo "many from a list, and again after an interruption"
printf 'device-1\n# a comment\ndevice-2\r\n\ndevice-3\n' >ids
request 0 --policy mqtt-device --set domain=iot.example --list ids --out many
for id in device-1 device-2 device-3; do
    sound "many/$id.csr" "CN=$id"
done
[ "$(find many -type f | wc -l)" = 6 ] || fail "other files than 3 keys and 3 requests"
before=$(sha256sum many/*)
request 0 --policy mqtt-device --set domain=iot.example --list ids --out many
says "3 there already"
[ "$before" = "$(sha256sum many/*)" ] || fail "a second run changed files"
key=$(sha256sum many/device-2.key)
rm many/device-2.csr many/device-3.csr many/device-3.key
request 0 --policy mqtt-device --set domain=iot.example --list ids --out many
[ "$key" = "$(sha256sum many/device-2.key)" ] || fail "a key that was there was not used"
for id in device-2 device-3; do
    sound "many/$id.csr" "CN=$id"
    same_key "many/$id.csr" "many/$id.key"
done

(umask 077 && echo "correct horse" >passphrase.list)
request 0 --policy mqtt-device --set domain=iot.example --list ids --out sealed-many --encrypt --passphrase-source file:passphrase.list
rm sealed-many/device-1.csr
request 0 --policy mqtt-device --set domain=iot.example --list ids --out sealed-many --encrypt --passphrase-source file:passphrase.list
sound sealed-many/device-1.csr CN=device-1
openssl pkey -in sealed-many/device-1.key -passin file:passphrase.list -pubout >pub
[ "$(openssl req -in sealed-many/device-1.csr -noout -pubkey)" = "$(cat pub)" ] || fail "an encrypted key was not used again"

echo "a run that is stopped or killed is finished by the next one"
seq -f 'sensor-%g' 200 >sensors
for signal in TERM KILL; do
    "$COLDCA" request --policy mqtt-device --set domain=iot.example --list sensors --out "stopped-$signal" >out 2>err &
    run=$!
    until [ -e "stopped-$signal/sensor-1.csr" ]; do
        kill -0 "$run" || fail "it ended by itself"
    done
    kill -s "$signal" "$run"
    code=0
    { wait "$run"; } 2>/dev/null || code=$?
    case $signal in
    TERM) [ "$code" = 6 ] || fail "exit code $code after SIGTERM" ;;
    KILL) [ "$code" = 137 ] || fail "exit code $code after SIGKILL" ;;
    esac
    request 0 --policy mqtt-device --set domain=iot.example --list sensors --out "stopped-$signal"
    [ "$(find "stopped-$signal" -name 'sensor-*' | wc -l)" = 400 ] || fail "not every request was made"
done
last=$(find stopped-KILL -name '*.csr' -printf '%T@ %f\n' | sort -n | sed -n '1p;$p' | cut -d' ' -f2)
for file in $last; do
    same_key "stopped-KILL/$file" "stopped-KILL/${file%.csr}.key"
done

echo "many from a table, with one that the policy refuses"
printf '\xef\xbb\xbfcn,san,name\r\na.example,dns:www.a.example ip:10.0.0.1,\r\n"b.example",,second\r\n"bad host",,\r\n' >hosts.csv
request 1 --policy mqtt-server --csv hosts.csv --out table --json
sound table/a.example.csr CN=a.example
has_san table/a.example.csr DNS:www.a.example
has_san table/a.example.csr "IP Address:10.0.0.1"
sound table/second.csr CN=b.example
[ "$(find table -type f | wc -l)" = 4 ] || fail "a refused request left files"
python3 - out <<'PY' || fail "the JSON is not what happened"
import json, sys
result = json.load(open(sys.argv[1]))
assert (result["made"], result["refused"], result["there_already"]) == (2, 1, 0)
made, second, refused = result["requests"]
assert made["result"] == "made" and made["csr_file"] == "a.example.csr" and made["key_file"] == "a.example.key"
assert made["sans"][-2:] == ["dns:www.a.example", "ip:10.0.0.1"] or "ip:10.0.0.1" in made["sans"]
assert len(made["spki_sha256"]) == 64 and len(made["csr_sha256"]) == 64
assert second["name"] == "second"
assert refused["result"] == "refused" and refused["reasons"] and "csr_file" not in refused
PY

echo "what the policy would refuse is not written"
request 1 --policy mqtt-device --set domain=iot.example --cn printer.7 --out refused
says "subject CN"
[ -z "$(ls refused)" ] || fail "a refused request was written"
openssl genrsa -out weak.key 1024 2>/dev/null
request 1 --policy mqtt-device --set domain=iot.example --cn weak --key-file weak.key --out refused
says "rsa-1024"
[ -z "$(ls refused)" ] || fail "a refused request was written"
request 0 --policy mqtt-device --set domain=iot.example --cn printer.7 --out refused --force
sound refused/printer.7.csr "CN=printer.7"
request 0 --policy mqtt-device --set domain=iot.example --cn "printer 7" --out refused --force
sound refused/printer_7.csr "CN=printer 7"
request 0 --policy mqtt-device --set domain=iot.example --cn escape --name ../../escape --out refused
request 1 --policy mqtt-device --set domain=iot.example --list <(echo ../../other) --out refused
none_of "a file left the folder" ../escape.csr escape.csr ../escape.key escape.key
[ "$(find refused -type f | wc -l)" = 6 ] || fail "not three requests with their keys"

echo "wrong command lines and files"
request 2
says "--policy is needed"
request 2 --policy mqtt-device --set domain=iot.example
request 2 --policy mqtt-device --cn x --out wrong
says "domain"
request 2 --policy mqtt-device --set domain=iot.example --set colour=red --cn x --out wrong
says "colour"
request 2 --policy mqtt-device --set domain --cn x --out wrong
request 2 --policy mqtt-device --set domain=iot.example --cn x --key dsa-1024 --out wrong
says "--key is one of"
request 2 --policy mqtt-device --set domain=iot.example --cn x --key rsa-1024 --out wrong
request 2 --policy mqtt-server --cn x --san carrier-pigeon:coo --out wrong
request 2 --policy mqtt-device --set domain=iot.example --cn x --list ids --out wrong
request 2 --policy mqtt-device --set domain=iot.example --csv hosts.csv --list ids --out wrong
request 2 --policy mqtt-device --set domain=iot.example --cn x --key-file weak.key --encrypt --out wrong
request 2 --policy mqtt-device --set domain=iot.example --cn x --unknown --out wrong
request 2 --policy mqtt-device --set domain=iot.example operand
request 2 --policy mqtt-device --set domain=iot.example --list <(printf 'A\nb\na\n') --out wrong
says "lines 1 and 3 would both be written as"
request 3 --policy no-such-policy --cn x --out wrong
request 3 --policy mqtt-device --set domain=iot.example --list missing --out wrong
request 3 --policy mqtt-device --set domain=iot.example --list <(printf 'a\0b\n') --out wrong
says "not UTF-8 text"
request 3 --policy mqtt-server --csv <(printf 'cn\n"a\n') --out wrong
says "a quoted cell does not end"
request 3 --policy mqtt-device --set domain=iot.example --cn x --key-file hosts.csv --out wrong
says "holds no private key"
request 3 --policy mqtt-device --set domain=iot.example --cn x --out hosts.csv
request 0 --help
says "usage: coldca request"
[ ! -e wrong ] || [ -z "$(ls wrong)" ] || fail "a wrong command line left files"

echo "the passphrase asked on a terminal: twice, not drawn, and Ctrl-C leaves nothing"
expect -f - "$COLDCA" <<'EXPECT' || fail "the passphrase on a terminal"
set timeout 60
set coldca [lindex $argv 0]
proc wants {text} {
    expect {
        -ex $text {}
        timeout { puts stderr "never seen: $text"; exit 1 }
        eof { puts stderr "ended before: $text"; exit 1 }
    }
}
proc ends {code} {
    expect eof
    set got [lindex [wait] 3]
    if {$got != $code} { puts stderr "exit code $got instead of $code"; exit 1 }
}
log_user 0
spawn $coldca request --policy mqtt-server --cn asked.example --encrypt --out asked
wants "passphrase for the key: "
send "tr0ubador\r"
wants "passphrase for the key, once more: "
send "tr0ubadour\r"
wants "the two entries differ"
wants "passphrase for the key: "
send "tr0ubador\r"
wants "passphrase for the key, once more: "
send "tr0ubador\r"
expect {
    "tr0ubador" { puts stderr "the passphrase was drawn"; exit 1 }
    "1 made in asked" {}
    timeout { exit 1 }
}
ends 0
spawn $coldca request --policy mqtt-server --cn stopped.example --encrypt --out asked
wants "passphrase for the key: "
send "half\x03"
wants "Ctrl-C"
ends 6
EXPECT
openssl pkey -in asked/asked.example.key -passin pass:tr0ubador -noout || fail "another passphrase than the one typed"
none_of "an interrupted run left files" asked/stopped.example.key asked/stopped.example.csr
echo "all is well"
