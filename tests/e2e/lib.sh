# What the end-to-end tests share: a fresh folder, a SoftHSM token of its own, PIN files, a CA, asserts. Sourced, not run.
# shellcheck shell=bash
set -euo pipefail
: "${COLDCA:?the binary}" "${SOURCE:?the source folder}"
unset COLDCA_HOME COLDCA_DATA
export COLDCA_DATA=$SOURCE NO_COLOR=1

work=$(mktemp -d)
children=()
mounts=()
cleanup() {
    local child mount
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    for mount in "${mounts[@]}"; do umount "$mount" 2>/dev/null || true; done
    chattr -R -a "$work" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    [ ! -s err ] || sed 's/^/  stderr: /' err >&2
    [ ! -s out ] || tail -n 40 out | sed 's/^/  stdout: /' >&2
    exit 1
}

# run CODE COMMAND...: must end with CODE; stdout in `out`, stderr in `err`. No terminal, no stdin.
run() {
    local wanted=$1 code=0
    shift
    setsid --wait "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted: $*"
}

says() {
    grep -qF -- "$1" err out || fail "nothing says: $1"
}

says_not() {
    ! grep -qF -- "$1" err out || fail "something says: $1"
}

# json FILTER WANTED: of `out`.
json() {
    local found
    found=$(jq -r "$1" out) || fail "no JSON on stdout"
    [ "$found" = "$2" ] || fail "$1 is $found instead of $2"
}

make_token() {
    mkdir -p tokens
    printf 'directories.tokendir=%s/tokens\nobjectstore.backend=file\nlog.level=ERROR\n' "$work" >softhsm2.conf
    export SOFTHSM2_CONF=$work/softhsm2.conf
    (umask 077 && echo 1234 >pin && echo 5678 >so-pin)
    run 0 "$COLDCA" token init --label "${1:-test}" --so-pin-source file:so-pin --pin-source file:pin
}

# make_ca [init options]: a root in `ca`.
make_ca() {
    run 0 "$COLDCA" -C ca --pin-source file:pin init --token test --subject "O=Test,CN=Test Root" "$@"
}

ca() {
    "$COLDCA" -C ca --pin-source file:pin "$@"
}

# device NAME [request options]: requests/NAME.csr by the device policy's shape.
device() {
    local name=$1
    shift
    run 0 "$COLDCA" request --policy mqtt-device --set domain=iot.example --cn "$name" --out requests "$@"
}

sign_devices() {
    local wanted=$1
    shift
    run "$wanted" "$COLDCA" -C ca --pin-source file:pin sign --policy mqtt-device --set domain=iot.example --out issued "$@" requests
}

ledger_is_sound() {
    run 0 "$COLDCA" -C ca ledger verify
}
