/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#define ATTRIBUTE_MAX_LEN (64 * 1024) /* certificates are the longest thing read */

static CK_RV get_value(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                       CK_ATTRIBUTE *attribute)
{
    WATCHED(token->module, "reading an object");
    return token->module->calls->C_GetAttributeValue(session, object, attribute, 1);
}

bool attribute_bytes(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     CK_ATTRIBUTE_TYPE type, struct builder *ret_value)
{
    CK_ATTRIBUTE attribute = {.type = type};
    if (get_value(token, session, object, &attribute) != CKR_OK ||
        attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION || attribute.ulValueLen > ATTRIBUTE_MAX_LEN)
        return false;
    AUTO(free) uint8_t *value = memory_new(attribute.ulValueLen + 1, 1);
    attribute.pValue = value;
    CK_ULONG buffer = attribute.ulValueLen;
    if (buffer > 0 && get_value(token, session, object, &attribute) != CKR_OK)
        return false;
    if (attribute.ulValueLen > buffer)
        return false;
    builder_add(ret_value, value, attribute.ulValueLen);
    return true;
}

void attribute_or_empty(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type, struct builder *ret_value)
{
    if (!attribute_bytes(token, session, object, type, ret_value))
        builder_clear(ret_value);
}

bool attribute_ulong(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     CK_ATTRIBUTE_TYPE type, CK_ULONG *ret_value)
{
    CK_ULONG value = 0;
    CK_ATTRIBUTE attribute = {.type = type, .pValue = &value, .ulValueLen = sizeof(value)};
    if (get_value(token, session, object, &attribute) != CKR_OK || attribute.ulValueLen != sizeof(value))
        return false;
    *ret_value = value;
    return true;
}

/** One attribute a call: in a call for several, one that is unknown would spoil the answer on some tokens. */
static enum token_answer attribute_answer(struct token *token, CK_SESSION_HANDLE session,
                                          CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {.type = type, .pValue = &value, .ulValueLen = sizeof(value)};
    if (get_value(token, session, object, &attribute) != CKR_OK || attribute.ulValueLen != sizeof(value))
        return TOKEN_UNKNOWN;
    return value == CK_FALSE ? TOKEN_NO : TOKEN_YES;
}

