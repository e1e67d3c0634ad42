/* SPDX-License-Identifier: Apache-2.0 */
/* Records as they lie in the ledger, and each of the members that readers rely on missing. */
#ifndef COLDCA_TESTS_DEMANDS_H
#define COLDCA_TESTS_DEMANDS_H

#include "base/builder.h"
#include "base/memory.h"
#include "records/types.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** As it lies in the ledger: canonical text, parsed again. */
static struct json *again(struct json *written)
{
    struct error err = ERROR_INIT;
    struct json *read = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(written, &text);
    json_free(written);
    if (!json_parse(builder_bytes(&text), &read, &err))
        fail_msg("%s", err.text);
    return read;
}

/** The same without a member, whose name is unique in it. */
static struct json *without(const struct json *record, const char *member)
{
    struct error err = ERROR_INIT;
    struct json *read = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *key = memory_format("\"%s\":", member);
    json_canonical(record, &text);
    char *whole = memory_text(builder_text(&text));
    char *at = strstr(whole, key);
    if (at == NULL)
        fail_msg("%s has no %s", whole, member);
    at[1] = '_'; // another name: the member is not there any more
    if (!json_parse(bytes_of_text(whole), &read, &err))
        fail_msg("%s", err.text);
    free(whole);
    return read;
}

/** Takes a record. Every one of the members (NULL-terminated) must be demanded by name. */
static void assert_demands(const char *type, struct json *written, const char *const *members)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = again(written);
    if (!record_check(type, record, &err))
        fail_msg("%s: %s", type, err.text);
    for (size_t i = 0; members[i] != NULL; i++) {
        AUTO(json_free) struct json *lacking = without(record, members[i]);
        AUTO(free) char *words = memory_format("without %s, which is ", members[i]);
        AUTO(free) char *reading = memory_format("reading a %s", type);
        error_clear(&err);
        if (record_check(type, lacking, &err))
            fail_msg("%s is right without %s", type, members[i]);
        assert_int_equal(err.kind, ERROR_LEDGER);
        if (strstr(err.text, words) == NULL || strstr(err.text, reading) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    }
}

#endif
