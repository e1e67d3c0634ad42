/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/quote.h"
#include "init/parts.h"
#include "records/in_force.h"
#include "records/session.h"

#include <fcntl.h>
#include <string.h>

/** One person, who is at the keyboard, decides all. */
static bool of_operator(const struct init_options *options, const struct console *console,
                        struct control *control, struct error *err)
{
    AUTO(free) char *operator_name = session_operator(console->operator_name, NULL);
    const char *policies = options->policies != NULL ? options->policies : "any";
    control->only_approved_policies = strcmp(policies, "any") != 0;
    if (control->only_approved_policies && strcmp(policies, "approved") != 0)
        return error_set(err, ERROR_USAGE, 0, "--policies is approved or any");
    for (size_t i = 0; i < ACT_COUNT; i++)
        control->quorum[i] = 1;
    return control_add_person(control, operator_name, "operator", NULL, err) && control_check(control, err);
}

bool init_read_control(const struct init_options *options, const struct console *console,
                       struct control *ret_control, struct error *err)
{
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (options->controls == NULL && !of_operator(options, console, &control, err))
        return false;
    if (options->controls != NULL && options->policies != NULL)
        return error_set(err, ERROR_USAGE, 0, "--policies goes into the file of --controls: policies");
    if (options->controls != NULL &&
        (!file_read(AT_FDCWD, options->controls, CONTROL_FILE_MAX_LEN, &text, err) ||
         !control_load(builder_bytes(&text), options->controls, &control, err)))
        return false;
    *ret_control = control;
    control = (struct control){.people_count = 0};
    return true;
}

static bool log_policy(struct home *home, const char *name, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    struct policy *policy = NULL;
    if (!home_policy_read(home->fd, name, &text, &file, err) ||
        !policy_load(builder_bytes(&text), file, &policy, err))
        return error_while(err, "approving the policies the CA begins with");
    struct record_policy_approved record = {.name = policy_name(policy), .text = builder_text(&text)};
    memcpy(record.sha256, policy_sha256(policy), sizeof(record.sha256));
    bool is_logged = ledger_append(home->ledger, RECORD_POLICY_APPROVED,
                                   record_policy_approved_write(&record), NULL, err) ||
                     error_while(err, "approving the policy %s", quoted_text(name, &(struct quoted){0}));
    policy_free(policy);
    return is_logged;
}

static bool log_policies(struct home *home, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    bool is_fine = home_policy_names(home->fd, &names, &count, err);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *name = names[i];
        is_fine = is_fine && log_policy(home, name, err);
    }
    free(names);
    return is_fine;
}

bool init_log_control(struct home *home, const struct control *control, struct error *err)
{
    AUTO(control_done) struct control before = {.people_count = 0};
    bool is_set = false;
    // A completion that was stopped has set it already, and what is set is changed by its own quorum only.
    if (!control_in_force(home->ledger, &before, &is_set, err) || is_set)
        return is_set;
    // The policies stand before it: they are what the CA begins with, and no plan can have asked for them yet.
    return (!control->only_approved_policies || log_policies(home, err)) &&
           ledger_append(home->ledger, RECORD_CONTROL_SET, control_write(control), NULL, err);
}
