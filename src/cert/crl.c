/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/crl.h"

#include "base/time.h"
#include "cert/asn1.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum crl_reason reason;
} reasons[] = {
    {"unspecified", CRL_UNSPECIFIED},
    {"keyCompromise", CRL_KEY_COMPROMISE},
    {"cACompromise", CRL_CA_COMPROMISE},
    {"affiliationChanged", CRL_AFFILIATION_CHANGED},
    {"superseded", CRL_SUPERSEDED},
    {"cessationOfOperation", CRL_CESSATION_OF_OPERATION},
    {"certificateHold", CRL_CERTIFICATE_HOLD},
    {"removeFromCRL", CRL_REMOVE_FROM_CRL},
    {"privilegeWithdrawn", CRL_PRIVILEGE_WITHDRAWN},
    {"aACompromise", CRL_AA_COMPROMISE},
};

const char *crl_reason_name(unsigned reason)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if ((unsigned)reasons[i].reason == reason)
            return reasons[i].name;
    }
    return NULL;
}

bool crl_reason_parse(const char *name, enum crl_reason *ret_reason)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (strcasecmp(reasons[i].name, name) == 0) {
            *ret_reason = reasons[i].reason;
            return true;
        }
    }
    return false;
}

/** id-ce `last` (2.5.29.last), then the extension's value, which the caller writes. Returns marks for close_extension() */
struct extension_marks {
    size_t extension, value;
};

static struct extension_marks open_extension(struct builder *out, uint8_t last)
{
    const uint8_t oid[] = {0x55, 0x1d, last};
    struct extension_marks marks = {.extension = asn1_open(out, DER_SEQUENCE)};
    der_add(out, DER_OID, BYTES(oid));
    marks.value = asn1_open(out, DER_OCTET_STRING);
    return marks;
}

static void close_extension(struct builder *out, struct extension_marks marks)
{
    asn1_close(out, marks.value);
    asn1_close(out, marks.extension);
}

static void add_number(struct builder *out, uint64_t number)
{
    uint8_t octets[8];
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(number >> (8 * (sizeof(octets) - 1 - i)));
    der_add_unsigned(out, BYTES(octets));
}

static void add_entry_extensions(const struct crl_entry *entry, struct builder *out)
{
    struct extension_marks marks;
    if (entry->reason == CRL_UNSPECIFIED && entry->invalidity_date == CRL_NO_TIME)
        return; // an empty SEQUENCE is not allowed (RFC 5280 5.1.2.6)
    size_t list = asn1_open(out, DER_SEQUENCE);
    if (entry->reason != CRL_UNSPECIFIED) {
        const uint8_t enumerated[] = {0x0a, 1, (uint8_t)entry->reason};
        marks = open_extension(out, 21);
        builder_add_bytes(out, BYTES(enumerated));
        close_extension(out, marks);
    }
    if (entry->invalidity_date != CRL_NO_TIME) {
        marks = open_extension(out, 24);
        asn1_generalized_time(out, entry->invalidity_date);
        close_extension(out, marks);
    }
    asn1_close(out, list);
}

void crl_entry_add(const struct crl_entry *entry, struct builder *out)
{
    size_t mark = asn1_open(out, DER_SEQUENCE);
    der_add_unsigned(out, entry->serial);
    asn1_time(out, entry->revoked_at);
    add_entry_extensions(entry, out);
    asn1_close(out, mark);
}

/** Of an element, with its tag and length. */
static size_t element_len(size_t content_len)
{
    return content_len + (content_len < 0x80 ? 2 : content_len < 0x100 ? 3 : 4);
}

#define REASON_LEN 12U     /* SEQUENCE { OID, OCTET STRING { ENUMERATED } } */
#define INVALIDITY_LEN 26U /* SEQUENCE { OID, OCTET STRING { GeneralizedTime } } */

size_t crl_entry_len(const struct crl_entry *entry)
{
    struct bytes serial = entry->serial;
    while (serial.len > 1 && serial.data[0] == 0)
        serial = bytes_slice(serial, 1, serial.len);
    bool has_sign = serial.len == 0 || serial.data[0] >= 0x80;
    size_t extensions = (entry->reason == CRL_UNSPECIFIED ? 0U : REASON_LEN) +
                        (entry->invalidity_date == CRL_NO_TIME ? 0U : INVALIDITY_LEN);
    return element_len(element_len(serial.len + (has_sign ? 1U : 0U)) + asn1_time_len(entry->revoked_at) +
                       (extensions == 0 ? 0 : element_len(extensions)));
}

