#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca review by a person at a terminal: what is shown, decided, signed and logged; and Ctrl-C at every question.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
PIN=$(cat pin)
MODULE=$(softhsm_module)
export COLDCA PIN MODULE
for name in device-1 device-2 device-3; do
    ask "$name"
done
openssl req -newkey rsa:2048 -nodes -keyout bad.key -out requests/bad.csr -subj $'/CN=evil\x1b[31m\xe2\x80\xae' -utf8 2>/dev/null
echo garbage >requests/garbage.csr

cat >person.tcl <<'TCL'
# What the scenarios below share: a person who waits for words, types, and looks at the terminal afterwards.
set timeout 60
set stty_init "rows 60 columns 200"
log_user 0
proc fail {why} { puts stderr "FAILED: $why"; exit 1 }
proc wants {text} {
    global spawn_id expect_out
    expect {
        -ex $text {}
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants "q quit"; wants ": "; send $typed }
# To the last question, the first of five requests refused by a person, the other allowed ones approved.
proc decides {} {
    answers "1 of 5" "r\r"
    answers "2 of 5" "r\r"
    wants "reason (goes into the ledger): "
    send "lost in the post\r"
    answers "3 of 5" "A\r"
    wants "\[yes/no\]: "
    send "yes\r"
    answers "decided: 2 to sign, 0 to re-deliver, 3 refused, 0 skipped" "c\r"
    wants "PIN of token test (SoftHSM v2): "
}
proc ends {wanted} {
    expect eof
    set code [lindex [wait] 3]
    if {$code != $wanted} { fail "exit code $code instead of $wanted" }
}
proc starts {args} {
    global spawn_id env
    if {$args eq ""} { set args requests }
    spawn $env(COLDCA) -C ca review --policy mqtt-device --set domain=iot.example --out issued {*}$args
    wants "is that right? \[yes/no\]: "
    send "yes\r"
}
TCL

# person NAME: runs the scenario on stdin.
person() {
    echo "$1"
    { cat person.tcl && cat; } >scenario.tcl
    expect -f scenario.tcl >seen 2>err || fail "$1"
}

before=$(wc -l <ca/ledger.jsonl)
person "Ctrl-C before a decision ends it, a second one later; nothing is signed and the terminal is left as it was" <<'TCL'
spawn $env(COLDCA) -C ca review --policy mqtt-device --set domain=iot.example --out issued requests
wants "is that right? \[yes/no\]: "
send "\x03"
ends 6
starts
answers "1 of 5" "\x03"
ends 6
starts
answers "1 of 5: requests/bad.csr" "r\r"
answers "2 of 5: requests/device-1.csr" "r\r"
wants "reason (goes into the ledger): "
send "half\x03"
wants "discards the 1 decision made so far"
answers "2 of 5" "\x03"
ends 6
starts
answers "1 of 5" "A\r"
wants "\[yes/no\]: "
send "yes\r"
answers "decided: 3 to sign" "\x03"
answers "discards the 5 decisions made so far" "\x03"
ends 6
starts
answers "1 of 5" "A\r"
wants "\[yes/no\]: "
send "yes\r"
answers "decided: 3 to sign" "c\r"
wants "PIN of "
wants ": "
if {[catch {stty -a < $spawn_out(slave,name)} modes] || ![string match "*-echo *" $modes]} { fail "the PIN would be drawn" }
send "12\x03"
answers "discards the 5 decisions made so far" "\x03"
ends 6
starts
answers "1 of 5" "q\r"
ends 6
TCL
[ "$before" = "$(wc -l <ca/ledger.jsonl)" ] || fail "the ledger grew by reviews that were given up"
[ -z "$(ls issued 2>/dev/null)" ] || fail "something was signed"

person "each request in words, each key, then the PIN" <<'TCL'
starts
wants "5 requests under policy mqtt-device: 3 to sign, 0 to re-deliver, 2 refused, 0 skipped"
wants "plan "
wants "bad.csr"
wants "CN=evil\\x1b\[31m\\u{202e}"
wants "REFUSED by the policy"
wants "1 of 5: requests/bad.csr"
wants "subject: CN=evil\\x1b\[31m\\u{202e}"
answers "r leave it refused" "a\r"
wants "it can't be approved here: "
answers "1 of 5" "r\r"
wants "device-1.csr"
wants "CN=device-1"
wants "SHA-256 "
wants "policy adds"
wants "spiffe://iot.example/device/device-1"
wants "the certificate to be issued:"
wants "2 of 5: requests/device-1.csr"
wants "subject: CN=device-1"
answers "a approve, r refuse" "a\r"
answers "3 of 5" "r\r"
wants "reason (goes into the ledger): "
send "lost in the post\r"
answers "4 of 5" "s\r"
answers "5 of 5" "r\r"
answers "decided: 1 to sign, 0 to re-deliver, 3 refused, 1 skipped" "c\r"
wants "PIN of "
wants ": "
send "$env(PIN)\r"
expect {
    -ex $env(PIN) { fail "the PIN was drawn" }
    -ex "1 certificate issued" {}
    timeout { fail "no summary" }
    eof { fail "ended without a summary" }
}
ends 1
TCL
[ -e issued/device-1.pem ] || fail "device-1 was not signed"
openssl verify -CAfile ca/ca.pem issued/device-1.pem >out || fail "openssl does not verify the certificate"
for name in device-2 device-3 bad garbage; do
    [ ! -e "issued/$name.pem" ] || fail "$name was signed"
done
grep -q 'lost in the post' ca/ledger.jsonl || fail "the reason is not in the ledger"
sound_ledger

rm -r issued
person "a wrong PIN, one too short, a Ctrl-C: back to the last question with all decisions; then the right one signs them" <<'TCL'
starts --reissue requests
decides
send "9999\r"
wants "refuses the PIN"
answers "your decisions are kept" "c\r"
wants "PIN of "
wants ": "
send "123\r"
wants "the PIN is too short: the token takes 4 to 255 bytes; it was not tried"
answers "your decisions are kept" "c\r"
wants "PIN of "
wants ": "
send "\x03"
answers "discards the 5 decisions made so far" "c\r"
wants "PIN of "
wants ": "
send "$env(PIN)\r"
wants "2 certificates issued"
ends 1
TCL
present issued/device-2.pem issued/device-3.pem
[ ! -e issued/device-1.pem ] || fail "what a person refused was signed"
[ "$(jq -r 'select(.type == "request.refused" and .decision == "lost in the post") | .source' ca/ledger.jsonl | sort -u)" = "requests/device-1.csr
requests/device-2.csr" ] || fail "the decision is not in the ledger"
sound_ledger

person "a request that has its certificate is shown with it, and gets it again" <<'TCL'
starts requests/device-2.csr
wants "has its certificate already: serial "
wants "the certificate already issued:"
wants "CN=device-2"
answers "1 of 1: requests/device-2.csr" "a\r"
answers "decided: 0 to sign, 1 to re-deliver, 0 refused, 0 skipped" "c\r"
wants "PIN of "
wants ": "
send "$env(PIN)\r"
wants "0 certificates issued, 1 "
ends 0
TCL

person "at 80x24 no text scrolls away unread, and the question tells whose it is" <<'TCL'
set stty_init "rows 24 columns 80"
starts requests/device-3.csr
wants "request 1 of 1"
wants "file          requests/device-3.csr"
wants "Enter shows them, q goes to the question: "
if {[regexp -all "\n" $expect_out(buffer)] > 20} { fail "a page is longer than the screen" }
send "\r"
expect -re "\n1 of 1: requests/device-3.csr\r\nsubject: CN=device-3\r\n(a approve\[^\n\]*q quit: )$" {} timeout { fail "no question: $expect_out(buffer)" }
if {[string length $expect_out(1,string)] > 79} { fail "the question is wider than the terminal" }
send "?\r"
wants "request 1 of 1"
wants "Enter shows them, q goes to the question: "
send "q\r"
answers "1 of 1" "q\r"
ends 6
TCL

person "requests are judged and shown by a process that is confined, or said not to be" <<'TCL'
starts requests/device-3.csr
set status [open /proc/[exp_pid]/status]
if {![regexp "NoNewPrivs:\t1" [read $status]]} { fail "not confined when the clock is asked about" }
answers "1 of 1" "q\r"
ends 6
exec sed -i.kept -e "/^  profile:/d" -e "s|^  uri:|  module: $env(MODULE)\\n  uri:|" ca/ca.yaml
spawn $env(COLDCA) -C ca review --policy mqtt-device --set domain=iot.example --out issued requests
wants "this process is not confined"
wants "is that right? \[yes/no\]: "
send "no\r"
ends 6
exec mv ca/ca.yaml.kept ca/ca.yaml
TCL

person "a PIN from a pipe is opened before the process is confined" <<'TCL'
spawn bash -c {exec "$COLDCA" -C ca review --policy mqtt-device --set domain=iot.example --out issued --pin-source file:<(cat pin) requests/device-3.csr}
wants "is that right? \[yes/no\]: "
send "yes\r"
answers "1 of 1" "a\r"
answers "decided" "c\r"
wants "0 certificates issued, 1 "
ends 0
TCL

echo "without a terminal nothing is asked and nothing signed"
run 2 -C ca --pin-source file:pin review --policy mqtt-device --set domain=iot.example --out issued requests
says terminal
echo "all is well"
