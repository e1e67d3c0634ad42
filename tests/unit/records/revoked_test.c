/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands on a CRL (records/revoked.h), case by case: from lines of a ledger to entries. */
#include "records/revoked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cert_maker.h"

#include "base/memory.h"
#include "base/time.h"

#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"

/** A ledger that is told line by line. */
struct told {
    struct revoked *revoked;
    uint64_t next;
    struct error err;
};

static struct cert_issuer *issuer;

static int make_issuer(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    EVP_PKEY_free(key);
    return 0;
}

static int free_issuer(void **state)
{
    (void)state;
    cert_issuer_free(issuer);
    return 0;
}

static int setup(void **state)
{
    struct told *told = memory_new(1, sizeof(*told));
    told->revoked = revoked_new();
    *state = told;
    return 0;
}

static int teardown(void **state)
{
    struct told *told = *state;
    revoked_free(told->revoked);
    free(told);
    return 0;
}

/** Takes a record; members are JSON, seq and operator are added. */
static bool try_take(struct told *told, const char *type, const char *time, const char *members)
{
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(free) char *text = memory_format("{%s}", members);
    error_clear(&told->err);
    assert_true(json_parse(bytes_of_text(text), &json, &told->err));
    json_put_int(json, "seq", (int64_t)told->next);
    json_put_text(json, "type", type);
    json_put_text(json, "time", time);
    json_put_text(json, "operator", "test");
    json_canonical(json, &line);
    return revoked_take(told->revoked, told->next++, builder_bytes(&line), &told->err);
}

static uint64_t take(struct told *told, const char *type, const char *time, const char *members)
{
    if (!try_take(told, type, time, members))
        fail_msg("%s", told->err.text);
    return told->next - 1;
}

