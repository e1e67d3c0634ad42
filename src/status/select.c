/* SPDX-License-Identifier: Apache-2.0 */
#include "status/select.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/quote.h"
#include "cert/pem.h"
#include "home/certificate.h"

#include <fcntl.h>
#include <string.h>

#define FILE_MAX_LEN ((size_t)64 << 20)

void selection_done(struct selection *selection)
{
    builder_done(&selection->file);
}

static bool read_wish(const struct revoke_options *options, struct target_wish *wish, struct error *err)
{
    *wish = (struct target_wish){.reason = options->is_hold ? CRL_CERTIFICATE_HOLD : CRL_UNSPECIFIED,
                                 .invalidity_date = CRL_NO_TIME,
                                 .is_release = options->is_release,
                                 .is_foreign = options->is_foreign};
    if ((options->is_hold && options->is_release) ||
        (options->reason != NULL && (options->is_hold || options->is_release)))
        return error_set(err, ERROR_USAGE, 0, "--reason, --hold and --release exclude each other");
    return (options->reason == NULL || target_reason(options->reason, &wish->reason, err)) &&
           (options->invalidity_date == NULL ||
            target_invalidity_date(options->invalidity_date, &wish->invalidity_date, err));
}

bool selection_read(const struct revoke_options *options, struct selection *selection, struct error *err)
{
    const char *files[] = {options->certificate, options->request, options->key, options->list};
    const char *file = NULL;
    size_t ways = (options->serial_count > 0 ? 1U : 0U) + (options->where != NULL ? 1U : 0U);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (files[i] == NULL)
            continue;
        ways++;
        file = files[i];
    }
    if (ways != 1)
        return error_set(
            err, ERROR_USAGE, 0,
            "say which certificate in one way: --serial, --certificate, --request, --key, --list or "
            "--where");
    if (options->is_foreign && options->serial_count == 0 && options->certificate == NULL &&
        options->list == NULL)
        return error_set(
            err, ERROR_USAGE, 0,
            "--foreign goes with --serial, --certificate and --list: the ledger knows nothing else of it");
    if (!read_wish(options, &selection->wish, err))
        return false;
    if (file != NULL && !file_read(AT_FDCWD, file, FILE_MAX_LEN, &selection->file, err))
        return false;
    digest_sha256(builder_bytes(&selection->file), selection->sha256);
    return true;
}

/* ---- targets ---- */

bool selection_add(struct status_desk *desk, struct bytes serial, int64_t not_after,
                   const struct target_wish *wish, struct revoke_plan *plan, struct error *err)
{
    struct revoke_target target;
    if (!target_find(desk, serial, not_after, wish, &target, err))
        return false;
    if ((plan->count & (plan->count - 1)) == 0) // a power of two: it is full, or empty
        plan->targets =
            memory_grow(plan->targets, plan->count == 0 ? 1 : 2 * plan->count, sizeof(*plan->targets));
    plan->targets[plan->count++] = target;
    return true;
}

void selection_add_problem(struct revoke_plan *plan, const char *file, size_t line, const struct error *why)
{
    struct quoted buffer;
    plan->problems = memory_grow(plan->problems, plan->problem_count + 1, sizeof(*plan->problems));
    plan->problems[plan->problem_count++] = memory_format("%s:%zu: %.*s", quoted_text(file, &buffer), line,
                                                          (int)strcspn(why->text, "\n"), why->text);
}

static struct bytes without_zeroes(struct bytes serial)
{
    while (serial.len > 1 && serial.data[0] == 0)
        serial = bytes_slice(serial, 1, serial.len - 1);
    return serial;
}

static bool from_serials(const struct revoke_options *options, const struct target_wish *wish,
                         struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    for (size_t i = 0; i < options->serial_count; i++) {
        AUTO(builder_done) struct builder serial = BUILDER_INIT;
        if (!home_serial_parse(options->serials[i], &serial, err))
            return false;
        struct bytes bytes = without_zeroes(builder_bytes(&serial));
        bool is_there = false;
        for (size_t j = 0; j < plan->count; j++)
            is_there = is_there ||
                       bytes_equal(bytes_of(plan->targets[j].serial, plan->targets[j].serial_len), bytes);
        if (!is_there && !selection_add(desk, bytes, CRL_NO_TIME, wish, plan, err))
            return false;
    }
    return true;
}

static bool from_certificate(const struct selection *selection, const struct target_wish *wish,
                             struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    struct bytes tbs, signature;
    enum signature_kind kind = SIGNATURE_OTHER;
    struct error why = ERROR_INIT;
    if (!cert_from_file(builder_bytes(&selection->file), &der, NULL, err) ||
        !cert_read(builder_bytes(&der), &facts, err) ||
        !cert_split(builder_bytes(&der), &tbs, &kind, &signature, err))
        return error_while(err, "reading the certificate");
    if (!cert_verify(builder_bytes(&der), tbs, desk->home->issuer, &why)) {
        bool is_root = bytes_equal(builder_bytes(&der), cert_issuer_der(desk->home->issuer));
        if (!is_root)
            return error_set(err, ERROR_INPUT, 0,
                             "this certificate is by another issuer (%s): only that CA can revoke it",
                             facts.issuer_text);
    }
    if (!selection_add(desk, bytes_of(facts.serial, facts.serial_len), facts.not_after, wish, plan, err))
        return false;
    struct revoke_target *target = &plan->targets[plan->count - 1];
    struct bytes spki;
    if (!target->has_key_value && cert_tbs_spki(tbs, &spki, err)) {
        key_value(spki, target->key_value);
        target->has_key_value = true;
        target->subject = TAKE(facts.subject_text);
    }
    return true;
}

