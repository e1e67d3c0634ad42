/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony's script and site: what is taken can be checked, and each step has its words; nothing leaves a medium. */
#include "base/builder.h"
#include "ceremony/check.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void draw(const struct ceremony_script *script)
{
    struct error err = ERROR_INIT;
    const struct step_setting paper = {.mark = "REHEARSAL", .approver_keys = "/keys"};
    for (unsigned i = 0; i < script->step_count; i++) {
        AUTO(step_command_done) struct step_command command = {.count = 0};
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        if (!step_command(script, &script->steps[i], &paper, &command, &err))
            abort();
        step_command_words(&command, &words);
        if (words.len > 0 && strstr(builder_text(&words), "/..") != NULL && command.copy_to != NULL &&
            strstr(command.copy_to, "/../") != NULL)
            abort();
    }
    if (!ceremony_check(script, "script.yaml", &err) && err.kind != ERROR_INPUT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    struct error err = ERROR_INIT;
    struct bytes input = bytes_of(data, len);
    if (ceremony_script_read(input, "script.yaml", &script, &err))
        draw(script);
    error_clear(&err);
    if (ceremony_site_read(input, "site.yaml", &site, &err) && site->token_count > 0 &&
        site_token(site, site->tokens[0].token) == NULL)
        abort();
    return 0;
}
