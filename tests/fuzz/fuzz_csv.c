/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of requests: rows end, cells are clean text, names of files stay in their folder. */
#include "fuzz.h"

#include "base/csv.h"
#include "base/quote.h"
#include "enroll/enroll.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = ERROR_INIT;
    struct enroll_order common = {.name = NULL};
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    if (!enroll_orders_from_csv(bytes_of(data, len), "fuzz.csv", &common, &orders, &err)) {
        assert(err.kind == ERROR_INPUT && orders.items == NULL);
        return 0;
    }
    for (size_t i = 0; i < orders.count; i++) {
        AUTO(free) char *name = NULL;
        if (!enroll_name(&orders.items[i], &name, &err))
            continue;
        assert(*name != '\0' && *name != '.' && strchr(name, '/') == NULL);
        assert(utf8_is_valid(bytes_of_text(orders.items[i].cn)));
    }
    if (!enroll_check_names(&orders, &err))
        assert(err.kind == ERROR_USAGE);
    return 0;
}
