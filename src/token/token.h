/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS #11 token, its keys and their signatures. libp11 does module, slot, login, initialisation, certificates and random; plain
 * Cryptoki does keys and signatures (docs/decisions/0002).
 * It promises: keys are made in the token, sensitive, never extractable, sign-only; existing keys are checked before use (P1).
 * It does not: know what it signs. No Cryptoki type crosses this header, so that a helper process can be put behind it later.
 */
#ifndef COLDCA_TOKEN_TOKEN_H
#define COLDCA_TOKEN_TOKEN_H

#include "base/algorithm.h"
#include "base/builder.h"
#include "base/finding.h"
#include "base/secret.h"

/* ---- profiles: tokens/NAME.yaml, what a model can and can't do ---- */
struct token_profile;
MUST_USE bool token_profile_load(struct bytes yaml, const char *file, struct token_profile **ret_profile,
                                 struct error *err);
void token_profile_free(struct token_profile *profile);
DEFINE_AUTO(struct token_profile *, token_profile_free);
const char *token_profile_name(const struct token_profile *profile);
bool token_profile_is_tested(const struct token_profile *profile);
/** The first module path of the profile that exists on this machine; NULL if none does. */
const char *token_profile_module(const struct token_profile *profile);

/** What a module opens, besides itself and the system's libraries; for confining the process it runs in. */
struct token_file {
    char *path; /**< a file or directory; need not exist */
    bool may_write;
};
/**
 * \param ret_files  borrowed; paths that settings and the environment name are worked out when the profile is loaded
 * \return false: the profile does not say (no files:), so its module must not be confined
 */
bool token_profile_files(const struct token_profile *profile, const struct token_file **ret_files,
                         size_t *ret_count, bool *ret_needs_network);

/* ---- a token that does not answer ---- */
/** Called, by a thread of token/'s own, of a call that a module does not come back from: first that it is late, then, with
 * is_over, that its time (timeout_seconds of the profile) has passed. A call can't be taken back from a module, so the callee
 * ends the process then; promise P5 makes that safe. Not limited: what a person does at a PIN pad, making keys, and
 * initializing a token.
 */
typedef void token_late(const char *text, bool is_over);
/** To be set before the first module is opened; without it a call may take for ever. */
void token_set_late(token_late *told);

/** Ends the process; called on any thread, at most once on each. */
typedef void token_ended(void);
/**
 * The process is to end, but not inside a call of a module: one killed in C_Login has destroyed a SoftHSM token. From now on no
 * call is begun, and the one that is last to come back calls ended. For signal handlers: async-signal-safe.
 * \return whether no call is under way; the caller then ends the process itself
 */
bool token_end_calls(token_ended *ended);

/* ---- modules and tokens ---- */
/** Which token. A NULL member matches anything; more than one match is refused, not guessed. */
struct token_choice {
    const char *module;    /**< path of the PKCS#11 module; NULL: the profile's */
    const char *init_args; /**< for C_Initialize (NSS); NULL: none, or the profile's */
    const char *label;
    const char *serial;
    const char *model;
    const char *manufacturer;
    const char *uri; /**< RFC 7512: its token, manufacturer, serial and model must fit too; NULL: not said */
    const struct token_profile *profile; /**< NULL: no limits known */
    bool is_in_use; /**< a CA has its keys there: where it is missing nobody is asked to make another one */
};

