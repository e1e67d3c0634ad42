/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/enroll.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "cert/cert.h"
#include "enroll/key.h"
#include "media/media.h"
#include "request/csr.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX_LEN (64 * 1024)

void enroll_answer_done(struct enroll_answer *answer)
{
    free(answer->name);
    if (answer->request != NULL)
        request_free(answer->request);
    if (answer->verdict != NULL)
        verdict_free(answer->verdict);
    *answer = (struct enroll_answer){.name = NULL};
}

bool enroll_name(const struct enroll_order *order, char **ret_name, struct error *err)
{
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    const char *from = order->name != NULL ? order->name : order->cn;
    if (from == NULL && order->sans_count > 0) {
        const char *colon = strchr(order->sans[0], ':');
        from = colon == NULL ? order->sans[0] : colon + 1;
    }
    if (from == NULL || *from == '\0')
        return error_set(err, ERROR_USAGE, 0, "the request has no name yet; give --cn, --san or --name");
    media_safe_name(from, &name);
    *ret_name = builder_take_text(&name);
    return true;
}

/** Views of an order as the policy wants it; arrays of its own. */
struct wish {
    struct policy_wish inner;
    struct policy_variable *variables;
};

static void wish_done(struct wish *wish)
{
    free(wish->variables);
}
DEFINE_AUTO_VALUE(struct wish, wish_done);

static void wish_make(struct wish *ret_wish, const struct enroll_order *order)
{
    ret_wish->variables = memory_new(order->variables_count, sizeof(*ret_wish->variables));
    for (size_t i = 0; i < order->variables_count; i++)
        ret_wish->variables[i] =
            (struct policy_variable){order->variable_names[i], order->variable_values[i]};
    ret_wish->inner = (struct policy_wish){.cn = order->cn,
                                           .subject = order->subject,
                                           .sans = (const char *const *)order->sans,
                                           .sans_count = order->sans_count,
                                           .variables = ret_wish->variables,
                                           .variables_count = order->variables_count};
}

static void auto_shape_done(struct policy_shape *shape)
{
    if (shape->template != NULL)
        policy_shape_done(shape);
}

/** The PKCS#10 request (RFC 2986 4.2): what the template says, signed by the key. */
static bool make_csr(const struct template *template, EVP_PKEY *key, struct builder *ret_der,
                     struct error *err)
{
    enum signature_kind kind;
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (!cert_request_info(template, &info, err) ||
        !enroll_key_sign(key, builder_bytes(&info), &kind, &signature, err))
        return false;
    // A request and a certificate are sealed alike: what is signed, the algorithm, the signature.
    cert_seal(builder_bytes(&info), kind, builder_bytes(&signature), ret_der);
    return true;
}

static bool set_key(struct template *template, const EVP_PKEY *key, struct error *err)
{
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!enroll_key_public(key, &spki, err))
        return false;
    free(template->spki);
    template->spki = memory_new(spki.len, 1);
    memcpy(template->spki, spki.data, spki.len);
    template->spki_len = spki.len;
    return true;
}

/** NAME.key of a run that died before it wrote NAME.csr. */
static bool read_left_key(const struct enroll *enroll, const char *file, EVP_PKEY **ret_key,
                          struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    bool done = file_read(enroll->folder_fd, file, KEY_MAX_LEN, &pem, err) &&
                enroll_key_read(builder_bytes(&pem), file, enroll->passphrase, ret_key, err);
    if (pem.data != NULL)
        OPENSSL_cleanse(pem.data, pem.capacity);
    return done || error_while(err, "using the key an earlier run made");
}

/** A key to use: the one given, the one left behind, or a new one. */
static bool get_key(const struct enroll *enroll, const struct policy_shape *shape, const char *key_file,
                    bool is_left, EVP_PKEY **ret_key, struct error *err)
{
    if (enroll->key != NULL) {
        *ret_key = EVP_PKEY_up_ref(enroll->key) == 1 ? enroll->key : NULL;
        return *ret_key != NULL || error_openssl(err, ERROR_INPUT, "can't use the key");
    }
    if (is_left)
        return read_left_key(enroll, key_file, ret_key, err);
    bool is_named = enroll->key_kind != KEY_OTHER;
    return enroll_key_make(is_named ? enroll->key_kind : shape->key_kind,
                           is_named ? enroll->key_bits : shape->key_bits, ret_key, err);
}

