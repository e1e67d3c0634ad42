#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The signer itself is confined: a module that turns on it reaches its token, the home and the medium, and nothing else.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
csr medium/requests/a.csr /CN=a
csr medium/requests/b.csr /CN=b
csr medium/requests/c.csr /CN=c
echo secret >secret
echo victim >victim
chmod 600 secret
python3 -c '
import signal, socket
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
print("port:", listener.getsockname()[1], flush=True)
signal.pause()' >port &
children+=($!)
wait_for port "port: " $!

module=$(softhsm_module)
spy=$BUILD/token_spy.so
[ -f "$spy" ] || fail "$spy is not built"
export TOKEN_SPY_MODULE=$module TOKEN_SPY_SECRET=$work/secret TOKEN_SPY_VICTIM=$work/victim TOKEN_SPY_REPORT=$work/ca/spy
TOKEN_SPY_PORT=$(sed 's/port: //' port)
export TOKEN_SPY_PORT

# use_spy [PROFILE]: the CA's token is reached by the spy
use_spy() {
    [ -f plain.yaml ] || cp ca/ca.yaml plain.yaml
    sed -e "/^  profile:/d" -e "s|^  uri:|  module: $spy\n  uri:|" plain.yaml >ca/ca.yaml
    [ $# = 0 ] || sed -i "s|^  uri:|  profile: $1\n  uri:|" ca/ca.yaml
}

# Landlock knows TCP since Linux 6.7.
knows_tcp() {
    [ "$(printf '%s\n6.7\n' "$(uname -r)" | sort -V | head -n 1)" = 6.7 ]
}

# all_refused ACTS
all_refused() {
    present ca/spy
    knows_tcp || sed -i 's/^connect-tcp: done$/connect-tcp: Permission denied/' ca/spy
    ! grep -v ': Permission denied$' ca/spy >other || fail "not refused: $(cat other)"
    equal "$(wc -l <ca/spy)" "$1" "acts tried"
    rm ca/spy
    present victim
    absent secret.planted
}

step "without a profile nothing is known, which is told; the same acts are done there, so the test can see them"
use_spy
sign 0 --dry-run medium/requests/a.csr # no token is opened, and foreign requests are judged all the same
says "not confined"
sign 0 --out known medium/requests/a.csr
says "not confined"
[ "$(id -u)" != 0 ] || grep -qx 'read-shadow: done' ca/spy || fail "the spy saw nothing: $(cat ca/spy)"
grep -qx 'read-secret: done' ca/spy || fail "the spy saw nothing: $(cat ca/spy)"
grep -qx 'connect-tcp: done' ca/spy || fail "the spy saw nothing: $(cat ca/spy)"
grep -qx 'remove-outside: done' ca/spy || fail "the spy saw nothing: $(cat ca/spy)"
grep -qx 'dump-core: Permission denied' ca/spy || fail "core dumps: $(cat ca/spy)"
rm ca/spy secret.planted
echo victim >victim

step "sign: files, folders, programs, TCP and core dumps are out of reach; the token is not, and the PIN's file is not"
use_spy softhsm2
TOKEN_SPY_EXECUTE=1 sign 0 --out signed medium/requests/b.csr
says_not "not confined"
present signed/b.pem signed/b.tlog-proof
all_refused 11

step "batch: the same, with the medium to write to"
run 0 -C ca batch "${device[@]}" --pin-source file:pin medium
present medium/issued/*/c.pem medium/issued/*/report.html medium/issued/*/SHA256SUMS
all_refused 10

step "what comes with the program is read when it is needed: the list of weak keys"
mkdir -p data/screen
cp -r "$SOURCE/policies" "$SOURCE/tokens" data/
printf '%020x\n%020x\n' 1 2 >data/screen/debian-weak-keys
openssl req -new -noenc -newkey rsa:2048 -keyout d.key -subj /CN=d -out medium/requests/d.csr 2>err || fail "no RSA request"
COLDCA_DATA=$work/data run 0 -C ca batch "${device[@]}" --pin-source file:pin medium
says_not "there is no list"
present medium/issued/*/d.pem
all_refused 10

step "the ledger holds it all"
cp plain.yaml ca/ca.yaml
sound_ledger
