#include "ledger/record.h"

#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>

static bool fault(struct record_fault *ret_fault, const char *rule, const char *format, ...)
    PRINTF_LIKE(3, 4);
static bool fault(struct record_fault *ret_fault, const char *rule, const char *format, ...)
{
    va_list arguments;
    ret_fault->rule = rule;
    va_start(arguments, format);
    (void)vsnprintf(ret_fault->text, sizeof(ret_fault->text), format, arguments); // a longer reason is cut
    va_end(arguments);
    return false;
}

bool record_parse(struct bytes line, struct json **ret_record, struct record_fault *ret_fault)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder canonical = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!json_parse(line, &record, &err))
        return fault(ret_fault, "ledger.json", "%s", err.text);
    if (!json_is_record(record))
        return fault(ret_fault, "ledger.json", "not a JSON object");
    json_canonical(record, &canonical);
    if (!bytes_equal(builder_bytes(&canonical), line))
        return fault(ret_fault, "ledger.canonical", "not in canonical form (RFC 8785)");
    *ret_record = TAKE(record);
    return true;
}

static enum record_kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum record_kind kind;
    } kinds[] = {
        {"cert.signing", RECORD_SIGNING},     {"cert.issued", RECORD_ISSUED},
        {"cert.abandoned", RECORD_ABANDONED}, {"cert.revoked", RECORD_REVOKED},
        {"cert.unrevoked", RECORD_UNREVOKED}, {"request.refused", RECORD_REFUSED},
        {"session.opened", RECORD_SESSION},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    }
    return RECORD_OTHER;
}

static bool read_serial(const struct json *record, struct record_facts *facts, struct record_fault *ret_fault)
{
    AUTO(builder_done) struct builder serial = {.max_len = RECORD_SERIAL_MAX_LEN};
    if (!json_hex(record, "serial", &serial) || serial.len == 0)
        return fault(ret_fault, "ledger.fields", "%s without a serial in hex", facts->type);
    memcpy(facts->serial, serial.data, serial.len);
    facts->serial_len = serial.len;
    return true;
}

/** A digest in hex; one that is missing leaves zeroes, one that is malformed is a fault. */
static bool read_digest(const struct json *record, const char *key, uint8_t ret_digest[static 32],
                        struct record_fault *ret_fault)
{
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    if (json_get(record, key) == NULL)
        return true;
    if (!json_hex(record, key, &digest) || digest.len != 32)
        return fault(ret_fault, "ledger.fields", "%s is not 64 hex digits", key);
    memcpy(ret_digest, digest.data, 32);
    return true;
}

static bool read_signing(const struct json *record, struct record_facts *facts,
                         struct record_fault *ret_fault)
{
    const char *not_after = json_text(record, "not_after");
    facts->policy = json_text(record, "policy");
    facts->subject = json_text(record, "subject");
    facts->source = json_text(record, "source");
    facts->sans = json_get(record, "sans");
    if (not_after != NULL && !time_parse(not_after, &facts->not_after))
        return fault(ret_fault, "ledger.fields", "not_after is not RFC 3339 in UTC");
    return read_serial(record, facts, ret_fault) &&
           read_digest(record, "csr_sha256", facts->csr_sha256, ret_fault) &&
           read_digest(record, "spki_sha256", facts->spki_sha256, ret_fault) &&
           read_digest(record, "policy_sha256", facts->policy_sha256, ret_fault);
}

static bool read_ref(const struct json *record, struct record_facts *facts, struct record_fault *ret_fault)
{
    int64_t ref;
    if (!json_int(record, "ref", &ref) || ref < 0 || (uint64_t)ref >= facts->seq)
        return fault(ret_fault, "ledger.fields", "%s without the ref of an earlier record", facts->type);
    facts->ref = (uint64_t)ref;
    return true;
}

bool record_read(const struct json *record, struct record_facts *ret_facts, struct record_fault *ret_fault)
{
    struct record_facts facts = {.type = json_text(record, "type"), .batch = json_text(record, "batch")};
    const char *time = json_text(record, "time");
    int64_t seq;
    if (!json_int(record, "seq", &seq) || seq < 0)
        return fault(ret_fault, "ledger.fields", "no seq, or it is not a number from 0 up");
    if (time == NULL || !time_parse(time, &facts.time))
        return fault(ret_fault, "ledger.fields", "no time, or it is not RFC 3339 in UTC with seconds");
    if (facts.type == NULL || *facts.type == '\0')
        return fault(ret_fault, "ledger.fields", "no type");
    if (json_text(record, "operator") == NULL)
        return fault(ret_fault, "ledger.fields", "no operator");
    facts.seq = (uint64_t)seq;
    facts.kind = kind_of(facts.type);
    bool holds = true;
    if (facts.kind == RECORD_SIGNING)
        holds = read_signing(record, &facts, ret_fault);
    else if (facts.kind == RECORD_ISSUED || facts.kind == RECORD_ABANDONED)
        holds = read_ref(record, &facts, ret_fault);
    else if (facts.kind == RECORD_REVOKED || facts.kind == RECORD_UNREVOKED)
        holds = read_serial(record, &facts, ret_fault);
    if (holds)
        *ret_facts = facts;
    return holds;
}
