/* SPDX-License-Identifier: Apache-2.0 */
/* A person's private key in a file. */
#ifndef COLDCA_TESTS_KEY_FILE_H
#define COLDCA_TESTS_KEY_FILE_H

#include <openssl/pem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/**
 * Writes a new key.
 * \param kind        "ED25519", or a curve: "P-256"
 * \param passphrase  NULL: not encrypted
 * \return it; the caller frees
 */
static inline EVP_PKEY *key_file_make(const char *path, const char *kind, const char *passphrase)
{
    EVP_PKEY *key =
        kind[0] == 'E' ? EVP_PKEY_Q_keygen(NULL, NULL, kind) : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    FILE *out = fopen(path, "we");
    assert_true(key != NULL && out != NULL);
    assert_int_equal(PEM_write_PrivateKey(out, key, passphrase == NULL ? NULL : EVP_aes_128_cbc(), NULL, 0,
                                          NULL, (void *)(uintptr_t)passphrase),
                     1);
    assert_int_equal(fclose(out), 0);
    return key;
}

#endif
