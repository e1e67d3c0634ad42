#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CRLs: every kind of key by openssl's and GnuTLS's word, show and verify, when one is due, runs that died, a poisoned index, a list.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

pin=(--pin-source file:pin)
revoke() {
    local wanted=$1
    shift
    run "$wanted" -C ca revoke "${pin[@]}" "$@"
}

make_token
for key in rsa-3072 ec-p256 ec-p384 ed25519; do
    step "$key: openssl and certtool agree about the CRL"
    run 0 -C "ca-$key" init --token test --key "$key" --key-label "$key" --subject "CN=Root $key" "${pin[@]}"
    run 0 request "${device[@]}" --cn "$key" --out "$key"
    run 0 -C "ca-$key" sign "${device[@]}" "${pin[@]}" --out "$key-issued" "$key"
    run 0 -C "ca-$key" crl "${pin[@]}"
    run 0 -C "ca-$key" revoke --certificate "$key-issued/$key.pem" --reason superseded --yes "${pin[@]}"
    run 0 -C "ca-$key" crl "${pin[@]}"
    for number in 1 2; do
        openssl crl -in "ca-$key/crl/crl-$number.pem" -CAfile "ca-$key/ca.pem" -noout 2>err || fail "openssl refuses CRL $number"
        certtool --verify-crl --load-ca-certificate "ca-$key/ca.pem" --infile "ca-$key/crl/crl-$number.pem" >out 2>err ||
            fail "certtool refuses CRL $number"
        run 0 -C "ca-$key" crl verify "ca-$key/crl/crl-$number.der"
        run 0 crl show "ca-$key/crl/crl-$number.pem"
        says "number: $number"
        says_not "lint:"
    done
    says "superseded"
    openssl verify -x509_strict -crl_check_all -CAfile "ca-$key/ca.pem" -CRLfile "ca-$key/crl/crl-1.pem" "$key-issued/$key.pem" >out 2>err ||
        fail "turned away before it was revoked"
    ! openssl verify -x509_strict -crl_check_all -CAfile "ca-$key/ca.pem" -CRLfile "ca-$key/crl/crl-2.pem" "$key-issued/$key.pem" >out 2>err ||
        fail "let in though it is revoked"
    run 0 -C "ca-$key" ledger verify
done

mv ca-ec-p256 ca
for name in a b c d; do ask $name; done
sign 0 --out issued requests
a=$(serial_of issued/a.pem) b=$(serial_of issued/b.pem)

step "when the next one is due"
run 0 -C ca status
says "the next is due"
run 1 -C ca status --within 31d
run 0 -C ca crl --due
revoke 0 --serial "$a" --reason keyCompromise --yes
run 1 -C ca status --json
json .due due
json .waiting 1
run 0 -C ca crl "${pin[@]}"
run 0 -C ca status

step "a key that was compromised gets no certificate, whatever it is called"
openssl req -new -key requests/a.key -subj /CN=another -out again.csr
sign 1 --out issued again.csr
says "was revoked for keyCompromise"
run 1 -C ca check "${device[@]}" --json again.csr
json '[.requests[].reasons[].rule] | index("key.compromised") != null'

