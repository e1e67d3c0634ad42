/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and checks ledgers without a token, for the tests that let other programs read them.
 * ledger_tool make HOME COUNT [PAD] | measure HOME | groups HOME COUNT SIZE | cost HOME COUNT | rebuild HOME | verify HOME [tree] | open HOME |
 *             append HOME | checkpoint HOME | export HOME FOLDER | prove HOME SEQ | consistency HOME OLD
 */
#include "ledger_tool.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "ledger/export.h"
#include "ledger/proof.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ORIGIN "ca.example/interop"
#define COST_GROUP 64
#define COST_FIRST 10000000 /* past the serials a ledger that was made has */

struct tool {
    const char *path;
    int home_fd;
    char *vkey;
    EVP_PKEY *key; /**< the ledger's; only when making */
    struct tool_issuer issuer;
    struct ledger *ledger;
    char *pad; /**< text that makes records as long as real ones with many names; NULL */
};

static int fail(const struct error *err)
{
    (void)fprintf(stderr, "%s\n", err->text);
    return (int)err->kind;
}

static void make_key(struct tool *tool)
{
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    struct error err = ERROR_INIT;
    uint8_t seed[32];
    unsigned char *spki = NULL;
    digest_sha256(BYTES_LITERAL("the interop ledger's key"), seed);
    tool->key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, sizeof(seed));
    int len = i2d_PUBKEY(tool->key, &spki);
    if (!ledger_vkey_make(ORIGIN, bytes_of(spki, (size_t)len), &vkey, &err))
        exit(fail(&err));
    OPENSSL_free(spki);
    tool->vkey = builder_take_text(&vkey);
}

static bool checkpoint(struct tool *tool, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[64];
    size_t len = sizeof(signature);
    return ledger_checkpoint_text(tool->ledger, &text, err) &&
           EVP_DigestSignInit(context, NULL, NULL, NULL, tool->key) == 1 &&
           EVP_DigestSign(context, signature, &len, text.data, text.len) == 1 &&
           ledger_checkpoint_add(tool->ledger, builder_bytes(&text), BYTES(signature), err);
}

static bool append(struct tool *tool, const char *type, struct json *fields, struct error *err)
{
    json_put_text(fields, "note", tool->pad);
    return ledger_append(tool->ledger, type, fields, NULL, err);
}

/** A group of signings, then a group of what they came to. */
static bool issue(struct tool *tool, unsigned first, unsigned count, struct error *err)
{
    uint64_t seq = ledger_size(tool->ledger);
    for (unsigned i = 0; i < count; i++) {
        if (!append(tool, "cert.signing", tool_signing(&tool->issuer, first + i), err))
            return false;
    }
    if (!ledger_commit(tool->ledger, err))
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (!append(tool, "cert.issued", tool_issued(&tool->issuer, first + i, seq + i), err))
            return false;
    }
    return ledger_commit(tool->ledger, err);
}

static struct json *created(const struct tool *tool)
{
    struct json *json = json_new_object();
    AUTO(OPENSSL_free) unsigned char *der = NULL;
    int len = i2d_X509(tool->issuer.certificate, &der);
    json_put_base64(json, "certificate", bytes_of(der, len > 0 ? (size_t)len : 0));
    json_put_text(json, "origin", ORIGIN);
    json_put_text(json, "ledger_vkey", tool->vkey);
    json_put_text(json, "command", "ledger_tool");
    return json;
}

static struct json *opened(void)
{
    struct json *json = json_new_object();
    json_put_text(json, "command", "ledger_tool");
    json_put_text(json, "batch", "1");
    return json;
}

static struct json *refused(void)
{
    struct json *json = opened();
    json_put_text(json, "source", "file.csr");
    (void)json_put_array(json, "reasons");
    return json;
}

