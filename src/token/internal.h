/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of token/ share: the Cryptoki types that token.h keeps to itself.
 *
 * One process loads a module once, however many tokens it opens on it: C_Finalize and C_CloseAllSessions reach
 * everything in the process. So struct module is shared and counted, and libp11's slots live as long as it does.
 */
#ifndef COLDCA_TOKEN_INTERNAL_H
#define COLDCA_TOKEN_INTERNAL_H

#include "base/cleanup.h"
#include "base/encode.h"
#include "base/memory.h"
#include "token/token.h"

#include <libp11.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <stdatomic.h>

#define KEY_ID_LEN 16 /* of the keys made here */

/* ---- rv.c ---- */
const char *rv_name(CK_RV rv);
const char *rv_advice(CK_RV rv);
/** "WHAT: advice (CKR_NAME)", ERROR_TOKEN, native = rv; returns false. */
bool error_rv(struct error *err, CK_RV rv, const char *format, ...) PRINTF_LIKE(3, 4);
/**
 * What a call of libp11 came to: CKR_OK, else the CKR it left in OpenSSL's error queue since ERR_set_mark(), else
 * CKR_GENERAL_ERROR. Takes the mark away.
 */
CK_RV rv_of_libp11(bool is_done);

/* ---- profile.c ---- */
#define PROFILE_TIMEOUT_SECONDS 60 /* where a token's YAML names none */
enum ed25519_form { ED25519_EITHER, ED25519_OID, ED25519_PRINTABLE };
/** Usages a new key is made without; a set of bits. */
enum usage {
    USAGE_NONE = 0,
    USAGE_DECRYPT = 1 << 0,
    USAGE_UNWRAP = 1 << 1,
    USAGE_DERIVE = 1 << 2,
    USAGE_SIGN_RECOVER = 1 << 3,
    USAGE_ENCRYPT = 1 << 4,
    USAGE_WRAP = 1 << 5,
    USAGE_VERIFY_RECOVER = 1 << 6,
    USAGE_ALL = (1 << 7) - 1,
};
/** What token/ has to know of a model while a token is open; a copy, so that the profile may go. */
struct token_limits {
    unsigned max_sessions; /**< of the whole process; 0: not known */
    bool refuses_always_authenticate;
    enum ed25519_form ed25519_params;
    enum usage may_omit;
    unsigned kinds;        /**< bits of enum key_kind; 0: not known */
    unsigned rsa_max_bits; /**< 0: not known */
    unsigned timeout_seconds;
    unsigned max_message; /**< bytes that one signature over data takes; 0: not known */
    bool forgets_data;    /**< it keeps no data objects */
};
struct token_limits profile_limits(const struct token_profile *profile); /**< NULL: none known */
const char *profile_init_args(const struct token_profile *profile);

/* ---- watch.c ---- */

/** A call of the module that is under way. */
struct watched {
    struct watched *next;
    struct watched **place; /**< what points to it */
    const char *what;
    int64_t since_ms;
    unsigned limit_seconds; /**< 0: it has all the time, and is in no list */
    bool is_told;           /**< that it is late */
};

/**
 * Every call of a module stands between these two, so that nothing ends the process inside one (token_end_calls()).
 * \param limit_seconds   0: it has all the time
 * \param what   what is being done, for a person
 */
void watch_begin(struct watched *call, unsigned limit_seconds, const char *what);
void watch_end(struct watched *call);
DEFINE_AUTO_VALUE(struct watched, watch_end);
/** Until the end of the block the module has so much time. */
#define WATCHED(module, what)                                                                                \
    AUTO(watch_end) struct watched watched_;                                                                 \
    watch_begin(&watched_, (module)->timeout_seconds, what)
/** The same for what is not hurried: a person at a PIN pad, making keys, initializing a token. */
#define UNHURRIED(what)                                                                                      \
    AUTO(watch_end) struct watched watched_;                                                                 \
    watch_begin(&watched_, 0, what)
/** With the first module that is opened, and the last that is closed. */
void watch_start(void);
void watch_stop(void);

/* ---- module.c ---- */

