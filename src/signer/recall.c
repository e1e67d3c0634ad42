/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "signer/parts.h"

#include <string.h>

void recalled_done(struct recalled *recalled)
{
    for (size_t i = 0; i < recalled->count; i++) {
        remembered_done(&recalled->items[i]);
        free(recalled->tokens[i]);
    }
    free(recalled->items);
    free(recalled->tokens);
    *recalled = (struct recalled){.items = NULL};
}

static bool ask(const struct home *home, struct token *token, struct recalled *recalled, struct error *err)
{
    struct token_info info;
    struct quoted label;
    bool is_found = false;
    AUTO(remembered_done) struct remembered remembered = {.origin = NULL};
    recalled->asked++;
    recalled->forgetful += token_remembers(token) ? 0 : 1;
    if (!token_info(token, &info, err) ||
        !remembered_find(token, home->config.origin, home->config.ledger_vkey, &remembered, &is_found, err))
        return false;
    if (!is_found)
        return true;
    recalled->items = memory_grow(recalled->items, recalled->count + 1, sizeof(*recalled->items));
    recalled->tokens = memory_grow(recalled->tokens, recalled->count + 1, sizeof(*recalled->tokens));
    recalled->tokens[recalled->count] = memory_text(quoted_text(info.label, &label));
    recalled->items[recalled->count++] = remembered;
    remembered = (struct remembered){.origin = NULL}; // the list has it now
    return true;
}

static bool ask_one(const struct confined *confined, const char *name, const struct console *console,
                    struct recalled *recalled, struct error *err)
{
    const struct home_config *config = &confined->home->config;
    bool is_uri = strncmp(name, "pkcs11:", 7) == 0;
    const struct token_choice choice = {.module = config->token.module,
                                        .init_args = config->token.init_args,
                                        .uri = is_uri ? name : NULL,
                                        .label = is_uri ? NULL : name,
                                        .profile = confined->profile,
                                        .is_in_use = true};
    AUTO(token_close) struct token *token = NULL;
    return token_open(&choice, &token, err) && signer_token_login(token, console, err) &&
           ask(confined->home, token, recalled, err);
}

bool signer_recall(struct confined *confined, const struct console *console, struct recalled *ret_recalled,
                   struct error *err)
{
    const struct home_config *config = &confined->home->config;
    AUTO(recalled_done) struct recalled recalled = {.items = NULL};
    if (!confined_find_profile(confined, err) ||
        !ask_one(confined, config->token.uri, console, &recalled, err))
        return false;
    for (size_t i = 0; i < config->token.pool_count; i++) {
        if (!ask_one(confined, config->token.pool[i], console, &recalled, err))
            return error_while(err, "opening the token %s of the pool in ca.yaml", config->token.pool[i]);
    }
    *ret_recalled = recalled;
    recalled = (struct recalled){.items = NULL}; // the caller has it now
    return true;
}
