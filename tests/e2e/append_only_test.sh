#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ledger only ever grows: on files that can do nothing else (chattr +a), with a home that can't be written, with two programs at once, and
# from a tail torn at any byte.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
openssl genpkey -algorithm ed25519 -out ada.pem 2>err
for name in a b c d e f g; do csr "$name/$name.csr" "/CN=$name"; done

step "the records and the checkpoints may be append-only files"
# The file system of the temporary folder may not know the attribute: then one that does is mounted from a file.
append_only() { chattr +a "$1/ledger.jsonl" "$1/ledger.checkpoints" 2>err; }
home=ca
if ! append_only ca; then
    command -v mkfs.ext4 >/dev/null || skip "chattr +a fails in $PWD, and there is no mkfs.ext4"
    truncate -s 16M image
    mkfs.ext4 -q image
    mkdir mounted
    mount -o loop image mounted || skip "chattr +a fails in $PWD, and nothing can be mounted"
    mounts+=("$PWD/mounted")
    cp -a ca mounted/ca
    home=mounted/ca
    append_only "$home" || fail "chattr +a on ext4"
fi
(: >"$home/ledger.jsonl") 2>err && fail "the attribute does not hold here"
before=$(wc -l <"$home/ledger.jsonl")
run 0 -C "$home" sign "${device[@]}" --pin-source file:pin --out issued a
run 0 -C "$home" ledger cosign --key ada.pem --name witness.example/ada
[ "$(wc -l <"$home/ledger.jsonl")" -gt "$before" ] || fail "nothing was appended"
printf '{"half":' >>"$home/ledger.jsonl"
printf 'half\n' >>"$home/ledger.checkpoints"
run 0 -C "$home" sign "${device[@]}" --pin-source file:pin --out issued b
says "closed a record of ledger.jsonl that an earlier run could not finish"
says "closed a checkpoint of ledger.checkpoints that an earlier run could not finish"
run 0 -C "$home" ledger index --rebuild
run 0 -C "$home" --json ledger verify
json .ok
json .void_lines 1
present issued/a.pem issued/b.pem
chattr -a "$home/ledger.jsonl" "$home/ledger.checkpoints"
[ "$home" = ca ] || { rm -rf ca && cp -a "$home" ca; }

sums() { find "$1" -type f -exec sha256sum {} + | sort; }
# reads HOME: every command that only reads does, to the end
reads() {
    local serial
    serial=$(serial_of issued/a.pem)
    run 0 -C "$1" cert list
    says "CN=b"
    run 0 -C "$1" cert show "$serial"
    run 0 -C "$1" ledger list --subject CN=a
    says "$serial"
    run 0 -C "$1" ledger show 0
    run 0 -C "$1" ledger verify
    says "all of it holds"
    run 0 -C "$1" ledger prove "$serial"
    run 0 -C "$1" ledger checkpoint --qr
    rm -rf log
    run 0 -C "$1" ledger export log
    present log/checkpoint
    run 0 -C "$1" check "${device[@]}" c
}
# writes_not HOME: every command that would write says why it can't
writes_not() {
    run 3 -C "$1" sign "${device[@]}" --pin-source file:pin --out none c
    says "the home can't be written"
    absent none/c.pem
    run 3 -C "$1" ledger cosign --key ada.pem --name witness.example/ada
    says "the home can't be written"
    run 3 -C "$1" ledger index --rebuild
    says "the home can't be written"
}

step "a home that can't be written is read all the same, whatever a run left of its index"
mkdir read-only
if mount --bind ca read-only 2>err && mount -o remount,bind,ro read-only 2>err; then
    mounts+=("$PWD/read-only")
    sum=$(sums ca)
    reads read-only
    writes_not read-only
    equal "$(sums ca)" "$sum" "the home's files"
    # What a killed run leaves: SQLite's journal of the index, which only a writer could bring in.
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -rf killed
        setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --reissue --out killed c >out 2>err </dev/null &
        pid=$!
        children+=("$pid")
        while kill -0 "$pid" 2>/dev/null && [ ! -s ca/index.sqlite-wal ]; do :; done
        kill -KILL "$pid" 2>/dev/null || true # it may be done
        wait "$pid" 2>/dev/null || true
        if [ -s ca/index.sqlite-wal ]; then break; fi
    done
    present ca/index.sqlite-wal
    reads read-only
    run 0 -C read-only cert list
    says "index.sqlite awaits what a run that died left in index.sqlite-wal: read the ledger's"
    rm -f ca/index.sqlite*
    reads read-only
    run 0 -C read-only cert list
    says "index.sqlite was not there"
    says "the next command that writes repairs it"
    run 0 -C read-only --json ledger verify
    json .ok
    umount read-only
