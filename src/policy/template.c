/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/template.h"

#include "base/memory.h"
#include "policy/issuer.h"
#include "policy/verdict.h"

#include <stdlib.h>
#include <string.h>

static const char *const usage_names[] = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly",
};

const char *key_usage_name(unsigned bit_index)
{
    return bit_index < ARRAY_LEN(usage_names) ? usage_names[bit_index] : "unknown";
}

uint16_t key_usage_bit(const char *name)
{
    for (unsigned i = 0; i < ARRAY_LEN(usage_names); i++) {
        if (strcmp(name, usage_names[i]) == 0)
            return (uint16_t)(1U << i);
    }
    return 0;
}

struct template *template_new(void)
{
    struct template *template = memory_new(1, sizeof(*template));
    template->path_len = -1;
    return template;
}

static void free_names(struct template_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i].value);
        free(names[i].text);
    }
    free(names);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
}

void template_free(struct template *template)
{
    for (size_t i = 0; i < template->attributes_count; i++) {
        free(template->attributes[i].oid);
        free(template->attributes[i].field);
        free(template->attributes[i].value);
    }
    free(template->attributes);
    free_names(template->sans, template->sans_count);
    free_names(template->permitted, template->permitted_count);
    free_names(template->excluded, template->excluded_count);
    free(template->spki);
    free(template->validity_note);
    free_texts(template->extended_key_usage, template->extended_key_usage_count);
    free_texts(template->certificate_policies, template->certificate_policies_count);
    free_texts(template->certificate_policy_cps, template->certificate_policies_count);
    free_texts(template->ocsp_urls, template->ocsp_urls_count);
    free_texts(template->issuer_urls, template->issuer_urls_count);
    free_texts(template->crl_urls, template->crl_urls_count);
    for (size_t i = 0; i < template->extensions_count; i++) {
        free(template->extensions[i].oid);
        free(template->extensions[i].value);
    }
    free(template->extensions);
    free(template);
}

void verdict_free(struct verdict *verdict)
{
    findings_done(&verdict->findings);
    findings_done(&verdict->notes);
    for (size_t i = 0; i < verdict->decisions_count; i++) {
        free(verdict->decisions[i].field);
        free(verdict->decisions[i].value);
    }
    free(verdict->decisions);
    if (verdict->template != NULL)
        template_free(verdict->template);
    free(verdict);
}
