/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "cli/ledger_memory.h"
#include "cli/print.h"
#include "operator/operator.h"
#include "signer/confine.h"
#include "signer/memory.h"
#include "signer/person.h"
#include "status/checkpoint.h"
#include "token/token.h"

#include <string.h>
#include <unistd.h>

/** Runs on a thread of token/'s own while others wait for the token, or write: as good as a power cut (P5). */
static void on_late_token(const char *text, bool is_over)
{
    cli_complain(text);
    if (is_over)
        _exit((int)ERROR_TOKEN);
}

static void keep(const struct remembered *remembered, const char *token, struct cli_memory *memory)
{
    struct ledger_known *known = &memory->known[memory->count];
    struct cli_memory_item *item = &memory->items[memory->count++];
    *item = (struct cli_memory_item){
        .token = memory_text(token), .who = memory_format("the token %s", token), .time = remembered->time};
    *known = (struct ledger_known){.who = item->who, .size = remembered->size};
    memcpy(known->root, remembered->root, sizeof(known->root));
}

static bool recall(struct home *home, const struct options *options, struct cli_memory *ret_memory,
                   struct error *err)
{
    AUTO(confined_free) struct confined *confined = NULL;
    AUTO(recalled_done) struct recalled recalled = {.count = 0};
    struct console console = cli_console((struct options *)(uintptr_t)options);
    if (!signer_confine(home, NULL, options->pin_source, &console, &confined, err) ||
        !signer_recall(confined, &console, &recalled, err))
        return error_while(err, "asking the token what it remembers");
    ret_memory->asked = recalled.asked;
    ret_memory->forgetful = recalled.forgetful;
    ret_memory->known = memory_new(recalled.count + 1, sizeof(*ret_memory->known));
    ret_memory->items = memory_new(recalled.count + 1, sizeof(*ret_memory->items));
    for (size_t i = 0; i < recalled.count; i++)
        keep(&recalled.items[i], recalled.tokens[i], ret_memory);
    return true;
}

const struct program_tokens *operator_tokens(void)
{
    static struct program_tokens tokens = {
        .end_calls = token_end_calls, .recall = recall, .checkpoint = status_checkpoint};
    tokens.keys = signer_person_keys();
    token_set_late(on_late_token);
    return &tokens;
}
