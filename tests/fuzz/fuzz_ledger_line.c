/* A line of ledger.jsonl: what is taken must be canonical, so that what is hashed is what is read. */
#include "base/json.h"
#include "fuzz.h"
#include "ledger/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder canonical = BUILDER_INIT;
    struct record_facts facts;
    struct record_fault fault;
    if (!record_parse(bytes_of(data, len), &record, &fault))
        return 0;
    json_canonical(record, &canonical);
    if (!bytes_equal(builder_bytes(&canonical), bytes_of(data, len)))
        abort();
    if (record_read(record, &facts, &fault) && facts.serial_len > RECORD_SERIAL_MAX_LEN)
        abort();
    return 0;
}
