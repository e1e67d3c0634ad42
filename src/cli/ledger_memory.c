/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_memory.h"

#include "base/memory.h"
#include "cli/print.h"

#include <inttypes.h>
#include <string.h>

void cli_memory_done(struct cli_memory *memory)
{
    for (size_t i = 0; memory->who != NULL && i < memory->recalled.count; i++)
        free(memory->who[i]);
    free(memory->who);
    free(memory->known);
    recalled_done(&memory->recalled);
}

bool cli_memory_ask(struct home *home, const struct options *options, struct cli_memory *ret_memory,
                    struct error *err)
{
    AUTO(confined_free) struct confined *confined = NULL;
    struct console console = cli_console((struct options *)(uintptr_t)options);
    if (!signer_confine(home, NULL, options->pin_source, &console, &confined, err) ||
        !signer_recall(confined, &console, &ret_memory->recalled, err))
        return error_while(err, "asking the token what it remembers");
    size_t count = ret_memory->recalled.count;
    ret_memory->known = memory_new(count + 1, sizeof(*ret_memory->known));
    ret_memory->who = memory_new(count + 1, sizeof(*ret_memory->who));
    for (size_t i = 0; i < count; i++) {
        const struct remembered *remembered = &ret_memory->recalled.items[i];
        ret_memory->who[i] = memory_format("the token %s", ret_memory->recalled.tokens[i]);
        ret_memory->known[i] = (struct ledger_known){.who = ret_memory->who[i], .size = remembered->size};
        memcpy(ret_memory->known[i].root, remembered->root, sizeof(remembered->root));
    }
    return true;
}

void cli_memory_print(const struct cli_memory *memory)
{
    char time[TIME_TEXT_SIZE];
    if (memory == NULL) {
        printf(
            "the token was not asked: whether the whole home is an old copy, `coldca ledger verify --token` "
            "tells\n");
        return;
    }
    const struct recalled *recalled = &memory->recalled;
    for (size_t i = 0; i < recalled->count; i++)
        cli_print(stdout, "the token %s remembers %" PRIu64 " records since %s\n", recalled->tokens[i],
                  recalled->items[i].size, time_format(recalled->items[i].time, time));
    if (recalled->forgetful > 0)
        printf("%zu of %zu tokens keep no data (remembers: false in the profile): an old copy of the whole "
               "home is not found by them,\nonly by checkpoints that left it (--since)\n",
               recalled->forgetful, recalled->asked);
    else if (recalled->count < recalled->asked)
        printf(
            "%zu of %zu tokens remember nothing of this ledger: an old copy of the whole home is not found "
            "by them\n",
            recalled->asked - recalled->count, recalled->asked);
}

void cli_memory_json(const struct cli_memory *memory, struct json *json)
{
    char time[TIME_TEXT_SIZE];
    json_put_bool(json, "token_asked", memory != NULL);
    if (memory == NULL)
        return;
    const struct recalled *recalled = &memory->recalled;
    json_put_int(json, "tokens", (int64_t)recalled->asked);
    struct json *array = json_put_array(json, "remembered");
    for (size_t i = 0; i < recalled->count; i++) {
        struct json *entry = json_add_object(array);
        json_put_text(entry, "token", recalled->tokens[i]);
        json_put_int(entry, "records", (int64_t)recalled->items[i].size);
        json_put_hex(entry, "root", BYTES(recalled->items[i].root));
        json_put_text(entry, "time", time_format(recalled->items[i].time, time));
    }
}
