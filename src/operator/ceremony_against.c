/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/against.h"

#include "cli/print.h"
#include "operator/ceremony.h"

bool operator_ceremony_against(struct bytes plan, const struct ceremony_script *script,
                               const struct ceremony_site *site, bool *ret_is_other, struct error *err)
{
    AUTO(against_result_done) struct against_result result = {.same = 0};
    if (!ceremony_against(plan, script, site, &result, err))
        return error_while(err, "comparing the rehearsal with the plan");
    *ret_is_other = result.other > 0;
    cli_print(stderr, "%s", builder_text(&result.text));
    cli_print(stderr, "against the plan: %zu %s alike but for keys, the day and the mark; %zu %s\n",
              result.same, result.same == 1 ? "certificate is" : "certificates are", result.other,
              result.other == 1 ? "differs" : "differ");
    return true;
}
