#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A token that is not there, not whole, or not for this user: what is missing is named, and nobody is led to make another one.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
ask one

# Everything that needs the token says that it is gone, with exit code 4, and never that another one could be made.
gone() {
    local command
    for command in "sign ${device[*]} --out issued requests" "batch ${device[*]} medium"; do
        # shellcheck disable=SC2086
        run 4 -C ca $command --pin-source file:pin
        says "this CA's token is missing or damaged"
        says "restore it from its backup"
        says "$1"
        ! grep -qiE 'token init|makes one|new one|new token|initiali' err || fail "a new token is spoken of"
    done
    absent issued/one.pem medium/issued/*/one.pem
}
mkdir -p medium
cp -r requests medium/
mv token/tokens real

step "no token at all is left: only SoftHSM's empty slot"
mkdir token/tokens
gone "plug it in"

step "another token is there, with the same label"
run 0 token init --label test --so-pin-source file:so-pin --pin-source file:pin
gone '"test" (serial'

step "the right token lost its objects"
rm -rf token/tokens
cp -r real token/tokens
rm -f token/tokens/*/*.object
gone "SOFTHSM2_CONF"

step "it lost its keys only"
rm -rf token/tokens
cp -r real token/tokens
find token/tokens -name '*.object' ! -name token.object -delete
run 4 -C ca sign "${device[@]}" --out issued --pin-source file:pin requests
says "a token that lost it is to be restored from its backup"

step "a token of the pool is not there"
rm -rf token/tokens
cp -r real token/tokens
cp ca/ca.yaml kept.yaml
sed -i "s/^  uri:.*/&\n  pool: ['pkcs11:token=second']/" ca/ca.yaml
run 4 -C ca sign "${device[@]}" --out issued --pin-source file:pin requests
says 'no token with URI "pkcs11:token=second"'
says_not "token init"
cp kept.yaml ca/ca.yaml

step "and put back it signs"
run 0 -C ca sign "${device[@]}" --out issued --pin-source file:pin requests
strict issued/one.pem

step "a home without ca.yaml but with a ledger is not to be made anew"
mkdir half
cp ca/ledger.jsonl half/
run 3 -C half sign "${device[@]}" --out issued --pin-source file:pin requests
says "restore ca.yaml"
says_not "coldca init"

[ "$(id -u)" = 0 ] || skip "what another user may read needs root"
install -d -m 711 open/tokens
cp "$COLDCA" open/coldca
cp "$SOURCE"/tokens/*.yaml open/tokens/
chmod 711 "$work"
chmod 755 open/coldca
group=$(getent group daemon | cut -d: -f1) # one that nobody is in

# as_nobody VARIABLE=VALUE...: token list by a user who is in no group
as_nobody() {
    local code=0
    (cd / && exec setpriv --reuid=nobody --regid=nogroup --clear-groups env -u SOFTHSM2_CONF HOME=/nonexistent \
        COLDCA_DATA="$work/open" "$@" "$work/open/coldca" token list) >out 2>err </dev/null || code=$?
    equal "$code" 4 "exit code"
    says_not "would not say why"
}

step "Debian's SoftHSM belongs to root and a group: another user is told of SOFTHSM2_CONF and of the group"
if [ -d /etc/softhsm ] && ! setpriv --reuid=nobody --regid=nogroup --clear-groups test -r /etc/softhsm/softhsm2.conf; then
    as_nobody A=b
    says "this user may not read /etc/softhsm/softhsm2.conf"
    says "set SOFTHSM2_CONF"
    says "join the group $(stat -c %G /etc/softhsm)"
else
    echo "(here everybody may read it)"
fi

step "a configuration of another group, named by SOFTHSM2_CONF"
install -d -m 750 -g "$group" closed
install -m 640 -g "$group" token/softhsm2.conf closed/softhsm2.conf
as_nobody SOFTHSM2_CONF="$work/closed/softhsm2.conf"
says "this user may not read $work/closed/softhsm2.conf"
says "join the group $group"

step "a folder for the tokens that this user may not use"
printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$work/closed" >open/closed.conf
chmod 644 open/closed.conf
as_nobody SOFTHSM2_CONF="$work/open/closed.conf"
says "this user may not write to $work/closed"

step "a configuration or a folder that is not there"
as_nobody SOFTHSM2_CONF=/nonexistent/softhsm2.conf
says "SOFTHSM2_CONF names /nonexistent/softhsm2.conf, which does not exist"
printf 'directories.tokendir = /nonexistent/tokens\nobjectstore.backend = file\n' >open/lost.conf
chmod 644 open/lost.conf
as_nobody SOFTHSM2_CONF="$work/open/lost.conf"
says "/nonexistent/tokens does not exist"