step "a poisoned index leaves no entry out, and gets nothing wrong into the ledger"
cp -r ca clean
keep_token clean
for poison in "UPDATE certificates SET status = 1" "UPDATE certificates SET status = 0" "UPDATE certificates SET not_after = 1" \
    "UPDATE certificates SET issued_seq = NULL" "UPDATE certificates SET issued_seq = signing_seq" "UPDATE certificates SET subject = 'CN=x'" \
    "DELETE FROM certificates; DELETE FROM keys; DELETE FROM fresh_keys" "DELETE FROM records WHERE type LIKE 'cert.%'"; do
    rm -rf ca
    cp -r clean ca
    token_again clean
    sqlite3 ca/index.sqlite "$poison"
    entries=2
    for serial in "$a" "$b"; do
        # It is rebuilt, or does not find the certificate, or stops; whatever is written is right.
        setsid --wait "$COLDCA" -C ca revoke "${pin[@]}" --serial "$serial" --reason superseded --yes >out 2>err </dev/null || true
    done
    [ "$(records '.type == "cert.revoked" and .serial == "'"$a"'"')" = 1 ] || fail "revoked twice after: $poison"
    equal "$(jq -r 'select(.type == "cert.revoked" and .serial == "'"$b"'") | .serial' ca/ledger.jsonl | sort | uniq -d | wc -l)" 0 "$poison"
    ! grep -q "\"serial\":\"$b\".*\"type\":\"cert.revoked\"" ca/ledger.jsonl || entries=3
    run 0 -C ca crl "${pin[@]}" --json
    json .entries $entries
    rm -f ca/index.sqlite*
    run 0 -C ca crl verify ca/crl/crl-4.pem
    sound_ledger
done
rm -rf ca
cp -r clean ca
token_again clean

step "an index that hides an unfinished certificate is found out: it may have been signed"
ask hidden
sign 0 --out issued requests/hidden.csr
hidden=$(jq -r 'select(.type == "cert.signing") | .serial' ca/ledger.jsonl | tail -n 1)
head -n $(($(jq 'select(.type == "cert.signing") | .seq' ca/ledger.jsonl | tail -n 1) + 1)) ca/ledger.jsonl >clean/ledger.jsonl
rm -rf ca
mv clean ca
token_again clean
sqlite3 ca/index.sqlite "CREATE TRIGGER lie AFTER INSERT ON certificates
    BEGIN UPDATE certificates SET status = 1, issued_seq = signing_seq WHERE signing_seq = new.signing_seq; END"
run 5 -C ca crl "${pin[@]}"
says "1 certificates are unfinished"
run 0 -C ca ledger index --rebuild
run 0 -C ca crl "${pin[@]}" --json
json .entries 3
run 0 crl show ca/crl/crl-4.pem
says "$hidden"
run 0 -C ca crl verify ca/crl/crl-4.pem

step "a CRL that is not the ledger's"
openssl x509 -in ca/ca.pem -out strange.pem
run 3 -C ca crl verify strange.pem
run 3 -C ca crl verify ca-rsa-3072/crl/crl-1.pem
cp -r ca older
revoke 0 --serial "$b" --hold --yes
run 0 -C ca crl "${pin[@]}"
run 5 -C older crl verify ca/crl/crl-5.pem
says "the ledger has no CRL 5"

step "an old copy makes no CRL: the token remembers; and a CRL of the next number in the home says so"
run 5 -C older crl "${pin[@]}"
says "remembers"
cp ca/crl/crl-5.der ca/crl/crl-6.der
run 5 -C ca crl "${pin[@]}"
says "older than what left it"
rm ca/crl/crl-6.der
run 0 -C ca ledger verify

step "the newest CRL is delivered again as it was signed, from the ledger alone; nothing is signed"
mv ca/crl kept-crl
issued=$(records '.type == "crl.issued"')
run 0 -C ca crl --again --out again "${pin[@]}" --json
json '.number == 5 and .repeated'
for place in ca/crl again; do same kept-crl/crl-5.der $place/crl-5.der && same kept-crl/crl-5.pem $place/crl-5.pem; done
equal "$(records '.type == "crl.issued"')" "$issued"
run 0 -C ca crl --again --out again "${pin[@]}"
says "CRL 5 is delivered again"
echo other >again/crl-5.der
run 3 -C ca crl --again --out again "${pin[@]}"
says "another crl-5.der is there already"
run 2 -C ca crl --again --days 3 "${pin[@]}"
says "--again delivers a CRL as it was signed"
rm -rf ca/crl
mv kept-crl ca/crl
sound_ledger

