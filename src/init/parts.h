/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of init_ca() that are more than a few lines; used by init.c only. */
#ifndef COLDCA_INIT_PARTS_H
#define COLDCA_INIT_PARTS_H

#include "init/init.h"

/** What is open while a CA is made. */
struct making {
    struct home *home;
    /* until there is a signer these are owned, then they are its: */
    struct token_profile *profile;
    struct token *token;
    struct token_key *ca_key;
    struct token_key *ledger_key;
    struct confined *confined;
    struct signer *signer; /**< NULL until both keys are there */
};
void making_done(struct making *making);
DEFINE_AUTO_VALUE(struct making, making_done);

/** What is known before the token is touched: every mistake of the operator is found here. */
struct init_plan {
    struct policy *policy;
    struct template *subject; /**< attributes only */
    enum key_kind key_kind;
    unsigned key_bits;
    char *origin;
    char *ca_label;
    char *ledger_label;
    bool made_ca_key;
};
void init_plan_done(struct init_plan *plan);
DEFINE_AUTO_VALUE(struct init_plan, init_plan_done);
MUST_USE bool init_plan_make(const struct init_options *options, struct init_plan *ret_plan,
                             struct error *err);

/** Opens the token, logs in, makes or finds both keys, checks them; fills the home's config and makes the signer. */
MUST_USE bool init_get_keys(struct making *making, const struct init_options *options, struct init_plan *plan,
                            const struct console *console, struct error *err);
/** Destroys the keys this run made, after a failure; says so. */
void init_drop_keys(struct making *making, const struct init_options *options, const struct console *console);

/** Judges the CA's own request by the policy, logs the TBS, signs, verifies, logs; the home's issuer is set. */
MUST_USE bool init_sign_root(struct making *making, const struct init_options *options,
                             const struct init_plan *plan, const struct console *console, struct error *err);
/** Writes ca.csr, after the policy allowed what it asks for. */
MUST_USE bool init_write_csr(struct making *making, const struct init_options *options,
                             const struct init_plan *plan, struct error *err);
/** Reads options->certificate (and chain) into home->issuer. \param key  that it must be for; NULL: signer_open() compares */
MUST_USE bool init_adopt(struct home *home, const struct init_options *options, const struct token_key *key,
                         struct error *err);

#endif
