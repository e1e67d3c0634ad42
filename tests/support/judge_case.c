/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"

#include <stdio.h>

/* What one test made; cmocka's failing asserts jump past cleanups, so case_end() frees it. */
static struct {
    struct policy *policy;
    struct request *request;
    struct verdict *verdict;
    EVP_PKEY *key;
} made;

int case_end(void **state)
{
    (void)state;
    if (made.verdict != NULL)
        verdict_free(made.verdict);
    if (made.request != NULL)
        request_free(made.request);
    if (made.policy != NULL)
        policy_free(made.policy);
    EVP_PKEY_free(made.key);
    memset(&made, 0, sizeof(made));
    return 0;
}

struct policy *case_policy(const char *yaml)
{
    struct error err = ERROR_INIT;
    if (made.policy != NULL)
        policy_free(TAKE(made.policy));
    if (!policy_load(bytes_of_text(yaml), "case.yaml", &made.policy, &err))
        fail_msg("the policy does not load: %s", err.text);
    return made.policy;
}

const char *case_load_error(const char *yaml)
{
    static struct error err;
    struct policy *policy = NULL;
    err = (struct error)ERROR_INIT;
    if (policy_load(bytes_of_text(yaml), "case.yaml", &policy, &err)) {
        policy_free(policy);
        fail_msg("the policy loads");
    }
    assert_null(policy);
    assert_int_equal(err.kind, ERROR_INPUT);
    return err.text;
}

static void add_hex(struct builder *text, struct bytes data)
{
    builder_add_text(text, "{");
    encode_hex(data, text);
    builder_add_text(text, "}");
}

/** "CN=x,O=y" in der_assemble()'s language; OIDs of the arc 2.5.4 and emailAddress. */
static char *subject_text(const char *subject)
{
    struct error err = ERROR_INIT;
    struct template *template = template_new();
    struct builder text = BUILDER_INIT;
    if (*subject != '\0' && !template_parse_subject(subject, template, &err))
        fail_msg("%s", err.text);
    builder_add_text(&text, "30{");
    for (size_t i = 0; i < template->attributes_count; i++) {
        const struct template_attribute *attribute = &template->attributes[i];
        bool is_email = strcmp(attribute->field, "emailAddress") == 0;
        builder_format(&text, "31{30{06{%s%02x}%s", is_email ? "2a864886f70d0109" : "5504",
                       is_email ? 1U : (unsigned)strtoul(attribute->oid + 6, NULL, 10),
                       is_email                             ? "16"
                       : strcmp(attribute->field, "C") == 0 ? "13"
                                                            : "0c");
        add_hex(&text, bytes_of_text(attribute->value));
        builder_add_text(&text, "}}");
    }
    builder_add_text(&text, "}");
    template_free(template);
    return builder_take_text(&text);
}

static void add_sans(struct builder *text, const char *const *sans)
{
    struct error err = ERROR_INIT;
    struct template *template = template_new();
    builder_add_text(text, "30{06{551d11}04{30{");
    for (size_t i = 0; sans[i] != NULL; i++) {
        if (!template_parse_san(sans[i], template, &err)) {
            // Not a name a person may type: as it stands behind the type.
            const char *colon = strchr(sans[i], ':');
            enum san_kind kind = SAN_DNS;
            char *name = memory_text_of(sans[i], (size_t)(colon - sans[i]));
            if (!san_kind_parse(name, &kind))
                fail_msg("%s: no such kind of name", name);
            free(name);
            builder_format(text, "%02x", 0x80U + (unsigned)kind);
            add_hex(text, bytes_of_text(colon + 1));
            continue;
        }
        const struct template_name *san = &template->sans[template->sans_count - 1];
        builder_format(text, "%02x", 0x80U + (unsigned)san->kind);
        add_hex(text, bytes_of(san->value, san->value_len));
    }
    builder_add_text(text, "}}}");
    template_free(template);
}

/** An RSA key takes its time: there is one of each size, as long as the program runs. The caller frees. */
static EVP_PKEY *key_of(const char *name)
{
    static struct {
        char name[16];
        EVP_PKEY *key;
    } kept[4];
    size_t i = 0;
    if (strncmp(name, "RSA-", 4) != 0)
        return csr_key(name);
    while (kept[i].key != NULL && strcmp(kept[i].name, name) != 0) {
        i++;
        assert_true(i < ARRAY_LEN(kept));
    }
    if (kept[i].key == NULL) {
        assert_true(strlen(name) < sizeof(kept[i].name));
        memcpy(kept[i].name, name, strlen(name));
        kept[i].key = csr_key(name);
    }
    assert_int_equal(EVP_PKEY_up_ref(kept[i].key), 1);
    return kept[i].key;
}