void attributes_read(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     struct token_key_attributes *ret_attributes)
{
    const struct {
        CK_ATTRIBUTE_TYPE type;
        enum token_answer *place;
    } wanted[] = {
        {CKA_PRIVATE, &ret_attributes->is_private},
        {CKA_SENSITIVE, &ret_attributes->is_sensitive},
        {CKA_ALWAYS_SENSITIVE, &ret_attributes->is_always_sensitive},
        {CKA_EXTRACTABLE, &ret_attributes->is_extractable},
        {CKA_NEVER_EXTRACTABLE, &ret_attributes->is_never_extractable},
        {CKA_LOCAL, &ret_attributes->is_local},
        {CKA_SIGN, &ret_attributes->may_sign},
        {CKA_DECRYPT, &ret_attributes->may_decrypt},
        {CKA_UNWRAP, &ret_attributes->may_unwrap},
        {CKA_DERIVE, &ret_attributes->may_derive},
        {CKA_MODIFIABLE, &ret_attributes->is_modifiable},
        {CKA_ALWAYS_AUTHENTICATE, &ret_attributes->always_authenticates},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        *wanted[i].place = attribute_answer(token, session, object, wanted[i].type);
}

bool objects_find(struct token *token, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
                  CK_OBJECT_HANDLE **ret_objects, size_t *ret_count, struct error *err)
{
    CK_FUNCTION_LIST *calls = token->module->calls;
    WATCHED(token->module, "looking for objects");
    CK_RV rv = calls->C_FindObjectsInit(session, template, count);
    if (rv != CKR_OK)
        return error_rv(err, rv, "looking for objects on the token");
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    size_t found = 0;
    CK_ULONG more = 0;
    do {
        objects = memory_grow(objects, found + 64, sizeof(*objects));
        rv = calls->C_FindObjects(session, objects + found, 64, &more);
        found += rv == CKR_OK ? more : 0;
    } while (rv == CKR_OK && more > 0 && found < 65536);
    (void)calls->C_FindObjectsFinal(session); // the answer is in hand; a session that failed is dropped below
    if (rv != CKR_OK)
        return error_rv(err, rv, "looking for objects on the token");
    *ret_objects = TAKE(objects);
    *ret_count = found;
    return true;
}

/* What a finding says, and whether the key must not be used then. */
struct demand {
    const char *attribute;
    const char *rule;
    const char *text;
    char *remedy; // as struct finding has it; findings_add() copies
    enum token_answer bad;
    enum { NOTED, REFUSED_UNLESS_ALLOWED, REFUSED } weight;
};

static void add_finding(const struct demand *demand, enum token_answer answer, struct findings *ret_findings)
{
    AUTO(free)
    char *rule = answer == TOKEN_UNKNOWN ? memory_format("key.unknown.%s", demand->attribute)
                                         : memory_text(demand->rule);
    AUTO(free)
    char *text = answer == TOKEN_UNKNOWN ? memory_format("key: the token does not tell %s", demand->attribute)
                                         : memory_format("key: %s", demand->text);
    findings_add(ret_findings, &(struct finding){.rule = rule,
                                                 .source = "PKCS#11 v2.40 4.9",
                                                 .found = answer == TOKEN_UNKNOWN ? "unknown"
                                                          : answer == TOKEN_YES   ? "true"
                                                                                  : "false",
                                                 .wanted = demand->bad == TOKEN_YES ? "false" : "true",
                                                 .text = text,
                                                 .remedy = demand->remedy});
}

#define NEW_KEY "make a new key in the token (coldca init), or say --allow-extractable"

bool token_key_check(const struct token_key *key, bool allow_extractable, struct findings *ret_findings,
                     struct error *err)
{
    const struct token_key_attributes *have = &key->attributes;
    const struct {
        struct demand demand;
        enum token_answer answer;
    } demands[] = {
        {{"CKA_PRIVATE", "key.not-private", "it can be seen without a login", NEW_KEY, TOKEN_NO,
          REFUSED_UNLESS_ALLOWED},
         have->is_private},
        {{"CKA_SENSITIVE", "key.not-sensitive", "its value can be read in the clear", NEW_KEY, TOKEN_NO,
          REFUSED_UNLESS_ALLOWED},
         have->is_sensitive},
        {{"CKA_EXTRACTABLE", "key.extractable", "it can be taken out of the token", NEW_KEY, TOKEN_YES,
          REFUSED_UNLESS_ALLOWED},
         have->is_extractable},
        {{"CKA_SIGN", "key.may-not-sign", "it may not sign", "choose another key", TOKEN_NO, REFUSED},
         have->may_sign},
        {{"CKA_ALWAYS_SENSITIVE", "key.was-readable", "its value could be read once, or it was imported",
          NULL, TOKEN_NO, NOTED},
         have->is_always_sensitive},
        {{"CKA_NEVER_EXTRACTABLE", "key.was-extractable", "it could be taken out once, or it was imported",
          NULL, TOKEN_NO, NOTED},
         have->is_never_extractable},
        {{"CKA_LOCAL", "key.imported", "it was not made in the token", NULL, TOKEN_NO, NOTED},
         have->is_local},
        {{"CKA_DECRYPT", "key.may-decrypt", "it may decrypt besides signing", NULL, TOKEN_YES, NOTED},
         have->may_decrypt},
        {{"CKA_UNWRAP", "key.may-unwrap", "it may unwrap keys besides signing", NULL, TOKEN_YES, NOTED},
         have->may_unwrap},
        {{"CKA_DERIVE", "key.may-derive", "it may derive keys besides signing", NULL, TOKEN_YES, NOTED},
         have->may_derive},
    };
    AUTO(builder_done) struct builder why = BUILDER_INIT;
    bool is_refused_for_good = false;
    for (size_t i = 0; i < ARRAY_LEN(demands); i++) {
        const struct demand *demand = &demands[i].demand;
        enum token_answer answer = demands[i].answer;
        if (answer != TOKEN_UNKNOWN && answer != demand->bad)
            continue;
        add_finding(demand, answer, ret_findings);
        if (answer == TOKEN_UNKNOWN || demand->weight == NOTED ||
            (demand->weight == REFUSED_UNLESS_ALLOWED && allow_extractable))
            continue;
        is_refused_for_good |= demand->weight == REFUSED;
        builder_format(&why, "%s%s (%s)", why.len > 0 ? ", " : "", demand->text, demand->rule);
    }
    if (why.len == 0)
        return true;
    return error_set(err, ERROR_TOKEN, 0, "the key %s must not be used: %s; %s", key->uri, builder_text(&why),
                     is_refused_for_good ? "choose another key" : NEW_KEY);
}
