/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/quote.h"
#include "cert/chain.h"
#include "request/csr.h"

#include <fcntl.h>
#include <string.h>

#define CERTIFICATE_MAX_LEN (256 * 1024)
#define CHAIN_MAX 16

/** The certificates above, parent first. */
struct chain {
    struct builder ders[CHAIN_MAX];
    size_t count;
};

static void chain_done(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        builder_done(&chain->ders[i]);
}
DEFINE_AUTO_VALUE(struct chain, chain_done);

/** The SubjectPublicKeyInfo a request asks for; empty if it is not a request. Appends. */
static void key_of_request(struct bytes file, struct builder *ret_spki)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(file, &requests, &count);
    builder_add_bytes(ret_spki, requests[0]->spki);
    for (size_t i = 0; i < count; i++)
        request_free(requests[i]);
    free(requests);
}

static bool read_first(const char *path, struct builder *file, struct builder *ret_der,
                       struct bytes *ret_rest, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!file_read(AT_FDCWD, path, CERTIFICATE_MAX_LEN, file, err))
        return error_while(err, "reading the CA's certificate");
    if (cert_from_file(builder_bytes(file), ret_der, ret_rest, err))
        return true;
    key_of_request(builder_bytes(file), &spki);
    if (spki.len > 0)
        return error_set(err, ERROR_INPUT, 0,
                         "%s is a request, not a certificate: bring it to the parent CA, and give "
                         "--certificate what it issues",
                         quoted_text(path, &buffer));
    return error_while(err, "reading %s", quoted_text(path, &buffer));
}

/** A file that begins with the CA's own certificate, as other tools write chains, is taken as well. */
static bool read_chain(struct bytes rest, struct bytes own, struct chain *chain, struct error *err)
{
    while (rest.len > 0) {
        if (chain->count == CHAIN_MAX)
            return error_set(err, ERROR_INPUT, 0, "the chain holds more than %d certificates", CHAIN_MAX);
        struct builder *der = &chain->ders[chain->count++];
        *der = (struct builder)BUILDER_INIT;
        if (!cert_from_file(rest, der, &rest, err))
            return error_while(err, "reading the chain");
        if (chain->count == 1 && bytes_equal(builder_bytes(der), own)) {
            builder_done(der);
            chain->count = 0;
        }
    }
    return true;
}

static void join(const struct findings *findings, struct builder *ret_text)
{
    for (size_t i = 0; i < findings->count; i++)
        builder_format(ret_text, "%s%s (%s)", i > 0 ? "; " : "", findings->items[i].text,
                       findings->items[i].source);
}

/** What is not above is not known, and so are its constraints: the whole chain is brought, or the reason why not. */
static bool check_whole(struct bytes last, bool is_whole, const struct init_options *options,
                        struct error *err)
{
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (is_whole)
        return options->chain_incomplete == NULL ||
               error_set(err, ERROR_USAGE, 0,
                         "--chain-incomplete means nothing where the chain reaches a self-signed root; leave "
                         "it out");
    if (options->chain_incomplete != NULL)
        return true;
    if (!cert_read(last, &facts, err))
        return false;
    return error_set(
        err, ERROR_INPUT, 0,
        "the certificate of %s, which issued %s, was not given, so what it forbids is not known; "
        "give all up to the self-signed root with --chain FILE, parent first, or say why not with "
        "--chain-incomplete REASON",
        facts.issuer_text, facts.subject_text);
}

/** What no validator takes is refused now; it would be every certificate's fault later. */
static bool check_chain(const struct cert_issuer *issuer, struct bytes last,
                        const struct init_options *options, const struct console *console, struct error *err)
{
    AUTO(builder_done) struct builder faults = BUILDER_INIT;
    AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
    cert_chain_judge(issuer, time_now(), &report);
    join(&report.faults, &faults);
    if (report.faults.count > 0)
        return error_set(err, ERROR_INPUT, 0, "no validator would take what this CA issues: %s",
                         builder_text(&faults));
    for (size_t i = 0; i < report.notices.count; i++)
        console_notice(console, "the CA's chain: %s (%s)", report.notices.items[i].text,
                       report.notices.items[i].source);
    return check_whole(last, report.is_complete, options, err);
}

static bool check_time(const struct home *home, const char *file, struct error *err)
{
    char text[TIME_TEXT_SIZE];
    int64_t not_after = cert_issuer_facts(home->issuer)->not_after;
    return not_after >= time_now() ||
           error_set(err, ERROR_INPUT, 0, "%s, or one above it, ended on %s; bring one that is valid", file,
                     time_format(not_after, text));
}

bool init_read_certificate(struct home *home, const struct init_options *options,
                           const struct console *console, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder chain_file = BUILDER_INIT;
    AUTO(chain_done) struct chain chain = {.count = 0};
    struct bytes views[CHAIN_MAX];
    struct bytes rest = {.data = NULL, .len = 0};
    struct quoted buffer;
    (void)quoted_text(options->certificate, &buffer);
    if (!read_first(options->certificate, &file, &der, &rest, err))
        return false;
    if (options->chain != NULL) {
        if (!file_read(AT_FDCWD, options->chain, CERTIFICATE_MAX_LEN, &chain_file, err))
            return error_while(err, "reading the chain");
        rest = builder_bytes(&chain_file);
    }
    if (!read_chain(rest, builder_bytes(&der), &chain, err))
        return false;
    for (size_t i = 0; i < chain.count; i++) {
        views[i] = builder_bytes(&chain.ders[i]);
        encode_pem("CERTIFICATE", views[i], &home->chain_pem);
    }
    if (!cert_issuer_read(builder_bytes(&der), views, chain.count, &home->issuer, err))
        return error_while(err, "reading %s", buffer.text);
    return check_time(home, buffer.text, err) &&
           check_chain(home->issuer, chain.count > 0 ? views[chain.count - 1] : builder_bytes(&der), options,
                       console, err);
}

bool init_check_answer(const struct home *home, const struct init_options *options, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!file_exists(home->fd, HOME_REQUEST_FILE))
        return true; // the key in the token is compared as well
    if (!file_read(home->fd, HOME_REQUEST_FILE, CERTIFICATE_MAX_LEN, &file, err))
        return false;
    key_of_request(builder_bytes(&file), &spki);
    return key_is_same(builder_bytes(&spki), cert_issuer_spki(home->issuer)) ||
           error_set(err, ERROR_INPUT, 0,
                     "%s (%s) answers another request: its key is not the one of %s/" HOME_REQUEST_FILE
                     "; bring the certificate that the parent made for that",
                     quoted_text(options->certificate, &buffer),
                     cert_issuer_facts(home->issuer)->subject_text, home->path);
}

bool init_check_adopted(const struct home *home, const struct init_options *options,
                        const struct token_key *key, struct error *err)
{
    struct quoted buffer;
    return key_is_same(cert_issuer_spki(home->issuer), token_key_spki(key)) ||
           error_set(err, ERROR_INPUT, 0,
                     "%s (%s) is not the certificate of the key %s; bring that key's certificate, or name "
                     "its key with --use-key",
                     quoted_text(options->certificate, &buffer),
                     cert_issuer_facts(home->issuer)->subject_text, token_key_uri(key));
}