else
    echo "   (no mount here: left to machines where root may)"
fi
# Not root: the right is missing, not the medium.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "$(id -u)" = 0 ] && "${nobody[@]}" test -x "$COLDCA"; then
    cp -a ca others
    chmod 755 "$work" && chmod -R a+rX others
    cp -a others theirs && chown -R 65534:65534 theirs && rm -f theirs/index.sqlite*
    run 0 -C theirs cert list
    absent theirs/index.sqlite # root's file in another's home would be in his way
    code=0
    "${nobody[@]}" "$COLDCA" -C others cert list >out 2>err </dev/null || code=$?
    equal "$code" 0 "another user's cert list"
    says "CN=b"
    code=0
    "${nobody[@]}" "$COLDCA" -C others ledger index --rebuild >out 2>err </dev/null || code=$?
    equal "$code" 3 "another user's rebuild"
    says "the home can't be written"
fi

# started NAME FOLDER: a sign run in the background that holds the home's lock and waits for its PIN, on the pipe NAME.pin
started() {
    mkfifo "$1.pin"
    setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source "file:$1.pin" --out issued "$2" >"$1.out" 2>"$1.err" </dev/null &
    pid=$!
    children+=("$pid")
    exec {pin_pipe}>"$1.pin" # opens when the run has opened its end, and that is after it took the lock
}

step "a second program waits until the first is done"
started first d
setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out issued e >second.out 2>second.err </dev/null &
second=$!
children+=("$second")
run 0 -C ca cert list # who only reads waits for nobody
cat pin >&"$pin_pipe"
exec {pin_pipe}>&-
wait "$pid" || fail "the first run: $(cat first.err)"
wait "$second" || fail "the second run: $(cat second.err)"
present issued/d.pem issued/e.pem
sound_ledger

step "or ends, and says who has the home"
started third f
lines=$(wc -l <ca/ledger.jsonl)
sign 5 --out issued g
says "the home is in use by process $pid: wait until it has ended, then run this again"
absent issued/g.pem
equal "$(wc -l <ca/ledger.jsonl)" "$lines" records
cat pin >&"$pin_pipe"
exec {pin_pipe}>&-
wait "$pid" || fail "the third run: $(cat third.err)"
present issued/f.pem
sound_ledger

step "a tail torn at any byte of the last group is closed; nothing is cut away"
rm -rf late issued
for name in one two; do csr "late/$name.csr" "/CN=$name"; done
cp -a ca before
keep_token before
sign 0 --out issued late
# The last group holds both certificates' cert.issued: all but that was there before.
group=$(($(wc -l <ca/ledger.jsonl) - 2))
equal "$(tail -n 2 ca/ledger.jsonl | jq -r .type | uniq)" cert.issued "the last two records"
head -n "$group" ca/ledger.jsonl >before/ledger.jsonl
step_length=1
[ -z "$(preloaded_for "$COLDCA")" ] || step_length=16 # sanitizers make each process many times slower
python3 "$SOURCE/tests/e2e/torn_tail.py" "$COLDCA" ca before ada.pem "$step_length" || fail "a torn tail was not mended"

step "and the run that it came from ends as if nothing had been"
for cut in 1 200 400; do
    rm -rf torn again
    token_again before
    cp -a before torn
    head -c $(($(stat -c %s before/ledger.jsonl) + cut)) ca/ledger.jsonl >torn/ledger.jsonl
    run 0 -C torn sign "${device[@]}" --pin-source file:pin --out again late
    says "closed a record of ledger.jsonl that an earlier run could not finish"
    strict again/one.pem again/two.pem
    run 0 -C torn --json cert list --policy mqtt-device --status issued
    json '[.[] | select(.subject == "CN=one" or .subject == "CN=two")] | length' 2
    run 0 -C torn --json ledger verify
    json .ok
    json .void_lines 2
done
echo "append-only: files, homes, programs and torn tails: all as they should be"
