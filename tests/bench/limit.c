/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine can do at most: how long one verification of a request, one C_Sign and one verification of a certificate take.
 *   limit MODULE TOKEN_LABEL PIN_FILE REQUEST.pem CERTIFICATE.pem ISSUER.pem SECONDS THREADS
 * prints {"verify_request_us":..,"sign_us":..,"verify_certificate_us":..,"signs_per_s":..}; signs_per_s is with all threads.
 */
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64

static CK_FUNCTION_LIST *calls;
static CK_SLOT_ID slot;
static double limit_seconds;

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "limit: %s\n", what);
        exit(1);
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "r");
    need(file != NULL, path);
    return file;
}

static void choose_slot(const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    need(calls->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK, "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        need(calls->C_GetTokenInfo(slots[i], &info) == CKR_OK, "C_GetTokenInfo");
        if (memcmp(info.label, label, strlen(label)) == 0) {
            slot = slots[i];
            return;
        }
    }
    need(0, "no such token");
}

static void log_in(const char *pin_file)
{
    char pin[256] = "";
    CK_SESSION_HANDLE session;
    FILE *file = open_file(pin_file);
    need(fgets(pin, sizeof(pin), file) != NULL, pin_file);
    (void)fclose(file); // only read
    pin[strcspn(pin, "\n")] = '\0';
    need(calls->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK, "C_OpenSession");
    need(calls->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)) == CKR_OK, "C_Login");
}

/** The token's key of the kind the CA has: EC or RSA. The session that logged in stays open. */
static CK_OBJECT_HANDLE find_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &type, sizeof(type)}};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    need(calls->C_FindObjectsInit(session, wanted, 2) == CKR_OK &&
             calls->C_FindObjects(session, &key, 1, &count) == CKR_OK &&
             calls->C_FindObjectsFinal(session) == CKR_OK && count == 1,
         "no such key");
    return key;
}

struct signer {
    CK_KEY_TYPE type;
    size_t done;
    double seconds;
};

static void *sign(void *data)
{
    struct signer *signer = data;
    CK_SESSION_HANDLE session;
    CK_BYTE input[32] = {0x42};
    CK_BYTE signature[1024];
    CK_MECHANISM mechanism = {signer->type == CKK_EC ? CKM_ECDSA : CKM_SHA256_RSA_PKCS, NULL, 0};
    need(calls->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK, "C_OpenSession");
    CK_OBJECT_HANDLE key = find_key(session, signer->type);
    double start = now();
    for (signer->seconds = 0; signer->seconds < limit_seconds; signer->seconds = now() - start) {
        CK_ULONG len = sizeof(signature);
        need(calls->C_SignInit(session, &mechanism, key) == CKR_OK &&
                 calls->C_Sign(session, input, sizeof(input), signature, &len) == CKR_OK,
             "C_Sign");
        signer->done++;
    }
    need(calls->C_CloseSession(session) == CKR_OK, "C_CloseSession");
    return NULL;
}

static double signs_per_s(CK_KEY_TYPE type, int threads)
{
    struct signer signers[THREADS_MAX];
    pthread_t helpers[THREADS_MAX];
    double rate = 0;
    for (int i = 0; i < threads; i++) {
        signers[i] = (struct signer){.type = type};
        need(pthread_create(&helpers[i], NULL, sign, &signers[i]) == 0, "pthread_create");
    }
    for (int i = 0; i < threads; i++) {
        need(pthread_join(helpers[i], NULL) == 0, "pthread_join");
        rate += (double)signers[i].done / signers[i].seconds;
    }
    return rate;
}

/** Microseconds one verification takes with the key at hand, the hash of data included. */
static double verify_us(EVP_PKEY *key, const unsigned char *data, size_t len,
                        const ASN1_BIT_STRING *signature)
{
    size_t done = 0;
    double seconds = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    for (double start = now(); seconds < limit_seconds; seconds = now() - start) {
        need(EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
                 EVP_DigestVerify(context, signature->data, (size_t)signature->length, data, len) == 1,
             "a signature does not verify");
        done++;
    }
    EVP_MD_CTX_free(context);
    return seconds * 1e6 / (double)done;
}

static double request_us(const char *path)
{
    unsigned char *data = NULL;
    const ASN1_BIT_STRING *signature;
    FILE *file = open_file(path);
    X509_REQ *request = PEM_read_X509_REQ(file, NULL, NULL, NULL);
    (void)fclose(file); // only read
    need(request != NULL, path);
    int len = i2d_re_X509_REQ_tbs(request, &data);
    X509_REQ_get0_signature(request, &signature, NULL);
    double result = verify_us(X509_REQ_get0_pubkey(request), data, (size_t)len, signature);
    OPENSSL_free(data);
    X509_REQ_free(request);
    return result;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = open_file(path);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file); // only read
    need(certificate != NULL, path);
    return certificate;
}

int main(int argc, char **argv)
{
    need(argc == 9, "usage: limit MODULE TOKEN_LABEL PIN_FILE REQUEST CERTIFICATE ISSUER SECONDS THREADS");
    unsigned char *data = NULL;
    const ASN1_BIT_STRING *signature;
    CK_C_GetFunctionList get_list;
    void *module = dlopen(argv[1], RTLD_NOW);
    int threads = atoi(argv[8]);
    limit_seconds = atof(argv[7]);
    need(module != NULL && threads > 0 && threads <= THREADS_MAX && limit_seconds > 0,
         "bad module, seconds or threads");
    *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    need(get_list != NULL && get_list(&calls) == CKR_OK && calls->C_Initialize(&arguments) == CKR_OK,
         "C_Initialize");
    X509 *certificate = read_certificate(argv[5]);
    X509 *issuer = read_certificate(argv[6]);
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    CK_KEY_TYPE type = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? CKK_EC : CKK_RSA;
    int len = i2d_re_X509_tbs(certificate, &data);
    X509_get0_signature(&signature, NULL, certificate);
    choose_slot(argv[2]);
    log_in(argv[3]);
    printf("{\"verify_request_us\":%.1f,", request_us(argv[4]));
    printf("\"sign_us\":%.1f,", 1e6 / signs_per_s(type, 1));
    printf("\"verify_certificate_us\":%.1f,", verify_us(key, data, (size_t)len, signature));
    printf("\"signs_per_s\":%.0f}\n", signs_per_s(type, threads));
    OPENSSL_free(data);
    X509_free(certificate);
    X509_free(issuer);
    return calls->C_Finalize(NULL) == CKR_OK ? 0 : 1;
}
