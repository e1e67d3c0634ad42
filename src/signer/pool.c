/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/parts.h"

#include "base/memory.h"
#include "base/quote.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct member {
    struct token *token; /**< ours; NULL: the home's own */
    struct token_key *key;
    char *name; /**< escaped label */
    unsigned sessions;
    atomic_bool is_dropped; /**< for good; changed under the pool's mutex */
    bool is_told;
    struct error why; /**< written by the one who drops it, before is_dropped */
};

struct signer_pool {
    struct member *items;
    size_t count;
    atomic_size_t turn;
    pthread_mutex_t mutex;
    size_t left; /**< not dropped: one at least */
};

void signer_pool_close(struct signer_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = &pool->items[i];
        if (member->token != NULL && member->key != NULL)
            token_key_free(member->key);
        if (member->token != NULL)
            token_close(member->token);
        free(member->name);
    }
    free(pool->items);
    (void)pthread_mutex_destroy(&pool->mutex); // nobody signs any more
    free(pool);
}

static bool name_member(struct member *member, struct token *token, struct error *err)
{
    struct token_info info;
    struct quoted buffer;
    if (!token_info(token, &info, err))
        return false;
    member->name = memory_text(quoted_text(info.label, &buffer));
    member->sessions = token_sessions(token);
    return true;
}

static bool open_one(struct signer *signer, const char *uri, const struct console *console,
                     struct member *member, struct error *err)
{
    const struct home *home = signer->home;
    const struct token_choice choice = {.module = home->config.token.module,
                                        .init_args = home->config.token.init_args,
                                        .uri = uri,
                                        .profile = signer->confined->profile,
                                        .is_in_use = true};
    if (!token_open(&choice, &member->token, err))
        return false;
    token_set_sessions(member->token, signer_sessions_wanted(home));
    return signer_token_login(member->token, console, err) &&
           token_key_find(member->token, uri, cert_issuer_spki(home->issuer), &member->key, err) &&
           signer_check_key(member->key, home->config.allow_extractable, "CA", console, err) &&
           signer_prepare_asking(member->token, member->key, console, err) &&
           name_member(member, member->token, err);
}

bool signer_pool_open(struct signer *signer, const struct console *console, struct signer_pool **ret_pool,
                      struct error *err)
{
    const struct home *home = signer->home;
    AUTO(signer_pool_close) struct signer_pool *pool = memory_new(1, sizeof(*pool));
    size_t others = home->issuer == NULL ? 0 : home->config.token.pool_count;
    if (pthread_mutex_init(&pool->mutex, NULL) != 0)
        abort(); // out of memory, as memory_new() does
    pool->items = memory_new(1 + others, sizeof(*pool->items));
    pool->count = 1;
    pool->items[0].key = signer->ca_key;
    if (!name_member(&pool->items[0], signer->token, err))
        return false;
    for (size_t i = 0; i < others; i++) {
        const char *uri = home->config.token.pool[i];
        if (!open_one(signer, uri, console, &pool->items[pool->count++], err))
            return error_while(err, "opening the token %s of the pool in ca.yaml", uri);
    }
    pool->left = pool->count;
    *ret_pool = TAKE(pool);
    return true;
}

unsigned signer_pool_sessions(const struct signer_pool *pool)
{
    unsigned count = 0;
    for (size_t i = 0; i < pool->count; i++)
        count += atomic_load(&pool->items[i].is_dropped) ? 0 : pool->items[i].sessions;
    return count;
}

/** The last one stays: its fault is the run's. \return whether there are others left to ask */
static bool drop(struct signer_pool *pool, struct member *member, const struct error *err)
{
    if (pthread_mutex_lock(&pool->mutex) != 0)
        abort();                                        // only of a mutex that is none
    bool is_dropped = atomic_load(&member->is_dropped); // by another thread
    if (!is_dropped && pool->left > 1) {
        pool->left--;
        member->why = *err;
        atomic_store(&member->is_dropped, true);
        is_dropped = true;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return is_dropped;
}

static struct member *choose(struct signer_pool *pool)
{
    size_t turn = atomic_fetch_add(&pool->turn, 1);
    while (atomic_load(&pool->items[turn % pool->count].is_dropped))
        turn++;
    return &pool->items[turn % pool->count];
}

bool signer_pool_sign(struct signer_pool *pool, enum signature_kind kind, const struct token_message *message,
                      struct builder *ret_signature, size_t *ret_token, struct error *err)
{
    for (;;) {
        struct member *member = choose(pool);
        *ret_token = (size_t)(member - pool->items);
        if (token_key_sign_message(member->key, kind, message, ret_signature, err))
            return true;
        if (err->kind == ERROR_INTERRUPTED || !drop(pool, member, err))
            return false; // a person gave up, or the last one failed
        builder_clear(ret_signature);
        error_clear(err);
    }
}

size_t signer_pool_max_message(const struct signer_pool *pool, enum signature_kind kind)
{
    size_t least = 0;
    for (size_t i = 0; i < pool->count; i++) {
        size_t most =
            atomic_load(&pool->items[i].is_dropped) ? 0 : token_key_max_message(pool->items[i].key, kind);
        least = most > 0 && (least == 0 || most < least) ? most : least;
    }
    return least;
}

bool signer_pool_check_message(struct signer_pool *pool, enum signature_kind kind, size_t len,
                               struct error *err)
{
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = &pool->items[i];
        if (!atomic_load(&member->is_dropped) && !token_key_check_message(member->key, kind, len, err))
            return pool->count > 1 && error_while(err, "asking the token %s of the pool", member->name);
    }
    return true;
}

bool signer_pool_drop(struct signer_pool *pool, size_t token, const struct error *why)
{
    return drop(pool, &pool->items[token], why);
}

bool signer_pool_each(struct signer_pool *pool, signer_pool_visit *visit, void *data, struct error *err)
{
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = &pool->items[i];
        if (!atomic_load(&member->is_dropped) && !visit(data, token_key_token(member->key), err))
            return false;
    }
    return true;
}

void signer_pool_report(struct signer_pool *pool, const struct console *console)
{
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = &pool->items[i];
        if (!atomic_load(&member->is_dropped) || member->is_told)
            continue;
        member->is_told = true;
        console_notice(console,
                       "the token %s failed and was removed from the pool; continuing with the others: %s",
                       member->name, member->why.text);
    }
}
