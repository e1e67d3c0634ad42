#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can be wrong with a home, a policy, a request, a token, a disk: each a clear line and its exit code, nothing half-written.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
csr requests/good.csr /CN=good
cp -r ca ca-whole
restore() {
    rm -rf ca issued
    token_forgets # the home of before is refused by a token that remembers more
    cp -r ca-whole ca
}
# Nothing was handed out and no record was added.
nothing_happened() {
    same ca/ledger.jsonl ca-whole/ledger.jsonl
    [ ! -d issued ] || equal "$(find issued -name '*.pem' -o -name '*.der' | wc -l)" 0 "certificates"
}
# refused FILE TEXT: sign and check refuse this request, say TEXT, and hand out nothing for it.
refused() {
    run 1 -C ca check "${device[@]}" "$1"
    says "$2"
    sign 1 --out issued "$1"
    says "$2"
    absent "issued/$(basename "${1%.*}").pem"
}

step "ca.yaml: missing, not YAML, an unknown key, a wrong type"
rm ca/ca.yaml
sign 3 --out issued requests
says ca.yaml
printf 'version: [1\n' >ca/ca.yaml
sign 3 --out issued requests
says ca.yaml
sed 's/^version: 1/version: 1\nextra: 2/' ca-whole/ca.yaml >ca/ca.yaml
sign 3 --out issued requests
says extra
sed 's/^allow_extractable: false/allow_extractable: [1]/' ca-whole/ca.yaml >ca/ca.yaml
sign 3 --out issued requests
says allow_extractable
nothing_happened
restore

step "ca.pem: missing, garbage"
rm ca/ca.pem
sign 5 --out issued requests
says "ca.pem was taken away"
head -c 100 /dev/urandom >ca/ca.pem
sign 3 --out issued requests
says ca.pem
nothing_happened
restore

step "a FIFO, a device, a huge file where a file of the home belongs: an error, not a wait"
for file in ca.yaml ca.pem ledger.jsonl ledger.checkpoints ledger.checkpoint; do
    for kind in fifo device huge; do
        rm "ca/$file"
        case $kind in
            fifo) mkfifo "ca/$file" ;;
            device) ln -s /dev/zero "ca/$file" ;;
            huge) truncate -s 1T "ca/$file" ;;
        esac
        for arguments in "cert list" "ledger verify" "sign ${device[*]} --pin-source file:pin --out issued requests"; do
            code=0
            # shellcheck disable=SC2086 # words of a command
            timeout 60 setsid --wait "$COLDCA" -C ca $arguments >out 2>err </dev/null || code=$?
            [ "$code" = 3 ] || [ "$code" = 5 ] || fail "$kind for $file: coldca $arguments ends with $code"
        done
        absent issued/good.pem
        restore
    done
done

step "ca.yaml: the origin and the vkey's name are one"
sed -i 's/^origin: .*/origin: other.example/' ca/ca.yaml
sign 3 --out issued requests
says "one ledger's name"
restore

step "a policy: missing, not YAML, an unknown key with line and column"
run 3 -C ca sign --policy no-such --pin-source file:pin --out issued requests
says no-such
printf 'policy: x\nkey: {allow: [ec-p256' >broken.yaml
run 3 -C ca sign --policy ./broken.yaml --pin-source file:pin --out issued requests
sed 's/^key_usage:/key_usages:/' ca/policies/mqtt-device.yaml >unknown.yaml
run 3 -C ca sign --policy ./unknown.yaml --set domain=iot.example --pin-source file:pin --out issued requests
says key_usages
nothing_happened

step "a ledger: cut, changed, rolled back, gone (exit 5)"
sign 0 --out issued requests
cp -r ca ca-later
head -c -40 ca-later/ledger.jsonl >ca/ledger.jsonl
sign 5 --out issued requests
cp ca-later/ledger.jsonl ca/
sed -i '2s/"time":"2/"time":"1/' ca/ledger.jsonl
run 5 -C ca ledger verify
cp ca-whole/ledger.jsonl ca/
sign 5 --out issued requests
says "an old copy restored"
rm ca/index.sqlite*
sign 5 --out issued requests
says "but the checkpoint in ledger.checkpoints is of"
rm ca/ledger.jsonl
sign 5 --out issued requests
restore

step "a home rolled back as a whole is told by the checkpoint on the medium"
sign 0 --out issued requests/good.csr
rm -rf ca
cp -r ca-whole ca
csr other/other.csr /CN=other
sign 5 --out issued other
says "but a checkpoint that left this home is of"
absent issued/other.pem
restore

step "a request whose signature fails, one of the CA's own key, empty, huge, binary, a wrong kind of PEM"
openssl req -in requests/good.csr -outform DER -out forged.der
size=$(stat -c %s forged.der)
flip_byte forged.der $((size - 3))
mkdir bad
openssl req -inform DER -in forged.der -out bad/forged.csr 2>/dev/null
refused bad/forged.csr "the request's signature does not verify with its own key"
: >bad/empty.csr
refused bad/empty.csr "the file is empty"
{ cat requests/good.csr; head -c 70000 /dev/zero | tr '\0' '#'; } >bad/huge.csr
refused bad/huge.csr "larger than 65536 bytes"
head -c 3000 /dev/urandom >bad/binary.csr
refused bad/binary.csr "not a certificate request"
cp ca/ca.pem bad/certificate.csr
refused bad/certificate.csr 'a PEM block "CERTIFICATE" is something else'
head -c 300 requests/good.csr >bad/cut.csr
refused bad/cut.csr "a PEM block has no END line: the file was cut short"
openssl req -in requests/good.csr -outform DER -out bad/tail.csr
printf 'tail' >>bad/tail.csr
refused bad/tail.csr "4 bytes follow the request"
sound_ledger