/** One abandoned, one revoked and one taken back, one refused: six records. */
static bool live(struct tool *tool, struct error *err)
{
    uint64_t seq = ledger_size(tool->ledger);
    struct json *abandoned = json_new_object();
    struct json *revoked = json_new_object();
    struct json *unrevoked = json_new_object();
    AUTO(json_free) struct json *signing = tool_signing(&tool->issuer, 900000);
    json_put_int(abandoned, "ref", (int64_t)seq);
    json_put_text(abandoned, "serial", json_text(signing, "serial"));
    json_put_text(abandoned, "reason", "the power went");
    json_put_text(revoked, "serial", json_text(signing, "serial"));
    json_put_text(revoked, "reason", "superseded");
    json_put_text(unrevoked, "serial", json_text(signing, "serial"));
    return append(tool, "cert.signing", json_clone(signing), err) && ledger_commit(tool->ledger, err) &&
           append(tool, "cert.abandoned", abandoned, err) && ledger_commit(tool->ledger, err) &&
           append(tool, "cert.revoked", revoked, err) && ledger_commit(tool->ledger, err) &&
           append(tool, "cert.unrevoked", unrevoked, err) && ledger_commit(tool->ledger, err) &&
           append(tool, "request.refused", refused(), err) && ledger_commit(tool->ledger, err);
}

static bool fill(struct tool *tool, uint64_t count, struct error *err)
{
    unsigned group = count < 500 ? 4 : 64;
    unsigned groups = count < 500 ? 2 : 16;
    unsigned number = 0;
    if (count > 0 && (!append(tool, "ca.created", created(tool), err) || !ledger_commit(tool->ledger, err)))
        return false;
    if (count > 20 && !live(tool, err))
        return false;
    for (unsigned turn = 1; ledger_size(tool->ledger) < count; turn++) {
        uint64_t left = count - ledger_size(tool->ledger);
        unsigned now = left / 2 < group ? (unsigned)(left / 2) : group;
        if (left == 1 &&
            (!append(tool, "session.opened", opened(), err) || !ledger_commit(tool->ledger, err)))
            return false;
        if (now > 0 && !issue(tool, number, now, err))
            return false;
        number += now;
        if (turn % groups == 0 && !checkpoint(tool, err))
            return false;
    }
    return checkpoint(tool, err);
}

static bool write_text(struct tool *tool, const char *name, const char *text, struct error *err)
{
    return file_replace(tool->home_fd, name, 0644, bytes_of_text(text), err);
}

static int make(struct tool *tool, const char *count, const char *pad)
{
    struct error err = ERROR_INIT;
    if (pad != NULL) {
        size_t len = strtoul(pad, NULL, 10);
        tool->pad = memory_new(len + 1, 1);
        memset(tool->pad, 'x', len);
    }
    AUTO(free) char *ca = memory_format("%s/ca.pem", tool->path);
    make_key(tool);
    tool_issuer_make(&tool->issuer);
    tool_issuer_write(&tool->issuer, ca);
    if (!write_text(tool, "vkey", tool->vkey, &err) || !ledger_create(tool->home_fd, &err) ||
        !ledger_open(tool->home_fd, tool->vkey, LEDGER_WRITE, 0, &tool->ledger, &err) ||
        !fill(tool, strtoull(count, NULL, 10), &err))
        return fail(&err);
    return 0;
}

static bool read_vkey(struct tool *tool, struct error *err)
{
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    if (!file_read(tool->home_fd, "vkey", 4096, &vkey, err))
        return false;
    tool->vkey = builder_take_text(&vkey);
    return true;
}

static void print_json(const struct json *json)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(json, &text);
    (void)printf("%s\n", builder_text(&text));
}

static int verify(struct tool *tool, bool only_tree)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(json_free) struct json *result = json_new_object();
    AUTO(free) char *ca = memory_format("%s/ca.pem", tool->path);
    struct ledger_checks checks = tool_checks;
    checks.data = &tool->issuer;
    if (!tool_issuer_read(ca, &tool->issuer))
        return 3;
    const struct ledger_scope scope = {.checks = &checks, .only_tree = only_tree};
    if (!ledger_verify_scope(tool->home_fd, tool->vkey, &scope, &report, &err))
        return fail(&err);
    json_put_int(result, "records", (int64_t)report.records);
    json_put_hex(result, "root", BYTES(report.root));
    json_put_int(result, "unfinished", (int64_t)report.unfinished);
    struct json *findings = json_put_array(result, "findings");
    for (size_t i = 0; i < report.findings.count; i++) {
        AUTO(free)
        char *line = memory_format("%s: %s", report.findings.items[i].rule, report.findings.items[i].text);
        json_add_text(findings, line);
    }
    print_json(result);
    return report.findings.count > 0 ? 5 : 0;
}