static void make_request(const struct judge_case *given)
{
    struct builder der = BUILDER_INIT;
    struct builder extensions = BUILDER_INIT;
    struct csr_recipe recipe = {.has_no_attributes = false};
    char *subject = subject_text(given->subject == NULL ? "CN=device-1" : given->subject);
    char *attribute = NULL;
    made.key = given->own_key == NULL ? key_of(given->key == NULL ? "P-256" : given->key) : NULL;
    if (given->sans != NULL)
        add_sans(&extensions, given->sans);
    if (given->extensions != NULL)
        builder_add_text(&extensions, given->extensions);
    if (extensions.len > 0)
        attribute = csr_extension_request(builder_text(&extensions));
    recipe.key = given->own_key != NULL ? given->own_key : made.key;
    recipe.subject = subject;
    recipe.attributes = attribute;
    csr_make(&recipe, &der);
    made.request = csr_read(builder_bytes(&der));
    builder_done(&der);
    builder_done(&extensions);
    free(subject);
    free(attribute);
}

const struct verdict *case_judge(const struct judge_case *given)
{
    (void)case_end(NULL); // a test may judge several times; it always returns 0
    (void)case_policy(given->policy);
    make_request(given);
    struct policy_question question = {
        .request = made.request,
        .issuer = given->issuer,
        .variables = given->variables,
        .variables_count = given->variables_count,
        .now = given->now == 0 ? CASE_NOW : given->now,
        .days = given->days,
    };
    made.verdict = policy_judge(made.policy, &question);
    assert_int_equal(made.verdict->is_allowed, made.verdict->findings.count == 0);
    assert_int_equal(made.verdict->is_allowed, made.verdict->template != NULL);
    return made.verdict;
}

void assert_refused(const struct verdict *verdict, const char *rule, const char *words)
{
    struct builder all = BUILDER_INIT;
    for (size_t i = 0; i < verdict->findings.count; i++) {
        const struct finding *finding = &verdict->findings.items[i];
        assert_non_null(finding->source);
        if (strcmp(finding->rule, rule) == 0 && strstr(finding->text, words) != NULL) {
            builder_done(&all);
            return;
        }
        builder_format(&all, "\n  %s: %s", finding->rule, finding->text);
    }
    fail_msg("no finding %s with \"%s\"; there are:%s", rule, words, builder_text(&all));
}

void assert_allowed(const struct verdict *verdict)
{
    if (!verdict->is_allowed)
        fail_msg("refused: %s", verdict->findings.items[0].text);
}

bool has_decision(const struct verdict *verdict, enum decision_kind kind, const char *field,
                  const char *words)
{
    for (size_t i = 0; i < verdict->decisions_count; i++) {
        const struct decision *decision = &verdict->decisions[i];
        if (decision->kind == kind && strcmp(decision->field, field) == 0 &&
            strstr(decision->value, words) != NULL)
            return true;
    }
    return false;
}

bool has_note(const struct verdict *verdict, const char *rule, const char *words)
{
    for (size_t i = 0; i < verdict->notes.count; i++) {
        const struct finding *note = &verdict->notes.items[i];
        assert_non_null(note->source);
        if (strcmp(note->rule, rule) == 0 && strstr(note->text, words) != NULL)
            return true;
    }
    return false;
}

const char *sans_of(const struct verdict *verdict)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    assert_non_null(verdict->template);
    for (size_t i = 0; i < verdict->template->sans_count && len < sizeof(text); i++) {
        const struct template_name *san = &verdict->template->sans[i];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s:%s", i == 0 ? "" : ",",
                                san_kind_name(san->kind), san->text);
    }
    return text;
}

const char *subject_of(const struct verdict *verdict)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    assert_non_null(verdict->template);
    for (size_t i = 0; i < verdict->template->attributes_count && len < sizeof(text); i++) {
        const struct template_attribute *attribute = &verdict->template->attributes[i];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%s", i == 0 ? "" : ",",
                                attribute->field, attribute->value);
    }
    return text;
}

