/* SPDX-License-Identifier: Apache-2.0 */
#include "home/home.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "cert/chain.h"
#include "home/chain.h"
#include "home/created.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000
#define CHAIN_MAX 16
#define CERTIFICATE_MAX_LEN (256 * 1024)

char *home_path(const char *option)
{
    const char *given = option != NULL ? option : getenv("COLDCA_HOME");
    if (given != NULL && *given != '\0')
        return memory_text(given);
    return memory_text(file_exists(AT_FDCWD, HOME_CONFIG_FILE) ? "." : HOME_DEFAULT_PATH);
}

static bool load_config(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!file_exists(home->fd, HOME_CONFIG_FILE) && file_exists(home->fd, "ledger.jsonl"))
        return error_set(err, ERROR_INPUT, ENOENT,
                         "%s holds a ledger but no ca.yaml: restore ca.yaml from a backup of this CA",
                         home->path);
    if (!file_exists(home->fd, HOME_CONFIG_FILE))
        return error_set(
            err, ERROR_INPUT, ENOENT,
            "%s is not a CA directory (no ca.yaml); `coldca init` makes one, use -C to name another",
            home->path);
    return file_read(home->fd, HOME_CONFIG_FILE, YAML_MAX_LEN, &text, err) &&
           home_config_load(builder_bytes(&text), &home->config, err);
}

/** Splits chain.pem into DER certificates; the builders are the caller's. */
static bool read_chain(struct bytes pem, struct builder ret_ders[static CHAIN_MAX], size_t *ret_count,
                       struct error *err)
{
    struct bytes rest = pem;
    size_t count = 0;
    while (rest.len > 0) {
        if (count == CHAIN_MAX)
            return error_set(err, ERROR_INPUT, 0, "chain.pem holds more than %d certificates", CHAIN_MAX);
        if (!cert_from_file(rest, &ret_ders[count], &rest, err))
            return error_while(err, "reading chain.pem");
        count++;
    }
    *ret_count = count;
    return true;
}

/** ca.pem with what is above it. */
static bool read_with_chain(struct home *home, struct bytes der, struct error *err)
{
    struct builder ders[CHAIN_MAX] = {0};
    struct bytes chain[CHAIN_MAX];
    size_t count = 0;
    bool is_read = (!file_exists(home->fd, HOME_CHAIN_FILE) ||
                    file_read(home->fd, HOME_CHAIN_FILE, CERTIFICATE_MAX_LEN, &home->chain_pem, err)) &&
                   read_chain(builder_bytes(&home->chain_pem), ders, &count, err);
    for (size_t i = 0; i < count; i++)
        chain[i] = builder_bytes(&ders[i]);
    is_read = is_read && cert_issuer_read(der, chain, count, &home->issuer, err);
    for (size_t i = 0; i < CHAIN_MAX; i++)
        builder_done(&ders[i]);
    return is_read;
}

static bool load_issuer(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    if (!file_exists(home->fd, HOME_CERTIFICATE_FILE))
        return true; // a parent's certificate is awaited; home_open() decides whether that will do
    if (!file_read(home->fd, HOME_CERTIFICATE_FILE, CERTIFICATE_MAX_LEN, &file, err) ||
        !cert_from_file(builder_bytes(&file), &der, NULL, err))
        return error_while(err, "reading ca.pem");
    // A chain that is at fault leaves a home that can be verified, and given its chain again; home_open() refuses it.
    if (read_with_chain(home, builder_bytes(&der), &home->chain_fault))
        return true;
    return cert_issuer_read(builder_bytes(&der), NULL, 0, &home->issuer, err) ||
           error_while(err, "reading ca.pem");
}

bool home_open_ledger(struct home *home, enum home_access access, const struct console *console,
                      struct error *err)
{
    enum ledger_mode mode = access == HOME_LOOK ? LEDGER_READ : LEDGER_WRITE;
    if (!ledger_open(home->fd, home->config.ledger_vkey, mode, LOCK_WAIT_MS, &home->ledger, err))
        return error_while(err, "opening the ledger of %s", home->path);
    for (const char *notice = ledger_notice(home->ledger); notice != NULL;
         notice = ledger_notice(home->ledger))
        console_notice(console, "%s", notice);
    home->access = access;
    return true;
}