void crl_extensions(const struct crl_frame *frame, struct builder *ret_extensions)
{
    struct extension_marks marks;
    size_t list = asn1_open(ret_extensions, DER_SEQUENCE);
    marks = open_extension(ret_extensions, 35);
    size_t key_id = asn1_open(ret_extensions, DER_SEQUENCE);
    der_add(ret_extensions, DER_CONTEXT_0, cert_issuer_key_id(frame->issuer));
    asn1_close(ret_extensions, key_id);
    close_extension(ret_extensions, marks);
    marks = open_extension(ret_extensions, 20);
    add_number(ret_extensions, frame->number);
    close_extension(ret_extensions, marks);
    if (frame->expired_since != CRL_NO_TIME) {
        marks = open_extension(ret_extensions, 60);
        asn1_generalized_time(ret_extensions, frame->expired_since);
        close_extension(ret_extensions, marks);
    }
    asn1_close(ret_extensions, list);
}

static bool check_frame(const struct crl_frame *frame, struct error *err)
{
    const struct policy_issuer *facts = cert_issuer_facts(frame->issuer);
    char end[TIME_TEXT_SIZE];
    char next[TIME_TEXT_SIZE];
    if (signature_algorithm_der(frame->kind).len == 0)
        return error_set(err, ERROR_INPUT, 0, "no signature algorithm fits the issuer's key");
    if (facts->key_usage != 0 && (facts->key_usage & KEY_USAGE_CRL_SIGN) == 0)
        return error_set(
            err, ERROR_INPUT, 0,
            "the CA certificate may not sign CRLs: its keyUsage has no cRLSign (RFC 5280 4.2.1.3); "
            "only a new CA certificate fixes that");
    if (frame->next_update <= frame->this_update)
        return error_set(err, ERROR_INPUT, 0, "nextUpdate is not after thisUpdate (RFC 5280 5.1.2.5)");
    if (frame->next_update > facts->not_after)
        return error_set(
            err, ERROR_INPUT, 0,
            "nextUpdate would be %s, which is past the CA's end (%s): name fewer --days, or make the "
            "CA's successor",
            time_format(frame->next_update, next), time_format(facts->not_after, end));
    return true;
}

/** What stands before the entries, with the header around it all, and what stands behind them. */
static void add_frame(const struct crl_frame *frame, size_t entries_len, struct builder *ret_front,
                      struct builder *ret_back)
{
    AUTO(builder_done) struct builder head = BUILDER_INIT;
    asn1_small(&head, 1); // v2
    builder_add_bytes(&head, signature_algorithm_der(frame->kind));
    builder_add_bytes(&head, cert_issuer_subject(frame->issuer));
    asn1_time(&head, frame->this_update);
    asn1_time(&head, frame->next_update);
    if (entries_len > 0)
        der_add_header(&head, DER_SEQUENCE, entries_len);
    size_t mark = asn1_open(ret_back, DER_CONTEXT_CONSTRUCTED_0);
    crl_extensions(frame, ret_back);
    asn1_close(ret_back, mark);
    // Lengths are known, so nothing of a long list is moved once it has its place.
    der_add_header(ret_front, DER_SEQUENCE, head.len + entries_len + ret_back->len);
    builder_add_bytes(ret_front, builder_bytes(&head));
}

bool crl_tbs_parts(const struct crl_frame *frame, size_t entries_len, struct builder *ret_front,
                   struct builder *ret_back, struct error *err)
{
    if (!check_frame(frame, err))
        return false;
    add_frame(frame, entries_len, ret_front, ret_back);
    return true;
}

bool crl_sink_builder(void *data, struct bytes part, struct error *err)
{
    struct builder *out = data;
    builder_add_bytes(out, part);
    return !out->has_failed || error_set(err, ERROR_INPUT, 0, "the CRL does not fit into memory");
}

bool crl_tbs(const struct crl_frame *frame, struct bytes entries, struct builder *ret_tbs, struct error *err)
{
    AUTO(builder_done) struct builder front = BUILDER_INIT;
    AUTO(builder_done) struct builder back = BUILDER_INIT;
    return crl_tbs_parts(frame, entries.len, &front, &back, err) &&
           crl_sink_builder(ret_tbs, builder_bytes(&front), err) && crl_sink_builder(ret_tbs, entries, err) &&
           crl_sink_builder(ret_tbs, builder_bytes(&back), err);
}

size_t crl_capacity(const struct cert_issuer *issuer, enum signature_kind kind, size_t max_len)
{
    AUTO(builder_done) struct builder entry = BUILDER_INIT;
    AUTO(builder_done) struct builder extensions = BUILDER_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    int64_t end = cert_issuer_facts(issuer)->not_after;
    const struct crl_frame frame = {.issuer = issuer, .number = INT64_MAX, .expired_since = end};
    memset(serial, 0x7f, sizeof(serial));
    crl_entry_add(&(struct crl_entry){.serial = BYTES(serial),
                                      .revoked_at = end,
                                      .reason = CRL_KEY_COMPROMISE,
                                      .invalidity_date = CRL_NO_TIME},
                  &entry);
    crl_extensions(&frame, &extensions);
    // The version, two dates, and the headers of what grows with the list.
    size_t frame_len =
        extensions.len + signature_algorithm_der(kind).len + cert_issuer_subject(issuer).len + 64;
    return max_len <= frame_len ? 0 : (max_len - frame_len) / entry.len;
}
