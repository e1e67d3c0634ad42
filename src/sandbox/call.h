/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One computation over foreign bytes, in a process of its own that is gone afterwards; for a command that reads a file or two, where a
 * pool of parser processes (request/readers.h) would be much ado.
 * It promises what sandbox.h does: all layers hold, or nothing is read (P6). It does not: make the answer true.
 */
#ifndef COLDCA_SANDBOX_CALL_H
#define COLDCA_SANDBOX_CALL_H

#include "base/builder.h"

struct sandbox_call {
    void (*warm_up)(void); /**< before anything is confined: loads what is loaded lazily; NULL: nothing is */
    void (*run)(struct bytes input, struct builder *ret_output); /**< in the confined process */
    size_t max_output_len;
};

/**
 * Runs it. Before a PKCS#11 module is loaded and while there is one thread, as sandbox_open().
 * \param input       sent whole
 * \param ret_output  what run made, at most max_output_len bytes; every one of them is to be doubted
 * \return false: ERROR_INPUT: the sandbox can't be engaged, or the process failed and how
 */
MUST_USE bool sandbox_call(const struct sandbox_call *call, struct bytes input, struct builder *ret_output,
                           struct error *err);

/** How long it may take, by the clock and of the processor's time: a minute, and more for a long input. \param len  bytes */
unsigned sandbox_call_seconds(size_t len);

#endif