struct home *home_new(const char *path)
{
    struct home *home = memory_new(1, sizeof(*home));
    home->fd = -1;
    home->path = memory_text(path);
    return home;
}

bool home_open_files(const char *path, struct home **ret_home, struct error *err)
{
    AUTO(home_close) struct home *home = home_new(path);
    if (!file_open_folder(AT_FDCWD, path, &home->fd, err))
        return error_while(err, "opening the CA's home; `coldca init` makes one, -C names another");
    if (!load_config(home, err) || !load_issuer(home, err))
        return false;
    *ret_home = TAKE(home);
    return true;
}

/** What was sound at init may have ended since, or the files may have been changed: what no validator takes is reported every time. */
static void tell_chain(const struct cert_issuer *issuer, const struct console *console)
{
    AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
    cert_chain_judge(issuer, time_now(), &report);
    for (size_t i = 0; i < report.faults.count; i++)
        console_notice(console, "the CA's chain: %s (%s)", report.faults.items[i].text,
                       report.faults.items[i].source);
}

bool home_open(const char *path, enum home_access access, const struct console *console,
               struct home **ret_home, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    if (!home_open_files(path, &home, err) || !home_check_first(home, err) ||
        !home_open_ledger(home, access, console, err) ||
        !home_check_created(home, ledger_checkpoint_size(home->ledger), err))
        return false;
    if (home->issuer != NULL && access != HOME_SET_CHAIN) {
        if (!home_check_chain(home, console, err))
            return false;
        tell_chain(home->issuer, console);
    }
    if (access == HOME_WRITE && home->issuer == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "%s awaits its parent's certificate; bring ca.csr to the parent, then run "
                         "`coldca init --certificate FILE`",
                         path);
    *ret_home = TAKE(home);
    return true;
}

void home_close(struct home *home)
{
    if (home->ledger != NULL)
        ledger_close(home->ledger);
    if (home->issuer != NULL)
        cert_issuer_free(home->issuer);
    builder_done(&home->chain_pem);
    home_config_done(&home->config);
    if (home->fd >= 0)
        (void)close(home->fd); // a directory, only read from
    free(home->path);
    free(home);
}

bool home_signature_kind(const struct home *home, const struct template *template,
                         enum signature_kind *ret_kind, struct error *err)
{
    enum key_kind key = cert_issuer_facts(home->issuer)->key_kind;
    enum hash_kind hash = template->hash;
    if (hash == HASH_NONE && home->config.hash != NULL && !hash_parse(home->config.hash, &hash))
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: hash is sha256, sha384 or sha512");
    enum signature_kind kind = signature_for_key(key, hash, template->wants_pss || home->config.pss);
    if (kind == SIGNATURE_OTHER)
        return error_set(err, ERROR_INPUT, 0, "a key of the kind %s cannot sign", key_kind_name(key));
    *ret_kind = kind;
    return true;
}

bool home_clock_check(const struct home *home, int64_t now, struct error *err)
{
    char now_text[TIME_TEXT_SIZE];
    char then_text[TIME_TEXT_SIZE];
    const char *what = NULL;
    int64_t then = 0;
    if (now < time_of_build()) {
        what = "the build of this coldca";
        then = time_of_build();
    }
    if (home->ledger != NULL && now < ledger_newest_time(home->ledger)) {
        what = "the newest ledger record";
        then = ledger_newest_time(home->ledger);
    }
    if (home->issuer != NULL && now < cert_issuer_facts(home->issuer)->not_before) {
        what = "the CA certificate's notBefore";
        then = cert_issuer_facts(home->issuer)->not_before;
    }
    if (what == NULL)
        return true;
    return error_set(err, ERROR_LEDGER, 0,
                     "the clock says %s, which is before %s (%s); set the clock, then run again",
                     time_format(now, now_text), what, time_format(then, then_text));
}
