/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 500 scripts in random orders: check says that one is possible if and only if a rehearsal gets through it. The commands are played by a world of
 * directories and files that knows nothing of the table of conditions: it fails where the real command would.
 */
#include "ceremony/check.h"
#include "ceremony/run.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ORDERS 500
#define STEPS_MAX 40

#define HEAD                                                                                                 \
    "ceremony: x\ntitle: T\nroles: [{role: o}]\nledger: root\n"                                              \
    "homes: [{home: root, token: r}, {home: sub, token: s}]\nmedia: [{medium: stick}]\nsteps:\n"

/** An order that is possible; the others are made of it. */
static const char *const whole[] = {
    "  - {step: clock}\n",
    "  - {step: program}\n",
    "  - {step: token-init, token: r}\n",
    "  - {step: root, home: root, subject: 'CN=R', controls: 'stick:controls.yaml', to: 'stick:root.pem'}\n",
    "  - {step: keys, home: root}\n",
    "  - {step: token-init, token: s}\n",
    "  - {step: request, home: sub, subject: 'CN=S', to: 'stick:sub.csr'}\n",
    "  - {step: plan, home: root, policy: sub-ca, request: 'stick:sub.csr', to: 'stick:sub.plan'}\n",
    "  - {step: approve, plan: 'stick:sub.plan', person: ann, to: 'stick:ann.approval'}\n",
    "  - {step: sign, home: root, policy: sub-ca, request: 'stick:sub.csr', plan: 'stick:sub.plan', "
    "approvals: "
    "['stick:ann.approval'], to: 'stick:out'}\n",
    "  - {step: complete, home: sub, certificate: 'stick:out/sub.pem', chain: 'root:ca.pem'}\n",
    "  - {step: sign, home: sub, policy: tls-server, request: 'stick:servers', to: 'stick:issued'}\n",
    "  - {step: revoke, home: root, certificate: 'stick:out/sub.pem', reason: superseded}\n",
    "  - {step: crl, home: root, to: 'stick:crl'}\n",
    "  - {step: people, home: root, file: 'stick:controls.yaml'}\n",
    "  - {step: policy-approve, home: sub, policy: tls-server}\n",
    "  - {step: checkpoint, home: root}\n",
    "  - {step: seal, token: r, bag: '1'}\n",
    "  - {step: seal, token: s, bag: '2'}\n",
};

/* ---- the world ---- */

static char folder[40];

static bool is_there(const char *path)
{
    return file_exists(AT_FDCWD, path);
}

