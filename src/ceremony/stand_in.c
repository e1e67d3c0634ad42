/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/stand_in.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/words.h"
#include "ceremony/places.h"
#include "home/data.h"

#include <fcntl.h>
#include <string.h>

#define ARGUMENTS_MAX (24 + 2 * CEREMONY_NAMES_MAX)
#define WORDS_SAID 4 /* as many as a room is asked for */

/* ---- commands besides the steps ---- */

struct hearing {
    struct builder *said; /**< stdout; NULL */
    struct builder complaint;
};

static void hear(void *data, bool is_stderr, struct bytes line)
{
    struct hearing *hearing = data;
    if (is_stderr && hearing->complaint.len == 0)
        quote_guard(&hearing->complaint, line);
    if (is_stderr || hearing->said == NULL)
        return;
    builder_add_bytes(hearing->said, line);
    builder_add_u8(hearing->said, '\n');
}

bool stand_in_run(const struct rehearsal_making *making, const char *const *argv, struct builder *ret_output,
                  struct error *err)
{
    int code = 0;
    struct hearing hearing = {.said = ret_output, .complaint = BUILDER_INIT};
    bool is_run =
        child_run(&making->rehearsal->machine, (char *const *)(uintptr_t)argv, hear, &hearing, &code, err);
    bool is_fine =
        is_run && (code == 0 || error_set(err, ERROR_INPUT, 0, "%s", builder_text(&hearing.complaint)));
    builder_done(&hearing.complaint);
    return is_fine;
}

static void say_made(const struct rehearsal_making *making, const char *place, const char *what)
{
    AUTO(free) char *line = memory_format("made up for the rehearsal: %s, %s\n", place, what);
    if (making->say != NULL)
        making->say(making->say_data, line);
}

/* ---- requests ---- */

/** `coldca request` for one name. \param san  NULL: none \param file  the request's name without .csr; NULL: the CN */
static bool make_request(const struct rehearsal_making *making, const struct ceremony_step *step,
                         const char *folder, const char *cn, const char *san, const char *file,
                         struct error *err)
{
    const char *argv[ARGUMENTS_MAX] = {"coldca",    "request", "--policy", step_value(step, FIELD_POLICY),
                                       "--cn",      cn,        "--out",    making->rehearsal->approver_keys,
                                       "--csr-out", folder};
    size_t count = 10;
    for (unsigned i = 0; i < step->set_count && count + 6 < ARGUMENTS_MAX; i++) {
        argv[count++] = "--set";
        argv[count++] = step->set[i];
    }
    if (san != NULL) {
        argv[count++] = "--san";
        argv[count++] = san;
    }
    if (file != NULL) {
        argv[count++] = "--name";
        argv[count++] = file;
    }
    return stand_in_run(making, argv, NULL, err);
}

/** By the names that a device, or else a server, can have. */
static bool make_named(const struct rehearsal_making *making, const struct ceremony_step *step,
                       const char *folder, int number, const char *file, struct error *err)
{
    struct error first = ERROR_INIT;
    AUTO(free) char *device = memory_format("REHEARSAL-%d", number);
    AUTO(free) char *host = memory_format("rehearsal-%d.example", number);
    AUTO(free) char *san = memory_format("dns:%s", host);
    if (make_request(making, step, folder, device, NULL, file, &first) ||
        make_request(making, step, folder, host, san, file, err))
        return true;
    *err = first;
    return false;
}

static bool make_requests(const struct rehearsal_making *making, const struct ceremony_step *step,
                          const char *place, struct error *err)
{
    AUTO(free) char *path = site_place_path(making->rehearsal->site, place);
    size_t len = strlen(path);
    if (len < 4 || strcmp(path + len - 4, ".csr") != 0) {
        say_made(making, place, "two requests");
        return make_named(making, step, path, 1, NULL, err) && make_named(making, step, path, 2, NULL, err);
    }
    const char *name = file_name_of(path);
    AUTO(free) char *folder = memory_text_of(path, (size_t)(name - path));
    AUTO(free) char *base = memory_text_of(name, strlen(name) - 4);
    say_made(making, place, "a request");
    return make_named(making, step, folder, 1, base, err);
}

/* ---- a certificate to revoke ---- */

static bool make_certificate(const struct rehearsal_making *making, const struct ceremony_step *step,
                             const char *place, struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    const char *home = step_value(step, FIELD_HOME);
    const char *keys = making->rehearsal->approver_keys;
    const struct site_token *token =
        site_token(making->rehearsal->site, ceremony_token(making->script, step));
    AUTO(free) char *csr = memory_format("%s/REHEARSAL-revoked.csr", keys);
    AUTO(free) char *made = memory_format("%s/REHEARSAL-revoked.pem", keys);
    const char *const request[] = {
        "coldca", "request",           "--policy", "mqtt-device", "--set", "domain=rehearsal.example",
        "--cn",   "REHEARSAL-revoked", "--out",    keys,          NULL};
    const char *const sign[] = {"coldca",
                                "-C",
                                site_home_path(making->rehearsal->site, home),
                                "--pin-source",
                                token->pin_source,
                                "sign",
                                "--policy",
                                "mqtt-device",
                                "--set",
                                "domain=rehearsal.example",
                                "--out",
                                keys,
                                csr,
                                NULL};
    say_made(making, place, "a certificate of the throwaway CA");
    return stand_in_run(making, request, NULL, err) && stand_in_run(making, sign, NULL, err) &&
           file_read(AT_FDCWD, made, PLACE_FILE_MAX_LEN, &pem, err) &&
           place_write(making->rehearsal->site, place, builder_bytes(&pem), err);
}

/* ---- a policy's new text ---- */

static bool make_policy(const struct rehearsal_making *making, const struct ceremony_step *step,
                        const char *place, struct error *err)
{
    uint8_t sha256[32];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    if (!home_policy_read(-1, step_value(step, FIELD_POLICY), &text, &file, err))
        return false;
    builder_add_text(&text, "# REHEARSAL\n");
    digest_sha256(builder_bytes(&text), sha256);
    words_of(bytes_of(sha256, WORDS_SAID), WORDS_SAID, &words);
    AUTO(free)
    char *what =
        memory_format("the ready policy with a line more; on its paper stands: %s", builder_text(&words));
    say_made(making, place, what);
    return place_write(making->rehearsal->site, place, builder_bytes(&text), err);
}

/* ---- by the step that uses it ---- */

static bool is_at(const struct ceremony_step *step, enum step_field field, const char *place)
{
    const char *value = step_value(step, field);
    return value != NULL && strcmp(value, place) == 0;
}

bool stand_in_file(const struct rehearsal_making *making, const char *place, bool *ret_is_made,
                   struct error *err)
{
    *ret_is_made = true;
    for (unsigned i = 0; i < making->script->step_count; i++) {
        const struct ceremony_step *step = &making->script->steps[i];
        if (is_at(step, FIELD_REQUEST, place) && step_value(step, FIELD_POLICY) != NULL)
            return make_requests(making, step, place, err);
        if (step->kind == STEP_REVOKE && is_at(step, FIELD_CERTIFICATE, place))
            return make_certificate(making, step, place, err);
        bool is_of_people = step->kind == STEP_PEOPLE && is_at(step, FIELD_FILE, place);
        if (is_of_people || is_at(step, FIELD_CONTROLS, place)) {
            say_made(making, place, "controls with throwaway keys");
            return stand_in_controls_file(making, step, place, err);
        }
        if (step->kind == STEP_POLICY_APPROVE && is_at(step, FIELD_FILE, place))
            return make_policy(making, step, place, err);
    }
    *ret_is_made = false;
    return true;
}
