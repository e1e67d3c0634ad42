/*
 * A CA's home: its configuration, certificate, chain, policies and ledger; the token is reached through it.
 *
 * Opening a home reads and checks; nothing is signed. ca_home_login() comes after the readers were forked, because a
 * process must not fork once a PKCS#11 module is loaded.
 */
#ifndef COLDCA_CA_HOME_H
#define COLDCA_CA_HOME_H

#include "ca/console.h"
#include "ca/data.h"
#include "cert/cert.h"
#include "ledger/ledger.h"
#include "provider/provider.h"

/** ca.yaml. All texts owned. */
struct ca_config {
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
    char *hash; /**< NULL: what fits the key */
    bool pss;
    bool require_manifest; /**< a medium without a signed manifest is refused (media/manifest.h) */
    /** Whose signature on a manifest counts. */
    struct ca_manifest_signer {
        char *name;
        char *file; /**< PEM, relative to the home */
    } * manifest_signers;
    size_t manifest_signer_count;
};

enum ca_access {
    CA_LOOK,     /**< read only; no lock, works on a read-only home */
    CA_WRITE,    /**< takes the lock; closes what a run that died left open */
    CA_COMPLETE, /**< CA_WRITE for a home that still awaits its parent's certificate */
};

struct ca_home {
    int fd;
    char *path;
    struct ca_config config;
    struct cert_issuer *issuer; /**< NULL while a parent's certificate is awaited */
    struct builder chain_pem;   /**< chain.pem, may be empty */
    enum ca_access access;      /**< the ledger was opened with */
    struct ledger *ledger;
    struct screening *screening; /**< what ca_screen() keeps over the plans of a run; NULL at first */
    /* after ca_home_login() */
    struct token *token;
    struct token_profile *profile;
    struct token_key *ca_key;
    struct token_key *ledger_key;
    struct signers *signers; /**< who makes certificates' signatures: ca_key and the pool */
};

/** The home to use: option (-C), COLDCA_HOME, the current folder if it holds ca.yaml, /var/lib/coldca. The caller frees. */
char *ca_home_path(const char *option);

/** \return false: ERROR_INPUT (no or bad ca.yaml, ca.pem), ERROR_LEDGER. Notices of the ledger go to console. */
MUST_USE bool ca_home_open(const char *path, enum ca_access access, const struct ca_console *console,
                           struct ca_home **ret_home, struct error *err);
/** Configuration and certificates only; the ledger is not opened (`ledger verify` reads a damaged one). */
MUST_USE bool ca_home_open_files(const char *path, struct ca_home **ret_home, struct error *err);
void ca_home_close(struct ca_home *home);
DEFINE_AUTO(struct ca_home *, ca_home_close);

/** Loads the token's profile, if ca.yaml means one; ca_home_login() does it too. */
MUST_USE bool ca_home_find_profile(struct ca_home *home, struct error *err);
/**
 * Opens the token, asks for the PIN, finds both keys, checks their attributes (P1) and that they are this home's. After a
 * failure it may be called again. Success if it is logged in already.
 */
MUST_USE bool ca_home_login(struct ca_home *home, const struct ca_console *console, struct error *err);
/** Closes keys and token; harmless when there are none. */
void ca_home_logout(struct ca_home *home);

/** Whether a key may be used (P1); what is worth knowing goes to console. what: "CA", "ledger". */
MUST_USE bool ca_check_key(const struct ca_home *home, const struct token_key *key, const char *what,
                           const struct ca_console *console, struct error *err);

/** A token's choice with the profile it came from; the texts are borrowed. */
struct ca_choice {
    struct token_choice choice;
    struct token_profile *profile;
};
void ca_choice_done(struct ca_choice *choice);
DEFINE_AUTO_VALUE(struct ca_choice, ca_choice_done);
/**
 * \param module   NULL: the profile's
 * \param profile  name or path; NULL: softhsm2, unless a module is named
 * \param token    a label or a pkcs11: URI; NULL: the only one there is
 */
MUST_USE bool ca_choice_make(const char *module, const char *profile, const char *init_args,
                             const char *token, struct ca_choice *ret_choice, struct error *err);

/** Opens a token and logs in by console; token_words for the prompt are made here. */
/** How many sessions a token is to sign in: as ca.yaml says, or as this machine can use. */
unsigned ca_sessions(const struct ca_home *home);
MUST_USE bool ca_token_login(struct token *token, const struct ca_console *console, struct error *err);

/** The kind of signature this CA makes for a template's wishes. ERROR_INPUT if they do not fit the key. */
MUST_USE bool ca_signature_kind(const struct ca_home *home, const struct template *template,
                                enum signature_kind *ret_kind, struct error *err);

/* ca.yaml */
MUST_USE bool ca_config_load(struct bytes text, struct ca_config *ret_config, struct error *err);
void ca_config_done(struct ca_config *config);
/** ca.yaml with comments, as init writes it. */
void ca_config_write(const struct ca_config *config, struct builder *ret_text);

/**
 * Time (promise P8): ERROR_LEDGER if the clock is behind the newest ledger record, the issuer's notBefore or the build of this program.
 */
MUST_USE bool ca_clock_check(const struct ca_home *home, int64_t now, struct error *err);

/** Signs a checkpoint over all committed records with the ledger key. */
MUST_USE bool ca_checkpoint(struct ca_home *home, struct error *err);

/** The last look at a certificate the token has just signed (cert_verify()). ERROR_TOKEN says what to do. */
MUST_USE bool ca_check_made(struct bytes certificate, struct bytes tbs, const struct cert_issuer *issuer,
                            struct error *err);

/** What `ledger verify` borrows from cert/. data of the checks is the home's issuer. */
struct ledger_checks ca_ledger_checks(const struct ca_home *home);

#endif
