/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template: everything that will stand in a certificate but the serial and the issuer's own fields. A verdict
 * that allows carries one; cert/ turns it into TBSCertificate bytes. What is not here is not in the certificate.
 */
#ifndef COLDCA_POLICY_TEMPLATE_H
#define COLDCA_POLICY_TEMPLATE_H

#include "request/request.h"

/** Bits of keyUsage as struct request has them (RFC 5280 4.2.1.3). */
enum key_usage_bit {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_NON_REPUDIATION = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_KEY_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
    KEY_USAGE_ENCIPHER_ONLY = 1 << 7,
    KEY_USAGE_DECIPHER_ONLY = 1 << 8,
};

const char *key_usage_name(unsigned bit_index); /**< 0 to 8: "digitalSignature", ... */
/** "serverAuth" and the like (RFC 5280 4.2.1.12); the OID itself if it has no name here. */
const char *extended_key_usage_name(const char *oid);
uint16_t key_usage_bit(const char *name); /**< of enum key_usage_bit; 0: none has this name */

struct template_attribute {
    char *oid;   /**< dotted */
    char *field; /**< "CN", or the OID */
    char *value; /**< UTF-8 */
    uint8_t
        tag; /**< the ASN.1 string type of who wrote the value; 0: nobody has; template_attribute_tag() says which one is to be written */
    uint32_t rdn;
};

/** The string type that is written: RFC 5280 appendix A's, PrintableString where the request has it and may, else UTF8String. */
uint8_t template_attribute_tag(const struct template_attribute *attribute);
/** X.680's PrintableString alphabet. */
bool text_is_printable(const char *text);

/** A GeneralName to write; also a name-constraint subtree, whose ip is address + mask (8 or 32 octets). */
struct template_name {
    enum san_kind kind;
    uint8_t *value; /**< content octets as in struct request_san */
    size_t value_len;
    char *text; /**< for people */
};

struct template_extension {
    char *oid;
    bool is_critical;
    uint8_t *value;
    size_t value_len;
};

struct template
{
    struct template_attribute *attributes;
    size_t attributes_count;
    struct template_name *sans;
    size_t sans_count;

    uint8_t *spki;
    size_t spki_len;

    int64_t not_before;  /**< Unix seconds, inclusive */
    int64_t not_after;   /**< inclusive: N days end at not_before + N * 86400 - 1 */
    bool has_no_expiry;  /**< notAfter is 99991231235959Z (802.1AR); not_after is TIME_9999_END then */
    char *validity_note; /**< "clamped to the issuer's end 2030-..."; NULL if nothing happened */

    bool is_ca;
    int path_len; /**< -1: none */
    uint16_t key_usage;
    char **extended_key_usage; /**< dotted OIDs */
    size_t extended_key_usage_count;
    bool extended_key_usage_is_critical;

    struct template_name *permitted; /**< name constraints */
    size_t permitted_count;
    struct template_name *excluded;
    size_t excluded_count;

    char **certificate_policies; /**< dotted OIDs */
    size_t certificate_policies_count;
    char **certificate_policy_cps; /**< same length; an entry may be NULL */
    char **ocsp_urls;
    size_t ocsp_urls_count;
    char **issuer_urls;
    size_t issuer_urls_count;
    char **crl_urls;
    size_t crl_urls_count;
    bool has_ocsp_no_check; /**< id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1) */

    struct template_extension *extensions; /**< copied from the request because the policy names their OID */
    size_t extensions_count;

    enum hash_kind hash; /**< HASH_NONE: what fits the issuer's key */
    bool wants_pss;      /**< RSA issuers: RSASSA-PSS */
};

struct template *template_new(void); /**< path_len is -1 */
void template_free(struct template *template);
DEFINE_AUTO(struct template *, template_free);

#endif
