/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/record.h"

#include "base/encode.h"
#include "base/key_value.h"
#include "base/quote.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>

/** The members that are looked at, in the order canonical_read() wants. */
enum field {
    BATCH,
    CSR_SHA256,
    NOT_AFTER,
    OPERATOR,
    POLICY,
    POLICY_SHA256,
    REF,
    SANS,
    SEQ,
    SERIAL,
    SHA256,
    SIGNATURE,
    SOURCE,
    SPKI_SHA256,
    SUBJECT,
    TBS,
    TIME,
    TYPE,
    FIELDS
};

static const char *const field_keys[FIELDS] = {
    [BATCH] = "batch",
    [CSR_SHA256] = "csr_sha256",
    [NOT_AFTER] = "not_after",
    [OPERATOR] = "operator",
    [POLICY] = "policy",
    [POLICY_SHA256] = "policy_sha256",
    [REF] = "ref",
    [SANS] = "sans",
    [SEQ] = "seq",
    [SERIAL] = "serial",
    [SHA256] = "sha256",
    [SIGNATURE] = "signature",
    [SOURCE] = "source",
    [SPKI_SHA256] = "spki_sha256",
    [SUBJECT] = "subject",
    [TBS] = "tbs",
    [TIME] = "time",
    [TYPE] = "type",
};

static bool fault(struct record_fault *ret_fault, const char *rule, const char *format, ...)
    PRINTF_LIKE(3, 4);
static bool fault(struct record_fault *ret_fault, const char *rule, const char *format, ...)
{
    va_list arguments;
    ret_fault->rule = rule;
    va_start(arguments, format);
    utf8_vformat(ret_fault->text, sizeof(ret_fault->text), format, arguments); // a longer reason is cut
    va_end(arguments);
    return false;
}

/** Why canonical_read() refused a line: what is not JSON at all is distinguished from what is only spelled otherwise. */
static bool not_canonical(struct bytes line, struct record_fault *ret_fault)
{
    AUTO(json_free) struct json *record = NULL;
    struct error err = ERROR_INIT;
    if (!json_parse(line, &record, &err))
        return fault(ret_fault, "ledger.json", "%s", err.text);
    if (!json_is_record(record))
        return fault(ret_fault, "ledger.json", "not a JSON object");
    return fault(ret_fault, "ledger.canonical", "not in canonical form (RFC 8785)");
}

bool record_parse(struct bytes line, struct json **ret_record, struct record_fault *ret_fault)
{
    struct error err = ERROR_INIT;
    if (!canonical_read(line, NULL, 0))
        return not_canonical(line, ret_fault);
    return json_parse(line, ret_record, &err) || fault(ret_fault, "ledger.json", "%s", err.text);
}

static const struct {
    const char *type;
    enum record_kind kind;
} kinds[] = {
    {"cert.signing", RECORD_SIGNING},     {"cert.issued", RECORD_ISSUED},
    {"cert.abandoned", RECORD_ABANDONED}, {"cert.revoked", RECORD_REVOKED},
    {"cert.unrevoked", RECORD_UNREVOKED}, {"request.refused", RECORD_REFUSED},
    {"session.opened", RECORD_SESSION},
};

static enum record_kind kind_of(struct bytes type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (bytes_equal_text(type, kinds[i].type))
            return kinds[i].kind;
    }
    return RECORD_OTHER;
}

const char *record_kind_name(enum record_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].type;
    }
    return "record";
}

/** Text with U+0000 inside is taken for no text at all, as json_text() does. */
static bool is_text(const struct canonical_value *value)
{
    return value->kind == CANONICAL_TEXT && !value->has_nul;
}

static struct canonical_value text_or_none(const struct canonical_field *field)
{
    return is_text(&field->value) ? field->value : (struct canonical_value){.kind = CANONICAL_NONE};
}

/* What is decoded here (digits, a time) has no character that is spelled with an escape: a spelling with one fits nothing. */

static bool read_time(const struct canonical_value *value, int64_t *ret_time)
{
    char text[TIME_TEXT_SIZE] = "";
    if (!is_text(value) || value->spelling.len != sizeof(text) - 1)
        return false;
    memcpy(text, value->spelling.data, sizeof(text) - 1);
    return time_parse(text, ret_time);
}

static bool read_serial(const struct canonical_field *fields, struct record_facts *facts,
                        struct record_fault *ret_fault)
{
    const struct canonical_value *value = &fields[SERIAL].value;
    size_t len = value->spelling.len / 2;
    if (!is_text(value) || len == 0 || len > RECORD_SERIAL_MAX_LEN ||
        !decode_hex_exactly(value->spelling, facts->serial, len))
        return fault(ret_fault, "ledger.fields", "%s without a serial in hex", record_kind_name(facts->kind));
    facts->serial_text = *value;
    facts->serial_len = len;
    return true;
}

