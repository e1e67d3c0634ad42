#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca batch: a stick goes in, certificates come out; hostile, it ends well.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/stick.sh
source "$(dirname "$0")/stick.sh"
make_ca

step "requests in folders go by the policy of that name, others by --policy; the answers mirror their names"
fill stick 3
mkdir -p stick/requests/{mqtt-device,mqtt-server/hall}
csr device-x.csr /CN=device-x
csr broker.csr /CN=broker.example -addext subjectAltName=DNS:broker.example
mv device-x.csr stick/requests/mqtt-device/
mv broker.csr stick/requests/mqtt-server/hall/
csr bad.csr "/CN=no good name"
mv bad.csr stick/requests/
echo "read me" >stick/requests/note.txt
batch 1 --json "${device[@]}" stick
json '.requests == 6 and .issued == 5 and .refused == 1 and .other_files == 1 and .answers'
folder=$(answers stick)
equal "stick/issued/$(jq -r .batch out)" "$folder"
equal "$(cd "$folder" && find . -type f -printf '%P\n' | sort | tr '\n' ' ')" \
    "SHA256SUMS checkpoint $(echo device-000{1,2,3}{-chain.pem,.pem,.tlog-proof}) $(echo mqtt-device/device-x{-chain.pem,.pem,.tlog-proof}) $(
        echo mqtt-server/hall/broker{-chain.pem,.pem,.tlog-proof}) refused.csv report.html report.json "
strict "$folder"/device-*[0-9].pem "$folder"/mqtt-device/device-x.pem "$folder"/mqtt-server/hall/broker.pem
same "$folder/checkpoint" ca/ledger.checkpoint
sound_ledger

step "SHA256SUMS is of all files there are; the reports name every request"
(cd "$folder" && sha256sum --quiet --strict -c SHA256SUMS) || fail "the sums don't fit"
equal "$(wc -l <"$folder/SHA256SUMS")" "$(($(find "$folder" -type f | wc -l) - 1))"
equal "$(jq -r '[.requests[] | select(.status == "issued")] | length' "$folder/report.json")" 5
equal "$(jq -r '.requests[] | select(.status == "refused") | .request' "$folder/report.json")" "requests/bad.csr"
equal "$(jq -r '.requests[] | select(.name == "device-0001") | .certificate_sha256' "$folder/report.json")" \
    "$(openssl x509 -in "$folder/device-0001.pem" -outform DER | sha256sum | cut -d' ' -f1)"
equal "$(jq -r '.requests[] | select(.name == "device-0001") | .serial' "$folder/report.json")" "$(serial_of "$folder/device-0001.pem")"
python3 - "$folder/refused.csv" "$folder/report.html" <<'END' || fail "refused.csv or report.html is wrong"
import csv, html.parser, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
assert rows and all(row["request"] == "requests/bad.csr" and row["reason"] for row in rows), rows
class Page(html.parser.HTMLParser):
    tags, text = [], ""
    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not {"src", "href", "onload"} & {name for name, _ in attributes}, attributes
    def handle_data(self, data):
        self.text += data
page = Page()
page.feed(open(sys.argv[2], encoding="utf-8").read())
assert "script" not in page.tags and "svg" in page.tags, set(page.tags)
assert "requests/bad.csr" in page.text and "requests/mqtt-server/hall/broker.csr" in page.text
END
run 0 ledger verify --proof "$folder/mqtt-device/device-x.tlog-proof" --certificate "$folder/mqtt-device/device-x.pem" \
    --vkey "$(sed -n 's/^ *ledger_vkey: *//p' ca/ca.yaml | tr -d "'\"")"

step "the same stick again: nothing is made twice, nothing is written for what is there"
rm stick/requests/bad.csr
batch 0 --json "${device[@]}" stick
json '.issued == 0 and .repeated == 0 and .present == 5 and (.answers | not)'
equal "$(find stick/issued -mindepth 1 -maxdepth 1 | wc -l)" 1
batch 0 "${device[@]}" stick
says "nothing to do"

step "new requests on the same stick get a batch of their own; another stick gets the certificates there are"
csr later.csr /CN=device-later
mv later.csr stick/requests/
batch 0 --json "${device[@]}" stick
json '.issued == 1 and .present == 5'
equal "$(find stick/issued -mindepth 1 -maxdepth 1 | wc -l)" 2
mkdir other
cp -r stick/requests other/requests
batch 0 --json "${device[@]}" other
json '.issued == 0 and .repeated == 6'
same "$folder/device-0001.pem" "$(answers other)/device-0001.pem"

