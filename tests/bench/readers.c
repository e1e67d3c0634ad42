/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests a second the readers check: bench_readers [COUNT [READERS]]. Beside it, in the same run, what the
 * signature check alone allows: cores divided by the time of one verification.
 */
#include "request/readers.h"
#include "base/der.h"
#include "base/memory.h"
#include "base/public_key.h"
#include "csr_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DISTINCT 500

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time); // can't fail for this clock
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void give_up(const struct error *err)
{
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void make_requests(struct builder requests[static DISTINCT])
{
    char *attribute = csr_extension_request("30{06{551d11}04{30{82{'device-1.local'}}}}");
    for (size_t i = 0; i < DISTINCT; i++) {
        EVP_PKEY *key = csr_key("P-256");
        csr_make(&(struct csr_recipe){.key = key, .attributes = attribute}, &requests[i]);
        EVP_PKEY_free(key);
    }
    free(attribute);
}

/** Seconds for one verification of a request's signature, key included. */
static double time_verification(struct bytes der)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    struct bytes parts;
    struct bytes info;
    struct bytes algorithm;
    struct bytes signature;
    struct bytes inner;
    struct bytes skipped;
    struct bytes spki;
    bool is_sound = der_take(&der, DER_SEQUENCE, &parts) && der_take_whole(&parts, DER_SEQUENCE, &info) &&
                    der_take_whole(&parts, DER_SEQUENCE, &algorithm) &&
                    der_take_octet_bits(&parts, &signature);
    struct bytes whole = info;
    is_sound = is_sound && der_take(&whole, DER_SEQUENCE, &inner) &&
               der_take(&inner, DER_INTEGER, &skipped) && der_take_whole(&inner, DER_SEQUENCE, &skipped) &&
               der_take_whole(&inner, DER_SEQUENCE, &spki);
    if (!is_sound || !public_key_read(spki, &facts, &err))
        give_up(&err);
    double begun = now();
    for (int i = 0; i < DISTINCT; i++) {
        AUTO(public_key_free) struct public_key *key = NULL;
        if (!public_key_new(&facts, &key, &err) ||
            !public_key_verify(key, SIGNATURE_ECDSA_SHA256, info, signature, &err))
            give_up(&err);
    }
    return (now() - begun) / DISTINCT;
}

static double time_readers(struct readers *readers, const struct builder requests[static DISTINCT],
                           size_t count)
{
    struct error err = ERROR_INIT;
    size_t submitted = 0;
    double begun = now();
    while (submitted < count || readers_pending(readers) > 0) {
        struct reading *reading = NULL;
        if (submitted < count && readers_may_submit(readers)) {
            if (!readers_submit(readers, submitted, builder_bytes(&requests[submitted % DISTINCT]), &err))
                give_up(&err);
            submitted++;
            continue;
        }
        if (!readers_next(readers, &reading, &err))
            give_up(&err);
        if (reading->requests[0]->problems.count > 0) {
            (void)fprintf(stderr, "%s\n", reading->requests[0]->problems.items[0].text);
            exit(1);
        }
        reading_free(reading);
    }
    return now() - begun;
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    static struct builder requests[DISTINCT];
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    size_t processes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!readers_open(processes, &readers, &err))
        give_up(&err);
    make_requests(requests);
    double verification = time_verification(builder_bytes(&requests[0]));
    double seconds = time_readers(readers, requests, count);
    double rate = (double)count / seconds;
    double limit = (double)cores / verification;
    (void)printf("%zu requests in %.2f s: %.0f/s; key and signature alone %.0f us, so %.0f/s on %ld cores; "
                 "ratio %.2f\n",
                 count, seconds, rate, verification * 1e6, limit, cores, rate / limit);
    readers_close(readers);
    for (size_t i = 0; i < DISTINCT; i++)
        builder_done(&requests[i]);
    return 0;
}
