/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/verify.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void verify_say(struct verify_item *item, const char *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer reason is cut
    va_end(arguments);
    findings_say(&item->findings, rule, NULL, "record %" PRIu64 ": %s", item->position, text);
}

void verify_say_found(struct verify_item *item, const char *rule, const struct findings *found,
                      const char *otherwise)
{
    for (size_t i = 0; i < found->count; i++)
        verify_say(item, rule != NULL ? rule : found->items[i].rule, "%s", found->items[i].text);
    if (found->count == 0)
        verify_say(item, rule != NULL ? rule : "ledger.history", "%s", otherwise);
}

static bool decode_text(const struct canonical_value *value, struct builder *ret_data)
{
    return value->kind == CANONICAL_TEXT && value->spelling.len > 0 &&
           decode_base64(value->spelling, ret_data);
}

/** Holds the TBSCertificate against what the record says of it. */
static void compare_tbs(const struct ledger_checks *checks, struct verify_item *item)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    // Of these only the subject can have been spelled with escapes and still be right.
    const struct ledger_claims claims = {.serial = item->facts.serial_text.spelling,
                                         .subject = canonical_text(&item->facts.subject, &buffer),
                                         .spki_sha256 = item->facts.spki_text.spelling,
                                         .not_after = item->facts.not_after_text.spelling};
    if (checks == NULL || checks->tbs == NULL ||
        checks->tbs(checks->data, builder_bytes(&item->tbs), &claims, &findings))
        return;
    verify_say_found(item, "ledger.tbs", &findings, "its tbs does not fit its fields");
}

/** Fields that only matter to who wants to make the certificate again. */
static void check_signing(const struct verifier *verifier, struct verify_item *item)
{
    if (!decode_text(&item->facts.tbs, &item->tbs)) {
        verify_say(item, "ledger.fields", "cert.signing without its tbs in base64");
        return;
    }
    if (!item->facts.has_csr)
        verify_say(item, "ledger.fields", "cert.signing without csr_sha256");
    if (!item->facts.has_spki)
        verify_say(item, "ledger.fields", "cert.signing without spki_sha256");
    if (!item->facts.has_policy)
        verify_say(item, "ledger.fields", "cert.signing without policy_sha256");
    if (item->facts.policy.kind == CANONICAL_NONE)
        verify_say(item, "ledger.fields", "cert.signing without the policy's name");
    compare_tbs(verifier->checks, item);
}

static void check_issued(struct verify_item *item)
{
    if (!decode_text(&item->facts.signature, &item->signature))
        verify_say(item, "ledger.fields", "cert.issued without its signature in base64");
    item->has_digest = decode_hex_exactly(item->facts.sha256.spelling, item->sha256, sizeof(item->sha256));
    if (!item->has_digest)
        verify_say(item, "ledger.fields", "cert.issued without the certificate's sha256");
}

/** The other types: records/ knows what belongs into them. */
static void check_other(const struct ledger_checks *checks, struct verify_item *item, struct bytes text)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (checks == NULL || checks->record == NULL || checks->record(checks->data, text, &findings))
        return;
    verify_say_found(item, NULL, &findings, "it is not what its type demands");
}

/** A void line can be any bytes; if it is a record but for its end, it must be the one that was next. */
static void parse_void(struct verify_item *item, struct bytes text)
{
    struct canonical_field seq = {.key = "seq"};
    if (item->position == 0)
        verify_say(item, "ledger.void", "a void line stands before it, where no crash leaves one");
    while (text.len > 0 && text.data[text.len - 1] == LINES_CANCEL)
        text.len--;
    if (text.len <= LEDGER_RECORD_MAX_LEN && canonical_read(text, &seq, 1) &&
        seq.value.kind == CANONICAL_INT && (uint64_t)seq.value.number != item->position)
        verify_say(item, "ledger.void",
                   "the void line before it holds record %" PRId64 ", which was not next", seq.value.number);
}

void verify_parse_piece(void *data, size_t piece)
{
    const struct verify_round *round = data;
    struct verify_item *item = &round->items[piece];
    struct record_fault fault;
    struct bytes text = bytes_slice(builder_bytes(&round->text), item->start, item->len);
    if (item->line.kind == LINE_VOID) {
        parse_void(item, text);
        return;
    }
    tree_leaf_hash(text, &item->leaf);
    if (round->verifier->only_tree)
        return;
    if (item->line.kind == LINE_TOO_LONG) {
        verify_say(item, "ledger.length", "longer than %d bytes", LEDGER_RECORD_MAX_LEN);
        return;
    }
    item->is_record = record_read(text, &item->facts, &fault);
    if (!item->is_record) {
        verify_say(item, fault.rule, "%s", fault.text);
        return;
    }
    if (item->facts.kind == RECORD_SIGNING)
        check_signing(round->verifier, item);
    else if (item->facts.kind == RECORD_ISSUED)
        check_issued(item);
    else
        check_other(round->verifier->checks, item, text);
}

/** The TBSCertificate of the cert.signing a cert.issued refers to. */
static bool read_tbs(const struct verifier *verifier, const struct verify_item *item, struct builder *ret_tbs)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    struct canonical_field tbs = {.key = "tbs"};
    uint8_t *place = builder_reserve(&line, item->signing_len);
    return pread(verifier->log_fd, place, item->signing_len, (off_t)item->signing_offset) ==
               (ssize_t)item->signing_len &&
           canonical_read(builder_bytes(&line), &tbs, 1) && decode_text(&tbs.value, ret_tbs);
}

void verify_certify_piece(void *data, size_t piece)
{
    const struct verify_round *round = data;
    const struct ledger_checks *checks = round->verifier->checks;
    struct verify_item *item = &round->items[piece];
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!item->has_certificate || checks == NULL || checks->certificate == NULL)
        return;
    if (item->signature.len == 0 || !item->has_digest)
        return; // was found when it was parsed
    if (item->signing == NULL && !read_tbs(round->verifier, item, &tbs)) {
        verify_say(item, "ledger.certificate", "the tbs of record %" PRIu64 " can't be read",
                   item->facts.ref);
        return;
    }
    struct bytes signed_bytes = builder_bytes(item->signing != NULL ? &item->signing->tbs : &tbs);
    if (checks->certificate(checks->data, signed_bytes, builder_bytes(&item->signature), item->sha256,
                            &findings))
        return;
    AUTO(free)
    char *otherwise =
        memory_format("record %" PRIu64 " sealed with it is not a certificate", item->facts.ref);
    verify_say_found(item, "ledger.certificate", &findings, otherwise);
}
