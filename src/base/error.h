/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: something could not be done. (A policy's "no" is a finding, see finding.h; a bug is an assert.)
 *
 * An error has a fixed size and never allocates, so it works when memory is out and crosses the reader's
 * socket by value. The place that finds the fault writes the first line; each layer above may add one line of
 * context. Only cli/ and ui/ print errors.
 */
#ifndef COLDCA_BASE_ERROR_H
#define COLDCA_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/** Every function that can fail returns bool and must not be ignored; write (void) and a reason otherwise. */
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(place, first) __attribute__((format(printf, place, first)))

/** What kind of fault, and so which exit code (design: "The command line is a contract"). */
enum error_kind {
    ERROR_NONE = 0,        /**< no error has been set */
    ERROR_USAGE = 2,       /**< the command line is wrong */
    ERROR_INPUT = 3,       /**< a file, a directory, a configuration or I/O */
    ERROR_TOKEN = 4,       /**< the token, its module, a key in it or a PIN */
    ERROR_LEDGER = 5,      /**< the ledger or the integrity of the home */
    ERROR_INTERRUPTED = 6, /**< stopped by a signal or a person; run the command again */
};

struct error {
    enum error_kind kind;
    unsigned long native; /**< errno, a PKCS#11 return value or OpenSSL's code; 0 if there is none */
    size_t len;           /**< bytes used in text, without the NUL */
    char text[1024];      /**< first line: the fault; further lines: what was being done */
};

#define ERROR_INIT                                                                                           \
    {                                                                                                        \
        .kind = ERROR_NONE                                                                                   \
    }

/**
 * Sets the error and returns false, so a caller can write `return error_set(...)`.
 * \param native   errno, a PKCS#11 return value or 0
 * \param format   what was wrong, where, and what to do; lower case, no full stop
 */
bool error_set(struct error *err, enum error_kind kind, unsigned long native, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Adds ": " and the text of errno to error_set()'s line. */
bool error_errno(struct error *err, enum error_kind kind, int number, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Adds a line "while ..." of context on the way up; returns false. */
bool error_while(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/** Like error_set(), and drains OpenSSL's error queue into the line. */
bool error_openssl(struct error *err, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/** Makes the error empty again. */
void error_clear(struct error *err);

#endif
