/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include "base/memory.h"
#include "base/quote.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* Enough for any honest pattern over a name, little enough that a hostile text costs milliseconds. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KIB 4096

struct pattern {
    pcre2_code *code;
};

bool pattern_new(const char *expression, struct pattern **ret_pattern, struct error *err)
{
    int reason = 0;
    PCRE2_SIZE offset = 0;
    struct quoted buffer;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
                                     PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
                                         PCRE2_NEVER_BACKSLASH_C,
                                     &reason, &offset, NULL);
    if (code == NULL) {
        PCRE2_UCHAR text[128] = "";
        (void)pcre2_get_error_message(reason, text, sizeof(text)); // a longer message is cut
        return error_set(err, ERROR_INPUT, 0, "the expression \"%s\" is wrong at character %zu: %s",
                         quoted_text(expression, &buffer), (size_t)offset + 1, (const char *)text);
    }
    *ret_pattern = memory_new(1, sizeof(**ret_pattern));
    (*ret_pattern)->code = code;
    return true;
}

void pattern_free(struct pattern *pattern)
{
    pcre2_code_free(pattern->code);
    free(pattern);
}

bool pattern_fits(const struct pattern *pattern, struct bytes text)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (limits == NULL || data == NULL)
        abort();
    (void)pcre2_set_match_limit(limits, MATCH_LIMIT); // these three always return 0
    (void)pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    const uint8_t *subject = text.len > 0 ? text.data : (const uint8_t *)"";
    int result = pcre2_match(pattern->code, subject, text.len, 0, 0, data, limits);
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return result >= 0;
}
