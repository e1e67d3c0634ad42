/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_memory.h"

#include "base/time.h"
#include "cli/print.h"

#include <inttypes.h>
#include <stdlib.h>

void cli_memory_done(struct cli_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        free(memory->items[i].token);
        free(memory->items[i].who);
    }
    free(memory->items);
    free(memory->known);
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
    for (size_t i = 0; i < memory->count; i++)
        cli_print(stdout, "the token %s remembers %" PRIu64 " records since %s\n", memory->items[i].token,
                  memory->known[i].size, time_format(memory->items[i].time, time));
    if (memory->forgetful > 0)
        printf("%zu of %zu tokens keep no data (remembers: false in the profile): an old copy of the whole "
               "home is not found by them,\nonly by checkpoints that left it (--since)\n",
               memory->forgetful, memory->asked);
    else if (memory->count < memory->asked)
        printf(
            "%zu of %zu tokens remember nothing of this ledger: an old copy of the whole home is not found "
            "by them\n",
            memory->asked - memory->count, memory->asked);
}

void cli_memory_json(const struct cli_memory *memory, struct json *json)
{
    char time[TIME_TEXT_SIZE];
    json_put_bool(json, "token_asked", memory != NULL);
    if (memory == NULL)
        return;
    json_put_int(json, "tokens", (int64_t)memory->asked);
    struct json *array = json_put_array(json, "remembered");
    for (size_t i = 0; i < memory->count; i++) {
        struct json *entry = json_add_object(array);
        json_put_text(entry, "token", memory->items[i].token);
        json_put_int(entry, "records", (int64_t)memory->known[i].size);
        json_put_hex(entry, "root", BYTES(memory->known[i].root));
        json_put_text(entry, "time", time_format(memory->items[i].time, time));
    }
}
