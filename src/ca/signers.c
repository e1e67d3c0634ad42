#include "ca/signers.h"

#include "base/memory.h"
#include "base/quote.h"
#include "ca/parallel.h"

#include <stdatomic.h>

enum state { IN_USE, BEING_DROPPED, DROPPED };

struct signer {
    struct token *token; /**< ours; NULL: the home's own */
    struct token_key *key;
    char *name; /**< harmless label */
    unsigned sessions;
    atomic_int state; /**< enum state */
    bool is_told;
    struct error why; /**< written by the one who drops it, read once it is dropped */
};

struct signers {
    struct signer *items;
    size_t count;
    atomic_size_t turn;
    atomic_size_t left;
};

void signers_close(struct signers *signers)
{
    for (size_t i = 0; i < signers->count; i++) {
        struct signer *signer = &signers->items[i];
        if (signer->token != NULL && signer->key != NULL)
            token_key_free(signer->key);
        if (signer->token != NULL)
            token_close(signer->token);
        free(signer->name);
    }
    free(signers->items);
    free(signers);
}

static bool name_signer(struct signer *signer, struct token *token, struct error *err)
{
    struct token_info info;
    struct quoted room;
    if (!token_info(token, &info, err))
        return false;
    signer->name = memory_text(quoted_text(info.label, &room));
    signer->sessions = token_sessions(token);
    return true;
}

static bool open_one(struct ca_home *home, const char *uri, const struct ca_console *console,
                     struct signer *signer, struct error *err)
{
    const struct token_choice choice = {.module = home->config.token.module,
                                        .init_args = home->config.token.init_args,
                                        .uri = uri,
                                        .profile = home->profile,
                                        .is_in_use = true};
    if (!token_open(&choice, &signer->token, err))
        return false;
    token_set_sessions(signer->token, ca_sessions(home));
    return ca_token_login(signer->token, console, err) &&
           token_key_find(signer->token, uri, cert_issuer_spki(home->issuer), &signer->key, err) &&
           ca_check_key(home, signer->key, "CA", console, err) && name_signer(signer, signer->token, err);
}

bool signers_open(struct ca_home *home, const struct ca_console *console, struct signers **ret_signers,
                  struct error *err)
{
    AUTO(signers_close) struct signers *signers = memory_new(1, sizeof(*signers));
    size_t pool = home->issuer == NULL ? 0 : home->config.token.pool_count;
    signers->items = memory_new(1 + pool, sizeof(*signers->items));
    signers->count = 1;
    signers->items[0].key = home->ca_key;
    if (!name_signer(&signers->items[0], home->token, err))
        return false;
    for (size_t i = 0; i < pool; i++) {
        if (!open_one(home, home->config.token.pool[i], console, &signers->items[signers->count++], err))
            return error_while(err, "opening the token %s of the pool in ca.yaml",
                               home->config.token.pool[i]);
    }
    atomic_store(&signers->left, signers->count);
    *ret_signers = TAKE(signers);
    return true;
}

unsigned signers_sessions(const struct signers *signers)
{
    unsigned count = 0;
    for (size_t i = 0; i < signers->count; i++)
        count += atomic_load(&signers->items[i].state) == IN_USE ? signers->items[i].sessions : 0;
    return count;
}

/** \return whether there are others left to ask */
static bool drop(struct signers *signers, struct signer *signer, const struct error *err)
{
    int state = IN_USE;
    if (atomic_load(&signers->left) <= 1 && atomic_load(&signer->state) == IN_USE)
        return false; // the last one stays: its fault is the run's
    if (atomic_compare_exchange_strong(&signer->state, &state, BEING_DROPPED)) {
        signer->why = *err;
        (void)atomic_fetch_sub(&signers->left, 1);
        atomic_store(&signer->state, DROPPED);
    }
    return atomic_load(&signers->left) > 0;
}

static struct signer *choose(struct signers *signers)
{
    size_t start = atomic_fetch_add(&signers->turn, 1);
    for (size_t i = 0; i < signers->count; i++) {
        struct signer *signer = &signers->items[(start + i) % signers->count];
        if (atomic_load(&signer->state) == IN_USE)
            return signer;
    }
    return &signers->items[0];
}

bool signers_sign(struct signers *signers, enum signature_kind kind, struct bytes data,
                  struct builder *ret_signature, size_t *ret_token, struct error *err)
{
    for (;;) {
        struct signer *signer = choose(signers);
        *ret_token = (size_t)(signer - signers->items);
        if (token_key_sign(signer->key, kind, data, ret_signature, err))
            return true;
        if (signers->count == 1 || !drop(signers, signer, err))
            return false;
        builder_clear(ret_signature);
        error_clear(err);
    }
}

bool signers_drop(struct signers *signers, size_t token, const struct error *why)
{
    return signers->count > 1 && drop(signers, &signers->items[token], why);
}

void signers_tell(struct signers *signers, const struct ca_console *console)
{
    for (size_t i = 0; i < signers->count; i++) {
        struct signer *signer = &signers->items[i];
        if (atomic_load(&signer->state) != DROPPED || signer->is_told)
            continue;
        signer->is_told = true;
        ca_notice(console, "the token %s failed and is not asked any more, the others go on: %s",
                  signer->name, signer->why.text);
    }
}