/** One answer of libp11 to "what is in the slots". */
struct slots {
    struct slots *older;
    PKCS11_SLOT *items;
    unsigned count;
};

struct module {
    struct module *next;
    char *path;
    unsigned users;
    unsigned timeout_seconds; /**< of each call */
    void *library;
    CK_FUNCTION_LIST *calls;
    PKCS11_CTX *libp11;
    struct slots *slots;  /**< the newest answer */
    pthread_mutex_t lock; /**< around libp11, which is not made for threads, and the list of tokens */
    struct token *tokens; /**< open ones */
};

/** \param timeout_seconds   how long a call of the module may take; the first who opens it decides, as with init_args */
MUST_USE bool module_open(const char *path, const char *init_args, unsigned timeout_seconds,
                          struct module **ret_module, struct error *err);
void module_close(struct module *module);
DEFINE_AUTO(struct module *, module_close);
/** Asks the module again what is in its slots. The lock must be held. */
MUST_USE bool module_refresh(struct module *module, struct error *err);
/** libp11's slot in the newest answer; NULL if it is gone. The lock must be held; valid as long as the module. */
PKCS11_SLOT *module_slot(struct module *module, CK_SLOT_ID slot_id);

static inline void auto_unlock(pthread_mutex_t **lock)
{
    (void)pthread_mutex_unlock(*lock); // an ordinary mutex that this thread holds: can't fail
}
#define LOCKED(mutex)                                                                                        \
    AUTO(unlock) pthread_mutex_t *locked_ = (mutex);                                                         \
    (void)pthread_mutex_lock(locked_)

/* ---- pool.c ---- */
struct session {
    CK_SESSION_HANDLE handle;
    EVP_MD_CTX *digest; /**< made once, so that no signature pays for it */
    bool was_used;      /**< it has signed before */
    struct session *next;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct session *idle;
    unsigned open_count;
    unsigned limit;
};

void pool_init(struct pool *pool);
void pool_done(struct token *token); /**< closes the idle sessions; none may be borrowed */
/** Waits for a session if all the pool may have are borrowed. */
MUST_USE bool pool_borrow(struct token *token, struct session **ret_session, struct error *err);
void pool_return(struct token *token, struct session *session);
/** Closes a session that failed instead of giving it back. */
void pool_drop(struct token *token, struct session *session);

/* ---- slot.c ---- */
struct token {
    struct token *next; /**< of the module */
    struct module *module;
    PKCS11_SLOT
    *slot; /**< shared by all tokens of this process on the slot: libp11 keeps its sessions there */
    CK_SLOT_ID slot_id;
    struct token_info info; /**< as it was when the token was opened */
    struct token_limits limits;
    CK_SESSION_HANDLE login_session; /**< holds the login; CK_INVALID_HANDLE before */
    atomic_bool is_logged_in;
    struct pool pool;
    token_ask_pin *ask_pin;
    void *ask_data;
};

/** A session that may write, for one task. The caller closes it. */
MUST_USE bool token_open_writer(struct token *token, CK_SESSION_HANDLE *ret_session, struct error *err);
/** C_GetTokenInfo, trimmed, in coldca's words. */
MUST_USE bool token_ask_info(struct module *module, CK_SLOT_ID slot_id, struct token_info *ret_info,
                             struct error *err);
/** A field of fixed length, without the spaces (or NULs) at its end, made into text. */
void token_trim(const unsigned char *field, size_t len, char *ret_text);

/* ---- login.c ---- */
/** Ends the login, unless heir, another token of this process on the slot, takes it over. heir may be NULL. */
void login_end(struct token *token, struct token *heir);
/**
 * Whether the token takes a PIN of this length (ulMinPinLen and ulMaxPinLen, PKCS#11 v2.40 3.2); some call it wrong instead.
 * \param what  "PIN", "security officer PIN"
 * \return false: ERROR_TOKEN with the lengths it takes; the PIN's own is not reported
 */
MUST_USE bool login_pin_fits(const struct token_info *info, const struct secret *pin, const char *what,
                             struct error *err);

