#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The screens that docs/ceremony-guide.md shows are those that are drawn. One that changed is printed whole: copy it into the page.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
export TMPDIR=/tmp # the rehearsal's directory is in lines that are broken by their length
mkdir stick
echo "not the file that was reviewed" >stick/sub-ca.yaml
cat >script.yaml <<YAML
ceremony: small
title: A file is compared
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: compare, file: 'stick:sub-ca.yaml', sha256: '$(printf '0%.0s' {1..64})', fails: go-on}
  - {step: note, text: 'The file goes back to its reviewers.'}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: none}]
homes: [{home: root, path: '$PWD/none'}]
media: [{medium: stick, path: '$PWD/stick', directory: true}]
YAML
python3 "$SOURCE/tests/e2e/ceremony_screens.py" "$COLDCA" "$SOURCE/docs/ceremony-guide.md"

step "the page's screens are looked at: one other word is found"
sed 's/Make the root$/Make a root/' "$SOURCE/docs/ceremony-guide.md" >page.md
! cmp -s page.md "$SOURCE/docs/ceremony-guide.md" || fail "the page has no such screen"
! python3 "$SOURCE/tests/e2e/ceremony_screens.py" "$COLDCA" page.md >out 2>err || fail "it was not found"
says "Make a root"
