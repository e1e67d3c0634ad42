/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: what a run will do, decided before anything is signed. For each request the verdict and, if allowed, the exact
 * TBSCertificate with serial and dates. Made in one place, plan_make() (judge.h).
 * It promises: the whole has one SHA-256: check prints it, review and approvals bind to it, sign and batch carry out that and nothing else.
 * It does not: sign, write, or need a token.
 */
#ifndef COLDCA_PLAN_PLAN_H
#define COLDCA_PLAN_PLAN_H

#include "ledger/ledger.h"
#include "policy/policy.h"
#include "records/act.h"

struct admitted;

enum plan_action {
    PLAN_SIGN,    /**< allowed; tbs and serial are set */
    PLAN_REFUSE,  /**< the policy, the parser, or a person said no */
    PLAN_REPEAT,  /**< this request has its certificate already: it is delivered again */
    PLAN_PRESENT, /**< this request has its certificate already, and that is where it belongs: nothing to do */
    PLAN_SKIP,    /**< a person skipped it; nothing is logged but that */
    PLAN_ALLOW,   /**< allowed, but there is no home to make a TBS with (check without -C) */
};

/** An input as cli/ or media/ brought it. */
struct plan_input {
    char *source;  /**< escaped name for people and ledger: "requests/device-1.csr" */
    char *name;    /**< base of the output's name: "device-1" */
    uint8_t *data; /**< the file's bytes; NULL if problem is set */
    size_t len;
    char *problem;      /**< why it was not read: "a symbolic link", "larger than 65536 bytes"; NULL */
    const char *rule;   /**< that the problem breaks; NULL: "request.input" */
    const char *remedy; /**< NULL: none is known */
};
void plan_input_done(struct plan_input *input);

struct plan_item {
    char *source;
    char *name;
    uint8_t input_sha256[32]; /**< of the bytes the CSR came in */
    struct request *request;  /**< NULL if the input was not read */
    bool is_read;             /**< by a reader, whose word the request is; else coldca made it itself */
    struct verdict *verdict;  /**< never NULL */
    enum plan_action action;
    char *reason; /**< a person's words for REFUSE or SKIP in review; NULL */
    uint8_t serial[20];
    uint8_t *tbs;
    size_t tbs_len;
    uint8_t tbs_sha256[32];
    bool is_planned;      /**< of an approved plan: the members of its cert.signing are that plan's */
    size_t planned_index; /**< its place in that plan */
    bool
        is_logged; /**< is_planned, PLAN_SIGN: an earlier run logged it and was stopped; it is signed under that record */
    struct ledger_entry earlier; /**< PLAN_REPEAT: the certificate it has; is_logged: its record */
};

struct plan {
    _Atomic unsigned holders; /**< see plan_hold() */
    struct plan_item *items;
    size_t count;
    size_t capacity; /**< items there is room for */
    char *policy_name;
    uint8_t policy_sha256[32];
    uint8_t sha256[32]; /**< over policy, and for each item source, action, TBS or reasons; see plan_seal() */
    const struct admitted
        *admitted; /**< what people approved, borrowed (approved.h); NULL: this run decides */
    int64_t made_at;
    struct json *
        evaluated; /**< what it was evaluated with besides its policy (records/evaluated.h), for its file; NULL: it was not */
    enum act act;             /**< that carries it out: ACT_ISSUE or ACT_ISSUE_CA */
    bool wants_proofs;        /**< the policy's word: NAME.tlog-proof beside each certificate */
    struct findings warnings; /**< about the whole: what could not be looked at */
};
/** An empty plan under a policy, held once: by the caller. */
struct plan *plan_new(const struct policy *policy);
/** The same of what is known of a policy. \param sha256  of its file */
struct plan *plan_new_of(const char *policy, const uint8_t sha256[static 32], enum act act);
/** One holder more: any thread. \return plan */
struct plan *plan_hold(struct plan *plan);
/** One holder less; the last one frees it. */
void plan_free(struct plan *plan);
DEFINE_AUTO(struct plan *, plan_free);

/** "sign", "refused", "repeat", "present", "skipped", "allowed". */
const char *plan_action_name(enum plan_action action);
size_t plan_count(const struct plan *plan, enum plan_action action);
/** Whether some request that could be read has an RSA key. */
bool plan_has_rsa_key(const struct plan *plan);
/** Refuses an item for what is not its policy's business, adding a reason; texts are copied; remedy may be NULL. */
void plan_item_refuse(struct plan_item *item, const char *rule, const char *text, const char *remedy);
/** Computes sha256 again after review changed actions; that of an approved plan stays. */
void plan_seal(struct plan *plan);
/** An item with all there is to say of it, for `--json` and reports. The caller frees. */
struct json *plan_item_json(const struct plan_item *item);
/** Puts warnings (struct plan's) into an object as an array. */
void plan_put_warnings(struct json *object, const struct findings *warnings);
/** The whole reason an item is not signed, one line, escaped; appends. */
void plan_item_reasons(const struct plan_item *item, struct builder *ret_text);

/** The lines of the certificate an item has already (PLAN_REPEAT, PLAN_PRESENT; from the ledger) or would become; appends. */
MUST_USE bool plan_item_describe(struct ledger *ledger, const struct plan_item *item,
                                 struct builder *ret_text, struct error *err);

#endif
