/* SPDX-License-Identifier: Apache-2.0 */
#include "records/act.h"

#include <string.h>

static const struct {
    const char *name, *words;
} acts[ACT_COUNT] = {
    [ACT_ISSUE] = {"issue", "issuing certificates"},
    [ACT_ISSUE_CA] = {"issue_ca", "issuing CA certificates"},
    [ACT_REVOKE] = {"revoke", "revoking"},
    [ACT_CRL] = {"crl", "signing CRLs"},
    [ACT_CONTROL] = {"control", "changing the controls"},
    [ACT_POLICY] = {"policy", "approving policies"},
};

const char *act_name(enum act act)
{
    return acts[act].name;
}

const char *act_words(enum act act)
{
    return acts[act].words;
}

bool act_parse(const char *name, enum act *ret_act)
{
    for (size_t i = 0; i < ACT_COUNT; i++) {
        if (strcmp(acts[i].name, name) != 0)
            continue;
        *ret_act = (enum act)i;
        return true;
    }
    return false;
}
