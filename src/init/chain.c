/* SPDX-License-Identifier: Apache-2.0 */
#include "init/chain.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/quote.h"
#include "cert/chain.h"
#include "home/chain.h"
#include "init/parts.h"
#include "records/ca.h"
#include "records/in_force.h"
#include "records/session.h"

#include <fcntl.h>

#define CHAIN_MAX 16
#define CHAIN_MAX_LEN (256 * 1024)

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

bool init_chain_take(struct home *home, struct bytes certificate, struct bytes file, struct error *err)
{
    AUTO(chain_done) struct chain chain = {.count = 0};
    struct bytes views[CHAIN_MAX];
    struct cert_issuer *issuer = NULL;
    if (!read_chain(file, certificate, &chain, err))
        return false;
    for (size_t i = 0; i < chain.count; i++)
        views[i] = builder_bytes(&chain.ders[i]);
    if (!cert_issuer_read(certificate, views, chain.count, &issuer, err))
        return false;
    builder_clear(&home->chain_pem);
    for (size_t i = 0; i < chain.count; i++)
        encode_pem("CERTIFICATE", views[i], &home->chain_pem);
    if (home->issuer != NULL)
        cert_issuer_free(home->issuer);
    home->issuer = issuer;
    return true;
}

static void join(const struct findings *findings, struct builder *ret_text)
{
    for (size_t i = 0; i < findings->count; i++)
        builder_format(ret_text, "%s%s (%s)", i > 0 ? "; " : "", findings->items[i].text,
                       findings->items[i].source);
}

/** What is not above is not known, and so are its constraints: the whole chain is brought, or the reason why not. */
static bool check_whole(struct bytes last, bool is_whole, const char *chain_incomplete, struct error *err)
{
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (is_whole)
        return chain_incomplete == NULL ||
               error_set(err, ERROR_USAGE, 0,
                         "--chain-incomplete means nothing where the chain reaches a self-signed root; leave "
                         "it out");
    if (chain_incomplete != NULL)
        return true;
    if (!cert_read(last, &facts, err))
        return false;
    return error_set(
        err, ERROR_INPUT, 0,
        "the certificate of %s, which issued %s, was not given, so what it forbids is not known; "
        "give all up to the self-signed root in one file (init: --chain FILE, cert chain: --set FILE), "
        "parent first, or say why not with --chain-incomplete REASON",
        facts.issuer_text, facts.subject_text);
}

bool init_chain_check(const struct cert_issuer *issuer, const char *chain_incomplete,
                      const struct console *console, struct error *err)
{
    AUTO(builder_done) struct builder faults = BUILDER_INIT;
    AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
    size_t above = cert_issuer_above_count(issuer);
    struct bytes last = above > 0 ? cert_issuer_above(issuer, above - 1) : cert_issuer_der(issuer);
    cert_chain_judge(issuer, time_now(), &report);
    join(&report.faults, &faults);
    if (report.faults.count > 0)
        return error_set(err, ERROR_INPUT, 0, "no validator would take what this CA issues: %s",
                         builder_text(&faults));
    for (size_t i = 0; i < report.notices.count; i++)
        console_notice(console, "the CA's chain: %s (%s)", report.notices.items[i].text,
                       report.notices.items[i].source);
    return check_whole(last, report.is_complete, chain_incomplete, err);
}

bool init_chain_log(const struct home *home, const char *command, const char *chain_incomplete,
                    struct error *err)
{
    struct record_chain_set record = {.certificates = cert_issuer_above_count(home->issuer),
                                      .command = command,
                                      .chain_incomplete = chain_incomplete};
    home_chain_digest(home->issuer, record.sha256);
    return ledger_append(home->ledger, RECORD_CHAIN_SET, record_chain_set_write(&record), NULL, err);
}

bool init_chain_keep(const struct home *home, struct error *err)
{
    return file_replace(home->fd, HOME_CHAIN_FILE, 0644, builder_bytes(&home->chain_pem), err);
}

/** The record before the file: who is stopped in between finds the two apart, and runs the command again. */
static bool set_and_log(struct home *home, const struct chain_options *options, const struct console *console,
                        struct error *err)
{
    AUTO(confined_free) struct confined *confined = NULL;
    AUTO(signer_close) struct signer *signer = NULL;
    AUTO(free) char *operator_name = session_operator(console->operator_name, home->config.operator_name);
    ledger_set_operator(home->ledger, operator_name);
    return control_permits_extractable(home->ledger, home->config.allow_extractable, err) &&
           signer_confine(home, NULL, options->pin_source, console, &confined, err) &&
           signer_open(confined, console, &signer, err) &&
           init_chain_log(home, "cert chain", options->chain_incomplete, err) &&
           ledger_commit(home->ledger, err) && signer_checkpoint(signer, err) && init_chain_keep(home, err);
}

/** Whether the ledger has this very chain already: then the file alone is put back, and no key is needed. */
static bool is_noted(const struct home *home, const struct home_chain_set *noted)
{
    struct error ignored = ERROR_INIT; // that they differ is an answer
    return noted->is_there && home_chain_compare(home, noted, &ignored);
}

bool init_chain_set(const struct chain_options *options, const struct console *console,
                    struct home **ret_home, bool *ret_is_logged, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder own = BUILDER_INIT;
    struct home_chain_set noted;
    struct quoted buffer;
    if (!file_read(AT_FDCWD, options->file, CHAIN_MAX_LEN, &file, err))
        return error_while(err, "reading the chain");
    if (!home_open(options->home, HOME_SET_CHAIN, console, &home, err))
        return false;
    if (home->issuer == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "%s awaits its parent's certificate: give the chain with it, to `coldca init "
                         "--certificate FILE --chain FILE`",
                         options->home);
    builder_add_bytes(&own, cert_issuer_der(home->issuer));
    error_clear(&home->chain_fault);
    if (!init_chain_take(home, builder_bytes(&own), builder_bytes(&file), err))
        return error_while(err, "reading %s", quoted_text(options->file, &buffer));
    if (!init_chain_check(home->issuer, options->chain_incomplete, console, err) ||
        !home_clock_check(home, time_now(), err) || !home_chain_noted(home, &noted, err))
        return false;
    *ret_is_logged = !is_noted(home, &noted);
    if (!(*ret_is_logged ? set_and_log(home, options, console, err) : init_chain_keep(home, err)))
        return false;
    *ret_home = TAKE(home);
    return true;
}