static void add_names(const char *what, const struct template_name *names, size_t count, struct builder *out)
{
    for (size_t i = 0; i < count; i++) {
        builder_format(out, "%s %s %s = ", what, san_kind_name(names[i].kind), names[i].text);
        encode_hex(bytes_of(names[i].value, names[i].value_len), out);
        builder_add_text(out, "\n");
    }
}

static void add_texts(const char *what, char *const *texts, size_t count, struct builder *out)
{
    for (size_t i = 0; i < count; i++)
        builder_format(out, "%s %s\n", what, texts[i]);
}

static void add_template(const struct template *template, struct builder *out)
{
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    for (size_t i = 0; i < template->attributes_count; i++)
        builder_format(out, "subject %u %s %s %02x %s\n", template->attributes[i].rdn,
                       template->attributes[i].oid, template->attributes[i].field,
                       template_attribute_tag(&template->attributes[i]), template->attributes[i].value);
    add_names("san", template->sans, template->sans_count, out);
    builder_format(out, "from %s until %s%s; %s\n", time_format(template->not_before, from),
                   time_format(template->not_after, until), template->has_no_expiry ? " (no end)" : "",
                   template->validity_note != NULL ? template->validity_note : "as asked");
    builder_format(out, "CA %d, path length %d, key usage %x\n", template->is_ca, template->path_len,
                   template->key_usage);
    add_texts(template->extended_key_usage_is_critical ? "critical usage" : "usage",
              template->extended_key_usage, template->extended_key_usage_count, out);
    add_names("permitted", template->permitted, template->permitted_count, out);
    add_names("excluded", template->excluded, template->excluded_count, out);
    for (size_t i = 0; i < template->certificate_policies_count; i++)
        builder_format(out, "policy %s %s\n", template->certificate_policies[i],
                       template->certificate_policy_cps[i] != NULL ? template->certificate_policy_cps[i]
                                                                   : "(no cps)");
    add_texts("ocsp", template->ocsp_urls, template->ocsp_urls_count, out);
    add_texts("issuers", template->issuer_urls, template->issuer_urls_count, out);
    add_texts("crl", template->crl_urls, template->crl_urls_count, out);
    for (size_t i = 0; i < template->extensions_count; i++) {
        builder_format(out, "extension %s%s ", template->extensions[i].oid,
                       template->extensions[i].is_critical ? " (critical)" : "");
        encode_hex(bytes_of(template->extensions[i].value, template->extensions[i].value_len), out);
        builder_add_text(out, "\n");
    }
    builder_format(out, "no check %d, hash %d, pss %d\n", template->has_ocsp_no_check, (int)template->hash,
                   template->wants_pss);
}

static void add_findings(const struct findings *findings, bool are_notes, struct builder *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        builder_format(out, "%s%s (%s): %s | found %s", are_notes ? "note " : "", finding->rule,
                       finding->source, finding->text, finding->found != NULL ? finding->found : "-");
        if (!are_notes)
            builder_format(out, " | wanted %s | %s", finding->wanted != NULL ? finding->wanted : "-",
                           finding->remedy != NULL ? finding->remedy : "-");
        builder_add_text(out, "\n");
    }
}

char *verdict_text(const struct verdict *verdict)
{
    static const char *const kinds[] = {"taken", "dropped", "set", "added"};
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    add_findings(&verdict->findings, false, &out);
    add_findings(&verdict->notes, true, &out);
    for (size_t i = 0; i < verdict->decisions_count; i++)
        builder_format(&out, "%s %s: %s\n", kinds[verdict->decisions[i].kind], verdict->decisions[i].field,
                       verdict->decisions[i].value);
    if (verdict->template != NULL)
        add_template(verdict->template, &out);
    return builder_take_text(&out);
}

void assert_verdict(const struct verdict *verdict, const char *wanted)
{
    AUTO(free) char *found = verdict_text(verdict);
    size_t line = 0;
    for (size_t i = 0; found[i] == wanted[i] && found[i] != '\0'; i++)
        line = found[i] == '\n' ? i + 1 : line;
    if (strcmp(found, wanted) != 0)
        fail_msg("the verdict has \"%.*s\" instead of \"%.*s\"", (int)strcspn(found + line, "\n"),
                 found + line, (int)strcspn(wanted + line, "\n"), wanted + line);
}
