/* SPDX-License-Identifier: Apache-2.0 */
#include "status/select.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "home/certificate.h"
#include "records/compromised.h"
#include "status/list_parse.h"

#include <string.h>

void selection_done(struct selection *selection)
{
    builder_done(&selection->lines);
    foreign_done(&selection->foreign);
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

/** Whatever is a file from elsewhere goes to a parser process. */
static bool read_files(const struct revoke_options *options, struct selection *selection, struct error *err)
{
    const struct {
        const char *path;
        enum foreign_kind kind;
    } files[] = {{options->certificate, FOREIGN_CERTIFICATE},
                 {options->request, FOREIGN_REQUEST},
                 {options->key, FOREIGN_KEY}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (files[i].path != NULL)
            return foreign_read_file(files[i].kind, files[i].path, &selection->foreign, err);
    }
    return options->list == NULL || list_read(options->list, &selection->lines, selection->sha256, err);
}

bool selection_read(const struct revoke_options *options, struct selection *selection, struct error *err)
{
    const char *files[] = {options->certificate, options->request, options->key, options->list};
    size_t ways = (options->serial_count > 0 ? 1U : 0U) + (options->where != NULL ? 1U : 0U);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        ways += files[i] != NULL ? 1 : 0;
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
    return read_wish(options, &selection->wish, err) && read_files(options, selection, err);
}

/* ---- targets ---- */

static struct revoke_target *selection_room(struct revoke_plan *plan)
{
    if ((plan->count & (plan->count - 1)) == 0) // a power of two: it is full, or empty
        plan->targets =
            memory_grow(plan->targets, plan->count == 0 ? 1 : 2 * plan->count, sizeof(*plan->targets));
    return &plan->targets[plan->count++];
}

bool selection_add(struct status_desk *desk, struct bytes serial, int64_t not_after,
                   const struct target_wish *wish, struct revoke_plan *plan, struct error *err)
{
    struct revoke_target target;
    if (!target_find(desk, serial, not_after, wish, &target, err))
        return false;
    *selection_room(plan) = target;
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
        serial = bytes_slice(serial, 1, serial.len);
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
    const struct foreign *foreign = &selection->foreign;
    struct bytes der = builder_bytes(&foreign->der);
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    struct error why = ERROR_INIT;
    bool is_own = bytes_equal(der, cert_issuer_der(desk->home->issuer));
    if (!is_own && !foreign_is_ours(foreign, desk->home->issuer, &why))
        return error_set(err, ERROR_INPUT, 0,
                         "this certificate is by another issuer (%s): only that CA can revoke it",
                         foreign->issuer);
    // What this CA's key signed may be read here; a parser process's word would not be enough.
    if (!cert_read(der, &facts, err) ||
        !selection_add(desk, bytes_of(facts.serial, facts.serial_len), facts.not_after, wish, plan, err))
        return false;
    struct revoke_target *target = &plan->targets[plan->count - 1];
    if (!target->has_key_value) {
        memcpy(target->key_value, foreign->key_value, sizeof(target->key_value));
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
    if (entry->issued_seq == UINT64_MAX ||
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

static bool from_request(const struct selection *selection, const struct target_wish *wish,
                         struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    const struct ledger_filter filter = {.status = -1, .only_certificates = true};
    uint8_t digest[32];
    digest_sha256(builder_bytes(&selection->foreign.der), digest);
    return selection_matching(desk, &filter, has_request, digest, wish, plan, err) &&
           (plan->count > 0 ||
            error_set(err, ERROR_INPUT, 0,
                      "no certificate of the ledger was issued for this request; `coldca cert list` shows "
                      "all, and --key takes a request for its key"));
}

/** A key that was lost is remembered by itself: a certificate that was revoked earlier, for another reason, does not say it. */
static bool add_key(const struct selection *selection, const struct target_wish *wish,
                    struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    AUTO(compromised_keys_free) struct compromised_keys *known = NULL;
    const uint8_t *value = selection->foreign.key_value;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->targets[i].action == REVOKE_REVOKE)
            return true; // its cert.revoked says it
    }
    if (!compromised_keys_load(desk->home->ledger, &known, err))
        return false;
    while (plan->count > 0)
        revoke_target_done(&plan->targets[--plan->count]); // nothing is to be done with them
    *selection_room(plan) = target_of_key(value, wish, compromised_keys_find(known, value));
    return true;
}

static bool from_key(const struct selection *selection, const struct target_wish *wish,
                     struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    const struct ledger_filter filter = {.status = -1, .only_certificates = true};
    if (!selection_matching(desk, &filter, has_key, selection->foreign.key_value, wish, plan, err))
        return false;
    if (!wish->is_release && wish->reason == CRL_KEY_COMPROMISE)
        return add_key(selection, wish, desk, plan, err);
    return plan->count > 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "no certificate with this key in the ledger; `coldca cert list` shows all. Was the key "
                     "compromised, then --reason keyCompromise has it refused from now on");
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