/* ---- uri.c ---- */
/** What a pkcs11: URI says of a key. */
struct key_uri {
    P11KitUri *parsed;
    struct bytes id;    /**< empty: not said */
    struct bytes label; /**< empty: not said */
};
void key_uri_done(struct key_uri *uri);
DEFINE_AUTO_VALUE(struct key_uri, key_uri_done);
/** Parses RFC 7512; ERROR_TOKEN if it is none, has unknown attributes or holds a PIN. */
MUST_USE bool key_uri_parse(const char *text, struct key_uri *ret_uri, struct error *err);
/** What its type names; ERROR_TOKEN if it is neither a key nor a certificate. */
MUST_USE bool key_uri_object(const struct key_uri *uri, enum token_object *ret_object, struct error *err);
/** Whether the token parts of the URI (token, manufacturer, serial, model) fit; what is not said fits. */
bool key_uri_fits(const struct key_uri *uri, const struct token_info *info);
/** The URI of an object; id and label may be empty; type: CKO_PRIVATE_KEY, or none if CK_UNAVAILABLE_INFORMATION. */
char *uri_make(const struct token_info *info, struct bytes id, struct bytes label, CK_OBJECT_CLASS type);

/* ---- attributes.c ---- */
/** One attribute's bytes; false if the object has it not, or the token won't tell. */
MUST_USE bool attribute_bytes(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE_TYPE type, struct builder *ret_value);
/** The same where a missing attribute reads as empty. */
void attribute_or_empty(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type, struct builder *ret_value);
MUST_USE bool attribute_ulong(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE_TYPE type, CK_ULONG *ret_value);
void attributes_read(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     struct token_key_attributes *ret_attributes);
/** All objects a template fits. The caller frees. */
MUST_USE bool objects_find(struct token *token, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                           CK_ULONG count, CK_OBJECT_HANDLE **ret_objects, size_t *ret_count,
                           struct error *err);

/* ---- public.c ---- */
/** CKA_EC_PARAMS of a curve: its OID, or for Ed25519 the name of PKCS#11 v3.0 unless as_oid. */
struct bytes curve_params(enum key_kind kind, bool as_oid);
/** CKA_EC_POINT as DER OCTET STRING or bare; a view into value. */
MUST_USE bool point_read(struct bytes value, size_t point_len, struct bytes *ret_point);
/** The SubjectPublicKeyInfo of an object (public key, or RSA private key); false if it can't be made. */
MUST_USE bool public_of_object(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                               struct builder *ret_spki);
/** Where the public key was found, and so how much it proves. */
enum public_source { PUBLIC_NONE, PUBLIC_OF_PRIVATE, PUBLIC_OF_OBJECT, PUBLIC_OF_CERTIFICATE };
/** The public key of a private key: its own attributes, else the public key or the certificate with its CKA_ID. */
MUST_USE bool public_of_private(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key,
                                struct bytes id, struct builder *ret_spki, enum public_source *ret_source,
                                struct error *err);

/* ---- key.c ---- */
struct token_key {
    struct token *token;
    CK_OBJECT_HANDLE private_object;
    CK_OBJECT_HANDLE public_object; /**< CK_INVALID_HANDLE if there is none */
    enum key_kind kind;
    unsigned bits;
    char *label;
    uint8_t id[64];
    size_t id_len;
    struct builder spki;
    char *uri;
    struct token_key_attributes attributes;
    bool is_made_here;
    atomic_bool hashes_in_token; /**< the token only knows the mechanisms that hash */
};

/** A search template for a class of objects; id and label may be empty. \return how many attributes */
CK_ULONG key_template(CK_ATTRIBUTE template[static 3], const CK_OBJECT_CLASS *class, struct bytes id,
                      struct bytes label);
/** Signs a fresh text that is not a certificate and verifies it in software with the public key. */
MUST_USE bool key_prove(struct token_key *key, struct error *err);
/** Reads what is fixed of a private key; the public key is given. */
MUST_USE bool key_new(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_object,
                      struct bytes spki, struct token_key **ret_key, struct error *err);

#endif
