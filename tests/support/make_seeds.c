/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the seeds of the fuzz targets csr, pem and wire: make_seeds FOLDER (tests/corpus). Keys are new each time; the
 * seeds that are committed came from one run.
 */
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"

#include <fcntl.h>
#include <stdio.h>

#define EXTENSIONS                                                                                           \
    "30{06{551d0f}0101ff04{03{0780}}}30{06{551d25}04{30{06{2b06010505070302}}}}30{06{551d13}04{30{"          \
    "0101ff020100}}}"                                                                                        \
    "30{06{551d11}04{30{82{'a.example'}87{0a000001}86{'spiffe://a/b'}81{'a@b'}88{2a0304}"                    \
    "a0{06{2b06010505070804}a0{30{06{2a0304}04{00ff}}}}a4{30{31{30{06{550403}0c{'x'}}}}}}}}"

static const struct seed {
    const char *name;
    const char *key;
    const char *subject;
    const char *extensions;
    const char *digest;
    bool is_pss;
    int salt_len; /**< 0: as long as the digest */
    const char *algorithm;
    bool has_no_attributes;
} seeds[] = {
    {"ed25519", "ED25519", NULL, NULL, NULL, false, 0, NULL, false},
    {"ed25519-extensions", "ED25519", NULL, EXTENSIONS, NULL, false, 0, NULL, false},
    {"ed25519-names", "ED25519",
     "30{31{30{06{550406}13{'US'}}}31{30{06{550403}14{'M'fc}}30{06{550405}12{'7'}}}31{30{06{55040a}1e{"
     "00410042}}}"
     "31{30{06{55040b}1c{00000041}}}31{30{06{2a864886f70d010901}16{'a@b'}}}}",
     NULL, NULL, false, 0, NULL, false},
    {"p256", "P-256", NULL, EXTENSIONS, NULL, false, 0, NULL, false},
    {"p384", "P-384", NULL, NULL, "SHA2-384", false, 0, NULL, false},
    {"p521", "P-521", "30{}", NULL, "SHA2-512", false, 0, NULL, false},
    {"secp256k1", "secp256k1", NULL, NULL, NULL, false, 0, NULL, false},
    {"rsa-1024", "RSA-1024", NULL, NULL, NULL, false, 0, NULL, false},
    {"rsa-1024-pss", "RSA-1024", NULL, NULL, NULL, true, 0, NULL, false},
    {"rsa-1024-sha1", "RSA-1024", NULL, NULL, "SHA1", false, 0, NULL, false},
    // the forms that docs/requests.md takes with a note
    {.name = "rsa-1024-no-null", .key = "RSA-1024", .algorithm = "30{06{2a864886f70d01010b}}"},
    {.name = "rsa-1024-pss-salt", .key = "RSA-1024", .is_pss = true, .salt_len = 94},
    {.name = "p256-null", .key = "P-256", .algorithm = "30{06{2a8648ce3d040302}0500}"},
    {.name = "p256-no-attributes", .key = "P-256", .has_no_attributes = true},
};

static void write_seed(const char *folder, const char *target, const char *name, struct bytes data)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/%s/%s", folder, target, name);
    if (!file_replace(AT_FDCWD, path, 0644, data, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void make_seed(const char *folder, const struct seed *seed)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    AUTO(free) char *attributes = seed->extensions == NULL ? NULL : csr_extension_request(seed->extensions);
    EVP_PKEY *key = csr_key(seed->key);
    csr_make(&(struct csr_recipe){.key = key,
                                  .digest = seed->digest,
                                  .is_pss = seed->is_pss,
                                  .has_salt_len = seed->salt_len > 0,
                                  .salt_len = seed->salt_len,
                                  .algorithm = seed->algorithm,
                                  .has_no_attributes = seed->has_no_attributes,
                                  .subject = seed->subject,
                                  .attributes = attributes},
             &der);
    EVP_PKEY_free(key);
    struct request *request = csr_read(builder_bytes(&der));
    csr_encode(request, &message);
    request_free(request);
    builder_add_u16(&answer, 1);
    builder_add_u32(&answer, (uint32_t)message.len);
    builder_add_bytes(&answer, builder_bytes(&message));
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    builder_add_text(&pem, "text\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write_seed(folder, "csr", seed->name, builder_bytes(&der));
    write_seed(folder, "pem", seed->name, builder_bytes(&pem));
    write_seed(folder, "wire", seed->name, builder_bytes(&message));
    AUTO(free) char *answer_name = memory_format("answer-%s", seed->name);
    write_seed(folder, "wire", answer_name, builder_bytes(&answer));
}

int main(int argc, char **argv)
{
    static const char *const targets[] = {"csr", "pem", "wire"};
    struct error err = ERROR_INIT;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        AUTO(free) char *path = memory_format("%s/%s", argv[1], targets[i]);
        if (!file_make_folder(AT_FDCWD, path, 0755, &err)) {
            (void)fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
        make_seed(argv[1], &seeds[i]);
    return 0;
}
