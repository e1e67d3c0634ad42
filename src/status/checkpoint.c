/* SPDX-License-Identifier: Apache-2.0 */
#include "status/checkpoint.h"

#include "status/desk.h"

bool status_checkpoint(const char *home, const char *pin_source, const struct console *console,
                       struct builder *ret_note, struct error *err)
{
    AUTO(status_desk_done)
    struct status_desk desk = {.console = console, .pin_source = pin_source, .is_due_told = true};
    return status_desk_open(&desk, home, HOME_WRITE, err) && status_desk_confine(&desk, NULL, err) &&
           status_desk_unlock(&desk, "ledger checkpoint", err) && status_desk_end(&desk, err) &&
           ledger_checkpoint_newest(desk.home->ledger, ret_note, err);
}