/** A digest in hex; one that is missing leaves zeroes, one that is malformed is a fault. */
static bool read_digest(const struct canonical_field *field, bool *ret_has, uint8_t ret_digest[static 32],
                        struct record_fault *ret_fault)
{
    *ret_has = field->value.kind != CANONICAL_NONE;
    return !*ret_has ||
           (is_text(&field->value) && decode_hex_exactly(field->value.spelling, ret_digest, 32)) ||
           fault(ret_fault, "ledger.fields", "%s is not 64 hex digits", field->key);
}

static bool read_signing(const struct canonical_field *fields, struct record_facts *facts,
                         struct record_fault *ret_fault)
{
    facts->tbs = text_or_none(&fields[TBS]);
    facts->policy = text_or_none(&fields[POLICY]);
    facts->subject = text_or_none(&fields[SUBJECT]);
    facts->source = text_or_none(&fields[SOURCE]);
    facts->spki_text = text_or_none(&fields[SPKI_SHA256]);
    facts->not_after_text = text_or_none(&fields[NOT_AFTER]);
    facts->sans = fields[SANS].value;
    if (is_text(&fields[NOT_AFTER].value) && !read_time(&fields[NOT_AFTER].value, &facts->not_after))
        return fault(ret_fault, "ledger.fields", "not_after is not RFC 3339 in UTC");
    return read_serial(fields, facts, ret_fault) &&
           read_digest(&fields[CSR_SHA256], &facts->has_csr, facts->csr_sha256, ret_fault) &&
           read_digest(&fields[SPKI_SHA256], &facts->has_spki, facts->spki_sha256, ret_fault) &&
           read_digest(&fields[POLICY_SHA256], &facts->has_policy, facts->policy_sha256, ret_fault);
}

static bool read_ref(const struct canonical_field *fields, struct record_facts *facts,
                     struct record_fault *ret_fault)
{
    const struct canonical_value *ref = &fields[REF].value;
    if (ref->kind != CANONICAL_INT || ref->number < 0 || (uint64_t)ref->number >= facts->seq)
        return fault(ret_fault, "ledger.fields", "%s without the ref of an earlier record",
                     record_kind_name(facts->kind));
    facts->ref = (uint64_t)ref->number;
    facts->signature = text_or_none(&fields[SIGNATURE]);
    facts->sha256 = text_or_none(&fields[SHA256]);
    return true;
}

/** What a record of its kind must have. */
static bool read_kind(const struct canonical_field *fields, struct record_facts *facts,
                      struct record_fault *ret_fault)
{
    switch (facts->kind) {
    case RECORD_SIGNING:
        return read_signing(fields, facts, ret_fault);
    case RECORD_ISSUED:
    case RECORD_ABANDONED:
        return read_ref(fields, facts, ret_fault);
    case RECORD_REVOKED:
    case RECORD_UNREVOKED:
        return read_serial(fields, facts, ret_fault);
    case RECORD_OTHER:
    case RECORD_REFUSED:
    case RECORD_SESSION:
    default:
        return true;
    }
}

bool record_read(struct bytes line, struct record_facts *ret_facts, struct record_fault *ret_fault)
{
    struct canonical_field fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        fields[i].key = field_keys[i];
    if (!canonical_read(line, fields, FIELDS))
        return not_canonical(line, ret_fault);
    struct record_facts facts = {.type = text_or_none(&fields[TYPE]), .batch = text_or_none(&fields[BATCH])};
    const struct canonical_value *seq = &fields[SEQ].value;
    if (seq->kind != CANONICAL_INT || seq->number < 0)
        return fault(ret_fault, "ledger.fields", "no seq, or it is not a number from 0 up");
    if (!read_time(&fields[TIME].value, &facts.time))
        return fault(ret_fault, "ledger.fields", "no time, or it is not RFC 3339 in UTC with seconds");
    if (facts.type.spelling.len == 0)
        return fault(ret_fault, "ledger.fields", "no type");
    if (!is_text(&fields[OPERATOR].value))
        return fault(ret_fault, "ledger.fields", "no operator");
    facts.seq = (uint64_t)seq->number;
    facts.kind = kind_of(facts.type.spelling);
    if (!read_kind(fields, &facts, ret_fault))
        return false;
    *ret_facts = facts;
    return true;
}

void record_key_value(const struct record_facts *facts, uint8_t ret_sha256[static 32])
{
    struct bytes spki;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (facts->tbs.kind == CANONICAL_TEXT && decode_base64(facts->tbs.spelling, &tbs) &&
        key_of_tbs(builder_bytes(&tbs), &spki))
        key_value(spki, ret_sha256);
    else
        memcpy(ret_sha256, facts->spki_sha256, sizeof(facts->spki_sha256));
}
