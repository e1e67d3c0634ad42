/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as its YAML file says it: what schema.c loads and the judges read. Used inside policy/ only. The layout is libcyaml's:
 * lists are a pointer and a count, optional numbers pointers.
 */
#ifndef COLDCA_POLICY_RULES_H
#define COLDCA_POLICY_RULES_H

#include "policy/match.h"
#include "policy/policy.h"

enum rule_from { FROM_REQUEST, FROM_POLICY };
enum rule_other { OTHER_REFUSE, OTHER_DROP };
enum rule_past_issuer { PAST_ISSUER_REFUSE, PAST_ISSUER_CLAMP, PAST_ISSUER_ALLOW };

struct rule_variable {
    char *name;
    char *match;
    char *default_value;
    struct pattern *pattern;
};

struct rule_subject {
    char *field;
    enum rule_from from;
    char *match;
    char **values;
    unsigned values_count;
    char *value; /**< from policy: a template */
    bool optional;
    unsigned max; /**< how many the request may have; 0 means 1 */
    struct pattern *pattern;
};

struct rule_san {
    enum san_kind type;
    enum rule_from from;
    char *match;
    char **values;
    unsigned values_count;
    char *value;
    char **cidr;
    unsigned cidr_count;
    bool wildcard;
    bool required;
    bool optional;     /**< from policy: left out when it can't be made */
    bool like_request; /**< from policy: a rule that takes such names from requests has to fit as well */
    unsigned max;      /**< 0: no bound but REQUEST's */
    struct pattern *pattern;
};

struct rule_name {
    enum san_kind type;
    char *value;
};

struct rule_oid_policy {
    char *oid;
    char *cps;
};

struct rule_copy {
    char *oid;
    bool critical;
    unsigned max_len;
};

struct rules {
    char *policy;
    bool root;
    bool *proof;
    struct rule_variable *variables;
    unsigned variables_count;
    struct rule_subject *subject;
    unsigned subject_count;
    enum rule_other other_subject;
    struct rule_san *san;
    unsigned san_count;
    enum rule_other other_san;
    struct rule_key {
        char **allow;
        unsigned allow_count;
        bool unique;
    } key;
    struct rule_screen {
        unsigned *rsa_min_bits;
        bool *rsa_exponent;
        bool *small_factors;
        bool *close_primes;
        bool *roca;
        bool *debian_weak_keys;
        bool *ec_point;
        bool *issuer_key;
        bool *shared_factors;
    } screen; /**< NULL: on; what counts is struct policy's */
    struct rule_validity {
        unsigned days;
        unsigned max_days;
        unsigned backdate_minutes;
        enum rule_past_issuer past_issuer;
        bool no_expiry;
    } validity;
    struct rule_ca {
        unsigned *path_len;
        bool rollover; /**< a new key under the issuing CA's own name */
    } * ca;            /**< present: the certificate is a CA's */
    char **key_usage;
    unsigned key_usage_count;
    char **key_usage_from_request;
    unsigned key_usage_from_request_count;
    char **extended_key_usage;
    unsigned extended_key_usage_count;
    char **extended_key_usage_from_request;
    unsigned extended_key_usage_from_request_count;
    bool extended_key_usage_critical;
    struct rule_constraints {
        struct rule_name *permitted;
        unsigned permitted_count;
        struct rule_name *excluded;
        unsigned excluded_count;
    } name_constraints;
    struct rule_oid_policy *certificate_policies;
    unsigned certificate_policies_count;
    char **ocsp_urls;
    unsigned ocsp_urls_count;
    char **issuer_urls;
    unsigned issuer_urls_count;
    char **crl_urls;
    unsigned crl_urls_count;
    enum hash_kind hash;
    bool pss;
    struct rule_copy *copy_extensions;
    unsigned copy_extensions_count;
    enum rule_other other_extensions;
    bool ocsp_no_check;
};

struct policy {
    struct rules *rules;
    struct screen_rules screen;
    char *description;
    uint8_t sha256[32];
};

/** What the schema alone can't say: contradictions that make a policy unusable. ERROR_INPUT. */
MUST_USE bool rules_check(const struct rules *rules, const struct screen_rules *screen, struct error *err);

/** Values and names a policy spells out that no certificate can have. ERROR_INPUT. */
MUST_USE bool rules_check_values(const struct rules *rules, struct error *err);

/** Finds dns rules of the policy that may meet an IP address although no rule takes one. */
void lint_addresses(const struct rules *rules, struct findings *ret_findings);
/** Finds name constraints that load and that some validators reject. */
void lint_constraints(const struct rules *rules, struct findings *ret_findings);
/** Usages that can't be, whatever is asked for (check_usage.c). ERROR_INPUT. */
MUST_USE bool rules_check_usage(const struct rules *rules, struct error *err);

/** What a judge works with. */
struct judgement {
    const struct policy *policy;
    const struct rules *rules;
    const struct policy_question *question;
    struct verdict *verdict;
    struct template *template;
    bool is_subject_refused; /**< names made of the subject would only repeat the reason */
};

/** Adds a finding: rule, found and wanted may be cut; text is made of them: "SUBJECT: FOUND is not WANTED". */
void judge_refuse(struct judgement *judgement, const char *rule, const char *source, const char *found,
                  const char *wanted, const char *remedy, const char *format, ...) PRINTF_LIKE(7, 8);
