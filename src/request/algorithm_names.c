/* SPDX-License-Identifier: Apache-2.0 */
#include "request/algorithm_names.h"

#include <string.h>

static const struct {
    const char *oid;
    const char *name;
    bool is_broken;
} algorithms[] = {
    // signatures (RFC 8017, RFC 3279, RFC 5758, RFC 8702 and NIST's register of OIDs)
    {"1.2.840.113549.1.1.2", "RSA with MD2", true},
    {"1.2.840.113549.1.1.3", "RSA with MD4", true},
    {"1.2.840.113549.1.1.4", "RSA with MD5", true},
    {"1.2.840.113549.1.1.5", "RSA with SHA-1", true},
    {"1.3.14.3.2.29", "RSA with SHA-1", true},
    {"1.2.840.113549.1.1.10", "RSASSA-PSS", false},
    {"1.2.840.113549.1.1.11", "RSA with SHA-256", false},
    {"1.2.840.113549.1.1.12", "RSA with SHA-384", false},
    {"1.2.840.113549.1.1.13", "RSA with SHA-512", false},
    {"1.2.840.113549.1.1.14", "RSA with SHA-224", false},
    {"1.2.840.113549.1.1.15", "RSA with SHA-512/224", false},
    {"1.2.840.113549.1.1.16", "RSA with SHA-512/256", false},
    {"1.3.36.3.3.1.2", "RSA with RIPEMD-160", true},
    {"1.2.840.10045.4.1", "ECDSA with SHA-1", true},
    {"1.2.840.10045.4.3.1", "ECDSA with SHA-224", false},
    {"1.2.840.10045.4.3.2", "ECDSA with SHA-256", false},
    {"1.2.840.10045.4.3.3", "ECDSA with SHA-384", false},
    {"1.2.840.10045.4.3.4", "ECDSA with SHA-512", false},
    {"1.2.840.10040.4.3", "DSA with SHA-1", true},
    {"2.16.840.1.101.3.4.3.1", "DSA with SHA-224", false},
    {"2.16.840.1.101.3.4.3.2", "DSA with SHA-256", false},
    {"2.16.840.1.101.3.4.3.3", "DSA with SHA-384", false},
    {"2.16.840.1.101.3.4.3.4", "DSA with SHA-512", false},
    {"2.16.840.1.101.3.4.3.9", "ECDSA with SHA3-224", false},
    {"2.16.840.1.101.3.4.3.10", "ECDSA with SHA3-256", false},
    {"2.16.840.1.101.3.4.3.11", "ECDSA with SHA3-384", false},
    {"2.16.840.1.101.3.4.3.12", "ECDSA with SHA3-512", false},
    {"2.16.840.1.101.3.4.3.13", "RSA with SHA3-224", false},
    {"2.16.840.1.101.3.4.3.14", "RSA with SHA3-256", false},
    {"2.16.840.1.101.3.4.3.15", "RSA with SHA3-384", false},
    {"2.16.840.1.101.3.4.3.16", "RSA with SHA3-512", false},
    {"1.2.156.10197.1.501", "SM2 with SM3", false},
    {"1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with Streebog-256", false},
    {"1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with Streebog-512", false},
    {"1.2.643.2.2.3", "GOST R 34.10-2001", true},
    {"1.3.6.1.5.5.7.6.2", "no signature (RFC 8951)", false},
    // keys, or keys and signatures alike (RFC 3279, RFC 5480, RFC 5639, RFC 8410, RFC 9881, RFC 9909)
    {"1.2.840.113549.1.1.1", "RSA", false},
    {"1.2.840.113549.1.1.7", "RSAES-OAEP", false},
    {"1.2.840.113549.1.3.1", "Diffie-Hellman", false},
    {"1.2.840.10046.2.1", "Diffie-Hellman", false},
    {"1.2.840.10040.4.1", "DSA", false},
    {"1.2.840.10045.2.1", "EC", false},
    {"1.2.840.10045.3.1.1", "P-192", false},
    {"1.3.132.0.33", "P-224", false},
    {"1.3.132.0.10", "secp256k1", false},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", false},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", false},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", false},
    {"1.2.156.10197.1.301", "SM2", false},
    {"1.2.643.7.1.1.1.1", "GOST R 34.10-2012", false},
    {"1.2.643.7.1.1.1.2", "GOST R 34.10-2012", false},
    {"1.2.643.2.2.19", "GOST R 34.10-2001", false},
    {"1.3.101.110", "X25519", false},
    {"1.3.101.111", "X448", false},
    {"1.3.101.112", "Ed25519", false},
    {"1.3.101.113", "Ed448", false},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", false},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", false},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", false},
    {"2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s", false},
    {"2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f", false},
    {"2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s", false},
    {"2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f", false},
    {"2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s", false},
    {"2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f", false},
    {"2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s", false},
    {"2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f", false},
    {"2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s", false},
    {"2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f", false},
    {"2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s", false},
    {"2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f", false},
    {"1.2.840.113549.1.9.16.3.17", "HSS/LMS", false},
    // hashes, which RSASSA-PSS names
    {"1.3.14.3.2.26", "SHA-1", true},
    {"1.2.840.113549.2.5", "MD5", true},
    {"2.16.840.1.101.3.4.2.1", "SHA-256", false},
    {"2.16.840.1.101.3.4.2.2", "SHA-384", false},
    {"2.16.840.1.101.3.4.2.3", "SHA-512", false},
    {"2.16.840.1.101.3.4.2.4", "SHA-224", false},
};

static size_t place_of(const char *oid)
{
    size_t i = 0;
    while (i < ARRAY_LEN(algorithms) && strcmp(algorithms[i].oid, oid) != 0)
        i++;
    return i;
}

const char *algorithm_name_of_oid(const char *oid)
{
    size_t place = place_of(oid);
    return place < ARRAY_LEN(algorithms) ? algorithms[place].name : NULL;
}

void algorithm_describe(const char *oid, struct builder *ret_text)
{
    const char *name = algorithm_name_of_oid(oid);
    if (name != NULL)
        builder_format(ret_text, "%s (%s)", name, oid);
    else
        builder_add_text(ret_text, oid);
}

bool algorithm_is_broken(const char *oid)
{
    size_t place = place_of(oid);
    return place < ARRAY_LEN(algorithms) && algorithms[place].is_broken;
}
