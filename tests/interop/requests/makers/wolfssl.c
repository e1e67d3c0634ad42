/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by wolfSSL: cc wolfssl.c -lwolfssl -o wolfssl && ./wolfssl OUT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>

static WC_RNG rng;

static void must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "wolfSSL: %s: %d\n", what, result);
        exit(1);
    }
}

struct what {
    const char *name, *cn, *organization, *country;
    int rsa_bits; /* 0: no RSA key */
    int curve;    /* ECC_SECP256R1 ...; 0: Ed25519 */
    int signature;
    const char *challenge;
    int is_der;
};

static void make(const char *folder, const struct what *what)
{
    static RsaKey rsa;
    static ecc_key ec;
    static ed25519_key ed;
    static Cert csr;
    static byte der[8192], pem[8192];
    char path[512];
    void *key = what->rsa_bits > 0 ? (void *)&rsa : what->curve > 0 ? (void *)&ec : (void *)&ed;
    int type = what->rsa_bits > 0 ? RSA_TYPE : what->curve > 0 ? ECC_TYPE : ED25519_TYPE;
    must(wc_InitRsaKey(&rsa, NULL), "RSA");
    must(wc_ecc_init(&ec), "EC");
    must(wc_ed25519_init(&ed), "Ed25519");
    if (type == RSA_TYPE)
        must(wc_MakeRsaKey(&rsa, what->rsa_bits, 65537, &rng), "RSA key");
    else if (type == ECC_TYPE)
        must(wc_ecc_make_key_ex(&rng, wc_ecc_get_curve_size_from_id(what->curve), &ec, what->curve),
             "EC key");
    else
        must(wc_ed25519_make_key(&rng, ED25519_KEY_SIZE, &ed), "Ed25519 key");
    must(wc_InitCert(&csr), "Cert");
    strncpy(csr.subject.commonName, what->cn, CTC_NAME_SIZE - 1);
    if (what->organization != NULL)
        strncpy(csr.subject.org, what->organization, CTC_NAME_SIZE - 1);
    if (what->country != NULL)
        strncpy(csr.subject.country, what->country, CTC_NAME_SIZE - 1);
    if (what->challenge != NULL)
        strncpy(csr.challengePw, what->challenge, CTC_NAME_SIZE - 1);
    csr.version = 0;
    csr.sigType = what->signature;
    must(wc_MakeCertReq_ex(&csr, der, sizeof(der), type, key), what->name);
    int len = wc_SignCert_ex(csr.bodySz, csr.sigType, der, sizeof(der), type, key, &rng);
    must(len, what->name);
    snprintf(path, sizeof(path), "%s/%s.csr", folder, what->name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        exit(1);
    if (what->is_der) {
        fwrite(der, 1, (size_t)len, file);
    } else {
        int pem_len = wc_DerToPem(der, (word32)len, pem, sizeof(pem), CERTREQ_TYPE);
        must(pem_len, "PEM");
        fwrite(pem, 1, (size_t)pem_len, file);
    }
    fclose(file);
    wc_FreeRsaKey(&rsa);
    wc_ecc_free(&ec);
    wc_ed25519_free(&ed);
}

int main(int argc, char **argv)
{
    static const struct what all[] = {
        {"device-rsa-2048", "device-1", NULL, NULL, 2048, 0, CTC_SHA256wRSA, NULL, 0},
        {"device-rsa-3072", "device-2", NULL, NULL, 3072, 0, CTC_SHA384wRSA, NULL, 0},
        {"device-p256", "device-3", NULL, NULL, 0, ECC_SECP256R1, CTC_SHA256wECDSA, NULL, 0},
        {"device-p384", "device-4", NULL, NULL, 0, ECC_SECP384R1, CTC_SHA384wECDSA, NULL, 0},
        {"device-ed25519", "device-5", NULL, NULL, 0, 0, CTC_ED25519, NULL, 0},
        {"device-der", "device-6", NULL, NULL, 0, ECC_SECP256R1, CTC_SHA256wECDSA, NULL, 1},
        {"device-subject", "device-7", "Acme IoT", "DE", 0, ECC_SECP256R1, CTC_SHA256wECDSA, NULL, 0},
        {"device-challenge", "device-8", NULL, NULL, 0, ECC_SECP256R1, CTC_SHA256wECDSA, "secret", 0},
        {"device-p521", "device-9", NULL, NULL, 0, ECC_SECP521R1, CTC_SHA512wECDSA, NULL, 0},
    };
    char path[512];
    if (argc != 2)
        return 2;
    must(wc_InitRng(&rng), "random numbers");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        make(argv[1], &all[i]);
    snprintf(path, sizeof(path), "%s/version", argv[1]);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    fprintf(file, "wolfSSL %s\n", LIBWOLFSSL_VERSION_STRING);
    return fclose(file);
}