static bool write_files(const struct enroll *enroll, const char *key_file, const char *csr_file,
                        const EVP_PKEY *new_key, struct bytes csr, struct error *err)
{
    AUTO(BIO_free_all) BIO *pem = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (new_key != NULL) {
        char *data = NULL;
        if (!enroll_key_write(new_key, enroll->passphrase, &pem, err))
            return false;
        long len = BIO_get_mem_data(pem, &data);
        if (!file_create(enroll->folder_fd, key_file, 0600, bytes_of(data, (size_t)len), err))
            return false;
    }
    encode_pem("CERTIFICATE REQUEST", csr, &text);
    if (file_create(enroll->csr_fd, csr_file, 0644, builder_bytes(&text), err))
        return true;
    if (new_key != NULL)
        (void)unlinkat(enroll->folder_fd, key_file, 0); // ours and without use; what counts is why
    return false;
}

/** Whether files are in the way. \param ret_is_left  a key whose request is missing */
static bool look_for_files(const struct enroll *enroll, const char *key_file, const char *csr_file,
                           bool *ret_is_there, bool *ret_is_left, struct error *err)
{
    bool has_csr = file_exists(enroll->csr_fd, csr_file);
    bool has_key = enroll->key == NULL && file_exists(enroll->folder_fd, key_file);
    *ret_is_there = has_csr && enroll->may_resume;
    *ret_is_left = has_key && !has_csr && enroll->may_resume;
    if (enroll->may_resume || (!has_csr && !has_key))
        return true;
    if (has_csr)
        return error_set(err, ERROR_INPUT, EEXIST,
                         "%s already exists, not overwritten; choose another --name or --out", csr_file);
    return error_set(err, ERROR_INPUT, EEXIST,
                     "%s already exists, not overwritten; --key-file makes a request for it", key_file);
}

/** A line of a list that cannot be put into the policy's shape is refused; the lines after it are not held up by it. */
static struct verdict *refusal(const struct error *err)
{
    struct verdict *verdict = memory_new(1, sizeof(*verdict));
    findings_say(&verdict->findings, "request.shape", NULL, "%.*s", (int)strcspn(err->text, "\n"), err->text);
    return verdict;
}

/** Key and request; or, for one of many, the reason why there can be none. */
static bool make_request(const struct enroll *enroll, const struct enroll_order *order, const char *key_file,
                         bool is_left, EVP_PKEY **ret_key, struct builder *ret_csr,
                         struct verdict **ret_refusal, struct error *err)
{
    AUTO(wish_done) struct wish wish = {.variables = NULL};
    AUTO(shape_done) struct policy_shape shape = {.template = NULL};
    wish_make(&wish, order);
    if (!policy_check_variables(enroll->policy, wish.variables, order->variables_count, err))
        return false;
    if (!policy_shape(enroll->policy, &wish.inner, &shape, err)) {
        if (err->kind != ERROR_USAGE || !enroll->may_resume)
            return false;
        *ret_refusal = refusal(err);
        error_clear(err);
        return true;
    }
    return get_key(enroll, &shape, key_file, is_left, ret_key, err) &&
           set_key(shape.template, *ret_key, err) && make_csr(shape.template, *ret_key, ret_csr, err);
}

static void judge(const struct enroll *enroll, const struct enroll_order *order, struct bytes csr,
                  struct enroll_answer *answer)
{
    AUTO(wish_done) struct wish wish = {.variables = NULL};
    wish_make(&wish, order);
    answer->request = csr_read(csr);
    struct policy_question question = {.request = answer->request,
                                       .variables = wish.variables,
                                       .variables_count = order->variables_count,
                                       .now = enroll->now};
    answer->verdict = policy_judge(enroll->policy, &question);
    answer->state = answer->verdict->is_allowed || enroll->may_write_refused ? ENROLL_MADE : ENROLL_REFUSED;
}

bool enroll_one(const struct enroll *enroll, const struct enroll_order *order,
                struct enroll_answer *ret_answer, struct error *err)
{
    AUTO(enroll_answer_done) struct enroll_answer answer = {.state = ENROLL_THERE};
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    bool is_there = false;
    bool is_left = false;
    if (!enroll_name(order, &answer.name, err))
        return false;
    AUTO(free) char *key_file = memory_format("%s.key", answer.name);
    AUTO(free) char *csr_file = memory_format("%s.csr", answer.name);
    if (!look_for_files(enroll, key_file, csr_file, &is_there, &is_left, err))
        return false;
    if (!is_there) {
        if (!make_request(enroll, order, key_file, is_left, &key, &csr, &answer.verdict, err))
            return false;
        answer.state = ENROLL_REFUSED;
        if (answer.verdict == NULL)
            judge(enroll, order, builder_bytes(&csr), &answer);
        answer.has_new_key = answer.state == ENROLL_MADE && enroll->key == NULL && !is_left;
        if (answer.state == ENROLL_MADE &&
            !write_files(enroll, key_file, csr_file, answer.has_new_key ? key : NULL, builder_bytes(&csr),
                         err))
            return false;
    }
    *ret_answer = answer;
    answer = (struct enroll_answer){.name = NULL};
    return true;
}
