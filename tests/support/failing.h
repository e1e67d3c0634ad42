/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets one call of coldca's into the C library, SQLite or OpenSSL fail, whichever: who is linked with this gets these in their place. A
 * test runs what it tests again and again, and another call fails each time:
 *
 *     for (unsigned number = 1; is_more; number++) {
 *         ... a home as it was ...
 *         failing_at("", number);
 *         bool is_done = ...;
 *         is_more = failing_stop() != NULL;
 *         ... it is told, or all is as if nothing had failed; what was there is there ...
 *     }
 *
 * Calls that libraries make count not: theirs are failed by failing the library. What a child does counts, too. A digest fails only where
 * its function is asked for by its whole name, "EVP_DigestUpdate": most of coldca ends with it.
 */
#ifndef COLDCA_TESTS_FAILING_H
#define COLDCA_TESTS_FAILING_H

/**
 * From now on calls count, and one of them fails, once: with EIO, SQLITE_IOERR or the answer that OpenSSL gives when it can't.
 * \param names    what the names of the calls that count begin with: "" for all, "sqlite3_", "EVP_", "openat"; "time" is not among all:
 *                 the clock goes back then, and no record can be appended
 * \param number   which of them, from 1
 */
void failing_at(const char *names, unsigned number);

/** What fails until the next failing_at() sets errno to this in place of EIO: EINTR is no failure, the call is made again. */
void failing_as(int number);

/** The call that would fail opens descriptor 0 instead, as in a program that was started without stdin: it fails not. */
void failing_opens_zero(void);

/**
 * Until the next failing_at() every call of this name fails, and counts not: what this file system or kernel lacks. At most four names.
 * \param name    valid as long
 * \param number  what errno becomes; 0: another with each call, from 1
 */
void failing_lacks(const char *name, int number);

enum failing_databases {
    FAILING_ALL,     /**< and calls that are about none */
    FAILING_STORED,  /**< with a file of its own */
    FAILING_PRIVATE, /**< temporary ones */
};

/** Until the next failing_at() only what is done in such databases of SQLite's counts. */
void failing_in(enum failing_databases databases);

/** No more calls count. \return the name of the call that failed, valid until the next failing_at(); NULL: there were fewer */
const char *failing_stop(void);

#endif