step "a policy that says 'proof: false' is heard, and takes nothing from the others"
sed '/^policy:/a proof: false' ca/policies/mqtt-server.yaml >quiet.yaml
sed -i 's/^policy: .*/policy: quiet/' quiet.yaml
cp quiet.yaml ca/policies/
approve quiet
fill mixed 1 mixed
mkdir mixed/requests/quiet
csr hall.csr /CN=hall.example -addext subjectAltName=DNS:hall.example
mv hall.csr mixed/requests/quiet/
batch 0 --json "${device[@]}" mixed
json '.issued == 2 and .proofs == 1'
present "$(answers mixed)"/mixed-0001.{pem,tlog-proof} "$(answers mixed)/quiet/hall.pem"
absent "$(answers mixed)/quiet/hall.tlog-proof"

step "a stick with a later checkpoint than the ledger has: exit 5, nothing is signed"
cp -r ca ca-old
csr more.csr /CN=device-more
mv more.csr stick/requests/
batch 0 "${device[@]}" stick
mv ca ca-new
mv ca-old ca
size=$(wc -c <ca/ledger.jsonl)
batch 5 "${device[@]}" stick
says "on the medium"
equal "$(wc -c <ca/ledger.jsonl)" "$size"
rm -rf ca
mv ca-new ca

step "hostile names and kinds of files end in the report, and nothing else is touched"
mkdir -p hostile/requests/mqtt-device
csr good.csr /CN=device-good
cp good.csr hostile/requests/mqtt-device/good.csr
csr twin.csr /CN=device-twin
cp twin.csr hostile/requests/mqtt-device/GOOD.csr
csr odd.csr /CN=device-odd
cp odd.csr "hostile/requests/mqtt-device/$(printf 'new\nline\033[31m\377.csr')"
ln -s /etc/passwd hostile/requests/link.csr
ln -s / hostile/requests/root
mkfifo hostile/requests/fifo.csr
mkdir hostile/requests/folder.csr
: >hostile/requests/empty.csr
truncate -s 10G hostile/requests/sparse.csr
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' hostile/requests/socket.csr
cp good.csr "hostile/requests/$(printf 'n%.0s' {1..251}).csr"
batch 1 --json "${device[@]}" hostile
report=$(answers hostile)/report.json
json '.issued == 2 and .refused >= 7'
for name in link fifo empty sparse socket; do
    equal "$(jq -r ".requests[] | select(.request == \"requests/$name.csr\") | .status" "$report")" refused "$name"
done
equal "$(jq -r '[.requests[] | select(.reasons[]?.rule == "output.name")] | length' "$report")" 1 "case twins"
! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$report" "$(dirname "$report")/report.html" || fail "control characters in a report"
equal "$(find "$(dirname "$report")" -name '*.pem' | grep -vc chain)" 2

step "issued/ that is a symbolic link, a folder that is not a batch, a batch nobody made: not used"
fill linked 1 linked
mkdir elsewhere
ln -s ../elsewhere linked/issued
batch 3 "${device[@]}" linked
equal "$(find elsewhere | wc -l)" 1
rm linked/issued
mkdir -p linked/issued/{20991231T235959Z-abcdef,..x,report}
echo mine >linked/issued/20991231T235959Z-abcdef/linked-0001.pem
batch 0 "${device[@]}" linked
equal "$(cat linked/issued/20991231T235959Z-abcdef/linked-0001.pem)" mine

step "what is missing or wrong is told before anything is done"
size=$(wc -c <ca/ledger.jsonl)
batch 2 one two
says "name one medium"
batch 2 stick
says "--policy"
batch 2 "${device[@]}" --set nonsense=1 stick
says "nonsense"
batch 3 "${device[@]}" nowhere
mkdir bare
batch 3 "${device[@]}" bare
says "it is empty"
mkdir bare/requests
batch 3 "${device[@]}" bare
says "no requests"
mkdir -p roots/requests/root
cp good.csr roots/requests/root/
equal "$(wc -c <ca/ledger.jsonl)" "$size"
batch 1 --json roots
equal "$(jq -r '.requests[].reasons[].rule' "$(answers roots)/report.json")" policy.root
sound_ledger
