/* SPDX-License-Identifier: Apache-2.0 */
/* The entrance libFuzzer calls; tests/fuzz/replay.c calls it with every committed seed in ordinary builds. */
#ifndef COLDCA_TESTS_FUZZ_H
#define COLDCA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
