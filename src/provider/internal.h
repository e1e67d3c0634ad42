/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of provider/ share. A provider_key is either a key in a token or a public key that libcrypto handed
 * over to be compared or verified with; it never holds private bytes and never changes once it is filled.
 */
#ifndef COLDCA_PROVIDER_INTERNAL_H
#define COLDCA_PROVIDER_INTERNAL_H

#include "base/memory.h"
#include "provider/provider.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <pthread.h>
#include <stdatomic.h>

/** A parameter of keymgmt import that only provider_pkey() passes: the address of a struct token_key. */
#define PARAM_TOKEN_KEY "coldca-token-key"

/* ---- init.c ---- */
struct opened_token;
struct provider_context {
    const OSSL_CORE_HANDLE *core;
    OSSL_FUNC_core_new_error_fn *new_error;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
    OSSL_FUNC_core_vset_error_fn *vset_error;
    OSSL_FUNC_BIO_write_ex_fn *write;
    bool is_built_in; /**< in coldca itself: keys come from provider_pkey(), not from URIs */
    atomic_bool others_were_asked[OSSL_OP__HIGHEST + 1]; /**< for the algorithms of an operation, before us */
    /* from the provider's section of openssl.cnf; loadable form only */
    char *module;
    char *init_args;
    bool allow_extractable;
    pthread_mutex_t lock;
    struct opened_token *tokens;   /**< open until the provider goes */
    struct provider_context *next; /**< of those with open tokens */
    bool is_registered;
};

OSSL_provider_init_fn provider_init_built_in;
OSSL_provider_init_fn provider_init_loadable;
/** Puts err on OpenSSL's error queue; returns 0. */
int provider_raise(const struct provider_context *context, const struct error *err);
/** The same with a text made here, of kind ERROR_INPUT. */
int provider_refuse(const struct provider_context *context, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- key.c ---- */
enum key_family { FAMILY_RSA, FAMILY_EC, FAMILY_ED25519 };
struct provider_key {
    atomic_uint users;
    struct provider_context *context;
    enum key_family family;
    struct token_key *key; /**< NULL: only a public key */
    bool owns_key;         /**< freed with this */
    struct builder spki;   /**< empty until the key is filled */
    enum key_kind kind;
    unsigned bits;
    pthread_mutex_t lock;
    struct public_key *half; /**< in the default provider; made when first needed */
};

struct provider_key *provider_key_new(struct provider_context *context, enum key_family family);
struct provider_key *provider_key_share(struct provider_key *key);
void provider_key_free(struct provider_key *key);
DEFINE_AUTO(struct provider_key *, provider_key_free);
enum key_family provider_key_family(enum key_kind kind);
/** "RSA", "EC", "ED25519": what libcrypto calls the keymgmt. */
const char *provider_family_name(enum key_family family);
/** Fills an empty key from a token's key, which is borrowed unless owns_key is set afterwards. */
void provider_key_set_token(struct provider_key *key, struct token_key *token_key);
/** Fills an empty key with a public key. */
MUST_USE bool provider_key_set_public(struct provider_key *key, struct bytes spki, struct error *err);
/** The public key in the default provider; borrowed; NULL with an error raised. */
EVP_PKEY *provider_key_half(struct provider_key *key);
/** The longest signature it makes, in bytes. */
size_t provider_key_signature_len(const struct provider_key *key);
/** The hash a signature is made with if nobody says. */
enum hash_kind provider_key_default_hash(const struct provider_key *key);

/* ---- public_params.c ---- */
/** The public key as OSSL_PARAMs for the default provider's keymgmt. The caller frees; NULL: out of memory. */
OSSL_PARAM *public_params_new(const struct provider_key *key);
/** Fills a key from such parameters. */
MUST_USE bool public_params_read(struct provider_key *key, const OSSL_PARAM params[], struct error *err);
/** Answers those of params that are about the public key. \return 0 if one could not be written */
int public_params_get(const struct provider_key *key, OSSL_PARAM params[]);

/* ---- encoder.c, keymgmt.c, signature.c, store.c ---- */
/* The names libcrypto has for the algorithms; keys, signatures and encoders share them. */
#define NAMES_RSA "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define NAMES_EC "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define NAMES_ED25519 "ED25519:1.3.101.112"
extern const OSSL_ALGORITHM provider_encoders[];
extern const OSSL_ALGORITHM provider_keymgmts[];
extern const OSSL_ALGORITHM provider_signatures[];
extern const OSSL_ALGORITHM provider_stores[];

/* ---- software.c ---- */
/** How a signature is to be checked. */
struct check {
    enum hash_kind hash;
    bool is_pss;
    int salt_len; /**< as OpenSSL codes it: RSA_PSS_SALTLEN_AUTO and so on */
};
/** Verifies over a digest, or over data if the key is Ed25519. */
MUST_USE bool software_verify(struct provider_key *key, const struct check *check, struct bytes input,
                              struct bytes signature, struct error *err);
/** A hash by any of OpenSSL's names for it; HASH_NONE: refused, SHA-1 and MD5 included. */
enum hash_kind software_hash_of(const char *name);
/** Fetched from the default provider once; borrowed. */
const EVP_MD *software_digest(enum hash_kind hash);

/* ---- tokens.c ---- */
/** Asks for a PIN as OSSL_STORE's caller wants to be asked; NULL: no terminal. */
struct pin_question {
    OSSL_PASSPHRASE_CALLBACK *ask;
    void *data;
};
/** The token a URI means, open; it stays open until the provider goes. */
MUST_USE bool tokens_open(struct provider_context *context, const struct token_address *address,
                          struct opened_token **ret_opened, struct error *err);
struct token *tokens_token(struct opened_token *opened);
/** Logs in if nobody is yet. A PIN that was refused is not tried a second time by this process. */
MUST_USE bool tokens_login(struct provider_context *context, struct opened_token *opened,
                           const struct token_address *address, const struct pin_question *question,
                           struct error *err);
void tokens_close_all(struct provider_context *context);
/** Closes what is open and takes the context off the list of those to be closed at exit. */
void tokens_forget(struct provider_context *context);

#endif
