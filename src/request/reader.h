/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a parser process does, and the frames between it and its parent. Used by the modules of request/ and by tests; reader_warm_up() by every
 * parser process that reads a request.
 *
 * To the parser process:   u32 length (at most REQUEST_MAX_FILE_LEN), the input
 * From the parser process: u32 length (at most READER_MAX_ANSWER), u16 count (at least 1), count times: u32 length, csr_wire.h message
 *
 * One answer an input, in order. Integers are big-endian.
 */
#ifndef COLDCA_REQUEST_READER_H
#define COLDCA_REQUEST_READER_H

#include "request/readers.h"

#define READER_MAX_ANSWER (2 * 1024 * 1024)
#define READER_MAX_REQUESTS (1024 + 1)

/** What turns an input into requests: csr_read_all(), or something hostile in a test. */
typedef void reader_function(struct bytes input, struct request ***ret_requests, size_t *ret_count);

/** How a pool is run; readers_open() takes the defaults. */
struct readers_settings {
    size_t count;
    reader_function *read;
    int timeout_ms; /**< for one input */
    size_t
        inputs_a_life; /**< after so many a parser process is replaced, whatever became of it is gone with it */
};

/** readers_open() with other settings; for tests. */
MUST_USE bool readers_open_with(const struct readers_settings *settings, struct readers **ret_readers,
                                struct error *err);

/** A parser process's life: answers inputs from fd until it closes. \param context a reader_function ** */
int reader_run(int fd, void *context);
/** Makes libcrypto load and allocate whatever verifying needs, for every kind of key. */
void reader_warm_up(void);

/** Takes the body of an answer apart; every message is checked by csr_decode(). */
MUST_USE bool reader_answer_decode(struct bytes body, struct reading *ret_reading, struct error *err);

#endif