static void make(const char *path)
{
    AUTO(close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
}

static void make_folder(const char *path)
{
    (void)mkdir(path, 0700); // it may be there
}

static const char *after(const struct step_command *command, const char *option)
{
    for (size_t i = 0; i + 1 < command->count; i++) {
        if (strcmp(command->argv[i], option) == 0)
            return command->argv[i + 1];
    }
    return NULL;
}

static bool has(const struct step_command *command, const char *word)
{
    for (size_t i = 0; i < command->count; i++) {
        if (strcmp(command->argv[i], word) == 0)
            return true;
    }
    return false;
}

/** An option's file, if the option is there, is there. */
static bool finds(const struct step_command *command, const char *option)
{
    const char *path = after(command, option);
    return path == NULL || is_there(path);
}

static char *in_home(const struct step_command *command, const char *file)
{
    return memory_format("%s/%s", after(command, "-C"), file);
}

static bool init_token(const char *label)
{
    AUTO(free) char *token = memory_format("%s/tokens/%s", folder, label);
    bool is_new = !is_there(token);
    if (is_new)
        make_folder(token);
    return is_new;
}

static bool init_home(const struct step_command *command)
{
    AUTO(free) char *keys = memory_format("%s/tokens/%s/keys", folder, after(command, "--token"));
    AUTO(free) char *token = memory_format("%s/tokens/%s", folder, after(command, "--token"));
    AUTO(free) char *config = in_home(command, "ca.yaml");
    AUTO(free) char *made = in_home(command, has(command, "--csr") ? "ca.csr" : "ca.pem");
    if (!is_there(token) || is_there(keys) || is_there(config) || !finds(command, "--controls"))
        return false;
    make_folder(after(command, "-C"));
    make(keys);
    make(config);
    make(made);
    return true;
}

static bool complete_home(const struct step_command *command)
{
    AUTO(free) char *config = in_home(command, "ca.yaml");
    AUTO(free) char *certificate = in_home(command, "ca.pem");
    if (!is_there(config) || is_there(certificate) || !finds(command, "--certificate") ||
        !finds(command, "--chain"))
        return false;
    make(certificate);
    return true;
}

/** "sub.csr" becomes sub.pem, a directory some file. */
static void issue(const struct step_command *command)
{
    const char *out = after(command, "--out");
    AUTO(free)
    char *file = memory_format("%s/%s", out, has(command, "--plan") ? "sub.pem" : "server.pem");
    make_folder(out);
    make(file);
}

static bool work_in_home(const struct step_command *command)
{
    AUTO(free) char *certificate = in_home(command, "ca.pem");
    const char *last = command->argv[command->count - 1];
    if (!is_there(certificate) || !finds(command, "--plan") || !finds(command, "--approval") ||
        !finds(command, "--certificate"))
        return false;
    bool has_file =
        has(command, "set") || has(command, "plan") || (has(command, "sign") && !has(command, "--plan"));
    if (has_file && !is_there(last))
        return false;
    if (has(command, "plan") && is_there(after(command, "--out")))
        return false;
    if (has(command, "plan"))
        make(after(command, "--out"));
    else if (after(command, "--out") != NULL)
        issue(command);
    return true;
}

static bool play(const struct step_command *command)
{
    AUTO(free) char *keys = memory_format("%s/tokens/%s/keys", folder, after(command, "--token"));
    if (strcmp(command->argv[1], "token") == 0)
        return strcmp(command->argv[2], "init") == 0 ? init_token(after(command, "--label")) : is_there(keys);
    if (strcmp(command->argv[1], "approve") == 0) {
        bool may = is_there(command->argv[2]) && !is_there(after(command, "--out"));
        if (may)
            make(after(command, "--out"));
        return may;
    }
    if (has(command, "init"))
        return has(command, "--certificate") ? complete_home(command) : init_home(command);
    return work_in_home(command);
}

static bool run(void *data, const struct step_command *command, world_line *line, void *line_data,
                int *ret_exit, struct error *err)
{
    (void)data;
    (void)line;
    (void)line_data;
    (void)err;
    *ret_exit = play(command) ? 0 : 3;
    return true;
}

static bool look(void *data, const struct ceremony_script *script, const struct step_need *need, bool *ret_is,
                 struct error *err)
{
    AUTO(free) char *path = NULL;
    (void)data;
    (void)script;
    (void)err;
    *ret_is = true;
    if (need->fact == FACT_MOUNTED)
        return true;
    if (need->fact == FACT_READY)
        path = memory_format("%s/tokens/%s", folder, need->of);
    else if (need->fact == FACT_KEYS)
        path = memory_format("%s/tokens/%s/keys", folder, need->of);
    else if (need->fact == FACT_FILE)
        path = memory_format("%s/%.*s/%s", folder, (int)strcspn(need->of, ":"), need->of,
                             need->of + strcspn(need->of, ":") + 1);
    else
        path = memory_format("%s/%s/%s", folder, need->of, need->fact == FACT_EXISTS ? "ca.yaml" : "ca.pem");
    *ret_is = is_there(path);
    return true;
}

/* ---- what is there when it begins: what no step of this order makes ---- */

static bool says(const char *steps, const char *words)
{
    return strstr(steps, words) != NULL;
}

static void begin_with(bool is_there_already, const char *name)
{
    AUTO(free) char *path = memory_format("%s/%s", folder, name);
    if (is_there_already && strchr(name, '.') == NULL && strstr(name, "keys") == NULL)
        make_folder(path);
    else if (is_there_already)
        make(path);
}

static void begin(const char *steps)
{
    bool has_root = !says(steps, "step: root");
    bool has_sub = !says(steps, "step: request");
    bool has_r = !says(steps, "token-init, token: r");
    bool has_s = !says(steps, "token-init, token: s");
    bool has_out = !says(steps, "to: 'stick:out'");
    static const char *const folders[] = {"tokens", "stick", "root", "sub"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        begin_with(true, folders[i]);
    begin_with(has_r, "tokens/r");
    begin_with(has_s, "tokens/s");
    begin_with(has_r && has_root, "tokens/r/keys");
    begin_with(has_s && has_sub, "tokens/s/keys");
    begin_with(has_root, "root/ca.yaml");
    begin_with(has_root, "root/ca.pem");
    begin_with(has_sub, "sub/ca.yaml");
    begin_with(has_sub && !says(steps, "step: complete"), "sub/ca.pem");
    begin_with(true, "stick/controls.yaml");
    begin_with(true, "stick/servers");
    begin_with(has_sub, "stick/sub.csr");
    begin_with(!says(steps, "step: plan"), "stick/sub.plan");
    begin_with(!says(steps, "step: approve"), "stick/ann.approval");
    begin_with(has_out, "stick/out");
    begin_with(has_out, "stick/out/sub.pem");
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    return where->level == 0 ? 0 : remove(path);
}

/* ---- a rehearsal in it ---- */

static bool ask(void *data, const struct room_question *question, struct builder *ret_answer,
                struct error *err)
{
    (void)data;
    if (question->asks == ROOM_CHOICE || question->again > 0)
        return error_set(err, ERROR_INPUT, 0, "a step failed");
    builder_add_text(ret_answer, question->asks == ROOM_NAME ? "Ann" : "A");
    return true;
}

static void say(void *data, const char *text)
{
    builder_add_text(data, text);
}

static bool gets_through(const struct ceremony_script *script, const struct ceremony_site *site,
                         struct builder *said)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *evidence = memory_format("%s/evidence", folder);
    AUTO(ceremony_outcome_done) struct ceremony_outcome outcome = {.transcript = NULL};
    const struct ceremony_run_options options = {.script = script,
                                                 .script_name = "x.yaml",
                                                 .site = site,
                                                 .evidence = evidence,
                                                 .is_rehearsal = true,
                                                 .approver_keys = "/keys",
                                                 .version = "1",
                                                 .world = {.run = run, .look = look},
                                                 .room = {.say = say, .ask = ask, .data = said}};
    // The world's homes have no ledger, so it may fail when all steps are done.
    if (!ceremony_run(&options, &outcome, &err))
        builder_add_text(said, err.text);
    return outcome.steps_done == script->step_count;
}

static struct ceremony_site *make_site(void)
{
    struct error err = ERROR_INIT;
    struct ceremony_site *site = NULL;
    AUTO(free)
    char *text = memory_format("tokens: [{token: r, label: r}, {token: s, label: s}]\n"
                               "homes: [{home: root, path: '%s/root'}, {home: sub, path: '%s/sub'}]\n"
                               "media: [{medium: stick, path: '%s/stick'}]\n",
                               folder, folder, folder);
    if (!ceremony_site_read(bytes_of_text(text), "site.yaml", &site, &err))
        fail_msg("%s", err.text);
    return site;
}

/* ---- random orders ---- */

static unsigned long long state_of_draw;

static unsigned draw(unsigned below)
{
    state_of_draw = state_of_draw * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state_of_draw >> 33) % below;
}