struct token_info {
    char label[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    char slot_text[65];
    unsigned long slot_id;
    bool is_initialized;
    bool needs_login;
    bool has_protected_path; /**< a PIN pad: CKF_PROTECTED_AUTHENTICATION_PATH */
    bool is_write_protected;
    bool pin_count_low;
    bool pin_final_try;
    bool pin_locked;
    bool user_pin_is_set;
    unsigned long max_sessions; /**< the token's own word; 0: no limit, or it won't say */
    unsigned long pin_min_len;  /**< bytes */
    unsigned long pin_max_len;  /**< bytes; 0: it does not say */
};

struct token;
struct token_key;

/** Opens exactly one token. ERROR_TOKEN: module not loadable, none or several match (lists them). */
MUST_USE bool token_open(const struct token_choice *choice, struct token **ret_token, struct error *err);
void token_close(struct token *token); /**< logs out, closes all sessions, unloads */
DEFINE_AUTO(struct token *, token_close);

/** All slots with a token, of one module. The caller frees the array. */
MUST_USE bool token_list(const struct token_choice *choice, struct token_info **ret_infos, size_t *ret_count,
                         struct error *err);
/**
 * Initialises a token (an uninitialised slot, or one chosen by serial/label with may_erase) and sets the user PIN. PINs that are
 * shorter or longer than the token says it takes are found before it is touched.
 */
MUST_USE bool token_initialize(const struct token_choice *choice, const char *label,
                               const struct secret *so_pin, const struct secret *user_pin, bool may_erase,
                               struct error *err);
MUST_USE bool token_info(struct token *token, struct token_info *ret_info,
                         struct error *err); /**< fresh flags */

/**
 * Logs in as user, once. A wrong PIN is ERROR_TOKEN, says in words what the token's flags say of the tries left, and is
 * never retried; one of a length the token does not take costs no try. pin NULL: the token's own PIN pad. Already logged in is success.
 */
MUST_USE bool token_login(struct token *token, const struct secret *pin, struct error *err);
bool token_is_logged_in(const struct token *token);
/**
 * Asked before each signature of a key with CKA_ALWAYS_AUTHENTICATE (PKCS#11 v2.40 4.9); ret_pin is the callee's to give
 * and token/'s to free. Without it such a key signs only on a token with a PIN pad; else signing is refused.
 */
typedef bool token_ask_pin(void *data, const struct token_key *key, struct secret **ret_pin,
                           struct error *err);
void token_set_ask_pin(struct token *token, token_ask_pin *ask, void *data);
/** Whether such keys may be used at all. \return false: ERROR_TOKEN; the token model's YAML refuses a key that asks each time */
MUST_USE bool token_key_check_asking(const struct token_key *key, struct error *err);
/** RFC 7512 URI of the token: "pkcs11:token=...;manufacturer=...;serial=...;model=...". Never holds a PIN. */
void token_uri(const struct token *token, struct builder *ret_uri);
/** Random bytes from the token. */
MUST_USE bool token_random(struct token *token, uint8_t *data, size_t len, struct error *err);

/* ---- pkcs11: URIs (RFC 7512) ---- */
enum token_object { TOKEN_ANY_OBJECT, TOKEN_PRIVATE_KEY, TOKEN_PUBLIC_KEY, TOKEN_CERTIFICATE };
/** Which token a URI means, and how to reach it; NULL: the URI does not say. */
struct token_address {
    char *label;
    char *serial;
    char *model;
    char *manufacturer;
    char *module;     /**< module-path */
    char *pin_source; /**< pin-source, as it stands there */
    enum token_object object;
};
void token_address_done(struct token_address *address);
DEFINE_AUTO_VALUE(struct token_address, token_address_done);
/** ERROR_TOKEN if it is not a pkcs11: URI, has unknown attributes or holds a PIN (pin-value). */
MUST_USE bool token_address_parse(const char *uri, struct token_address *ret_address, struct error *err);

/* ---- keys ---- */

/** What the token reports of a private key; "unknown" means the token would not say. */
enum token_answer { TOKEN_NO, TOKEN_YES, TOKEN_UNKNOWN };
struct token_key_attributes {
    enum token_answer is_private, is_sensitive, is_always_sensitive, is_extractable, is_never_extractable,
        is_local, may_sign, may_decrypt, may_unwrap, may_derive, is_modifiable, always_authenticates;
};

struct token_key_info {
    char *label;
    uint8_t id[64]; /**< CKA_ID */
    size_t id_len;
    enum key_kind kind;
    unsigned bits;
    bool has_private;
    bool has_public;
    char *uri; /**< RFC 7512 */
    struct token_key_attributes attributes;
};
void token_key_info_done(struct token_key_info *info);

/** Whether no key of the token has this label. */
MUST_USE bool token_key_label_is_free(struct token *token, const char *label, bool *ret_is_free,
                                      struct error *err);
/** Makes a key pair in the token; CKA_ID is random (16 bytes). Refuses a label in use. attributes demanded as P1 says. */
MUST_USE bool token_key_generate(struct token *token, enum key_kind kind, unsigned bits, const char *label,
                                 struct token_key **ret_key, struct error *err);

/**
 * Finds the private key by URI (RFC 7512: id, object, type; token parts are checked against this token) and the public key.
 * The public key comes from the private key itself where the token tells it, else from the public key or certificate
 * with its CKA_ID. Except for RSA, whose private key carries its modulus, a signature over a fresh random text (never a
 * certificate) must then verify with it: a private key swapped under its CKA_ID is found before anything is logged.
 * \param spki  if not empty, the public key must equal it
 * \return false: ERROR_TOKEN if none, or several candidates (lists them), no CKA_ID, or the public key differs
 */
MUST_USE bool token_key_find(struct token *token, const char *uri, struct bytes spki,
                             struct token_key **ret_key, struct error *err);
/**
 * Finds a public key or certificate by URI without a login. \param ret_der SubjectPublicKeyInfo or certificate
 * \return false: ERROR_TOKEN if there is none, or several that differ
 */
MUST_USE bool token_public_find(struct token *token, const char *uri, enum token_object object,
                                struct builder *ret_der, struct error *err);
void token_key_free(struct token_key *key);
DEFINE_AUTO(struct token_key *, token_key_free);
MUST_USE bool token_key_list(struct token *token, struct token_key_info **ret_keys, size_t *ret_count,
                             struct error *err);

enum key_kind token_key_kind(const struct token_key *key);
unsigned token_key_bits(const struct token_key *key);
struct bytes token_key_spki(const struct token_key *key); /**< DER SubjectPublicKeyInfo; borrowed */
struct bytes token_key_id(const struct token_key *key);   /**< CKA_ID; borrowed */
const char *token_key_uri(
    const struct token_key *key); /**< "pkcs11:token=...;serial=...;id=%..;object=..;type=private" */
const struct token_key_attributes *token_key_attributes(const struct token_key *key);
struct token *token_key_token(const struct token_key *key);

/**
 * Promise P1 on an existing key: private, sensitive, not extractable, may sign. Findings rule "key.extractable",
 * "key.not-private", ...; an attribute the token won't tell is a finding "key.unknown.ATTRIBUTE".
 * \return false, ERROR_TOKEN, if the key must not be used; allow_extractable lets extractable / non-private pass
 */
MUST_USE bool token_key_check(const struct token_key *key, bool allow_extractable,
                              struct findings *ret_findings, struct error *err);

/**
 * Signs data (not a digest) and returns the signature in X.509 form: ECDSA as minimal DER, RSA as long as the modulus,
 * Ed25519 64 bytes. Hashes in software where the mechanism takes a digest. Thread-safe: each call borrows a session of
 * the pool. ERROR_TOKEN names the CKR and what to do.
 */
MUST_USE bool token_key_sign(struct token_key *key, enum signature_kind kind, struct bytes data,
                             struct builder *ret_signature, struct error *err);

/** Data, and where somebody has read it already, its digest (of the length of the signature's hash); empty: it is made here. */
struct token_message {
    struct bytes data;
    struct bytes digest;
};
/** The same: data is read only by a token that hashes by itself, or if there is no digest. */
MUST_USE bool token_key_sign_message(struct token_key *key, enum signature_kind kind,
                                     const struct token_message *message, struct builder *ret_signature,
                                     struct error *err);

/**
 * The same for a digest made elsewhere (of the length of kind's hash); not for Ed25519. ERROR_TOKEN also if the token
 * only knows mechanisms that hash by themselves.
 */
MUST_USE bool token_key_sign_digest(struct token_key *key, enum signature_kind kind, struct bytes digest,
                                    struct builder *ret_signature, struct error *err);

/**
 * The longest data that one signature of this kind takes, as far as anybody says (max_message of the profile). A kind whose digest is
 * made here has no limit.
 * \return bytes; 0: no limit, or none that is known
 */
size_t token_key_max_message(const struct token_key *key, enum signature_kind kind);
/**
 * Whether data of this length can be signed at all; for data that is logged before it is signed. Where the profile says nothing, the
 * module is asked, by a text of that length which nobody takes for a certificate or a CRL; not with a key that wants the PIN each time.
 * \return false: ERROR_TOKEN names the limit, or the module's CKR
 */
MUST_USE bool token_key_check_message(struct token_key *key, enum signature_kind kind, size_t len,
                                      struct error *err);

/** How many sessions the pool may have; opens them when needed. At most the profile's max_sessions. */
void token_set_sessions(struct token *token, unsigned count);
/** How many signatures can be under way at once. */
unsigned token_sessions(struct token *token);
/** Removes a key pair made by this process (init that failed halfway). */
MUST_USE bool token_key_destroy(struct token_key *key, struct error *err);

/* ---- data objects on the token (CKO_DATA, PKCS#11 v2.40 4.5): private, seen after the login only ---- */
/** Whether the token keeps data; false: its profile says `remembers: false`, and what is below finds and keeps nothing. */
bool token_remembers(const struct token *token);
/** What objects go by; several may have the same name. */
struct token_data_name {
    const char *label;       /**< CKA_LABEL */
    const char *application; /**< CKA_APPLICATION */
};
/** \param value  empty if it can't be read. \return whether to go on */
typedef bool token_data_visit(void *data, struct bytes value);
MUST_USE bool token_data_each(struct token *token, const struct token_data_name *name,
                              token_data_visit *visit, void *data, struct error *err);
/** Whether an object of the same name is needless once the new one is there. */
typedef bool token_data_is_replaced(void *data, struct bytes value);
/** Keeps a value in a new object, then removes the older ones it replaces: a kill in between leaves both. */
MUST_USE bool token_data_replace(struct token *token, const struct token_data_name *name, struct bytes value,
                                 token_data_is_replaced *is_replaced, void *data, struct error *err);

/* ---- certificates on the token ---- */
MUST_USE bool token_certificate_store(struct token *token, struct bytes der, const char *label,
                                      struct bytes id, struct error *err);
MUST_USE bool token_certificate_find(struct token *token, struct bytes id, struct builder *ret_der,
                                     struct error *err);

#endif
