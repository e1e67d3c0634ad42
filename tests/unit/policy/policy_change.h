/* SPDX-License-Identifier: Apache-2.0 */
/* A sound end-entity policy, and how a test changes one line of it. Include after cmocka.h. */
#ifndef COLDCA_TESTS_POLICY_CHANGE_H
#define COLDCA_TESTS_POLICY_CHANGE_H

#include "policy/policy.h"

struct change {
    const char *key;  /**< NULL: no change */
    const char *line; /**< what stands there instead; "" removes it */
};

/** A sound end-entity policy; a case replaces the line that starts with its key, or adds one. */
static const struct change sound[] = {
    {"policy", "policy: sound"},
    {"variables", "variables: [{name: domain, match: '[a-z0-9.-]+'}]"},
    {"subject", "subject: [{field: CN, match: '[a-z0-9-]{1,64}'}]"},
    {"san", "san: [{type: dns, value: '{CN}.{domain}', from: policy}]"},
    {"key", "key: {allow: [ec-p256, rsa-2048]}"},
    {"validity", "validity: {days: 365}"},
    {"ca", ""},
    {"key_usage", "key_usage: [digitalSignature]"},
    {"extended_key_usage", "extended_key_usage: [serverAuth]"},
    {"other", ""},
};

static inline void write_policy(const struct change changes[static 3], struct builder *ret_text)
{
    for (size_t i = 0; i < ARRAY_LEN(sound); i++) {
        const char *line = sound[i].line;
        for (size_t j = 0; j < 3; j++) {
            if (changes[j].key != NULL && strcmp(changes[j].key, sound[i].key) == 0)
                line = changes[j].line;
        }
        builder_format(ret_text, "%s\n", line);
    }
}

#endif
