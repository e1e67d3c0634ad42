#include "ledger/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void verify_say(struct verify_item *item, const char *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments); // a longer reason is cut
    va_end(arguments);
    findings_say(&item->findings, rule, NULL, "record %" PRIu64 ": %s", item->position, text);
}

/** Fields that only matter to who wants to make the certificate again. */
static void check_signing(const struct verifier *verifier, struct verify_item *item)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    static const char *const digests[] = {"csr_sha256", "spki_sha256", "policy_sha256"};
    if (!json_base64(item->record, "tbs", &item->tbs) || item->tbs.len == 0) {
        verify_say(item, "ledger.fields", "cert.signing without its tbs in base64");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        if (json_text(item->record, digests[i]) == NULL)
            verify_say(item, "ledger.fields", "cert.signing without %s", digests[i]);
    }
    if (item->facts.policy == NULL)
        verify_say(item, "ledger.fields", "cert.signing without the policy's name");
    if (verifier->checks == NULL || verifier->checks->tbs == NULL ||
        verifier->checks->tbs(verifier->checks->data, builder_bytes(&item->tbs), item->record, &findings))
        return;
    for (size_t i = 0; i < findings.count; i++)
        verify_say(item, "ledger.tbs", "%s", findings.items[i].text);
    if (findings.count == 0)
        verify_say(item, "ledger.tbs", "its tbs does not fit its fields");
}

static void check_issued(struct verify_item *item)
{
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    if (!json_base64(item->record, "signature", &signature) || signature.len == 0)
        verify_say(item, "ledger.fields", "cert.issued without its signature in base64");
    if (!json_hex(item->record, "sha256", &digest) || digest.len != 32)
        verify_say(item, "ledger.fields", "cert.issued without the certificate's sha256");
}

/** A void line can be any bytes; if it is a record but for its end, it must be the one that was next. */
static void parse_void(struct verify_item *item, struct bytes text)
{
    AUTO(json_free) struct json *record = NULL;
    struct record_fault fault;
    int64_t seq;
    while (text.len > 0 && text.data[text.len - 1] == LINES_CANCEL)
        text.len--;
    if (text.len > 0 && text.len <= LEDGER_RECORD_MAX_LEN && record_parse(text, &record, &fault) &&
        json_int(record, "seq", &seq) && (uint64_t)seq != item->position)
        verify_say(item, "ledger.void",
                   "the void line before it holds record %" PRId64 ", which was not next", seq);
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
    if (!record_parse(text, &item->record, &fault)) {
        verify_say(item, fault.rule, "%s", fault.text);
        return;
    }
    if (!record_read(item->record, &item->facts, &fault)) {
        verify_say(item, fault.rule, "%s", fault.text);
        json_free(TAKE(item->record));
        return;
    }
    if (item->facts.kind == RECORD_SIGNING)
        check_signing(round->verifier, item);
    else if (item->facts.kind == RECORD_ISSUED)
        check_issued(item);
}

/** The TBSCertificate of the cert.signing a cert.issued refers to. */
static bool read_tbs(const struct verifier *verifier, const struct verify_item *item, struct builder *ret_tbs)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(json_free) struct json *signing = NULL;
    struct error ignored = ERROR_INIT;
    uint8_t *place = builder_reserve(&line, item->signing_len);
    if (pread(verifier->log_fd, place, item->signing_len, (off_t)item->signing_offset) !=
            (ssize_t)item->signing_len ||
        !json_parse(builder_bytes(&line), &signing, &ignored))
        return false;
    return json_base64(signing, "tbs", ret_tbs);
}

void verify_certify_piece(void *data, size_t piece)
{
    const struct verify_round *round = data;
    const struct ledger_checks *checks = round->verifier->checks;
    struct verify_item *item = &round->items[piece];
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!item->has_certificate || checks == NULL || checks->certificate == NULL)
        return;
    if (!json_base64(item->record, "signature", &signature) || !json_hex(item->record, "sha256", &digest) ||
        digest.len != 32)
        return; // was found when it was parsed
    if (item->signing == NULL && !read_tbs(round->verifier, item, &tbs)) {
        verify_say(item, "ledger.certificate", "the tbs of record %" PRIu64 " can't be read",
                   item->facts.ref);
        return;
    }
    struct bytes signed_bytes = builder_bytes(item->signing != NULL ? &item->signing->tbs : &tbs);
    if (checks->certificate(checks->data, signed_bytes, builder_bytes(&signature), digest.data, &findings))
        return;
    for (size_t i = 0; i < findings.count; i++)
        verify_say(item, "ledger.certificate", "%s", findings.items[i].text);
    if (findings.count == 0)
        verify_say(item, "ledger.certificate", "record %" PRIu64 " sealed with it is no certificate",
                   item->facts.ref);
}
