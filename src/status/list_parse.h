/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `revoke --list FILE.csv`: "serial,reason,invalidity_date", parsed in a process that can do nothing else (sandbox/call.h).
 * Promises: this process cuts nothing of the file; what it gets are lines of one size, each of which it doubts. status/ only.
 */
#ifndef COLDCA_STATUS_LIST_PARSE_H
#define COLDCA_STATUS_LIST_PARSE_H

#include "cert/crl.h"

/** A line of the file. */
struct list_line {
    uint64_t number;
    int64_t invalidity_date; /**< CRL_NO_TIME: none is said */
    uint32_t
        problem_len; /**< of the text behind it, which says why it can't be carried out; 0: it can, as far as it goes by itself */
    uint8_t reason;     /**< enum crl_reason */
    uint8_t has_reason; /**< 0 or not */
    uint8_t serial_len;
    uint8_t serial[CERT_SERIAL_LEN]; /**< magnitude */
};

/**
 * Reads a file and has it parsed.
 * \param ret_lines   for list_next()
 * \param ret_sha256  of the file
 * \return false: ERROR_INPUT: it can't be read, its first line is wrong or it is not CSV, or the parser process failed
 */
MUST_USE bool list_read(const char *path, struct builder *ret_lines, uint8_t ret_sha256[static 32],
                        struct error *err);
/**
 * Takes what a parser process answered.
 * \param ret_lines  for list_next(); appends
 * \return false: ERROR_INPUT, what it says is wrong with the file; or it is nothing that a parser process makes
 */
MUST_USE bool list_take(struct bytes output, struct builder *ret_lines, struct error *err);
/**
 * Takes the next line.
 * \param ret_problem  a view
 * \param ret_is_end   true: there was none
 * \return false: ERROR_INPUT, it is nothing that a parser process makes
 */
MUST_USE bool list_next(struct bytes *lines, struct list_line *ret_line, struct bytes *ret_problem,
                        bool *ret_is_end, struct error *err);

/**
 * In the parser process.
 * \param input       the file's name for messages, a NUL, then the file
 * \param ret_output  a struct error; where it is ERROR_NONE, lines, each with its problem behind it
 */
void list_parse(struct bytes input, struct builder *ret_output);

#endif
