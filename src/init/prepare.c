/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define DEFAULT_LABEL "coldca-ca"

void init_plan_done(struct init_plan *plan)
{
    if (plan->policy != NULL)
        policy_free(plan->policy);
    if (plan->subject != NULL)
        template_free(plan->subject);
    free(plan->policy_text);
    free(plan->origin);
    free(plan->ca_label);
    free(plan->ledger_label);
    *plan = (struct init_plan){.policy = NULL};
}

/** "My Root CA" -> "my-root-ca": a schema-less URL's characters (C2SP tlog-checkpoint). */
static char *origin_from(const struct template *subject)
{
    AUTO(builder_done) struct builder origin = BUILDER_INIT;
    const char *cn = "ca";
    for (size_t i = 0; i < subject->attributes_count; i++) {
        if (strcmp(subject->attributes[i].field, "CN") == 0)
            cn = subject->attributes[i].value;
    }
    for (const char *at = cn; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (isalnum(byte) && byte < 0x80)
            builder_add_u8(&origin, (uint8_t)tolower(byte));
        else if (byte == '.' && origin.len > 0)
            builder_add_u8(&origin, byte);
        else if (origin.len > 0 && origin.data[origin.len - 1] != '-')
            builder_add_u8(&origin, '-');
    }
    while (origin.len > 0 && origin.data[origin.len - 1] == '-')
        origin.len--;
    if (origin.len == 0)
        builder_add_text(&origin, "ca");
    return builder_take_text(&origin);
}

static bool choose_key(const struct init_options *options, struct init_plan *plan, struct error *err)
{
    struct policy_shape shape = {.template = NULL};
    struct policy_wish wish = {
        .subject = options->subject,
        .variables = options->variables,
        .variables_count = options->variables_count,
    };
    struct quoted buffer;
    if (options->key != NULL && !key_parse(options->key, &plan->key_kind, &plan->key_bits))
        return error_set(
            err, ERROR_USAGE, 0,
            "--key %s is none of ec-p256, ec-p384, ec-p521, ed25519, rsa-2048, rsa-3072, rsa-4096",
            quoted_text(options->key, &buffer));
    if (options->subject == NULL)
        return true; // adopting: subject and key are given
    if (!policy_shape(plan->policy, &wish, &shape, err))
        return false;
    plan->subject = TAKE(shape.template);
    if (options->key == NULL) {
        plan->key_kind = shape.key_kind;
        plan->key_bits = shape.key_bits;
    }
    policy_shape_done(&shape);
    return true;
}

bool init_check_signature(const struct init_options *options, enum key_kind kind, struct error *err)
{
    if (options->wants_pss && kind != KEY_RSA)
        return error_set(err, ERROR_USAGE, 0, "--pss is for RSA keys, not for a key of the kind %s",
                         key_kind_name(kind));
    if (options->hash != NULL && kind == KEY_ED25519)
        return error_set(err, ERROR_USAGE, 0,
                         "--hash is not for Ed25519, which has a hash of its own (RFC 8032)");
    return true;
}

/** The names of ledger and keys, by option or made. */
static bool choose_names(const struct init_options *options, struct init_plan *plan, struct error *err)
{
    struct quoted buffer;
    const char *label = options->key_label != NULL ? options->key_label : DEFAULT_LABEL;
    if (*label == '\0' || !utf8_is_valid(bytes_of_text(label)))
        return error_set(err, ERROR_USAGE, 0, "--key-label \"%s\" is empty or not UTF-8",
                         quoted_text(label, &buffer));
    if (options->origin != NULL && !ledger_origin_is_good(options->origin))
        return error_set(err, ERROR_USAGE, 0,
                         "--origin \"%s\" can't name a ledger: write it like ca.example/root-2026, without a "
                         "scheme, spaces or +",
                         quoted_text(options->origin, &buffer));
    if (options->origin == NULL && plan->subject == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--origin is needed with --certificate, such as --origin ca.example/issuing-2026");
    plan->ca_label = memory_text(label);
    plan->ledger_label = memory_format("%s-ledger", label);
    plan->origin = options->origin != NULL ? memory_text(options->origin) : origin_from(plan->subject);
    return true;
}

static bool load_policy(const char *name, struct init_plan *plan, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    if (!home_policy_read(-1, name, &text, &file, err) ||
        !policy_load(builder_bytes(&text), file, &plan->policy, err))
        return false;
    plan->policy_text = builder_take(&text, &plan->policy_text_len);
    return true;
}

bool init_plan_make(const struct init_options *options, struct init_plan *ret_plan, struct error *err)
{
    const char *policy = options->policy != NULL ? options->policy : options->wants_csr ? "sub-ca" : "root";
    AUTO(init_plan_done) struct init_plan plan = {.policy = NULL};
    enum hash_kind hash = HASH_NONE;
    if (options->hash != NULL && !hash_parse(options->hash, &hash))
        return error_set(err, ERROR_USAGE, 0, "--hash is sha256, sha384 or sha512");
    if (!load_policy(policy, &plan, err) ||
        !policy_check_variables(plan.policy, options->variables, options->variables_count, err))
        return false;
    if (!policy_is_ca(plan.policy))
        return error_set(err, ERROR_USAGE, 0,
                         "the policy %s is not for a CA; `coldca policy list` shows which are", policy);
    if (!choose_key(options, &plan, err))
        return error_while(err, "planning the CA by the policy %s", policy);
    if (!choose_names(options, &plan, err))
        return false;
    bool is_known = options->use_key == NULL; // else the key's kind is, when it is found
    if (is_known && !init_check_signature(options, plan.key_kind, err))
        return false;
    plan.signature = signature_for_key(plan.key_kind, is_known ? hash : HASH_NONE, options->wants_pss);
    *ret_plan = plan;
    plan = (struct init_plan){.policy = NULL}; // ret_plan owns it now
    return true;
}
