/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that passes everything on to SoftHSM, except the faults and habits of other tokens that a test asks
 * for. It loads the module that TOKEN_SHIM_MODULE names; TOKEN_SHIM_SIGN_DELAY_MS makes every C_Sign that slow.
 */
#ifndef COLDCA_TESTS_TOKEN_SHIM_H
#define COLDCA_TESTS_TOKEN_SHIM_H

#include <p11-kit/pkcs11.h>
#include <stdatomic.h>
#include <stdbool.h>

struct token_shim {
    atomic_uint logins;     /**< C_Login calls seen */
    atomic_uint signatures; /**< C_Sign calls seen */
    atomic_uint sessions;   /**< open now */
    atomic_uint most_sessions;
    CK_FLAGS more_flags;            /**< added to what C_GetTokenInfo says */
    CK_ULONG max_sessions;          /**< C_OpenSession refuses more; 0: no limit */
    CK_ULONG said_sessions;         /**< ulMaxSessionCount of C_GetTokenInfo; 0: the token's own */
    CK_RV login_rv;                 /**< returned by C_Login instead of asking the token */
    CK_RV sign_rv;                  /**< returned by C_Sign */
    CK_ULONG max_data;              /**< C_Sign refuses longer data with CKR_DATA_LEN_RANGE; 0: no limit */
    CK_RV token_rv;                 /**< returned by C_GetTokenInfo and C_OpenSession */
    CK_MECHANISM_TYPE no_mechanism; /**< C_SignInit does not know it */
    CK_ATTRIBUTE_TYPE
    no_attribute;               /**< C_GetAttributeValue and C_GenerateKeyPair do not know it; 0: all known */
    bool has_bare_points;       /**< CKA_EC_POINT without its OCTET STRING */
    bool ignores_extractable;   /**< C_GenerateKeyPair makes extractable keys whatever it is told */
    bool asks_each_time;        /**< CKA_ALWAYS_AUTHENTICATE is true, and C_Sign wants CKU_CONTEXT_SPECIFIC */
    atomic_uint context_logins; /**< C_Login(CKU_CONTEXT_SPECIFIC) calls seen */
    CK_RV context_login_rv;
    bool looks_late; /**< the mechanism and its parameter are only looked at by C_Sign */
    bool
        takes_verify_for_decrypt; /**< as tpm2-pkcs11 1.9: to CKA_VERIFY beside CKA_DECRYPT=FALSE, and to an EC key's CKA_ENCRYPT, CKR_GENERAL_ERROR */
    atomic_uint generations;      /**< C_GenerateKeyPair calls seen */
    bool has_no_slots;            /**< C_GetSlotList finds none */
};

/** The symbol "token_shim_state" of the module. */
typedef struct token_shim *token_shim_state_fn(void);

#endif
