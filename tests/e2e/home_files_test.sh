#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A FIFO, a device, a directory, a symbolic link or a file of a terabyte where any file of the home belongs: an error that names it, or, for
# what is derived, made anew; never a wait, and nothing is signed over what can't be read.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --key rsa-2048
openssl req -new -noenc -newkey rsa:2048 -keyout good.key -subj /CN=first -out first.csr 2>err
openssl req -new -noenc -newkey rsa:2048 -keyout good.key -subj /CN=good -out good.csr 2>err
sign 0 --out issued first.csr
present ca/index.sqlite
[ -e ca/lock ] || fail "no lock"
cp -a ca whole
keep_token whole

# put KIND FILE: in place of a file of the home
put() {
    rm -rf "ca/$2"
    case $1 in
        fifo) mkfifo "ca/$2" ;;
        device) mknod "ca/$2" c 1 5 2>/dev/null || ln -s /dev/zero "ca/$2" ;; # root's alone
        directory) mkdir "ca/$2" ;;
        link) ln -s ../whole/"$2" "ca/$2" ;;
        huge) truncate -s 1T "ca/$2" ;;
    esac
}
# ends COMMAND...: within a minute; sets `code`
ends() {
    code=0
    timeout 60 setsid --wait "$COLDCA" -C ca --pin-source file:pin "$@" >out 2>err </dev/null || code=$?
    [ "$code" != 124 ] || fail "$kind for $file: coldca $1 waits"
}
again() {
    rm -rf ca signed
    cp -a whole ca
    token_again whole
}

step "what can't be made anew: an error that names it, and nothing is signed"
for file in chain.pem policies/mqtt-device.yaml lock index.rsa; do
    for kind in fifo device directory huge; do
        [ "$kind $file" != "huge lock" ] || continue # nothing is read of it
        again
        put "$kind" "$file"
        ends sign "${device[@]}" --out signed good.csr
        [ "$code" = 3 ] || [ "$code" = 5 ] || { [ "$kind $file $code" = "huge index.rsa 0" ] && continue; } || fail "$kind for $file: sign ends with $code"
        says "$file"
        absent signed/good.pem
    done
done

step "a link is not followed where coldca writes"
for file in lock index.rsa ledger.jsonl ledger.checkpoints; do
    kind="link"
    again
    put link "$file"
    ends sign "${device[@]}" --out signed good.csr
    [ "$code" != 0 ] || fail "the link $file was followed"
    absent signed/good.pem
done

step "what is made anew from the ledger is made anew, and that is said; readers do without"
for file in index.sqlite index.sqlite-wal index.sqlite-shm; do
    for kind in fifo device huge; do
        again
        put "$kind" "$file"
        ends ledger verify
        if [ "$file" = index.sqlite ]; then
            equal "$code" 5 "$kind for $file: ledger verify"
            says "ledger.index: index.sqlite"
            says "the ledger itself holds"
        elif [ "$code" != 0 ]; then
            says "the ledger itself holds"
        fi
        ends cert list
        equal "$code" 0 "$kind for $file: cert list"
        again
        put "$kind" "$file"
        ends sign "${device[@]}" --out signed good.csr
        equal "$code" 0 "$kind for $file: sign"
        present signed/good.pem
        [ -f ca/index.sqlite ] || fail "$kind for $file: index.sqlite is not made anew"
        [ "$file" != index.sqlite ] || says "read the ledger's"
        sound_ledger
    done
done
echo "all is well"
