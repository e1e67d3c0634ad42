/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coldca with readers that lie: the whole program, but what parses requests is wrapped (--wrap=csr_read_all), so that the answers
 * that leave the sandbox are false. Which lie is told stands in COLDCA_LIE; "none" tells the truth. COLDCA_LIE=list names them.
 * It is made for tests/e2e/liar_test.sh, and is never installed.
 */
#include "base/memory.h"
#include "request/csr.h"
#include "request/csr_parts.h"
#include "request/storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void __real_csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count);
void __wrap_csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count);

static const struct lie *told;       /**< NULL: none */
static uint8_t other_der[64 * 1024]; /**< another request, of COLDCA_LIE_OTHER; read before any sandbox */
static size_t other_len;

static struct request *read_other(void)
{
    return csr_read(bytes_of(other_der, other_len));
}

/** Facts are read-only for everybody but a liar. */
static struct request_attribute *attributes_of(struct request *request)
{
    return (struct request_attribute *)(uintptr_t)request->attributes;
}

static struct request_san *sans_of(struct request *request)
{
    return (struct request_san *)(uintptr_t)request->sans;
}

static struct request_extension *extensions_of(struct request *request)
{
    return (struct request_extension *)(uintptr_t)request->extensions;
}

static size_t extension(const struct request *request, const char *oid)
{
    size_t i = 0;
    while (strcmp(request->extensions[i].oid, oid) != 0)
        i++;
    return i;
}

static struct bytes anywhere(const struct request *request, const char *text)
{
    const uint8_t *found = memmem(request->der.data, request->der.len, text, strlen(text));
    if (found == NULL)
        abort(); // the test makes its requests to measure
    return bytes_of(found, strlen(text));
}

/* ---- lies about one request ---- */

static void other_name(struct request *request)
{
    attributes_of(request)[0].value = BYTES_LITERAL("admin");
}

static void other_string_type(struct request *request)
{
    attributes_of(request)[0].tag = DER_PRINTABLE_STRING;
}

static void other_field(struct request *request)
{
    attributes_of(request)[0].oid = "2.5.4.5";
}

static void one_rdn(struct request *request)
{
    attributes_of(request)[1].rdn = 0;
}

static void fewer_attributes(struct request *request)
{
    request->attributes_count--;
}

static void more_attributes(struct request *request)
{
    struct request_attribute *all = request_alloc(request, request->attributes_count + 1, sizeof(*all));
    memcpy(all, request->attributes, request->attributes_count * sizeof(*all));
    all[request->attributes_count] = all[0];
    all[request->attributes_count].oid = "2.5.4.11";
    all[request->attributes_count].rdn = all[request->attributes_count - 1].rdn + 1;
    request->attributes = all;
    request->attributes_count++;
}

static void subject_elsewhere(struct request *request)
{
    request->subject = bytes_slice(request->subject, 2, request->subject.len - 2);
}

/** The request carries another key in an extension. */
static void other_key(struct request *request)
{
    size_t at = extension(request, "1.2.3.4");
    request->spki = request->extensions[at].value;
}

static void more_sans(struct request *request)
{
    struct request_san *all = request_alloc(request, request->sans_count + 1, sizeof(*all));
    memcpy(all, request->sans, request->sans_count * sizeof(*all));
    all[request->sans_count] =
        (struct request_san){.kind = SAN_DNS, .value = anywhere(request, "device"), .text = "device"};
    request->sans = all;
    request->sans_count++;
}

static void fewer_sans(struct request *request)
{
    request->sans_count--;
}

static void part_of_a_san(struct request *request)
{
    sans_of(request)[0].value.len -= 8;
}

static void other_san_kind(struct request *request)
{
    sans_of(request)[0].kind = SAN_URI;
}

static void no_critical_flag(struct request *request)
{
    extensions_of(request)[extension(request, "2.5.29.15")].is_critical = false;
}

static void other_extension(struct request *request)
{
    extensions_of(request)[extension(request, "1.2.3.4")].oid = "1.2.3.5";
}

static void fewer_extensions(struct request *request)
{
    request->extensions_count--;
}

static void more_key_usage(struct request *request)
{
    request->key_usage |= 1U << 5; // keyCertSign
}

static void more_purposes(struct request *request)
{
    static const char *const any[] = {"1.3.6.1.5.5.7.3.2", "2.5.29.37.0"};
    request->extended_key_usage = any;
    request->extended_key_usage_count = 2;
}

static void a_ca(struct request *request)
{
    request->asks_for_ca = true;
}