static bool open_ledger(struct tool *tool, enum ledger_mode mode, struct error *err)
{
    if (!ledger_open(tool->home_fd, tool->vkey, mode, 0, &tool->ledger, err))
        return false;
    for (const char *notice = ledger_notice(tool->ledger); notice != NULL;
         notice = ledger_notice(tool->ledger))
        (void)fprintf(stderr, "%s\n", notice);
    return true;
}

static int export(struct tool *tool, const char *folder)
{
    struct error err = ERROR_INIT;
    struct ledger_export result;
    AUTO(close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!open_ledger(tool, LEDGER_READ, &err) || !ledger_export(tool->ledger, fd, &result, &err))
        return fail(&err);
    (void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", result.old_size, result.size, result.files);
    return 0;
}

static int prove(struct tool *tool, const char *number, bool is_consistency)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    uint64_t value = strtoull(number, NULL, 10);
    if (!open_ledger(tool, LEDGER_READ, &err))
        return fail(&err);
    if (!(is_consistency ? ledger_prove_consistency(tool->ledger, value, bytes_of(NULL, 0), &proof, &err)
                         : ledger_prove(tool->ledger, value, &proof, &err)))
        return fail(&err);
    (void)fwrite(proof.data, 1, proof.len, stdout);
    return 0;
}

static int append_one(struct tool *tool)
{
    struct error err = ERROR_INIT;
    if (!open_ledger(tool, LEDGER_WRITE, &err) || !append(tool, "session.opened", json_new_object(), &err) ||
        !ledger_commit(tool->ledger, &err))
        return fail(&err);
    return 0;
}

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail with this clock
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/** Opens, appends one, commits, proves a record in the middle: microseconds of each, and the memory it all took. */
static int measure(struct tool *tool)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    AUTO(json_free) struct json *result = json_new_object();
    struct rusage usage;
    int64_t start = now_us();
    if (!open_ledger(tool, LEDGER_WRITE, &err))
        return fail(&err);
    int64_t opened = now_us();
    if (!append(tool, "session.opened", json_new_object(), &err) || !ledger_commit(tool->ledger, &err))
        return fail(&err);
    int64_t appended = now_us();
    if (!ledger_prove(tool->ledger, ledger_size(tool->ledger) / 2, &proof, &err))
        return fail(&err);
    int64_t proved = now_us();
    (void)getrusage(RUSAGE_SELF, &usage); // cannot fail for oneself
    json_put_int(result, "records", (int64_t)ledger_size(tool->ledger));
    json_put_int(result, "open_us", opened - start);
    json_put_int(result, "append_us", appended - opened);
    json_put_int(result, "prove_us", proved - appended);
    json_put_int(result, "memory_kib", usage.ru_maxrss);
    print_json(result);
    return 0;
}

/** Appends count records in groups of so many; microseconds. */
static int groups(struct tool *tool, uint64_t count, uint64_t size)
{
    struct error err = ERROR_INIT;
    if (size == 0 || !open_ledger(tool, LEDGER_WRITE, &err))
        return fail(&err);
    int64_t start = now_us();
    for (uint64_t i = 1; i <= count; i++) {
        if (!append(tool, "session.opened", json_new_object(), &err) ||
            ((i % size == 0 || i == count) && !ledger_commit(tool->ledger, &err)))
            return fail(&err);
    }
    (void)printf("%" PRId64 "\n", now_us() - start);
    return 0;
}

static double cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); // cannot fail with this clock
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/** Appends a group of records that were made already. \param used processor time is added to it */
static bool append_group(struct tool *tool, const char *type, struct json **fields, size_t count,
                         double *used, struct error *err)
{
    double start = cpu_us();
    for (size_t i = 0; i < count; i++) {
        if (!append(tool, type, fields[i], err))
            return false;
    }
    bool is_committed = ledger_commit(tool->ledger, err);
    *used += cpu_us() - start;
    return is_committed;
}

