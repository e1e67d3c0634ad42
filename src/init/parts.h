/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of init_ca() that are more than a few lines; used by init.c only. */
#ifndef COLDCA_INIT_PARTS_H
#define COLDCA_INIT_PARTS_H

#include "init/init.h"
#include "signer/memory.h"

/** The ledger that this one follows (--continues), and what is known of it. */
struct init_continued {
    struct builder note; /**< its last known checkpoint, as it was brought */
    char *origin;        /**< NULL: this ledger follows none */
    uint64_t size;
    uint8_t root[32];
    bool is_remembered;
    struct remembered remembered; /**< what the token remembers of it */
};
void init_continued_done(struct init_continued *continued);
DEFINE_AUTO_VALUE(struct init_continued, init_continued_done);

/** What is open while a CA is made. */
struct making {
    struct home *home;
    /* until there is a signer these are owned, then they are its: */
    struct token_profile *profile;
    struct token *token;
    struct token_key *ca_key;
    struct token_key *ledger_key;
    struct init_continued continued;
    struct confined *confined;
    struct signer *signer; /**< NULL until both keys are there */
};
void making_done(struct making *making);
DEFINE_AUTO_VALUE(struct making, making_done);

/** What is to be done; bits, so that a table can name several. */
enum init_mode {
    INIT_ROOT = 1,     /**< a self-signed certificate */
    INIT_REQUEST = 2,  /**< --csr */
    INIT_ADOPT = 4,    /**< --certificate with --use-key */
    INIT_COMPLETE = 8, /**< --certificate for a home that awaits it */
};
/** ERROR_USAGE: an option that is missing, or that means nothing here. ERROR_INPUT: the home has a certificate already. */
MUST_USE bool init_check_options(const struct init_options *options, enum init_mode *ret_mode,
                                 struct error *err);

/** The home's directory while a CA is made in it. All that was made is removed in the end, unless it is_kept. */
struct init_folder {
    const char *path;
    const struct console *console; /**< hears what could not be removed */
    int fd;                        /**< -1: nothing was made */
    bool is_made;                  /**< the directory itself was not there */
    bool has_made_policies;
    char **files; /**< made below policies/ */
    size_t count;
    bool is_kept;
};
void init_folder_done(struct init_folder *folder);
DEFINE_AUTO_VALUE(struct init_folder, init_folder_done);
/** Whether a CA can be made there; makes nothing. ERROR_INPUT: something is in the way. */
MUST_USE bool init_folder_look(const char *path, struct error *err);
/** Makes the directory, or takes one without a CA, for this process alone. */
MUST_USE bool init_folder_make(struct init_folder *folder, struct error *err);
MUST_USE bool init_folder_copy_policies(struct init_folder *folder, struct error *err);

/** What is known before the token is touched: every mistake of the operator is found here. */
struct init_plan {
    struct policy *policy;
    uint8_t *policy_text; /**< its file's bytes */
    size_t policy_text_len;
    struct template *subject; /**< attributes only */
    enum key_kind key_kind;
    unsigned key_bits;
    char *origin;
    char *ca_label;
    char *ledger_label;
    enum signature_kind signature; /**< that a key of this kind will make */
};
void init_plan_done(struct init_plan *plan);
DEFINE_AUTO_VALUE(struct init_plan, init_plan_done);
MUST_USE bool init_plan_make(const struct init_options *options, struct init_plan *ret_plan,
                             struct error *err);
/** Whether --hash and --pss are for such a key. ERROR_USAGE */
MUST_USE bool init_check_signature(const struct init_options *options, enum key_kind kind, struct error *err);
/** Judges what the CA will ask for, with another key of the same kind. ERROR_INPUT: the policy refuses it, with every reason */
MUST_USE bool init_judge_stand_in(const struct init_options *options, const struct init_plan *plan,
                                  struct error *err);
/**
 * Judges a request of the CA's own by the policy.
 * \param request    taken, freed also on failure
 * \param ret_judged a plan with this only item, which is allowed
 */
