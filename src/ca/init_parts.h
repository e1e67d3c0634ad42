/* The steps of ca_init() that are more than a few lines; used by init.c only. */
#ifndef COLDCA_CA_INIT_PARTS_H
#define COLDCA_CA_INIT_PARTS_H

#include "ca/init.h"

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

/** Opens the token, logs in, makes or finds both keys, checks them; fills home->config. */
MUST_USE bool init_get_keys(struct ca_home *home, const struct init_options *options, struct init_plan *plan,
                            const struct ca_console *console, struct error *err);
/** Destroys the keys this run made, after a failure; says so. */
void init_drop_keys(struct ca_home *home, const struct init_options *options,
                    const struct ca_console *console);

/** Judges the CA's own request by the policy, logs the TBS, signs, verifies, logs; home->issuer is set. Commits. */
MUST_USE bool init_sign_root(struct ca_home *home, const struct init_options *options,
                             const struct init_plan *plan, struct error *err);
/** Writes ca.csr, after the policy allowed what it asks for. */
MUST_USE bool init_write_csr(struct ca_home *home, const struct init_options *options,
                             const struct init_plan *plan, struct error *err);
/** Reads options->certificate (and chain) into home->issuer; the key must be this home's. */
MUST_USE bool init_adopt(struct ca_home *home, const struct init_options *options, struct error *err);

#endif
