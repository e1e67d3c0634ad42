/* SPDX-License-Identifier: Apache-2.0 */
/* SoftHSM in a folder of its own, for one test process: nothing of the system's token state is read or changed. */
#ifndef COLDCA_TESTS_TOKEN_FIXTURE_H
#define COLDCA_TESTS_TOKEN_FIXTURE_H

#include "token/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FIXTURE_PIN "246810"
#define FIXTURE_SO_PIN "13579135"

struct fixture {
    char folder[64];
    const char *module;
    struct token_choice choice; /**< of the token "coldca test" */
    struct token *token;        /**< open and logged in */
};

/** The first SoftHSM of this machine; the tests that need it fail where there is none. */
const char *fixture_module(void);
struct secret *fixture_secret(const char *text);
/** A folder with a configuration and one initialized token. */
void fixture_make(struct fixture *fixture);
void fixture_remove(struct fixture *fixture);

/** cmocka's: state is a struct fixture with an open token, made anew for each test. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** Fails the test with err's text unless is_done. */
#define assert_done(is_done, err)                                                                            \
    do {                                                                                                     \
        if (!(is_done))                                                                                      \
            fail_msg("%s", (err).text);                                                                      \
    } while (0)
/** Fails unless it failed with this kind and a text that holds part. */
void assert_refused(bool is_done, const struct error *err, enum error_kind kind, const char *part);

/** Whether a signature verifies in software with the key's public half. */
bool fixture_verifies(const struct token_key *key, enum signature_kind kind, struct bytes data,
                      struct bytes signature);

#endif