/** Adds a note to the verdict; its source is the policy where none is given. */
void judge_note(struct judgement *judgement, const char *rule, const char *source, const char *found,
                const char *format, ...) PRINTF_LIKE(5, 6);
void judge_decide(struct judgement *judgement, enum decision_kind kind, const char *field, const char *value);

/**
 * Replaces {name} by a variable, {CN} or {cn} (any field) by the subject's. Appends.
 * \param is_uri  what a requester wrote may then not change the URI's structure (RFC 3986 2.3)
 * \return false: ERROR_USAGE if a place has no value, ERROR_INPUT if its value can't stand in a URI
 */
MUST_USE bool judge_render(const struct judgement *judgement, const char *text, bool is_uri,
                           struct builder *ret_text, struct error *err);

void judge_subject(struct judgement *judgement);
void judge_san(struct judgement *judgement);
void judge_key(struct judgement *judgement);
void judge_validity(struct judgement *judgement);
void judge_usage(struct judgement *judgement);
void judge_extensions(struct judgement *judgement);
void judge_constraints(struct judgement *judgement);
/** What the names and usages together must be; after all others. */
void judge_purpose(struct judgement *judgement);

/** "dns", ..., and "hardware" for otherNames: what rules call the names they are for. */
const char *rule_type_name(enum san_kind kind);
/** "serverAuth" or a dotted OID as a dotted OID; NULL if it is neither. */
const char *usage_oid(const char *name);
/** "CN" as "2.5.4.3"; a dotted OID as itself; NULL if it is neither. */
const char *field_oid(const char *field);
/** The short name of a field that is given by OID; what has none as it is. */
const char *field_name(const char *field);
/** Upper bound in characters (RFC 5280 appendix A). */
size_t field_bound(const char *field);
bool is_dotted_oid(const char *text);

/** Why a value can't stand in a field. */
struct field_fault {
    const char *source;
    const char *wanted; /**< may be NULL */
    char text[256];     /**< escaped: the value and what is wrong with it */
};
/** What no policy may allow (RFC 5280 appendix A): bounds, two-letter countries, control characters, string types. */
MUST_USE bool field_value_check(const char *field, struct bytes value, struct field_fault *ret_fault);

/** Makes a name's value from text: checks and encodes; text is also kept for people. ERROR_USAGE says what is wrong. */
MUST_USE bool name_from_text(enum san_kind kind, const char *text, bool may_be_wildcard,
                             struct template_name *ret_name, struct error *err);
/** A name-constraint subtree: ip as address/mask, dns with or without a leading dot. ERROR_INPUT. */
MUST_USE bool subtree_from_text(enum san_kind kind, const char *text, struct template_name *ret_name,
                                struct error *err);
/** The rule that takes this name from requests: its index, or rules->san_count if none does. */
unsigned san_rule_for(const struct rules *rules, const struct request_san *san);
/** Refuses a name that no rule takes, with what is wrong with it. */
void judge_refuse_san(struct judgement *judgement, const struct request_san *san);
/** What a requester can do about a name that is not a host name but an IP address; NULL if it is none. The caller frees. */
char *address_remedy(struct bytes name);
/**
 * What comes of a dns rule of the policy whose value turned out to be an IP address: a name of the type ip.
 * \param ret_rule  the rule that takes it from requests, or rules->san_count if none does
 * 
eturn false: ERROR_USAGE, it is not written as an ip name is
 */
MUST_USE bool address_name(const struct rules *rules, const char *text, struct template_name *ret_name,
                           unsigned *ret_rule, struct error *err);
/** The same, judged: added if a rule takes it, else refused. \param taken  how many names each rule has taken */
void judge_address(struct judgement *judgement, const char *text, unsigned *taken);

/**
 * RFC 5280 4.2.1.6 and RFC 1034 3.5: A-labels, no underscore, no trailing dot, no IP address; a wildcard only as the whole leftmost
 * label.
 */
bool dns_is_valid(struct bytes name, bool may_be_wildcard, const char **ret_why);
/** A mailbox before its "@": a Dot-string (RFC 5321 4.1.2), at most 64 characters; the quoted form is none. */
bool mailbox_local_is_valid(struct bytes local);
/** What "10.0.0.0/8" and "2001:db8::/32" say; an address alone is a network of one. */
struct cidr {
    uint8_t address[16]; /**< in network order; host bits may be set */
    size_t len;          /**< of the address: 4 or 16 */
    unsigned prefix;     /**< bits */
};
/** \return false: it is neither an address nor address/prefix */
bool cidr_parse(const char *text, struct cidr *ret_cidr);
/** \return false: not an address, or one with a prefix */
bool address_parse(const char *text, struct cidr *ret_address);
bool cidr_holds(const char *cidr, struct bytes address);
/** Whether a name of the kind is there that is this one (name_is_same()). */
bool template_has_san(const struct template *template, enum san_kind kind, struct bytes value);
void template_add_san(struct template *template, const struct template_name *name); /**< takes its memory */
void template_add_attribute(struct template *template, const char *field, struct bytes value, uint8_t tag);

#endif
