/* SPDX-License-Identifier: Apache-2.0 */
#include "home/chain.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "home/created.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void home_chain_digest(const struct cert_issuer *issuer, uint8_t ret_sha256[static 32])
{
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    for (size_t i = 0; i < cert_issuer_above_count(issuer); i++)
        builder_add_bytes(&all, cert_issuer_above(issuer, i));
    digest_sha256(builder_bytes(&all), ret_sha256);
}

/**
 * What init wrote, by the records themselves: an index that was changed to know of none is not believed. (Who writes has read them all.)
 */
static bool find_first(const struct home *home, struct home_chain_set *set, struct error *err)
{
    uint64_t size = ledger_size(home->ledger);
    for (uint64_t seq = 0; seq < size && seq < HOME_FIRST_RECORDS; seq++) {
        AUTO(json_free) struct json *record = NULL;
        if (!ledger_record(home->ledger, seq, &record, err))
            return false;
        const char *type = json_text(record, "type");
        if (type != NULL && strcmp(type, "chain.set") == 0) {
            set->is_there = true;
            set->seq = seq;
        }
    }
    return true;
}

bool home_chain_noted(const struct home *home, struct home_chain_set *ret_set, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    struct home_chain_set set = {.is_there = false};
    if (!ledger_newest_chain(home->ledger, &set.seq, &set.is_there, err) ||
        (!set.is_there && !find_first(home, &set, err)))
        return false;
    if (set.is_there) {
        if (!ledger_record(home->ledger, set.seq, &record, err))
            return false;
        if (!json_hex(record, "sha256", &digest) || digest.len != sizeof(set.sha256))
            return error_set(err, ERROR_LEDGER, 0,
                             "record %" PRIu64 " (chain.set) has no sha256: run `coldca ledger verify`",
                             set.seq);
        memcpy(set.sha256, digest.data, sizeof(set.sha256));
    }
    *ret_set = set;
    return true;
}

#define REMEDY                                                                                               \
    "put chain.pem back from a copy; if another chain is meant, `coldca cert chain --set FILE` takes it"

bool home_chain_compare(const struct home *home, const struct home_chain_set *set, struct error *err)
{
    uint8_t digest[32];
    if (home->chain_fault.kind != ERROR_NONE)
        return error_set(err, ERROR_LEDGER, 0,
                         "chain.pem is not the chain above this CA (%.*s), so what that forbids is not "
                         "known: " REMEDY,
                         (int)strcspn(home->chain_fault.text, "\n"), home->chain_fault.text);
    if (!set->is_there)
        return true;
    home_chain_digest(home->issuer, digest);
    size_t count = cert_issuer_above_count(home->issuer);
    return memcmp(digest, set->sha256, sizeof(digest)) == 0 ||
           error_set(err, ERROR_LEDGER, 0,
                     "chain.pem, with %zu certificate%s, is not the chain that record %" PRIu64
                     " of the ledger (chain.set) has: it was %s; " REMEDY,
                     count, count == 1 ? "" : "s", set->seq, count == 0 ? "emptied or removed" : "changed");
}

bool home_check_chain(const struct home *home, const struct console *console, struct error *err)
{
    struct home_chain_set set;
    if (!home_chain_noted(home, &set, err) || !home_chain_compare(home, &set, err))
        return false;
    if (!set.is_there)
        console_notice(
            console,
            "the ledger does not have this CA's chain (chain.set), so a changed chain.pem would not be "
            "noticed: run `coldca -C %s cert chain --set %s/" HOME_CHAIN_FILE "` once, after a look at it",
            home->path, home->path);
    return true;
}

void home_chain_links_free(struct home_chain_link *links, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(links[i].subject);
    free(links);
}

bool home_chain_links(const struct home *home, struct home_chain_link **ret_links, size_t *ret_count,
                      struct error *err)
{
    size_t count = 1 + cert_issuer_above_count(home->issuer);
    struct home_chain_link *links = memory_new(count, sizeof(*links));
    for (size_t i = 0; i < count; i++) {
        AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
        struct bytes der = i == 0 ? cert_issuer_der(home->issuer) : cert_issuer_above(home->issuer, i - 1);
        if (!cert_read(der, &facts, err)) {
            home_chain_links_free(links, count);
            return false;
        }
        links[i].subject = TAKE(facts.subject_text);
        links[i].not_after = facts.not_after;
        digest_sha256(der, links[i].sha256);
    }
    *ret_links = links;
    *ret_count = count;
    return true;
}
