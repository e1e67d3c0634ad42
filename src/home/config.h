/* SPDX-License-Identifier: Apache-2.0 */
/* ca.yaml: what an operator may set of a CA, read and written. */
#ifndef COLDCA_HOME_CONFIG_H
#define COLDCA_HOME_CONFIG_H

#include "base/builder.h"

/** ca.yaml. All texts owned. */
struct home_config {
    int version;
    char *origin; /**< the ledger's origin and key name, "ca.example/root-2026" */
    struct {
        char *module;    /**< path; NULL: the profile's */
        char *profile;   /**< name of a token profile; NULL: none */
        char *uri;       /**< RFC 7512, which token */
        char *init_args; /**< for C_Initialize; NULL */
        unsigned sessions;
        char **pool; /**< RFC 7512 URIs of the CA key in other tokens of the same module */
        size_t pool_count;
    } token;
    char *ca_key;     /**< RFC 7512 */
    char *ledger_key; /**< RFC 7512 */
    char *ledger_vkey;
    bool allow_extractable;
    char *operator_name; /**< `operator:`, who is noted in the records; NULL: the account */
    char *hash;          /**< NULL: what fits the key */
    bool pss;
    struct {
        unsigned days;          /**< from one CRL to the next */
        unsigned overlap_hours; /**< that a CRL is good for beyond that */
        bool keep_expired;      /**< revoked certificates stay on CRLs after they expired */
    } crl;
    bool require_manifest; /**< a medium without a signed manifest is refused (media/manifest.h) */
    /** Whose signature on a manifest counts. */
    struct home_manifest_signer {
        char *name;
        char *file; /**< PEM, relative to the home */
    } * manifest_signers;
    size_t manifest_signer_count;
};

MUST_USE bool home_config_load(struct bytes text, struct home_config *ret_config, struct error *err);
void home_config_done(struct home_config *config);
/** ca.yaml with comments, as init writes it. */
void home_config_write(const struct home_config *config, struct builder *ret_text);

#endif
