#!/usr/bin/env bash
# coldca review by a person at a terminal: what is shown, decided, signed and logged; and Ctrl-C at every question.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
PIN=$(cat pin)
export COLDCA PIN
for name in device-1 device-2 device-3; do
    ask "$name"
done
openssl req -newkey rsa:2048 -nodes -keyout bad.key -out requests/bad.csr -subj $'/CN=evil\x1b[31m\xe2\x80\xae' -utf8 2>/dev/null
echo garbage >requests/garbage.csr

cat >person.tcl <<'TCL'
# What the scenarios below share: a person who waits for words, types, and looks at the terminal afterwards.
set timeout 60
log_user 0
proc fail {why} { puts stderr "FAILED: $why"; exit 1 }
proc wants {text} {
    expect {
        -ex $text {}
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants "q quit"; wants ": "; send $typed }
proc ends {wanted} {
    expect eof
    set code [lindex [wait] 3]
    if {$code != $wanted} { fail "exit code $code instead of $wanted" }
}
proc starts {args} {
    global spawn_id env
    spawn $env(COLDCA) -C ca {*}$args review --policy mqtt-device --set domain=iot.example --out issued requests
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
person "Ctrl-C at every question signs nothing and leaves the terminal as it was" <<'TCL'
spawn $env(COLDCA) -C ca review --policy mqtt-device --set domain=iot.example --out issued requests
wants "is that right? \[yes/no\]: "
send "\x03"
ends 6
starts
answers "1 of 5" "\x03"
ends 6
starts
answers "1 of 5, bad: r leave it refused" "r\r"
answers "2 of 5, device-1: a approve" "r\r"
wants "reason (goes into the ledger): "
send "half\x03"
ends 6
starts
answers "1 of 5" "A\r"
wants "\[yes/no\]: "
send "yes\r"
answers "decided: 3 to sign" "\x03"
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
ends 6
starts
answers "1 of 5" "q\r"
ends 6
TCL
[ "$before" = "$(wc -l <ca/ledger.jsonl)" ] || fail "the ledger grew by reviews that were given up"
[ -z "$(ls issued 2>/dev/null)" ] || fail "something was signed"

person "each request in words, each key, then the PIN" <<'TCL'
starts
wants "5 requests under policy mqtt-device: 3 to sign, 0 to hand out again, 2 refused, 0 put aside"
wants "plan "
wants "bad.csr"
wants "CN=evil\\x1b\[31m\\u{202e}"
wants "REFUSED by the policy"
answers "1 of 5, bad: r leave it refused" "a\r"
wants "it can't be approved here: "
answers "1 of 5" "r\r"
wants "device-1.csr"
wants "CN=device-1"
wants "SHA-256 "
wants "policy adds"
wants "spiffe://iot.example/device/device-1"
wants "the certificate that would come out:"
answers "2 of 5, device-1: a approve, r refuse" "a\r"
answers "3 of 5" "r\r"
wants "reason (goes into the ledger): "
send "lost in the post\r"
answers "4 of 5" "s\r"
answers "5 of 5" "r\r"
answers "decided: 1 to sign, 0 to hand out again, 3 refused, 1 put aside" "c\r"
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

person "a wrong PIN is told and not tried again" <<'TCL'
starts
answers "1 of 5" "A\r"
wants "\[yes/no\]: "
send "yes\r"
answers "decided" "c\r"
wants "PIN of "
wants ": "
send "9999\r"
ends 4
TCL

echo "without a terminal nothing is asked and nothing signed"
run 2 -C ca --pin-source file:pin review --policy mqtt-device --set domain=iot.example --out issued requests
says terminal
echo "all is well"
