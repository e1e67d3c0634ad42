/* SPDX-License-Identifier: Apache-2.0 */
#include "base/finding.h"

#include "base/memory.h"
#include "base/quote.h"

#include <stdarg.h>
#include <string.h>

void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->items[i];
        free(finding->rule);
        free(finding->source);
        free(finding->found);
        free(finding->wanted);
        free(finding->text);
        free(finding->remedy);
    }
    free(findings->items);
    *findings = (struct findings)FINDINGS_INIT;
}

void findings_add(struct findings *findings, const struct finding *finding)
{
    findings->items = memory_grow(findings->items, findings->count + 1, sizeof(*findings->items));
    findings->items[findings->count++] = (struct finding){
        .rule = memory_text(finding->rule),
        .source = memory_text(finding->source),
        .found = memory_text(finding->found),
        .wanted = memory_text(finding->wanted),
        .text = memory_text(finding->text),
        .remedy = memory_text(finding->remedy),
    };
}

void findings_say(struct findings *findings, const char *rule, const char *source, const char *format, ...)
{
    char text[1024];
    char rule_copy[128];
    char source_copy[128];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer reason is cut
    va_end(arguments);
    (void)snprintf(rule_copy, sizeof(rule_copy), "%s", rule);
    (void)snprintf(source_copy, sizeof(source_copy), "%s", source == NULL ? "" : source);
    findings_add(
        findings,
        &(struct finding){.rule = rule_copy, .source = source == NULL ? NULL : source_copy, .text = text});
}

void findings_copy(struct findings *to, const struct findings *from)
{
    for (size_t i = 0; i < from->count; i++)
        findings_add(to, &from->items[i]);
}

bool findings_has(const struct findings *findings, const char *rule)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->items[i].rule, rule) == 0)
            return true;
    }
    return false;
}
