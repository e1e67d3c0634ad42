#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check and print of scripts, ready ones and a team's own: a possible order, the paper as text and as a page, nothing overwritten.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

step "a ready script by its name, and the same by its file"
run 0 ceremony check root
says "the ceremony root, "
says "the token root is not initialised"
mv out by-name
run 0 ceremony check "$SOURCE/ceremonies/root.yaml"
same out by-name
run 0 --json ceremony check root
json .sha256 "$(sha256sum "$SOURCE/ceremonies/root.yaml" | cut -d' ' -f1)"
json '.steps | index("root") != null'
json '.before | index("the home root does not exist") != null'

step "the paper: every step, its command, room for initials; a page with the same"
run 0 ceremony print root
steps=$(grep -cE '^ *- \{step:' "$SOURCE/ceremonies/root.yaml")
says "Step $steps of $steps: "
says "coldca -C <home root> init --subject "
says "Exception sheet"
mv out text
run 0 ceremony print root --html root.html
says "root.html: open it in a browser and print it"
equal "$(grep -c '^<section>' root.html)" "$steps" "steps on the page"
run 3 ceremony print root --html root.html
says "exists"
run 0 --json ceremony print root
equal "$(jq -r .text out)" "$(cat text)"

step "with a site the commands are those of this machine"
cat >site.yaml <<END
tokens: [{token: root, label: vault}]
homes: [{home: root, path: $work/ca}]
media: [{medium: stick, path: $work/stick}]
END
run 0 ceremony print root --site site.yaml
says "coldca -C $work/ca "
says_not "<home root>"
run 0 ceremony check root --site site.yaml
sed -i 's/^homes.*/homes: []/' site.yaml
run 3 ceremony print root --site site.yaml
run 3 ceremony check root --site site.yaml

step "an order that is not possible is an error with its line; there is no paper of it"
python3 - "$SOURCE/ceremonies/root.yaml" >wrong.yaml <<'END'
import sys
lines = open(sys.argv[1]).read().splitlines()
init = next(i for i, line in enumerate(lines) if "{step: token-init" in line)
root = next(i for i, line in enumerate(lines) if "{step: root" in line)
lines[init], lines[root] = lines[root], lines[init]
print("\n".join(lines))
END
line=$(grep -n '{step: root' wrong.yaml | cut -d: -f1)
run 3 ceremony check wrong.yaml
says "wrong.yaml line $line, step "
says "the token root is not initialised"
run 3 ceremony print wrong.yaml --html wrong.html
absent wrong.html

step "no script, two scripts, one that is not there"
run 2 ceremony check
says "ceremony check needs one script"
run 2 ceremony print root intermediate
run 3 ceremony print no-such-ceremony
run 2 ceremony print 'bad name'
says "invalid ceremony name"
