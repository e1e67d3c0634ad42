/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/by_policy.h"

#include "base/memory.h"
#include "base/quote.h"
#include "cert/cert.h"
#include "records/evaluated.h"
#include "request/csr.h"

#include <string.h>

struct by_policy {
    const struct plan_file *file;
    struct policy *policy; /**< NULL: its text can't be used */
    struct evaluated evaluated;
    struct policy_variable *variables;
    size_t doubts;
};

/** Text that is a plan's, or made of it: one line, escaped. */
static void add_doubt(struct by_policy *by_policy, const char *text, struct builder *ret_text)
{
    AUTO(free) char *line = memory_text_of(text, strcspn(text, "\n"));
    by_policy->doubts++;
    builder_add_text(ret_text, "BEWARE      its policy does not give it: ");
    quote_guard(ret_text, bytes_of_text(line));
    builder_add_u8(ret_text, '\n');
}

static bool load(struct by_policy *by_policy, struct error *err)
{
    const struct plan_file *file = by_policy->file;
    return policy_load(bytes_of_text(file->policy_text), "its policy", &by_policy->policy, err) &&
           (strcmp(policy_name(by_policy->policy), file->header.policy) == 0 ||
            error_set(err, ERROR_INPUT, 0, "its policy's text is of another name")) &&
           evaluated_read(file, by_policy->policy, &by_policy->evaluated, &by_policy->variables, err);
}

void by_policy_open(const struct plan_file *file, struct by_policy **ret_by_policy, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    *ret_by_policy = NULL;
    if (file->header.policy == NULL)
        return;
    struct by_policy *by_policy = *ret_by_policy = memory_new(1, sizeof(*by_policy));
    by_policy->file = file;
    if (load(by_policy, &err))
        return;
    add_doubt(by_policy, err.text, ret_text);
    by_policy->doubts = 0; // each item counts
    if (by_policy->policy != NULL)
        policy_free(TAKE(by_policy->policy));
}

void by_policy_close(struct by_policy *by_policy)
{
    if (by_policy->policy != NULL)
        policy_free(by_policy->policy);
    free(by_policy->variables);
    free(by_policy);
}

size_t by_policy_doubts(const struct by_policy *by_policy)
{
    return by_policy->doubts;
}

/** The CA may begin after what the policy dates back to, and end before the policy's days are over: that is its chain's business. */
static void take_chains_dates(const struct cert_facts *facts, int64_t at, struct template *template)
{
    if (facts->not_before > template->not_before && facts->not_before <= at) {
        if (!template->has_no_expiry) // days are counted from the beginning
            template->not_after += facts->not_before - template->not_before;
        template->not_before = facts->not_before;
    }
    if (facts->not_after >= template->not_before && facts->not_after < template->not_after) {
        template->not_after = facts->not_after;
        template->has_no_expiry = false;
    }
}

/** What is the issuer's in a certificate; all else is the policy's. */
static bool is_issuers(const char *line)
{
    static const char *const theirs[] = {"issuer ", "  authority key id"};
    for (size_t i = 0; i < ARRAY_LEN(theirs); i++) {
        if (strncmp(line, theirs[i], strlen(theirs[i])) == 0)
            return true;
    }
    return false;
}

static const char *after_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end != NULL ? end + 1 : text + strlen(text);
}

/** The next line that is the policy's; empty at the end. */
static const char *skip(const char *text)
{
    while (is_issuers(text))
        text = after_line(text);
    return text;
}

/** \return false: ret_words says where they differ */
static bool reads_alike(const char *found, const char *wanted, struct builder *ret_words)
{
    for (;;) {
        found = skip(found);
        wanted = skip(wanted);
        size_t found_len = strcspn(found, "\n");
        size_t wanted_len = strcspn(wanted, "\n");
        if (found_len != wanted_len || memcmp(found, wanted, found_len) != 0) {
            builder_format(ret_words, "it says \"%.*s\", not \"%.*s\"", (int)found_len, found,
                           (int)wanted_len, wanted);
            return false;
        }
        if (*found == '\0')
            return true;
        found = after_line(found);
        wanted = after_line(wanted);
    }
}

static bool describe(struct bytes tbs, enum signature_kind kind, struct builder *ret_text, struct error *err)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    cert_seal(tbs, kind, bytes_of(NULL, 0), &der);
    return cert_describe(builder_bytes(&der), ret_text, err);
}

static bool compare(struct template *template, int64_t at, struct bytes tbs, struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    AUTO(builder_done) struct builder drawn = BUILDER_INIT;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (!cert_read_tbs(tbs, &facts, err) || !cert_tbs_signature_kind(tbs, &kind, err))
        return false;
    if (facts.serial_len != CERT_SERIAL_LEN)
        return error_set(err, ERROR_INPUT, 0, "its serial is not one of coldca's");
    take_chains_dates(&facts, at, template);
    return cert_tbs(template, NULL, facts.serial, kind, &drawn, err) && describe(tbs, kind, &found, err) &&
           describe(builder_bytes(&drawn), kind, &wanted, err) &&
           (reads_alike(builder_text(&found), builder_text(&wanted), &words) ||
            error_set(err, ERROR_INPUT, 0, "%s", builder_text(&words)));
}

static bool look(const struct by_policy *by_policy, size_t index, struct error *err)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(request_free) struct request *request = NULL;
    AUTO(verdict_free) struct verdict *verdict = NULL;
    if (by_policy->policy == NULL)
        return error_set(err, ERROR_INPUT, 0, "nobody can say, see above");
    if (!plan_file_request(by_policy->file, index, &der, err) ||
        !record_bytes(plan_file_record(by_policy->file, index), "tbs", &tbs, err))
        return false;
    request = csr_read(builder_bytes(&der));
    const struct policy_question question = {.request = request,
                                             .variables = by_policy->evaluated.variables,
                                             .variables_count = by_policy->evaluated.variables_count,
                                             .now = by_policy->evaluated.at,
                                             .days = by_policy->evaluated.days};
    verdict = policy_judge(by_policy->policy, &question);
    if (!verdict->is_allowed)
        return error_set(err, ERROR_INPUT, 0, "%s (%s)", verdict->findings.items[0].text,
                         verdict->findings.items[0].rule);
    return compare(verdict->template, by_policy->evaluated.at, builder_bytes(&tbs), err);
}

void by_policy_describe(struct by_policy *by_policy, size_t index, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    if (!look(by_policy, index, &err))
        add_doubt(by_policy, err.text, ret_text);
}