/** The whole order with a few steps swapped, left out or doubled. */
static char *draw_steps(void)
{
    const char *steps[STEPS_MAX];
    unsigned count = ARRAY_LEN(whole);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    memcpy(steps, whole, sizeof(whole));
    for (unsigned changes = draw(5); changes > 0; changes--) {
        unsigned one = draw(count);
        unsigned other = draw(4) == 0 ? draw(count) : (one + 1) % count;
        const char *kept = steps[one];
        switch (draw(4)) {
        case 0: // left out
            memmove(&steps[one], &steps[one + 1], (count - one - 1) * sizeof(steps[0]));
            count--;
            break;
        case 1: // doubled
            steps[count++] = kept;
            break;
        default:
            steps[one] = steps[other];
            steps[other] = kept;
        }
    }
    for (unsigned i = 0; i < count; i++)
        builder_add_text(&text, steps[i]);
    return builder_take_text(&text);
}

static void check_and_rehearsal_agree(void **state)
{
    unsigned possible = 0;
    AUTO(ceremony_site_free) struct ceremony_site *site = make_site();
    (void)state;
    for (unsigned i = 0; i < ORDERS; i++) {
        struct error err = ERROR_INIT;
        struct error why = ERROR_INIT;
        AUTO(builder_done) struct builder said = BUILDER_INIT;
        AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
        AUTO(free) char *steps = draw_steps();
        AUTO(free) char *text = memory_format("%s%s", HEAD, steps);
        if (!ceremony_script_read(bytes_of_text(text), "x.yaml", &script, &err))
            fail_msg("%s\n%s", err.text, text);
        begin(steps);
        bool is_possible = ceremony_check(script, "x.yaml", &why);
        bool is_through = gets_through(script, site, &said);
        if (is_possible != is_through && strstr(why.text, "keeps the ceremony's records") == NULL)
            fail_msg("order %u: check says %s, the rehearsal %s\n%s\n%s", i,
                     is_possible ? "possible" : why.text, is_through ? "got through" : "did not", text,
                     builder_text(&said));
        possible += is_possible ? 1 : 0;
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); // what stays is seen by the next order
    }
    // Both kinds have to be there, or nothing was compared.
    assert_in_range(possible, ORDERS / 20, ORDERS - ORDERS / 20);
}

static int make_world(void **state)
{
    const char *seed = getenv("FAULT_SEED");
    (void)state;
    state_of_draw = seed == NULL ? 20261128 : strtoull(seed, NULL, 10);
    // Each event is fsynced; in memory that costs nothing.
    const char *place = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof(folder), "%s/coldca-orders-XXXXXX", place); // it fits
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_world(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_and_rehearsal_agree, make_world, remove_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
