#include "ca/issue.h"

#include "base/digest.h"
#include "base/memory.h"

#include <string.h>

/* The fields of the ledger's certificate records (docs/ledger-format.md). */

/* What people read is bounded, so that a record always fits; the TBS bytes hold the whole truth. */
#define SHOWN_MAX_LEN 1024
#define SANS_MAX_LEN 8192

void ca_put_bounded(struct json *object, const char *key, const char *text)
{
    if (text == NULL)
        return;
    size_t len = strlen(text);
    if (len > SHOWN_MAX_LEN) {
        // Cut before a character, not inside one (UTF-8 continuation bytes are 10xxxxxx).
        for (len = SHOWN_MAX_LEN; len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80;)
            len--;
    }
    json_put_text_bytes(object, key, bytes_of(text, len));
}

static void put_sans(struct json *fields, const struct template *template)
{
    size_t used = 0;
    struct json *sans = json_put_array(fields, "sans");
    for (size_t i = 0; i < template->sans_count; i++) {
        AUTO(free)
        char *name = memory_format("%s:%s", san_kind_name(template->sans[i].kind), template->sans[i].text);
        used += strlen(name);
        if (used > SANS_MAX_LEN) {
            json_add_text(sans, "...");
            return;
        }
        json_add_text(sans, name);
    }
}

struct json *ca_signing_record(const struct plan_item *item, const char *policy,
                               const uint8_t policy_sha256[static 32], const char *batch)
{
    char not_after[TIME_TEXT_SIZE];
    const struct template *template = item->verdict->template;
    struct error err = ERROR_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    struct json *fields = json_new_object();
    if (!cert_read_tbs(bytes_of(item->tbs, item->tbs_len), &facts, &err))
        abort(); // judge.c read these very bytes back before it put them into the plan
    json_put_base64(fields, "tbs", bytes_of(item->tbs, item->tbs_len));
    json_put_hex(fields, "serial", bytes_of(facts.serial, facts.serial_len));
    json_put_text(fields, "subject", facts.subject_text);
    json_put_text(fields, "not_after", time_format(facts.not_after, not_after));
    put_sans(fields, template);
    json_put_text(fields, "policy", policy);
    json_put_hex(fields, "policy_sha256", bytes_of(policy_sha256, 32));
    json_put_hex(fields, "csr_sha256", BYTES(item->request->sha256));
    json_put_hex(fields, "spki_sha256", BYTES(facts.spki_sha256));
    ca_put_bounded(fields, "source", item->source);
    json_put_text(fields, "validity_note", template->validity_note);
    json_put_text(fields, "batch", batch);
    return fields;
}

struct json *ca_issued_record(uint64_t signing_seq, struct bytes signature, struct bytes certificate)
{
    uint8_t digest[32];
    struct json *fields = json_new_object();
    digest_sha256(certificate, digest);
    json_put_int(fields, "ref", (int64_t)signing_seq);
    json_put_base64(fields, "signature", signature);
    json_put_hex(fields, "sha256", BYTES(digest));
    return fields;
}
