/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: a YAML file that says what may be signed, and the verdict on a request.
 * It promises: nothing of a request reaches a certificate unless a rule lets it (P2); a refusal has every reason.
 * It does not: touch files, the clock or a token. Evaluating is a pure function.
 */
#ifndef COLDCA_POLICY_POLICY_H
#define COLDCA_POLICY_POLICY_H

#include "base/builder.h"
#include "policy/issuer.h"
#include "policy/verdict.h"
#include "screen/screen.h"

struct policy;

/**
 * Reads a policy.
 * \param text   YAML; not kept
 * \param file   the file's name, for messages
 * \return false: ERROR_INPUT with line and column, or a rule that contradicts another
 */
MUST_USE bool policy_load(struct bytes text, const char *file, struct policy **ret_policy, struct error *err);
void policy_free(struct policy *policy);
DEFINE_AUTO(struct policy *, policy_free);

const char *policy_name(const struct policy *policy);
const char *
policy_description(const struct policy *policy);           /**< first comment line ("For: ..."), "" if none */
const uint8_t *policy_sha256(const struct policy *policy); /**< 32 bytes: of the file's bytes */
/** A policy for roots (self-signed): batch needs an approval (CA/B BR 4.3.1.1). */
bool policy_is_root(const struct policy *policy);
/** Whether a certificate under it is a CA's. */
bool policy_is_ca(const struct policy *policy);
/** key.unique: one key, one identity. */
bool policy_wants_unique_key(const struct policy *policy);
/** `screen:`: what keys are looked at for. The policy itself judges issuer_key only; plan/ has the rest looked at. */
const struct screen_rules *policy_screen(const struct policy *policy);
/** Whether certificates get a NAME.tlog-proof beside them; on unless the policy says `proof: false`. */
bool policy_wants_proof(const struct policy *policy);
/** Whether certificates have no end (99991231235959Z), whatever their issuer's is. */
bool policy_has_no_expiry(const struct policy *policy);

/** `--set NAME=VALUE`. */
struct policy_variable {
    const char *name;
    const char *value;
};

struct policy_question {
    const struct request *request;
    const struct policy_issuer
        *issuer; /**< NULL: the certificate will be self-signed, or no home was given */
    const struct policy_variable *variables;
    size_t variables_count;
    int64_t now;
    unsigned days; /**< `--days`; 0: the policy's own */
};

/** Checks that every variable given is declared and matches, and every declared one without default is given. ERROR_USAGE. */
MUST_USE bool policy_check_variables(const struct policy *policy, const struct policy_variable *variables,
                                     size_t count, struct error *err);

/** Whether the policy has a variable of that name. */
bool policy_declares(const struct policy *policy, const char *name);

/** Judges one request; all reasons are collected. Never fails: a doubt is a finding. The caller frees. */
struct verdict *policy_judge(const struct policy *policy, const struct policy_question *question);

/** Contradictions, rules that can never apply, dangerous openness; what `policy check` prints. */
void policy_lint(const struct policy *policy, struct findings *ret_findings);

/** The policy in words, for `policy show`, one line a rule; appends. */
void policy_describe(const struct policy *policy, struct builder *ret_text);

/*
 * The shape of a request that the policy would allow, for `coldca request` (requester's side): which subject fields
 * and SANs to ask for. Values given by the person are checked by judging the finished request.
 */
struct policy_shape {
    enum key_kind key_kind; /**< the policy's first allowed key */
    unsigned key_bits;
    struct template *template; /**< subject and SANs filled from cn, sans and variables; the rest unused */
};
void policy_shape_done(struct policy_shape *shape);

struct policy_wish {
    const char *cn;      /**< `--cn`; may be NULL */
    const char *subject; /**< `--subject "C=US,O=x,CN=y"` in RFC 4514 style, first part first; may be NULL */
    const char *const *sans; /**< `--san dns:NAME`, `ip:1.2.3.4`, `uri:...`, `email:...` */
    size_t sans_count;
    const struct policy_variable *variables;
    size_t variables_count;
};
/** \return false: ERROR_USAGE if something the policy requires is missing from the wish; says what to add */
MUST_USE bool policy_shape(const struct policy *policy, const struct policy_wish *wish,
                           struct policy_shape *ret_shape, struct error *err);

/** Parses "C=US,O=Acme\\, Inc,CN=x" (also "/C=US/O=x" as openssl writes it) into attributes. ERROR_USAGE. */
MUST_USE bool template_parse_subject(const char *text, struct template *template, struct error *err);
/** Parses "dns:NAME", "ip:ADDRESS", "uri:URI", "email:ADDRESS" and appends it to template->sans. ERROR_USAGE. */
MUST_USE bool template_parse_san(const char *text, struct template *template, struct error *err);

#endif