/** What a record costs the processor once its fields are there. */
static int cost(struct tool *tool, unsigned count)
{
    struct error err = ERROR_INIT;
    struct json *fields[COST_GROUP];
    double used = 0;
    tool_issuer_make(&tool->issuer);
    if (!open_ledger(tool, LEDGER_WRITE, &err))
        return fail(&err);
    for (unsigned done = 0; done < count; done += COST_GROUP) {
        uint64_t seq = ledger_size(tool->ledger);
        for (unsigned i = 0; i < COST_GROUP; i++)
            fields[i] = tool_signing(&tool->issuer, COST_FIRST + done + i);
        if (!append_group(tool, "cert.signing", fields, COST_GROUP, &used, &err))
            return fail(&err);
        for (unsigned i = 0; i < COST_GROUP; i++)
            fields[i] = tool_issued(&tool->issuer, COST_FIRST + done + i, seq + i);
        if (!append_group(tool, "cert.issued", fields, COST_GROUP, &used, &err))
            return fail(&err);
    }
    (void)printf("%.2f\n", used / (2.0 * count));
    return 0;
}

static int rebuild(struct tool *tool)
{
    struct error err = ERROR_INIT;
    uint64_t records;
    if (!ledger_index_rebuild(tool->home_fd, tool->vkey, &records, &err))
        return fail(&err);
    (void)printf("%" PRIu64 "\n", records);
    return 0;
}

static int checkpoint_one(struct tool *tool)
{
    struct error err = ERROR_INIT;
    free(TAKE(tool->vkey));
    make_key(tool);
    return open_ledger(tool, LEDGER_WRITE, &err) && checkpoint(tool, &err) ? 0 : fail(&err);
}

static int run(struct tool *tool, const char *verb, const char *argument, const char *third)
{
    struct error err = ERROR_INIT;
    if (strcmp(verb, "make") == 0 && argument != NULL)
        return make(tool, argument, third);
    if (!read_vkey(tool, &err))
        return fail(&err);
    if (strcmp(verb, "verify") == 0)
        return verify(tool, argument != NULL);
    if (strcmp(verb, "open") == 0)
        return open_ledger(tool, LEDGER_WRITE, &err) ? 0 : fail(&err);
    if (strcmp(verb, "append") == 0)
        return append_one(tool);
    if (strcmp(verb, "measure") == 0)
        return measure(tool);
    if (strcmp(verb, "cost") == 0 && argument != NULL)
        return cost(tool, (unsigned)strtoul(argument, NULL, 10));
    if (strcmp(verb, "groups") == 0 && third != NULL)
        return groups(tool, strtoull(argument, NULL, 10), strtoull(third, NULL, 10));
    if (strcmp(verb, "rebuild") == 0)
        return rebuild(tool);
    if (strcmp(verb, "checkpoint") == 0)
        return checkpoint_one(tool);
    if (strcmp(verb, "export") == 0 && argument != NULL)
        return export(tool, argument);
    if (strcmp(verb, "prove") == 0 && argument != NULL)
        return prove(tool, argument, false);
    if (strcmp(verb, "consistency") == 0 && argument != NULL)
        return prove(tool, argument, true);
    (void)fprintf(stderr, "what is %s?\n", verb);
    return 2;
}

int main(int argc, char **argv)
{
    struct tool tool = {.path = argc > 2 ? argv[2] : ""};
    tool.home_fd = argc > 2 ? open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result =
        tool.home_fd < 0 ? 2 : run(&tool, argv[1], argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL);
    if (tool.ledger != NULL)
        ledger_close(tool.ledger);
    EVP_PKEY_free(tool.key);
    EVP_PKEY_free(tool.issuer.key);
    X509_free(tool.issuer.certificate);
    if (tool.issuer.checker != NULL)
        public_key_free(tool.issuer.checker);
    OPENSSL_free(tool.issuer.tbs);
    free(tool.vkey);
    free(tool.pad);
    return result;
}