step "a list: all bad lines are named, and nothing is done, unless they may be skipped"
{
    echo "serial,reason,invalidity_date"
    echo "$(serial_of issued/c.pem),superseded,"
    echo "zz,,"                                  # 3: no hex
    echo "0102030405,,"                          # 4: unknown
    echo ",,"                                    # 5: no serial
    echo "$(serial_of issued/c.pem),,"           # 6: twice
    echo "$(serial_of issued/d.pem),removeFromCRL," # 7
    echo "$(serial_of issued/d.pem),7,"          # 8
    echo "$(serial_of issued/d.pem),,yesterday"  # 9
    echo "$(serial_of issued/d.pem),,2999-01-01" # 10
    echo "$(serial_of ca/ca.pem),,"              # 11: the CA's own
    echo "0102030405060708090a0b0c0d0e0f1011121314151617,," # 12: too long
    echo "$(serial_of issued/d.pem),affiliationChanged,2026-01-01"
} >list.csv
before=$(wc -l <ca/ledger.jsonl)
revoke 3 --list list.csv --expect-count 2
for line in 3 4 5 6 7 8 9 10 11 12; do says "list.csv:$line:"; done
equal "$(grep -c '^list.csv:' err)" 10
equal "$(wc -l <ca/ledger.jsonl)" "$before" "nothing is in the ledger"
revoke 1 --list list.csv --expect-count 2 --skip-bad
equal "$(jq -c 'select(.type == "revocation.set") | [.count, .skipped, .list_sha256]' ca/ledger.jsonl)" \
    "[2,10,\"$(sha256sum <list.csv | cut -d' ' -f1)\"]"
run 0 -C ca crl "${pin[@]}" --json
json .entries 6

step "keep_expired is on the CRL"
printf 'crl:\n  days: 7\n  overlap_hours: 24\n  keep_expired: true\n' >>ca/ca.yaml
run 0 -C ca crl "${pin[@]}"
openssl crl -in ca/crl/crl-7.pem -noout -text | grep -q "2.5.29.60" || fail "no expiredCertsOnCRL"
run 0 crl show ca/crl/crl-7.pem
says "that expired since"
run 0 -C ca crl verify ca/crl/crl-7.pem
run 1 -C ca status --within 7d
sound_ledger

step "what was done to a CRL or a revocation in the ledger is found"
# tampered FILTER RULE: ledger verify of a copy whose records went through jq says RULE
tampered() {
    rm -rf copy
    cp -r ca copy
    jq -cS "$1" ca/ledger.jsonl >copy/ledger.jsonl
    run 5 -C copy ledger verify
    says "$2"
}
tampered 'if .type == "crl.signing" and .number == 5 then .count += 1 else . end' "it counts"
tampered 'if .type == "crl.signing" and .number == 5 then .this_update = "2026-01-01T00:00:00Z" else . end' "this_update"
tampered 'if .type == "crl.signing" and .number == 5 then .number = 4 else . end' "not larger"
tampered 'if .type == "crl.signing" and .number == 5 then .keep_expired = true else . end' "keep_expired"
tampered 'if .type == "crl.signing" and .number == 5 then .size -= 1 else . end' "size"
tampered 'if .type == "crl.signing" and .number == 5 then del(.previous) else . end' "previous"
tampered 'if .type == "crl.signing" and .number == 5 then .issuer_sha256 = .tbs_sha256 else . end' "issuer_sha256"
tampered 'if .type == "crl.issued" and .number == 5 then .sha256 = "00" * 32 else . end' "SHA-256"
tampered 'if .type == "crl.issued" and .number == 5 then .number = 6 else . end' "no unfinished crl.signing"
tampered 'if .type == "cert.revoked" and .reason == "keyCompromise" then .reason = "superseded" else . end' "another than was signed"
tampered 'if .type == "cert.revoked" and .reason == "keyCompromise" then .type = "cert.unrevoked" else . end' "ledger.history"
tampered 'if .type == "cert.revoked" and .hold then .hold = false else . end' "hold and reason disagree"
tampered 'if .type == "crl.signing" and .number == 5 then .scope = {"shard": 1} else . end' "scope"
