/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#define OWN_SESSIONS 3 /* libp11's session, the one that holds the login, and one that writes */

void pool_init(struct pool *pool)
{
    (void)pthread_mutex_init(&pool->lock, NULL);   // default attributes: can't fail on Linux
    (void)pthread_cond_init(&pool->changed, NULL); // likewise
    pool->limit = 1;
}

static void session_free(struct token *token, struct session *session)
{
    WATCHED(token->module, "closing a session");
    // The session may be gone with its token; then there is nothing to close.
    (void)token->module->calls->C_CloseSession(session->handle);
    EVP_MD_CTX_free(session->digest);
    free(session);
}

void pool_done(struct token *token)
{
    struct pool *pool = &token->pool;
    while (pool->idle != NULL) {
        struct session *session = pool->idle;
        pool->idle = session->next;
        session_free(token, session);
    }
    (void)pthread_cond_destroy(&pool->changed); // nobody waits any more
    (void)pthread_mutex_destroy(&pool->lock);
}

static bool session_open(struct token *token, struct session **ret_session, CK_RV *ret_rv, struct error *err)
{
    CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
    WATCHED(token->module, "opening a session");
    *ret_rv = token->module->calls->C_OpenSession(token->slot_id, CKF_SERIAL_SESSION, NULL, NULL, &handle);
    if (*ret_rv != CKR_OK)
        return error_rv(err, *ret_rv, "opening a session");
    struct session *session = memory_new(1, sizeof(*session));
    session->handle = handle;
    session->digest = EVP_MD_CTX_new();
    if (session->digest == NULL) {
        session_free(token, session);
        return error_openssl(err, ERROR_TOKEN, "no digest context");
    }
    *ret_session = session;
    return true;
}

bool pool_borrow(struct token *token, struct session **ret_session, struct error *err)
{
    struct pool *pool = &token->pool;
    LOCKED(&pool->lock);
    for (;;) {
        if (pool->idle != NULL) {
            *ret_session = pool->idle;
            pool->idle = pool->idle->next;
            return true;
        }
        if (pool->open_count < pool->limit) {
            CK_RV rv = CKR_OK;
            if (session_open(token, ret_session, &rv, err)) {
                pool->open_count++;
                return true;
            }
            if (rv != CKR_SESSION_COUNT || pool->open_count == 0)
                return false;
            pool->limit = pool->open_count; // the token has fewer than its profile says: make do with these
            error_clear(err);
        }
        (void)pthread_cond_wait(&pool->changed, &pool->lock); // can't fail: the lock is held
    }
}

void pool_return(struct token *token, struct session *session)
{
    struct pool *pool = &token->pool;
    LOCKED(&pool->lock);
    session->was_used = true;
    session->next = pool->idle;
    pool->idle = session;
    (void)pthread_cond_signal(&pool->changed); // can't fail
}

void pool_drop(struct token *token, struct session *session)
{
    struct pool *pool = &token->pool;
    session_free(token, session);
    LOCKED(&pool->lock);
    pool->open_count--;
    (void)pthread_cond_signal(&pool->changed); // can't fail
}

void token_set_sessions(struct token *token, unsigned count)
{
    struct pool *pool = &token->pool;
    unsigned most = token->limits.max_sessions;
    most = most > OWN_SESSIONS ? most - OWN_SESSIONS : most == 0 ? count : 1;
    LOCKED(&pool->lock);
    pool->limit = count < most ? count : most;
    if (pool->limit == 0)
        pool->limit = 1;
    (void)pthread_cond_broadcast(&pool->changed); // can't fail
}

unsigned token_sessions(struct token *token)
{
    LOCKED(&token->pool.lock);
    return token->pool.limit;
}
