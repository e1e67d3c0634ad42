/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/usage.h"

#include "policy/rules.h"

#define SIGNING (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)
#define CA_SIGNING (KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN)
#define ENCIPHERING (KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT)
#define AGREEMENT (KEY_USAGE_KEY_AGREEMENT | KEY_USAGE_ENCIPHER_ONLY | KEY_USAGE_DECIPHER_ONLY)
#define TIME_STAMPING "1.3.6.1.5.5.7.3.8"

/* RFC 5280 4.2.1.12: one of these usages, if there are any. */
static const struct {
    const char *oid;
    uint16_t one_of;
} purposes[] = {
    {"1.3.6.1.5.5.7.3.1", // serverAuth
     KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT},
    {"1.3.6.1.5.5.7.3.2", KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT},          // clientAuth
    {"1.3.6.1.5.5.7.3.3", KEY_USAGE_DIGITAL_SIGNATURE},                                    // codeSigning
    {"1.3.6.1.5.5.7.3.4", SIGNING | KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT}, // emailProtection
    {TIME_STAMPING, SIGNING},
    {"1.3.6.1.5.5.7.3.9", SIGNING}, // OCSPSigning
};

uint16_t usage_bits_of_key(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA:
        return SIGNING | CA_SIGNING | ENCIPHERING;
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
        return SIGNING | CA_SIGNING | AGREEMENT;
    case KEY_ED25519:
        return SIGNING | CA_SIGNING;
    default:
        return SIGNING | CA_SIGNING | ENCIPHERING | AGREEMENT;
    }
}

uint16_t usage_bits(char *const *names, unsigned count)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < count; i++)
        bits |= key_usage_bit(names[i]);
    return (uint16_t)bits;
}

void usage_words(uint16_t bits, struct builder *ret_text)
{
    bool is_first = true;
    for (unsigned i = 0; i < 9; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        builder_format(ret_text, "%s%s", is_first ? "" : ", ", key_usage_name(i));
        is_first = false;
    }
}

bool usage_check_bits(uint16_t bits, struct error *err)
{
    uint16_t only = bits & (KEY_USAGE_ENCIPHER_ONLY | KEY_USAGE_DECIPHER_ONLY);
    if (only != 0 && (bits & KEY_USAGE_KEY_AGREEMENT) == 0)
        return error_set(
            err, ERROR_INPUT, 0,
            "encipherOnly and decipherOnly mean nothing without keyAgreement (RFC 5280 4.2.1.3)");
    if (only == (KEY_USAGE_ENCIPHER_ONLY | KEY_USAGE_DECIPHER_ONLY))
        return error_set(err, ERROR_INPUT, 0,
                         "encipherOnly and decipherOnly exclude each other (RFC 5480 3)");
    return true;
}

static bool check_time_stamping(const struct usage_set *set, struct error *err)
{
    if (!set->is_critical)
        return error_set(err, ERROR_INPUT, 0,
                         "timeStamping has to be critical: extended_key_usage_critical: true (RFC 3161 2.3)");
    if (set->purposes_count != 1)
        return error_set(err, ERROR_INPUT, 0, "timeStamping has to stand alone (RFC 3161 2.3)");
    if ((set->bits & ~SIGNING) != 0)
        return error_set(
            err, ERROR_INPUT, 0,
            "timeStamping goes with digitalSignature and nonRepudiation only (RFC 5280 4.2.1.12)");
    return true;
}

bool usage_check_purposes(const struct usage_set *set, struct error *err)
{
    for (size_t i = 0; !set->is_ca && i < set->purposes_count; i++) {
        const char *oid = usage_oid(set->purposes[i]);
        if (strcmp(oid, TIME_STAMPING) == 0 && !check_time_stamping(set, err))
            return false;
        for (size_t j = 0; j < ARRAY_LEN(purposes); j++) {
            if (strcmp(oid, purposes[j].oid) != 0 || set->bits == 0 || (set->bits & purposes[j].one_of) != 0)
                continue;
            AUTO(builder_done) struct builder wanted = BUILDER_INIT;
            AUTO(builder_done) struct builder found = BUILDER_INIT;
            usage_words(purposes[j].one_of, &wanted);
            usage_words(set->bits, &found);
            return error_set(err, ERROR_INPUT, 0, "%s needs one of %s, and not only %s (RFC 5280 4.2.1.12)",
                             extended_key_usage_name(oid), builder_text(&wanted), builder_text(&found));
        }
    }
    return true;
}
