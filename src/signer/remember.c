/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "signer/parts.h"

#include <inttypes.h>
#include <string.h>

/** Calls visit for the home's token and those of the pool that were not dropped. \return false: visit said so */
static bool each_token(struct signer *signer, signer_pool_visit *visit, void *data, struct error *err)
{
    if (signer->pool != NULL)
        return signer_pool_each(signer->pool, visit, data, err);
    return visit(data, signer->token, err);
}

static void name_of(struct token *token, struct quoted *ret_name)
{
    struct token_info info;
    struct error ignored = ERROR_INIT; // it is only a name
    bool has_name = token_info(token, &info, &ignored) && *info.label != '\0';
    (void)quoted_text(has_name ? info.label : "?", ret_name);
}

/* ---- compared with the ledger ---- */

static bool tell_difference(const struct ledger *ledger, enum ledger_difference difference,
                            const struct remembered *remembered, struct token *token, struct error *err)
{
    char time[TIME_TEXT_SIZE];
    struct quoted name;
    if (difference == LEDGER_AGREES)
        return true;
    (void)time_format(remembered->time, time);
    name_of(token, &name);
    switch (difference) {
    case LEDGER_IS_SHORTER:
        return error_set(err, ERROR_LEDGER, 0,
                         "ledger.jsonl holds %" PRIu64 " records, but the token %s remembers %" PRIu64
                         " since %s: the ledger was cut or an old copy restored; put the newer copy of the "
                         "home back. If there is none, sign nothing: docs/operations.md says who looks at "
                         "what",
                         ledger_size(ledger), name.text, remembered->size, time);
    case LEDGER_LOST_CHECKPOINTS:
        return error_set(err, ERROR_LEDGER, 0,
                         "the newest checkpoint of ledger.checkpoints is of %" PRIu64
                         " records, but the token %s remembers one of %" PRIu64
                         " since %s: checkpoints were cut off; put the newer ledger.checkpoints back",
                         ledger_checkpoint_size(ledger), name.text, remembered->size, time);
    case LEDGER_IS_ANOTHER:
    default:
        return error_set(
            err, ERROR_LEDGER, 0,
            "the first %" PRIu64 " records of ledger.jsonl are not those the token %s "
            "remembers since %s: history was rewritten, or the home is of another future; sign "
            "nothing, keep home and token as they are: docs/operations.md says who looks at what",
            remembered->size, name.text, time);
    }
}

static bool compare(void *data, struct token *token, struct error *err)
{
    struct signer *signer = data;
    AUTO(remembered_done) struct remembered remembered = {.origin = NULL};
    bool is_found = false;
    enum ledger_difference difference = LEDGER_AGREES;
    const struct home_config *config = &signer->home->config;
    if (!remembered_find(token, config->origin, config->ledger_vkey, &remembered, &is_found, err))
        return false;
    if (!is_found)
        return true; // never written yet: a home of before, a new spare, a token that keeps no data
    if (remembered.has_crl && (!signer->has_crl || remembered.crl_number > signer->crl_number)) {
        signer->has_crl = true;
        signer->crl_number = remembered.crl_number;
    }
    return ledger_compare(signer->home->ledger, remembered.size, remembered.root, &difference, err) &&
           tell_difference(signer->home->ledger, difference, &remembered, token, err);
}

bool signer_compare_memory(struct signer *signer, struct error *err)
{
    return each_token(signer, compare, signer, err);
}

/* ---- written ---- */

/** What there is to remember. \return false: nothing yet */
static bool newest_of(const struct signer *signer, struct remembered *ret_remembered)
{
    const struct home *home = signer->home;
    struct remembered remembered = {
        .time = time_now(), .has_crl = signer->has_crl, .crl_number = signer->crl_number};
    struct error ignored = ERROR_INIT; // there is no checkpoint
    if (!ledger_checkpoint_facts(home->ledger, &remembered.size, remembered.root, &ignored))
        return false;
    remembered.origin = memory_text(home->config.origin);
    remembered.vkey = memory_text(home->config.ledger_vkey);
    *ret_remembered = remembered;
    return true;
}

static bool tell(struct token *token, const struct remembered *newest, struct error *err)
{
    AUTO(remembered_done) struct remembered known = {.origin = NULL};
    bool is_found = false;
    if (!remembered_find(token, newest->origin, newest->vkey, &known, &is_found, err))
        return false;
    bool is_known = is_found && known.size >= newest->size &&
                    (!newest->has_crl || (known.has_crl && known.crl_number >= newest->crl_number));
    return is_known || remembered_keep(token, newest, err);
}

struct telling {
    const struct remembered *newest;
    const struct console *console;
};

/** Goes on where one fails: each that knows is worth something. */
static bool tell_if_possible(void *data, struct token *token, struct error *err)
{
    const struct telling *telling = data;
    struct error why = ERROR_INIT;
    struct quoted label;
    (void)err;
    if (tell(token, telling->newest, &why))
        return true;
    name_of(token, &label);
    console_notice(telling->console,
                   "the token %s could not keep that the ledger holds %" PRIu64
                   " records, the next run tries again: %s",
                   label.text, telling->newest->size, why.text);
    return true;
}

void signer_remember(struct signer *signer, const struct console *console)
{
    AUTO(remembered_done) struct remembered newest = {.origin = NULL};
    struct telling telling = {.newest = &newest, .console = console};
    struct error ignored = ERROR_INIT;
    if (newest_of(signer, &newest))
        (void)each_token(signer, tell_if_possible, &telling, &ignored);
}

static bool tell_surely(void *data, struct token *token, struct error *err)
{
    return tell(token, data, err) || error_while(err, "keeping the CRL's number on the token");
}

bool signer_remember_crl(struct signer *signer, uint64_t number, struct error *err)
{
    AUTO(remembered_done) struct remembered newest = {.origin = NULL};
    if (!signer->has_crl || number > signer->crl_number)
        signer->crl_number = number;
    signer->has_crl = true;
    return !newest_of(signer, &newest) || each_token(signer, tell_surely, &newest, err);
}

bool signer_remembered_crl(const struct signer *signer, uint64_t *ret_number)
{
    if (signer->has_crl)
        *ret_number = signer->crl_number;
    return signer->has_crl;
}
