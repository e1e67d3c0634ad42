/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>

/* What an option would do where it has nothing to do is never guessed: it is refused, before anything is touched. */

static const char *words_of(enum init_mode mode)
{
    switch (mode) {
    case INIT_REQUEST:
        return "with --csr";
    case INIT_ADOPT:
        return "where a certificate is adopted";
    case INIT_COMPLETE:
        return "where a CA gets its parent's certificate: its token, keys and names are in ca.yaml";
    case INIT_ROOT:
    default:
        return "for a root";
    }
}

static bool check_modes(const struct init_options *options, enum init_mode mode, struct error *err)
{
    const enum init_mode making = INIT_ROOT | INIT_REQUEST;
    const enum init_mode new = making | INIT_ADOPT;
    const enum init_mode complete = INIT_ROOT | INIT_ADOPT | INIT_COMPLETE;
    const enum init_mode bringing = INIT_ADOPT | INIT_COMPLETE;
    const struct {
        const char *name;
        bool is_given;
        enum init_mode modes; /**< in which it does something */
        const char *why;
    } rows[] = {
        {"--subject", options->subject != NULL, making, "the certificate has one"},
        {"--policy", options->policy != NULL, making, "the certificate is there already"},
        {"--set", options->variables_count > 0, making, "it is for the policy of a new certificate"},
        {"--key", options->key != NULL, making, "the key is there already"},
        {"--days", options->days > 0, INIT_ROOT, "how long this CA is valid is decided by its parent"},
        {"--csr", options->wants_csr, INIT_REQUEST, "the certificate is there already"},
        {"--chain", options->chain != NULL, bringing, "it goes with --certificate"},
        {"--chain-incomplete", options->chain_incomplete != NULL, bringing, "it goes with --certificate"},
        {"--continues", options->continues != NULL, INIT_ADOPT, "it is for a key whose ledger was lost"},
        {"--controls", options->controls != NULL, complete, "they are set with --certificate"},
        {"--policies", options->policies != NULL, complete, "they are set with --certificate"},
        {"--use-key", options->use_key != NULL, new, NULL},
        {"--key-label", options->key_label != NULL, new, NULL},
        {"--origin", options->origin != NULL, new, NULL},
        {"--token", options->token != NULL, new, NULL},
        {"--model", options->profile != NULL, new, NULL},
        {"--module", options->module != NULL, new, NULL},
        {"--init-args", options->init_args != NULL, new, NULL},
        {"--hash", options->hash != NULL, new, NULL},
        {"--pss", options->wants_pss, new, NULL},
        {"--allow-extractable", options->may_be_extractable, new, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].is_given && (rows[i].modes & mode) == 0)
            return error_set(err, ERROR_USAGE, 0, "%s means nothing %s%s%s; leave it out", rows[i].name,
                             words_of(mode), rows[i].why != NULL ? ": " : "",
                             rows[i].why != NULL ? rows[i].why : "");
    }
    return true;
}

/** A complete CA takes no certificate; without a key of the token there is nothing to adopt one for. */
static bool refuse_certificate(const struct init_options *options, bool is_home, struct error *err)
{
    if (is_home)
        return error_set(err, ERROR_INPUT, EEXIST,
                         "%s has its certificate and nothing is overwritten; name the directory of a CA that "
                         "awaits one with -C",
                         options->path);
    return error_set(err, ERROR_USAGE, 0,
                     "--certificate needs --use-key URI (to adopt an existing key), or -C and a home made by "
                     "`init --csr`");
}

bool init_check_options(const struct init_options *options, enum init_mode *ret_mode, struct error *err)
{
    AUTO(free) char *config = memory_format("%s/" HOME_CONFIG_FILE, options->path);
    AUTO(free) char *certificate = memory_format("%s/" HOME_CERTIFICATE_FILE, options->path);
    bool is_home = file_exists(AT_FDCWD, config);
    bool is_pending = is_home && !file_exists(AT_FDCWD, certificate);
    enum init_mode mode = options->certificate == NULL ? (options->wants_csr ? INIT_REQUEST : INIT_ROOT)
                                                       : (is_pending ? INIT_COMPLETE : INIT_ADOPT);
    if (mode == INIT_ADOPT && options->use_key == NULL)
        return refuse_certificate(options, is_home, err);
    if ((mode == INIT_ROOT || mode == INIT_REQUEST) && options->subject == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--subject is needed, such as --subject \"C=US,O=My Org,CN=My Root CA\"");
    if (options->key != NULL && options->use_key != NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--key makes a key and --use-key takes one that is there: give one of them");
    *ret_mode = mode;
    return check_modes(options, mode, err);
}
