#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Foreign text in every place and every command that prints, in every locale, to pipes and terminals: nothing hangs, nothing breaks the
# encoding, nothing a terminal would obey. TEXT_SEED repeats a run.
# usage: text_test.sh PART     of those in text.py
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --policies any # what is written into policies/ is used at once
mkdir r
python3 "$SOURCE/tests/e2e/text.py" "$1" "$BUILD/tests/make_text_requests" "${TEXT_SEED:-$RANDOM}" || fail "see above"
sound_ledger