static void refused(struct told *told, const char *type, const char *members, const char *why)
{
    assert_false(try_take(told, type, "2026-06-01T00:00:00Z", members));
    if (strstr(told->err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", told->err.text, why);
}

static uint64_t take_signing(struct told *told, const char *serial, const char *not_after)
{
    AUTO(free) char *members = memory_format("\"serial\":\"%s\",\"not_after\":\"%s\"", serial, not_after);
    return take(told, "cert.signing", "2026-01-01T00:00:00Z", members);
}

static uint64_t take_end(struct told *told, const char *type, uint64_t ref)
{
    AUTO(free) char *members = memory_format("\"ref\":%llu", (unsigned long long)ref);
    return take(told, type, "2026-01-02T00:00:00Z", members);
}

static uint64_t take_revoked(struct told *told, const char *serial, const char *reason, const char *not_after)
{
    bool is_hold = strcmp(reason, "certificateHold") == 0;
    AUTO(free)
    char *members = memory_format(
        "\"serial\":\"%s\",\"reason\":\"%s\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"hold\":%s%s%s%s",
        serial, reason, is_hold ? "true" : "false", not_after == NULL ? "" : ",\"not_after\":\"",
        not_after == NULL ? "" : not_after, not_after == NULL ? "" : "\"");
    return take(told, "cert.revoked", "2026-02-01T00:00:00Z", members);
}

/** The members of a crl.signing, as sound as this module asks. */
static char *signing_members(const struct told *told, unsigned number, const char *time, uint64_t size)
{
    const struct revoked_crls *crls = revoked_crls(told->revoked);
    AUTO(free)
    char *previous = crls->has_issued
                         ? memory_format(",\"previous\":%llu", (unsigned long long)crls->issued.issued_seq)
                         : memory_text("");
    return memory_format(
        "\"number\":%u,\"issuer_sha256\":\"" ZERO32 "\",\"algorithm\":\"MAA=\",\"this_update\":\"%s\","
        "\"next_update\":\"2040-01-01T00:00:00Z\",\"size\":%llu,\"extensions\":\"MAA=\",\"scope\":{},"
        "\"keep_expired\":false,\"order\":\"ledger\",\"count\":0,\"tbs_len\":1,\"tbs_sha256\":\"" ZERO32
        "\",\"rule\":1%s",
        number, time, (unsigned long long)size, previous);
}

static void issue_crl(struct told *told, unsigned number, const char *time)
{
    AUTO(free) char *signing = signing_members(told, number, time, told->next);
    uint64_t ref = take(told, "crl.signing", time, signing);
    AUTO(free) char *issued = memory_format("\"ref\":%llu,\"number\":%u", (unsigned long long)ref, number);
    (void)take(told, "crl.issued", time, issued);
}

/** The TBSCertList drawn now. \return how many entries it has */
static uint64_t draw(const struct told *told, bool keep_expired, struct builder *tbs)
{
    struct error err = ERROR_INIT;
    uint64_t count = 0;
    const struct crl_frame frame = {.issuer = issuer,
                                    .kind = SIGNATURE_ECDSA_SHA256,
                                    .number = 1,
                                    .this_update = 0,
                                    .next_update = 1,
                                    .expired_since = keep_expired ? 0 : CRL_NO_TIME};
    if (!revoked_draw(told->revoked, &frame, crl_sink_builder, tbs, &count, &err))
        fail_msg("%s", err.text);
    return count;
}

/** "01 02!6": serials in their order, "!" and the reason if there is one, "@" for an invalidity date. */
static const char *listed(const struct told *told, bool keep_expired)
{
    static char text[512];
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    struct crl_read_entry entry;
    struct crl crl;
    struct error err = ERROR_INIT;
    uint64_t read = 0;
    uint64_t count = draw(told, keep_expired, &tbs);
    assert_true(crl_read_tbs(builder_bytes(&tbs), &crl, &err));
    struct bytes cursor = crl.entries;
    for (; crl_next_entry(&cursor, &entry); read++) {
        builder_add_text(&out, read == 0 ? "" : " ");
        for (size_t i = 0; i < entry.entry.serial.len; i++)
            builder_format(&out, "%02x", entry.entry.serial.data[i]);
        if (entry.has_reason)
            builder_format(&out, "!%u", entry.entry.reason);
        if (entry.entry.invalidity_date != CRL_NO_TIME)
            builder_add_text(&out, "@");
    }
    assert_int_equal(cursor.len, 0);
    assert_int_equal(read, count);
    (void)snprintf(text, sizeof(text), "%s", builder_text(&out));
    return text;
}

#define END "2030-01-01T00:00:00Z"

static void test_empty(void **state)
{
    struct told *told = *state;
    take_end(told, "cert.issued", take_signing(told, "01", END));
    assert_string_equal(listed(told, false), "");
    assert_false(revoked_crls(told->revoked)->has_issued);
}

static void test_revoked_in_order(void **state)
{
    struct told *told = *state;
    take_end(told, "cert.issued", take_signing(told, "01", END));
    take_end(told, "cert.issued", take_signing(told, "8f", END));
    take_revoked(told, "8f", "keyCompromise", END);
    take_revoked(told, "01", "unspecified", END);
    assert_string_equal(listed(told, false), "8f!1 01"); // the order of the records; reason 0 is not written
    refused(told, "cert.revoked", "\"serial\":\"01\",\"reason\":\"superseded\",\"hold\":false",
            "revoked already");
    assert_string_equal(listed(told, false), "8f!1 01");
}

static void test_invalidity_date(void **state)
{
    struct told *told = *state;
    (void)take(told, "cert.revoked", "2026-02-01T00:00:00Z",
               "\"serial\":\"05\",\"reason\":\"keyCompromise\",\"invalidity_date\":\"2026-01-15T00:00:00Z\","
               "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"hold\":false,\"foreign\":true");
    assert_string_equal(listed(told, false), "05!1@");
}

/** Of a wrong type, or spelled in a second way. */
static void test_members_of_a_wrong_kind(void **state)
{
    struct told *told = *state;
    refused(told, "cert.revoked", "\"serial\":\"0005\",\"hold\":false", "begins with a zero octet");
    refused(told, "cert.unrevoked", "\"serial\":\"0005\"", "begins with a zero octet");
    refused(told, "cert.revoked", "\"serial\":\"05\",\"hold\":0", "hold, which is true or false");
    refused(told, "cert.revoked", "\"serial\":\"05\",\"foreign\":\"no\"", "foreign, which is true or false");
    refused(told, "cert.revoked", "\"serial\":\"05\",\"reason\":4", "reason, which is a text");
    refused(told, "cert.revoked", "\"serial\":\"05\",\"reason\":\"SUPERSEDED\"", "reason is none");
    AUTO(free) char *good = signing_members(told, 1, "2026-05-01T00:00:00Z", told->next);
    char *keep = strstr(good, "\"keep_expired\":false");
    assert_non_null(keep);
    AUTO(free)
    char *bad = memory_format("%.*s\"keep_expired\":0%s", (int)(keep - good), good,
                              keep + strlen("\"keep_expired\":false"));
    refused(told, "crl.signing", bad, "keep_expired, which is true or false");
    assert_string_equal(listed(told, false), "");
}

static void test_burned(void **state)
{
    struct told *told = *state;
    uint64_t first = take_signing(told, "01", END);
    take_end(told, "cert.issued", take_signing(told, "02", END));
    take_end(told, "cert.abandoned", first);
    struct revoked_state found;
    assert_string_equal(listed(told, false), "01"); // by itself, without a reason
    assert_true(revoked_find(told->revoked, bytes_of("\x01", 1), &found));
    assert_true(found.is_burned);
    assert_false(revoked_find(told->revoked, bytes_of("\x02", 1), &found));
    take_revoked(told, "01", "certificateHold", END);
    assert_string_equal(listed(told, false), "01!6");
    (void)take(told, "cert.unrevoked", "2026-03-01T00:00:00Z", "\"serial\":\"01\"");
    assert_string_equal(listed(told, false), "01"); // what it was before
    refused(told, "cert.unrevoked", "\"serial\":\"01\"", "not revoked");
}

/** What is burned is remembered under whatever was said of it since. */
static void test_burned_below(void **state)
{
    struct told *told = *state;
    struct revoked_state found;
    uint64_t first = take_signing(told, "01", END);
    take_end(told, "cert.abandoned", first);
    take_revoked(told, "01", "certificateHold", END);
    uint64_t second = take_revoked(told, "01", "certificateHold", END); // in the first's place
    assert_string_equal(listed(told, false), "01!6");
    assert_true(revoked_find(told->revoked, bytes_of("\x01", 1), &found));
    assert_int_equal(found.seq, second);
    assert_false(found.is_burned);
    (void)take(told, "cert.unrevoked", "2026-03-01T00:00:00Z", "\"serial\":\"01\"");
    assert_true(revoked_find(told->revoked, bytes_of("\x01", 1), &found));
    assert_true(found.is_burned);
    assert_string_equal(listed(told, false), "01");
    take_revoked(told, "01", "superseded", END);
    assert_string_equal(listed(told, false), "01!4");
    refused(told, "cert.revoked", "\"serial\":\"01\",\"reason\":\"superseded\",\"hold\":false",
            "revoked already");
}

/** Revoked before anybody knew that nobody knows whether it was signed. */
static void test_burned_above(void **state)
{
    struct told *told = *state;
    uint64_t first = take_signing(told, "01", END);
    take_revoked(told, "01", "keyCompromise", END);
    assert_string_equal(listed(told, false), "01!1");
    take_end(told, "cert.abandoned", first);
    assert_string_equal(listed(told, false), "01");
    take_revoked(told, "01", "superseded", END);
    assert_string_equal(listed(told, false), "01!4");
    // Without its time it is told, and what it would have ended goes on.
    AUTO(free)
    char *members = memory_format("\"ref\":%llu", (unsigned long long)take_signing(told, "02", END));
    assert_false(try_take(told, "cert.abandoned", "soon", members));
    assert_non_null(strstr(told->err.text, "a cert.abandoned without its time"));
    assert_int_equal(revoked_unfinished(told->revoked), 1);
    (void)take(told, "cert.abandoned", "2026-03-01T00:00:00Z", members);
    assert_int_equal(revoked_unfinished(told->revoked), 0);
}

/** More than there is room for at first. */
static void test_many_unfinished(void **state)
{
    struct told *told = *state;
    uint64_t seqs[600];
    struct revoked_state found;
    for (unsigned i = 0; i < 600; i++) {
        char serial[5];
        (void)snprintf(serial, sizeof(serial), "%04x", 0x1000 + i);
        seqs[i] = take_signing(told, serial, END);
    }
    assert_int_equal(revoked_unfinished(told->revoked), 600);
    for (unsigned i = 0; i < 600; i++)
        take_end(told, i % 3 == 0 ? "cert.abandoned" : "cert.issued", seqs[i]);
    assert_int_equal(revoked_unfinished(told->revoked), 0);
    for (unsigned i = 0; i < 600; i++) {
        uint8_t serial[2] = {(uint8_t)(0x10 + (i >> 8)), (uint8_t)i};
        assert_int_equal(revoked_find(told->revoked, BYTES(serial), &found), i % 3 == 0);
    }
}

/** Records that are no releases. */
static void test_releases_that_are_none(void **state)
{
    struct told *told = *state;
    take_revoked(told, "01", "certificateHold", END);
    refused(told, "cert.unrevoked", "\"ref\":1", "without serial, which is hex\nwhile reading record 1");
    refused(told, "cert.unrevoked", "\"serial\":\"01\",\"ref\":\"0\"",
            "without ref, which is a number from 0 on");
    refused(told, "cert.revoked", "\"serial\":\"\"", "without serial, which is hex\nwhile reading record 3");
    assert_int_equal(told->err.kind, ERROR_LEDGER);
    assert_string_equal(listed(told, false), "01!6");
}

static void test_hold_and_release(void **state)
{
    struct told *told = *state;
    take_end(told, "cert.issued", take_signing(told, "01", END));
    uint64_t hold = take_revoked(told, "01", "certificateHold", END);
    assert_string_equal(listed(told, false), "01!6");
    AUTO(free) char *wrong = memory_format("\"serial\":\"01\",\"ref\":%llu", (unsigned long long)hold - 1);
    refused(told, "cert.unrevoked", wrong, "not the cert.revoked in force");
    AUTO(free) char *right = memory_format("\"serial\":\"01\",\"ref\":%llu", (unsigned long long)hold);
    (void)take(told, "cert.unrevoked", "2026-03-01T00:00:00Z", right);
    assert_string_equal(listed(told, false), "");
    take_revoked(told, "01", "certificateHold", END); // again, and then for good
    take_revoked(told, "01", "superseded", END);
    assert_string_equal(listed(told, false), "01!4");
    refused(told, "cert.unrevoked", "\"serial\":\"01\"", "not on hold");
    refused(told, "cert.unrevoked", "\"serial\":\"77\"", "not revoked");
}

static void test_leaves_one_crl_after_its_end(void **state)
{
    struct told *told = *state;
    take_end(told, "cert.issued", take_signing(told, "01", "2026-03-01T00:00:00Z"));
    take_revoked(told, "01", "superseded", "2026-03-01T00:00:00Z");
    take_revoked(told, "02", "superseded", NULL); // nobody knows its end: it stays
    issue_crl(told, 1, "2026-03-01T00:00:00Z");   // its last second: not beyond its validity
    assert_string_equal(listed(told, false), "01!4 02!4");
    issue_crl(told, 2, "2026-03-01T00:00:01Z"); // the one beyond its validity, which it is on
    assert_string_equal(listed(told, false), "02!4");
    assert_string_equal(listed(told, true), "01!4 02!4"); // keep_expired
    issue_crl(told, 3, "2026-04-01T00:00:00Z");
    assert_string_equal(listed(told, false), "02!4");
}

static void test_revoked_after_its_end_is_on_one(void **state)
{
    struct told *told = *state;
    issue_crl(told, 1, "2026-04-01T00:00:00Z");
    take_revoked(told, "01", "superseded", "2026-03-01T00:00:00Z"); // after CRL 1 was drawn
    assert_string_equal(listed(told, false), "01!4");
    issue_crl(told, 2, "2026-04-02T00:00:00Z");
    assert_string_equal(listed(told, false), "");
}

/** What was logged and never signed is not "the CRL before": its entries did not leave the house. */
static void test_abandoned_crl_counts_for_its_number_only(void **state)
{
    struct told *told = *state;
    take_revoked(told, "01", "superseded", "2026-03-01T00:00:00Z");
    AUTO(free) char *signing = signing_members(told, 1, "2026-04-01T00:00:00Z", told->next);
    uint64_t ref = take(told, "crl.signing", "2026-04-01T00:00:00Z", signing);
    assert_true(revoked_crls(told->revoked)->has_unfinished);
    AUTO(free) char *second = signing_members(told, 2, "2026-04-01T00:00:00Z", told->next);
    refused(told, "crl.signing", second, "neither issued nor abandoned");
    AUTO(free)
    char *wrong = memory_format("\"ref\":%llu,\"number\":2,\"reason\":\"x\"", (unsigned long long)ref);
    refused(told, "crl.abandoned", wrong, "no unfinished crl.signing");
    AUTO(free)
    char *end = memory_format("\"ref\":%llu,\"number\":1,\"reason\":\"x\"", (unsigned long long)ref);
    (void)take(told, "crl.abandoned", "2026-04-01T00:00:00Z", end);
    assert_string_equal(listed(told, false), "01!4");
    assert_int_equal(revoked_crls(told->revoked)->last_number, 1);
    assert_false(revoked_crls(told->revoked)->has_issued);
    AUTO(free) char *again = signing_members(told, 1, "2026-04-01T00:00:00Z", told->next);
    refused(told, "crl.signing", again, "not larger");
}

static void test_signing_fits_what_is_before(void **state)
{
    struct told *told = *state;
    issue_crl(told, 3, "2026-04-01T00:00:00Z");
    AUTO(free) char *early = signing_members(told, 4, "2026-03-31T00:00:00Z", told->next);
    refused(told, "crl.signing", early, "this_update");
    AUTO(free) char *size = signing_members(told, 4, "2026-05-01T00:00:00Z", told->next - 1);
    refused(told, "crl.signing", size, "size");
    AUTO(free) char *good = signing_members(told, 4, "2026-05-01T00:00:00Z", told->next);
    char *previous = strstr(good, ",\"previous\":");
    assert_non_null(previous);
    *previous = '\0';
    refused(told, "crl.signing", good, "previous");
}

static void test_ends_only_what_is_unfinished(void **state)
{
    struct told *told = *state;
    uint64_t ref = take_signing(told, "01", END);
    take_end(told, "cert.issued", ref);
    AUTO(free) char *members = memory_format("\"ref\":%llu", (unsigned long long)ref);
    refused(told, "cert.abandoned", members, "no unfinished cert.signing");
    assert_string_equal(listed(told, false), "");
}

/** Many serials, so that the table of them grows. */
static void test_many(void **state)
{
    struct told *told = *state;
    for (unsigned i = 0; i < 5000; i++) {
        char serial[9];
        (void)snprintf(serial, sizeof(serial), "%08x", 0x10000000 + i);
        take_revoked(told, serial, i % 2 == 0 ? "certificateHold" : "superseded", END);
    }
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t serial[4] = {0x10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct revoked_state found;
        assert_true(revoked_find(told->revoked, BYTES(serial), &found));
        assert_int_equal(found.reason, i % 2 == 0 ? CRL_CERTIFICATE_HOLD : CRL_SUPERSEDED);
    }
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    assert_int_equal(draw(told, false, &tbs), 5000);
    // Half of them are released; one is revoked again, and released.
    for (unsigned i = 0; i < 5000; i += 2) {
        AUTO(free) char *members = memory_format("\"serial\":\"%08x\"", 0x10000000 + i);
        (void)take(told, "cert.unrevoked", "2026-06-01T00:00:00Z", members);
    }
    take_revoked(told, "10000000", "certificateHold", END);
    builder_clear(&tbs);
    assert_int_equal(draw(told, false, &tbs), 2501);
}

/** Counts parts and their bytes, and can take no more than so many. */
struct sunk {
    unsigned parts, at_most;
    size_t len, longest;
};

static bool sink(void *data, struct bytes part, struct error *err)
{
    struct sunk *sunk = data;
    if (sunk->parts == sunk->at_most)
        return error_set(err, ERROR_INPUT, 0, "full");
    sunk->parts++;
    sunk->len += part.len;
    sunk->longest = part.len > sunk->longest ? part.len : sunk->longest;
    return true;
}

/** A long list goes in parts, each of which can fail. */
static void test_parts(void **state)
{
    struct told *told = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    struct crl_frame frame = {.issuer = issuer,
                              .kind = SIGNATURE_ECDSA_SHA256,
                              .number = 1,
                              .next_update = 1,
                              .expired_since = CRL_NO_TIME};
    struct sunk empty = {.at_most = 99};
    uint64_t count = 99;
    assert_true(revoked_draw(told->revoked, &frame, sink, &empty, &count, &err));
    assert_int_equal(count, 0);
    assert_int_equal(empty.parts, 2); // what stands before the entries, and behind them
    for (unsigned i = 0; i < 5000; i++) {
        char serial[9];
        (void)snprintf(serial, sizeof(serial), "%08x", 0x10000000 + i);
        take_revoked(told, serial, "superseded", END);
    }
    assert_int_equal(draw(told, false, &whole), 5000);
    struct sunk all = {.at_most = 99};
    assert_true(revoked_draw(told->revoked, &frame, sink, &all, &count, &err));
    assert_int_equal(count, 5000);
    assert_int_equal(all.len, whole.len);
    assert_in_range(all.parts, 5, 7); // front, 2 to 4 of entries of 64 KiB, back
    assert_in_range(all.longest, 65536, 65536 + 100);
    for (unsigned i = 0; i < all.parts; i++) {
        struct sunk less = {.at_most = i};
        error_clear(&err);
        assert_false(revoked_draw(told->revoked, &frame, sink, &less, &count, &err));
        assert_string_equal(err.text, "full");
        assert_int_equal(less.parts, i); // nobody asks it again
    }
    frame.next_update = -1; // before it begins: a rule that it breaks
    struct sunk none = {.at_most = 99};
    error_clear(&err);
    assert_false(revoked_draw(told->revoked, &frame, sink, &none, &count, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(none.parts, 0);
}

/** Where the table grows: what was burned, held and released comes back as it was, what was released is not there. */
static void test_grows_and_forgets_nothing(void **state)
{
    struct told *told = *state;
    struct revoked_state found;
    uint64_t signing = take_signing(told, "01", END);
    take_end(told, "cert.abandoned", signing);
    uint64_t burned = told->next - 1;
    take_revoked(told, "01", "certificateHold", END);
    (void)take(told, "cert.unrevoked", "2026-03-01T00:00:00Z", "\"serial\":\"01\"");
    take_revoked(told, "02", "certificateHold", END);
    (void)take(told, "cert.unrevoked", "2026-03-01T00:00:00Z", "\"serial\":\"02\"");
    take_revoked(told, "03", "certificateHold", END);
    take_revoked(told, "03", "superseded", END);
    uint64_t superseded = told->next - 1;
    for (unsigned i = 0; i < 1100; i++) { // more than the table had room for at first
        char serial[9];
        (void)snprintf(serial, sizeof(serial), "%08x", 0x10000000 + i);
        take_revoked(told, serial, "superseded", END);
        assert_true(revoked_find(told->revoked, bytes_of("\x01", 1), &found));
        assert_true(found.is_burned);
        assert_int_equal(found.seq, burned);
        assert_false(revoked_find(told->revoked, bytes_of("\x02", 1), &found));
        assert_false(revoked_find(told->revoked, bytes_of("\x04", 1), &found));
        assert_true(revoked_find(told->revoked, bytes_of("\x03", 1), &found));
        assert_int_equal(found.seq, superseded);
    }
    take_revoked(told, "02", "certificateHold", END);
    assert_true(revoked_find(told->revoked, bytes_of("\x02", 1), &found));
    assert_int_equal(found.seq, told->next - 1);
    refused(told, "cert.revoked", "\"serial\":\"03\",\"reason\":\"superseded\",\"hold\":false",
            "revoked already");
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    assert_int_equal(draw(told, false, &tbs), 1103);
}

/** What an item has beside its serial comes back as it was, whatever the serial's length and the dates. */
static void test_items_keep_what_they_got(void **state)
{
    struct told *told = *state;
    static const char *const dates[] = {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                                        "1970-01-01T00:00:00Z", "2049-12-31T23:59:59Z",
                                        "9999-12-31T23:59:59Z"};
    for (unsigned len = 1; len <= 64; len++) {
        char serial[129];
        char date[TIME_TEXT_SIZE];
        uint8_t octets[64];
        struct revoked_state found;
        memset(octets, (int)(0x40 + len), sizeof(octets));
        for (unsigned i = 0; i < len; i++)
            (void)snprintf(serial + 2 * i, 3, "%02x", octets[i]);
        const char *wanted = dates[len % ARRAY_LEN(dates)];
        AUTO(free)
        char *members = memory_format("\"serial\":\"%s\",\"reason\":\"superseded\",\"hold\":false,"
                                      "\"ref\":0,\"revoked_at\":\"%s\",\"not_after\":\"%s\"%s%s%s",
                                      serial, wanted, wanted, len % 2 == 0 ? "" : ",\"invalidity_date\":\"",
                                      len % 2 == 0 ? "" : wanted, len % 2 == 0 ? "" : "\"");
        uint64_t seq = take(told, "cert.revoked", "2026-02-01T00:00:00Z", members);
        assert_true(revoked_find(told->revoked, bytes_of(octets, len), &found));
        assert_int_equal(found.seq, seq);
        assert_string_equal(time_format(found.revoked_at, date), wanted);
        assert_string_equal(time_format(found.not_after, date), wanted);
        assert_int_equal(found.invalidity_date == CRL_NO_TIME, len % 2 == 0);
        if (len % 2 != 0)
            assert_string_equal(time_format(found.invalidity_date, date), wanted);
    }
}

/** A text that looks like members of the record is none. */
static void test_texts_that_look_like_members(void **state)
{
    struct told *told = *state;
    (void)take(told, "cert.revoked", "2026-02-01T00:00:00Z",
               "\"serial\":\"01\",\"hold\":false,\"key_value\":\"\\\",\\\"reason\\\":\\\"keyCompromise\","
               "\"batch\":\"x\\\",\\\"hold\\\":true\",\"reason\":\"superseded\",\"ref\":0,"
               "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"subject\":\"CN=\\\",\\\"serial\\\":\\\"02\"");
    assert_string_equal(listed(told, false), "01!4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items_keep_what_they_got, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts_that_look_like_members, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoked_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invalidity_date, setup, teardown),
        cmocka_unit_test_setup_teardown(test_members_of_a_wrong_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_burned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_burned_below, setup, teardown),
        cmocka_unit_test_setup_teardown(test_burned_above, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_unfinished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_releases_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hold_and_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaves_one_crl_after_its_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoked_after_its_end_is_on_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_abandoned_crl_counts_for_its_number_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signing_fits_what_is_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_only_what_is_unfinished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_grows_and_forgets_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_issuer, free_issuer);
}
