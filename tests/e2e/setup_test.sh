#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/setup on a machine whose downloads fail: which step, and what to do. And what it looks at: the system's programs and build/ only.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
mkdir -p tree/tests/interop strangers
cp -r "$SOURCE/scripts" tree
cp -r "$SOURCE/tests/interop/tessera" tree/tests/interop
# shellcheck disable=SC2016
for name in python3 pip go cargo rustc clang dpkg-query; do
    printf '#!/bin/sh\necho "$0 $*" >>"%s/called"\nexit 9\n' "$work" >"strangers/$name"
    chmod +x "strangers/$name"
done

# setup CODE SECTION [NAME=VALUE...]: with registries that do not answer, and other programs first in the PATH
setup() {
    local wanted=$1 section=$2 code=0
    shift 2
    env PATH="$work/strangers:$PATH" PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL=http://127.0.0.1:1/simple PIP_RETRIES=0 GOPROXY=http://127.0.0.1:1 \
        no_proxy=127.0.0.1 NO_PROXY=127.0.0.1 "$@" tree/scripts/setup "$section" >out 2>err </dev/null || code=$?
    equal "$code" "$wanted"
    absent called
}

step "PyPI does not answer"
setup 1 venv
says "setup: pip install of amqtt and cryptography from PyPI failed"
says "PIP_INDEX_URL"
says "then run scripts/setup venv"
absent tree/build/venv/complete

step "Go's proxy does not answer"
setup 1 tlogclient
says "setup: go mod download"
says "GOPROXY"
says "then run scripts/setup tlogclient"
says_not "chmod"
absent tree/build/tlogclient

step "crates.io does not answer" # the compiler is there: $SOURCE/build/kryoptic was made before
cp -r "$SOURCE/tests/interop/kryoptic" tree/tests/interop
setup 1 kryoptic CARGO_HTTP_PROXY=http://127.0.0.1:1 CARGO_NET_RETRY=0
says "setup: cargo fetch of tests/interop/kryoptic failed"
says "CARGO_HTTP_PROXY"
says "then run scripts/setup kryoptic"
absent tree/build/kryoptic/libkryoptic_pkcs11.so

step "the package source has not got it"
sed -i 's/^build=(/&coldca-has-no-such-package /' tree/scripts/setup
tree/scripts/setup --no-install build >out 2>err && fail "a package is missing"
says "setup: missing (a|b: either will do): coldca-has-no-such-package; install them"
absent tree/build/setup.log
if [ "$(id -u)" = 0 ]; then # others would be asked for a password
    mkdir lists
    printf 'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "/dev/null";\nDir::State::lists "%s/lists";\nDir::Cache "%s/lists";\n' "$work" "$work" >apt.conf
    setup 1 build APT_CONFIG="$work/apt.conf"
    says "setup: apt-get install failed"
    says "coldca-has-no-such-package"
    says "then run scripts/setup build"
fi

step "only the tests that need them ask for them"
# Listed from a folder of its own: in BUILD it would cut off the log of the ctest that runs this.
mkdir listing
printf 'subdirs("%s")\n' "$BUILD" >listing/CTestTestfile.cmake
build_of() { ctest --test-dir listing -N "$@" >out 2>err || fail "ctest -N"; }
build_of -L unit
says "unit.base.error"
says_not "setup."
build_of -R e2e.kryoptic
says "setup.kryoptic"
says_not "setup.venv"
build_of -R interop.vectors
says "setup.venv"
build_of -R '^e2e.people$' # by python_verifies of lib.sh
says "setup.venv"
build_of -R interop.ledger_go
says "setup.tlogclient"
says_not "setup.venv"
build_of -R e2e.amqtt
says "setup.venv"

step "what is not in Python's own library comes from build/venv, wherever else it may be too"
ctest --test-dir listing --show-only=json-v1 >out || fail "ctest --show-only"
json '[.tests[].command | select(any(endswith(".py"))) | .[0]] | unique | join(" ")' "$SOURCE/build/venv/bin/python3"
# The others are run by shell tests, with the system's Python. A bench and ours of tests/interop may ask for more.
python3 - "$SOURCE"/tests/e2e/*.py "$SOURCE"/tests/fault/*.py >out <<'END' || fail "these need more than Python's own library"
import ast, os, sys
own = sys.stdlib_module_names | {os.path.basename(path)[:-3] for path in sys.argv[1:]}
foreign = set()
for path in sys.argv[1:]:
    for node in ast.walk(ast.parse(open(path, encoding="utf-8").read())):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        foreign |= {f"{path}: {name}" for name in names if name.split(".")[0] not in own}
print(*sorted(foreign), sep="\n")
sys.exit(bool(foreign))
END
