/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest's signature is taken from nobody, its lines lead nowhere but below requests/, and each is found again. */
#include "fuzz.h"
#include "media/manifest.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Of keys that were thrown away: nothing verifies, so a fuzzer that gets true has broken something. */
static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MCowBQYDK2VwAyEAhd2HmhhrpibaFf8dqkHpULJVSAT1yRzJXmtz/blMd6o=\n"
                          "-----END PUBLIC KEY-----\n";
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBfDCCASKgAwIBAgIUEqbpqkqRZNYaItxIU99DL/eM2hswCgYIKoZIzj0EAwIw\n"
                                  "DDEKMAgGA1UEAwwBcDAgFw0yNjExMjEwODIzNTdaGA8yMTI2MTAyODA4MjM1N1ow\n"
                                  "DDEKMAgGA1UEAwwBcDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOfI131SANST\n"
                                  "e8q5dDJ1Coze/qAOXaSow/SqpDibMjfn/Z8ptPXzSYyUhEJIGfvevq7obZgbXIKE\n"
                                  "bI4pGC3SKZqjYDBeMB0GA1UdDgQWBBSfyY6E0xVMoC3b5/4JEZoVkB49QzAfBgNV\n"
                                  "HSMEGDAWgBSfyY6E0xVMoC3b5/4JEZoVkB49QzAPBgNVHRMBAf8EBTADAQH/MAsG\n"
                                  "A1UdDwQEAwIHgDAKBggqhkjOPQQDAgNIADBFAiEAoVJxrHC5moIplAzL9gABeR0Z\n"
                                  "m8bVCqqYmJCXBZ8FOOcCIAcpHFI580nZkvfGSpPV5L+++9Ka0TfvKleXRycDc3Cf\n"
                                  "-----END CERTIFICATE-----\n";

/** Made once: reading keys is slow, and not what is tried here. They live as long as the process. */
static const struct manifest_signer *signers(void)
{
    static struct manifest_signer both[2];
    struct error err = ERROR_INIT;
    if (both[0].name == NULL) {
        both[0].name = memory_text("key");
        both[1].name = memory_text("certificate");
        builder_add_text(&both[0].pem, key);
        builder_add_text(&both[1].pem, certificate);
        if (!manifest_signer_check(&both[0], &err) || !manifest_signer_check(&both[1], &err))
            abort();
    }
    return both;
}

static void check_signature(struct bytes data)
{
    size_t who = 0;
    struct error err = ERROR_INIT;
    if (manifest_verify(BYTES_LITERAL("list\n"), data, signers(), 2, 1790000000, &who, &err))
        abort();
}

static void check_lines(struct bytes data)
{
    size_t position = 0;
    size_t seen = 0;
    const char *name = NULL;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(manifest_free) struct manifest *manifest = NULL;
    builder_add_bytes(&text, data);
    if (!manifest_parse(&text, &manifest, &err))
        return;
    while ((name = manifest_next_missing(manifest, &position)) != NULL) {
        if (*name == '\0' || *name == '/' || strncmp(name, "../", 3) == 0 || strstr(name, "/../") != NULL ||
            !manifest_see(manifest, name))
            abort();
        seen++;
    }
    if (seen == 0 || seen != manifest_count(manifest))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_signature(bytes_of(data, len));
    check_lines(bytes_of(data, len));
    return 0;
}