static void longer_path(struct request *request)
{
    request->path_len = 7;
}

static void no_challenge_password(struct request *request)
{
    request->has_challenge_password = false;
}

/** Says that all is well with it, whatever it is: not DER, bytes behind it, a signature that does not verify. */
static void nothing_wrong(struct request *request)
{
    findings_done(&request->problems);
    request->problems = (struct findings)FINDINGS_INIT;
    request->has_proof_of_possession = true;
}

/* ---- lies about an input ---- */

static struct request **room_for(size_t count)
{
    return memory_new(count, sizeof(struct request *));
}

static void another_request(struct request ***requests, size_t *count)
{
    request_free((*requests)[*count - 1]);
    (*requests)[*count - 1] = read_other();
}

static void one_more(struct request ***requests, size_t *count)
{
    struct request **all = room_for(*count + 1);
    memcpy(all, *requests, *count * sizeof(struct request *));
    all[(*count)++] = read_other();
    free(*requests);
    *requests = all;
}

static void one_less(struct request ***requests, size_t *count)
{
    if (*count > 1)
        request_free((*requests)[--*count]);
}

static void swapped(struct request ***requests, size_t *count)
{
    struct request *first = (*requests)[0];
    (*requests)[0] = (*requests)[*count - 1];
    (*requests)[*count - 1] = first;
}

/** An answer that never ends, byte by byte. */
static void drip(struct request ***requests, size_t *count)
{
    (void)requests;
    (void)count;
    static const uint8_t zero[1];
    (void)!write(0, "\0\1\0\0", 4); // so long it will be
    for (;;) {
        struct timespec start;
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &start); // the sandbox lets nothing wait
        do
            (void)clock_gettime(CLOCK_MONOTONIC, &now);
        while (now.tv_sec == start.tv_sec);
        (void)!write(0, zero, 1);
    }
}

static const struct lie {
    const char *name;
    void (*about_one)(struct request *request);
    void (*about_all)(struct request ***requests, size_t *count);
} lies[] = {
    {"other-name", other_name, NULL},
    {"other-string-type", other_string_type, NULL},
    {"other-field", other_field, NULL},
    {"one-rdn", one_rdn, NULL},
    {"fewer-attributes", fewer_attributes, NULL},
    {"more-attributes", more_attributes, NULL},
    {"subject-elsewhere", subject_elsewhere, NULL},
    {"other-key", other_key, NULL},
    {"more-sans", more_sans, NULL},
    {"fewer-sans", fewer_sans, NULL},
    {"part-of-a-san", part_of_a_san, NULL},
    {"other-san-kind", other_san_kind, NULL},
    {"no-critical-flag", no_critical_flag, NULL},
    {"other-extension", other_extension, NULL},
    {"fewer-extensions", fewer_extensions, NULL},
    {"more-key-usage", more_key_usage, NULL},
    {"more-purposes", more_purposes, NULL},
    {"a-ca", a_ca, NULL},
    {"longer-path", longer_path, NULL},
    {"no-challenge-password", no_challenge_password, NULL},
    {"another-request", NULL, another_request},
    {"one-more", NULL, one_more},
    {"drip", NULL, drip},
    // These are told of inputs of their own: something is wrong with them, or they hold several requests.
    {"nothing-wrong", nothing_wrong, NULL},
    {"one-less", NULL, one_less},
    {"swapped", NULL, swapped},
};

void __wrap_csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    __real_csr_read_all(input, ret_requests, ret_count);
    // Readers warm up with something that is not a request; the lie is for what is one.
    if (told == NULL || (*ret_requests)[0]->der.len == 0)
        return;
    if (told->about_all != NULL)
        told->about_all(ret_requests, ret_count);
    else
        told->about_one((*ret_requests)[0]);
}

/** Before main(): no sandbox is there yet. */
__attribute__((constructor)) static void prepare(void)
{
    const char *name = getenv("COLDCA_LIE");
    const char *path = getenv("COLDCA_LIE_OTHER");
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(lies); i++) {
        if (strcmp(name, "list") == 0)
            puts(lies[i].name);
        if (strcmp(name, lies[i].name) == 0)
            told = &lies[i];
    }
    if (name == NULL || strcmp(name, "list") == 0)
        _exit(fflush(stdout) == 0 ? 0 : 1);
    if (told == NULL && strcmp(name, "none") != 0) {
        (void)fprintf(stderr, "there is no lie %s\n", name);
        _exit(2);
    }
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file != NULL) {
        other_len = fread(other_der, 1, sizeof(other_der), file);
        (void)fclose(file); // it was only read
    }
}