MUST_USE bool init_judge(const struct init_options *options, const struct init_plan *plan,
                         struct request *request, struct plan **ret_judged, struct error *err);

/** Reads what --continues names. ERROR_INPUT; ERROR_USAGE: the new ledger has the same origin */
MUST_USE bool init_read_continued(const struct init_options *options, const struct init_plan *plan,
                                  struct init_continued *ret_continued, struct error *err);
/** Holds it against what the token remembers. ERROR_LEDGER: another ledger's or another history's */
MUST_USE bool init_meet_continued(struct token *token, struct init_continued *continued, struct error *err);
/** For ca.created; NULL if this ledger follows none. The caller frees. */
struct json *init_record_continued(const struct init_continued *continued);

/** Opens the token, logs in, and looks that the labels of the keys to be made are free. */
MUST_USE bool init_open_token(struct making *making, const struct init_options *options,
                              const struct init_plan *plan, const struct console *console, struct error *err);
/** Makes or finds both keys, checks them; fills the home's config and makes the signer. */
MUST_USE bool init_get_keys(struct making *making, const struct init_options *options, struct init_plan *plan,
                            const struct console *console, struct error *err);
/** Destroys the keys this run made, after a failure; says so. */
void init_drop_keys(struct making *making, const struct init_options *options, const struct console *console);

/** Judges the CA's own request by the policy, logs the TBS, signs, verifies, logs; the home's issuer is set. */
MUST_USE bool init_sign_root(struct making *making, const struct init_options *options,
                             const struct init_plan *plan, const struct console *console, struct error *err);
/** Reads --controls and --policies. ERROR_USAGE, ERROR_INPUT: nobody could meet these controls */
MUST_USE bool init_read_control(const struct init_options *options, const struct console *console,
                                struct control *ret_control, struct error *err);
/**
 * Appends the first control.set, and before it, if policies have to be approved, a policy.approved of each the CA begins with.
 * Does not commit.
 * \param own      with the policy the CA's certificate was made by here; NULL: it was made elsewhere
 * \param console  hears of files in policies/ that are not approved because they are not policies
 */
MUST_USE bool init_log_control(struct home *home, const struct control *control, const struct init_plan *own,
                               const struct console *console, struct error *err);
/** Writes ca.csr, after the policy allowed what it asks for. */
MUST_USE bool init_write_csr(struct making *making, const struct init_options *options,
                             const struct init_plan *plan, struct error *err);
/**
 * Reads options->certificate and what is above it into home->issuer and home->chain_pem.
 * ERROR_INPUT: no CA's certificate, one that has ended, a chain that does not belong to it, is not whole (unless
 * options->chain_incomplete says why), or that no validator takes
 */
MUST_USE bool init_read_certificate(struct home *home, const struct init_options *options,
                                    const struct console *console, struct error *err);
/**
 * Makes home->issuer of a certificate and a file of what is above it, and home->chain_pem; what was there is replaced.
 * \return false: ERROR_INPUT: it is not the chain of this certificate; nothing is changed
 */
MUST_USE bool init_chain_take(struct home *home, struct bytes certificate, struct bytes file,
                              struct error *err);
/** ERROR_INPUT: the chain is not whole, unless chain_incomplete says why, or no validator takes it. ERROR_USAGE: it is whole */
MUST_USE bool init_chain_check(const struct cert_issuer *issuer, const char *chain_incomplete,
                               const struct console *console, struct error *err);
/** Appends chain.set. */
MUST_USE bool init_chain_log(const struct home *home, const char *command, const char *chain_incomplete,
                             struct error *err);
/** Writes chain.pem. */
MUST_USE bool init_chain_keep(const struct home *home, struct error *err);
/** Whether home->issuer answers the request that lies in the home. ERROR_INPUT */
MUST_USE bool init_check_answer(const struct home *home, const struct init_options *options,
                                struct error *err);
/** Whether home->issuer is the certificate of a key. ERROR_INPUT */
MUST_USE bool init_check_adopted(const struct home *home, const struct init_options *options,
                                 const struct token_key *key, struct error *err);

#endif
