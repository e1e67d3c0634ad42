/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger without a token, and what is selected of it to be revoked, put on hold or released. */
#ifndef COLDCA_TESTS_SELECTED_H
#define COLDCA_TESTS_SELECTED_H

#include "base/encode.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "given.h"
#include "small_home.h"
#include "status/select.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct small_home small;
static struct status_desk desk;
static struct revoke_plan plan;

static inline int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    small.home.issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    EVP_PKEY_free(key);
    desk = (struct status_desk){.home = &small.home};
    plan = (struct revoke_plan){.targets = NULL};
    return 0;
}

/** In a ledger that is so long that its index is asked first. */
static inline int begin_long(void **state)
{
    (void)begin(state);
    desk.asks_index = true;
    return 0;
}

static inline void forget_plan(void)
{
    revoke_plan_done(&plan);
    plan = (struct revoke_plan){.targets = NULL};
}

static inline int end(void **state)
{
    (void)state;
    forget_plan();
    if (desk.scan != NULL)
        ledger_scan_free(desk.scan);
    if (desk.revoked != NULL)
        revoked_free(desk.revoked);
    cert_issuer_free(small.home.issuer);
    small_home_remove(&small);
    return 0;
}

/** One serial, with this wish; what was read of the ledger before counts no more. */
static inline bool find(const char *serial, struct target_wish wish, struct error *err)
{
    const struct revoke_options options = {.serials = &serial, .serial_count = 1};
    const struct selection selection = {.wish = wish};
    forget_plan();
    error_clear(err);
    return selection_find(&selection, &options, &desk, &plan, err) &&
           (desk.scan == NULL || status_desk_read(&desk, err));
}

static const struct target_wish superseded = {.reason = CRL_SUPERSEDED, .invalidity_date = CRL_NO_TIME};
static const struct target_wish hold = {.reason = CRL_CERTIFICATE_HOLD, .invalidity_date = CRL_NO_TIME};
static const struct target_wish releasing = {.is_release = true, .invalidity_date = CRL_NO_TIME};
static const struct target_wish foreign = {.is_foreign = true, .invalidity_date = CRL_NO_TIME};

static inline const struct revoke_target *target_of(const struct given *given, struct target_wish wish)
{
    struct error err = ERROR_INIT;
    if (desk.scan != NULL && !status_desk_read(&desk, &err))
        fail_msg("%s", err.text);
    if (!find(given->serial, wish, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 1);
    return &plan.targets[0];
}

static inline void assert_refused(const char *serial, struct target_wish wish, const char *words)
{
    struct error err = ERROR_INIT;
    if (desk.scan != NULL && !status_desk_read(&desk, &err))
        fail_msg("%s", err.text);
    if (find(serial, wish, &err))
        fail_msg("found, not \"%s\"", words);
    if (strncmp(err.text, serial, strlen(serial)) != 0 || strcmp(err.text + strlen(serial), words) != 0)
        assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(plan.count, 0);
}

#endif
