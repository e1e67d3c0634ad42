/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by Mbed TLS: cc mbedtls.c -lmbedtls -lmbedx509 -lmbedcrypto -o mbedtls && ./mbedtls OUT */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context random_source;

static void must(int result)
{
    if (result != 0) {
        fprintf(stderr, "Mbed TLS: -0x%04x\n", (unsigned)-result);
        exit(1);
    }
}

/** kind: "rsa", else a curve */
static void make_key(mbedtls_pk_context *key, unsigned bits, mbedtls_ecp_group_id curve)
{
    mbedtls_pk_init(key);
    must(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(bits > 0 ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)));
    if (bits > 0)
        must(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbedtls_ctr_drbg_random, &random_source, bits, 65537));
    else
        must(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random, &random_source));
}

struct what {
    const char *name, *subject;
    unsigned bits;
    mbedtls_ecp_group_id curve;
    mbedtls_md_type_t hash;
    unsigned char usage;
    const char *san; /* content of the extension in DER */
    size_t san_len;
    int is_der;
};

static void make(const char *folder, const struct what *what)
{
    mbedtls_x509write_csr csr;
    mbedtls_pk_context key;
    unsigned char room[8192];
    char path[512];
    make_key(&key, what->bits, what->curve);
    mbedtls_x509write_csr_init(&csr);
    mbedtls_x509write_csr_set_md_alg(&csr, what->hash);
    mbedtls_x509write_csr_set_key(&csr, &key);
    must(mbedtls_x509write_csr_set_subject_name(&csr, what->subject));
    if (what->usage != 0)
        must(mbedtls_x509write_csr_set_key_usage(&csr, what->usage));
    if (what->san != NULL)
        must(mbedtls_x509write_csr_set_extension(&csr, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                                 MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME),
                                                 (const unsigned char *)what->san, what->san_len));
    snprintf(path, sizeof(path), "%s/%s.csr", folder, what->name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        exit(1);
    if (what->is_der) {
        int len =
            mbedtls_x509write_csr_der(&csr, room, sizeof(room), mbedtls_ctr_drbg_random, &random_source);
        if (len < 0)
            must(len);
        fwrite(room + sizeof(room) - (size_t)len, 1, (size_t)len, file);
    } else {
        must(mbedtls_x509write_csr_pem(&csr, room, sizeof(room), mbedtls_ctr_drbg_random, &random_source));
        fputs((const char *)room, file);
    }
    fclose(file);
    mbedtls_x509write_csr_free(&csr);
    mbedtls_pk_free(&key);
}

#define SAN(text) text, sizeof(text) - 1

int main(int argc, char **argv)
{
    static const struct what all[] = {
        {"device-rsa-2048", "CN=device-1", 2048, 0, MBEDTLS_MD_SHA256, 0, NULL, 0, 0},
        {"device-rsa-3072", "CN=device-2", 3072, 0, MBEDTLS_MD_SHA384, 0, NULL, 0, 0},
        {"device-p256", "CN=device-3", 0, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256, 0, NULL, 0, 0},
        {"device-p384", "CN=device-4", 0, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_MD_SHA384, 0, NULL, 0, 0},
        {"device-p384-sha512", "CN=device-5", 0, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_MD_SHA512, 0, NULL, 0, 0},
        {"device-der", "CN=device-6", 0, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256, 0, NULL, 0, 1},
        {"device-subject", "C=DE,ST=Bayern,L=Muenchen,O=Acme IoT,OU=Werk 2,CN=device-7", 0,
         MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256, 0, NULL, 0, 0},
        {"device-usage", "CN=device-8", 0, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256,
         MBEDTLS_X509_KU_DIGITAL_SIGNATURE, NULL, 0, 0},
        {"device-p521", "CN=device-9", 0, MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_MD_SHA512, 0, NULL, 0, 0},
        {"device-secp256k1", "CN=device-10", 0, MBEDTLS_ECP_DP_SECP256K1, MBEDTLS_MD_SHA256, 0, NULL, 0, 0},
        {"device-sha1", "CN=device-11", 2048, 0, MBEDTLS_MD_SHA1, 0, NULL, 0, 0},
        {"server-dns", "CN=a.example", 0, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256, 0,
         SAN("\x30\x16\x82\x09"
             "a.example"
             "\x82\x09"
             "b.example"),
         0},
        {"server-rsa", "CN=a.example", 2048, 0, MBEDTLS_MD_SHA256, 0,
         SAN("\x30\x11\x82\x09"
             "a.example"
             "\x87\x04\x0a\x01\x02\x03"),
         0},
    };
    char version[64];
    char path[512];
    if (argc != 2)
        return 2;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random_source);
    must(mbedtls_ctr_drbg_seed(&random_source, mbedtls_entropy_func, &entropy, NULL, 0));
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        make(argv[1], &all[i]);
    mbedtls_version_get_string(version);
    snprintf(path, sizeof(path), "%s/version", argv[1]);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    fprintf(file, "Mbed TLS %s\n", version);
    return fclose(file);
}