step "the key of the CA itself in a request"
run 0 -C plain init --token test --key ec-p256 --key-label own --subject "CN=Own" --pin-source file:pin
own=$(awk -F"'" '/^ca_key/ { print $2 }' ca/ca.yaml)
preloaded=$(preloaded_for "${BUILD:?}/coldca-provider.so")
LD_PRELOAD=$preloaded ASAN_OPTIONS=detect_leaks=0 COLDCA_PKCS11_MODULE=$(softhsm_module) openssl req -new -provider-path "$BUILD" -provider coldca-provider -provider default -subj /CN=own \
    -key "$own?pin-source=file:$work/pin" -out bad/own.csr 2>provider.err || { cat provider.err >&2; fail "no request with the CA's key"; }
refused bad/own.csr "it is the key of a CA in the chain"

step "one bad request among good ones stops nobody else"
rm -rf issued
cp requests/good.csr bad/
sign 1 --out issued bad
present issued/good.pem
equal "$(find issued -name '*.pem' | wc -l)" 1
sound_ledger
restore

step "a token that vanished (exit 4): nothing was signed, and the next run does it all"
mv token/tokens token/tokens-away
mkdir token/tokens
sign 4 --out issued requests
nothing_happened
rmdir token/tokens
mv token/tokens-away token/tokens
SOFTHSM2_CONF=/nonexistent sign 4 --out issued requests
nothing_happened
sign 0 --out issued requests
restore

step "keys swapped behind our back are not used (exit 4)"
other=$(awk -F"'" '/^ca_key/ { print $2 }' plain/ca.yaml)
sed -i "s|^ca_key: .*|ca_key: '$other'|" ca/ca.yaml
sign 4 --out issued requests
says "its public key differs"
nothing_happened
restore

step "a disk that is full while the ledger is written (exit 3): the next run with room finishes"
run 0 request "${device[@]}" --list <(seq -f 'device-%02g' 40) --out many
size=$(($(stat -c %s ca/ledger.jsonl) / 1024 + 2))
code=0
(ulimit -f $size; setsid --wait "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out issued many >out 2>err </dev/null) || code=$?
[ "$code" = 3 ] || [ "$code" = 5 ] || fail "exit code $code with a full disk"
[ ! -d issued ] || equal "$(find issued -name '*.pem' | wc -l)" 0 "certificates the ledger does not hold"
sign 0 --out issued many
equal "$(find issued -name '*.pem' | wc -l)" 40
strict issued/*.pem
sound_ledger
restore

step "a stick that is full: the certificate is in the ledger, and the same command hands it out when there is room"
mkdir full
if mount -t tmpfs -o size=16k,mode=0755 tmpfs full 2>/dev/null; then
    mounts+=("$PWD/full")
    head -c 16384 /dev/zero >full/filler 2>/dev/null || true # as much as fits
    sign 3 --out full requests
    equal "$(find full -name '*.pem' | wc -l)" 0 "half a certificate on the stick"
    rm full/filler
    sign 0 --out full requests
    strict full/good.pem
    equal "$(records '.type == "cert.issued" and .seq > 2')" 1 "one certificate, not two"
    umount full
else
    echo "   (no mount here: left to machines where root may)"
fi
sound_ledger
restore

step "an output folder that can't be written, an output that is a file"
echo file >outfile
sign 3 --out outfile requests
sign 3 --out /proc/none requests
nothing_happened
restore

step "a second coldca in the same home is turned away at once"
mkfifo go
"$COLDCA" -C ca sign "${device[@]}" --pin-source file:go --out issued requests >first.out 2>first.err </dev/null &
children+=($!)
first=$!
# Opening the FIFO for writing succeeds when the first one reads its PIN, with the home locked.
exec 9>go
sign 5 --out second requests
says "in use by process $first"
absent second/good.pem
cat pin >&9
exec 9>&-
wait "$first" || fail "the first run failed: $(cat first.err)"
present issued/good.pem
sound_ledger

step "what is no plan: each command that takes one says which file, why, and where a plan comes from"
mkfifo fifo
ln -s /dev/zero endless
mkdir folder
: >empty
head -c 3000000 /dev/urandom >garbage
truncate -s 2G huge
printf '{"план":"ä"}\n' >ünïcode.plan
openssl genpkey -algorithm ed25519 -out ann.pem 2>/dev/null
# no_plan FILE: within seconds, with nothing written, by exit code 3
no_plan() {
    local file=$1 lines
    lines=$(wc -l <ca/ledger.jsonl)
    for command in "approve $file --key ann.pem --name ann --yes" "-C ca sign --plan $file --approval empty --out answers" \
        "-C ca crl --plan $file --approval empty" "-C ca revoke --plan $file --approval $file"; do
        code=0
        # shellcheck disable=SC2086 # words of a command
        LC_ALL=C timeout -s KILL 20 "$COLDCA" $command >out 2>err </dev/null || code=$?
        [ "$code" = 3 ] || fail "exit code $code instead of 3: coldca $command"
        says "$file"
    done
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records"
    absent answers
}
for file in fifo endless folder empty garbage huge ünïcode.plan missing; do no_plan "$file"; done
no_plan garbage
says "get it again from who wrote it by \`coldca plan\` or --plan-out"
rm huge