/* ---- what the ledger says ---- */

struct matching {
    bool (*fits)(const struct ledger_entry *entry, const void *data);
    const void *data;
    struct builder serials; /**< a length octet and the bytes each; the visitor must not use the ledger */
};

static bool match(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct matching *matching = data;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    (void)record;
    if (entry == NULL || entry->issued_seq == UINT64_MAX ||
        (matching->fits != NULL && !matching->fits(entry, matching->data)) ||
        !decode_hex(bytes_of_text(entry->serial), &serial))
        return true;
    builder_add_u8(&matching->serials, (uint8_t)serial.len);
    builder_add_bytes(&matching->serials, builder_bytes(&serial));
    return true;
}

bool selection_matching(struct status_desk *desk, const struct ledger_filter *filter,
                        bool (*fits)(const struct ledger_entry *entry, const void *data), const void *data,
                        const struct target_wish *wish, struct revoke_plan *plan, struct error *err)
{
    struct matching matching = {.fits = fits, .data = data};
    bool is_fine = ledger_each(desk->home->ledger, filter, match, &matching, err);
    struct bytes rest = builder_bytes(&matching.serials);
    while (is_fine && rest.len > 0) {
        struct bytes serial = bytes_slice(rest, 1, rest.data[0]);
        rest = bytes_slice(rest, 1 + serial.len, rest.len);
        is_fine =
            target_is_root(desk->home, serial) || selection_add(desk, serial, CRL_NO_TIME, wish, plan, err);
    }
    builder_done(&matching.serials);
    return is_fine;
}

static bool has_key(const struct ledger_entry *entry, const void *data)
{
    return memcmp(entry->key_value, data, sizeof(entry->key_value)) == 0;
}

static bool has_request(const struct ledger_entry *entry, const void *data)
{
    return memcmp(entry->csr_sha256, data, sizeof(entry->csr_sha256)) == 0;
}

/** DER, or the first PEM block of one of these labels. */
static bool decode_file(const struct selection *selection, const char *const *labels, size_t count,
                        struct builder *ret_der, struct error *err)
{
    struct bytes rest;
    struct bytes whole;
    struct bytes cursor = builder_bytes(&selection->file);
    if (der_take_whole(&cursor, DER_SEQUENCE, &whole) && cursor.len == 0) {
        builder_add_bytes(ret_der, whole);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        error_clear(err);
        if (pem_take(labels[i], builder_bytes(&selection->file), ret_der, &rest, err))
            return true;
    }
    return false;
}

static bool nothing_found(const struct revoke_plan *plan, const char *what, struct error *err)
{
    return plan->count > 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "no certificate with serial %s in the ledger; `coldca cert list` shows all", what);
}

static bool from_request(const struct selection *selection, const struct target_wish *wish,
                         struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    static const char *const labels[] = {"NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST"};
    const struct ledger_filter filter = {.status = -1, .only_certificates = true};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    uint8_t digest[32];
    if (!decode_file(selection, labels, ARRAY_LEN(labels), &der, err))
        return error_while(err, "reading the request");
    digest_sha256(builder_bytes(&der), digest);
    return selection_matching(desk, &filter, has_request, digest, wish, plan, err) &&
           nothing_found(plan, "for this request", err);
}

static bool from_key(const struct selection *selection, const struct target_wish *wish,
                     struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    static const char *const labels[] = {"PUBLIC KEY"};
    const struct ledger_filter filter = {.status = -1, .only_certificates = true};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct public_key_facts facts;
    uint8_t value[32];
    if (!decode_file(selection, labels, ARRAY_LEN(labels), &der, err) ||
        !public_key_read(builder_bytes(&der), &facts, err))
        return error_while(err, "reading the public key (`openssl pkey -pubout` makes one of a private key)");
    key_value(builder_bytes(&der), value);
    return selection_matching(desk, &filter, has_key, value, wish, plan, err) &&
           nothing_found(plan, "with this key", err);
}

bool selection_find(const struct selection *selection, const struct revoke_options *options,
                    struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    const struct target_wish *wish = &selection->wish;
    if (options->serial_count > 0)
        return from_serials(options, wish, desk, plan, err);
    if (options->certificate != NULL)
        return from_certificate(selection, wish, desk, plan, err);
    if (options->request != NULL)
        return from_request(selection, wish, desk, plan, err);
    if (options->key != NULL)
        return from_key(selection, wish, desk, plan, err);
    plan->is_many = true;
    if (options->list != NULL)
        return selection_from_list(selection, options->list, wish, desk, plan, err);
    return selection_from_where(options->where, wish, desk, plan, err);
}
