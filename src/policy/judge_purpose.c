#include "policy/rules.h"

#include <string.h>

/* What no single field shows: whether the certificate as a whole is good for what it says it is for. */

static bool has_usage(const struct template *template, const char *name)
{
    for (size_t i = 0; i < template->extended_key_usage_count; i++) {
        if (strcmp(template->extended_key_usage[i], usage_oid(name)) == 0)
            return true;
    }
    return false;
}

/** Whether a name was refused already, so that its lack would only repeat the reason. */
static bool is_name_refused(const struct judgement *judgement)
{
    const struct findings *findings = &judgement->verdict->findings;
    for (size_t i = 0; i < findings->count; i++) {
        if (strncmp(findings->items[i].rule, "san.", 4) == 0)
            return true;
    }
    return judgement->is_subject_refused;
}

/** TLS clients look for the server's name in the SAN and nowhere else. */
static void judge_server(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    if (template->is_ca || template->sans_count > 0 || !has_usage(template, "serverAuth") ||
        is_name_refused(judgement))
        return;
    judge_refuse(judgement, "san.server", "RFC 9525 6.3", NULL, NULL, "ask for a dns name or an address",
                 "san: a TLS server without a name in the SAN is accepted by no client");
}

void judge_purpose(struct judgement *judgement)
{
    judge_server(judgement);
}
