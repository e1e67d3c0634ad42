/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a request that can be changed one by one, and what the signer makes of them. */
#ifndef COLDCA_TESTS_SAID_H
#define COLDCA_TESTS_SAID_H

#include "request/claims.h"

#define MAX_ITEMS 9

/** What is said of a request; whatever its lists point to can be changed. */
struct said {
    struct request request;
    struct request_attribute attributes[MAX_ITEMS + 1];
    struct request_san sans[MAX_ITEMS + 1];
    struct request_extension extensions[MAX_ITEMS + 1];
    const char *purposes[MAX_ITEMS + 1];
};

/** What a reader says that tells the truth, to be changed. */
static inline void say(const struct request *request, struct said *ret_said)
{
    assert_true(request->attributes_count <= MAX_ITEMS && request->sans_count <= MAX_ITEMS &&
                request->extensions_count <= MAX_ITEMS && request->extended_key_usage_count <= MAX_ITEMS);
    *ret_said = (struct said){.request = *request};
    struct request *said = &ret_said->request;
    for (size_t i = 0; i < request->attributes_count; i++)
        ret_said->attributes[i] = request->attributes[i];
    for (size_t i = 0; i < request->sans_count; i++)
        ret_said->sans[i] = request->sans[i];
    for (size_t i = 0; i < request->extensions_count; i++)
        ret_said->extensions[i] = request->extensions[i];
    for (size_t i = 0; i < request->extended_key_usage_count; i++)
        ret_said->purposes[i] = request->extended_key_usage[i];
    said->attributes = ret_said->attributes;
    said->sans = ret_said->sans;
    said->extensions = ret_said->extensions;
    said->extended_key_usage = ret_said->purposes;
}

static inline bool fits(const struct request *request, struct error *ret_why)
{
    *ret_why = (struct error)ERROR_INIT;
    return claims_fit_der(request, ret_why);
}

static inline void takes(const struct request *request)
{
    struct error why;
    if (!fits(request, &why))
        fail_msg("%s", why.text);
}

static inline void refuses(const struct request *request, const char *fact)
{
    struct error why;
    assert_false(fits(request, &why));
    assert_int_equal(why.kind, ERROR_INPUT);
    if (strstr(why.text, fact) == NULL)
        fail_msg("\"%s\" is not about \"%s\"", why.text, fact);
}

/** Changes what is said: `request`, or the lists of `said`. */
#define LIE(name, ...)                                                                                       \
    static void name(struct said *said)                                                                      \
    {                                                                                                        \
        struct request *request = &said->request;                                                            \
        (void)request; /* some change what it points to */                                                   \
        __VA_ARGS__;                                                                                         \
    }

#endif
