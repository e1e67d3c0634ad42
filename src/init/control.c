/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
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
    const char *policies = options->policies != NULL ? options->policies : "approved";
    control->only_approved_policies = strcmp(policies, "any") != 0;
    if (control->only_approved_policies && strcmp(policies, "approved") != 0)
        return error_set(err, ERROR_USAGE, 0, "--policies is approved or any");
    // What nobody asked for now is not asked for later by an edit of ca.yaml.
    control->forbids_extractable = !options->may_be_extractable;
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
    if (options->may_be_extractable && control.forbids_extractable)
        return error_set(err, ERROR_USAGE, 0, "--allow-extractable, but %s says allow_extractable: false",
                         quoted_text(options->controls, &(struct quoted){0}));
    *ret_control = control;
    control = (struct control){.people_count = 0};
    return true;
}

static bool append_policy(struct home *home, const struct policy *policy, struct bytes text,
                          struct error *err)
{
    struct record_policy_approved record = {.name = policy_name(policy)};
    AUTO(free) char *whole = memory_text_of((const char *)text.data, text.len);
    record.text = whole;
    memcpy(record.sha256, policy_sha256(policy), sizeof(record.sha256));
    return ledger_append(home->ledger, RECORD_POLICY_APPROVED, record_policy_approved_write(&record), NULL,
                         err);
}

/** One that lay in the directory and can't be used is not what the CA begins with: it has to be fixed, and approved then. */
static bool log_policy(struct home *home, const char *name, const struct console *console, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    AUTO(policy_free) struct policy *policy = NULL;
    struct error why = ERROR_INIT;
    struct quoted room;
    if (!home_policy_read(home->fd, name, &text, &file, &why) ||
        !policy_load(builder_bytes(&text), file, &policy, &why) ||
        !record_policy_text_check(name, builder_bytes(&text), &why)) {
        console_notice(console, "the policy %s was not approved: %.*s", quoted_text(name, &room),
                       (int)strcspn(why.text, "\n"), why.text);
        return true;
    }
    return append_policy(home, policy, builder_bytes(&text), err) ||
           error_while(err, "approving the policy %s", quoted_text(name, &room));
}

static bool log_policies(struct home *home, const struct console *console, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    bool is_fine = home_policy_names(home->fd, &names, &count, err);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *name = names[i];
        is_fine = is_fine && log_policy(home, name, console, err);
    }
    free(names);
    return is_fine;
}

/** The root's, if it is not one of the home's: what its certificate was made by stands in the ledger, too. */
static bool log_own_policy(struct home *home, const struct init_plan *own, struct error *err)
{
    AUTO(policy_free) struct policy *same = NULL;
    struct error ignored = ERROR_INIT; // there is none of this name
    if (own == NULL || (home_policy_find(home->fd, policy_name(own->policy), &same, &ignored) &&
                        memcmp(policy_sha256(same), policy_sha256(own->policy), 32) == 0))
        return true;
    struct bytes text = bytes_of(own->policy_text, own->policy_text_len);
    return record_policy_text_check(policy_name(own->policy), text, err) &&
           append_policy(home, own->policy, text, err);
}

bool init_log_control(struct home *home, const struct control *control, const struct init_plan *own,
                      const struct console *console, struct error *err)
{
    AUTO(control_done) struct control before = {.people_count = 0};
    bool is_set = false;
    // A completion that was stopped has set it already, and what is set is changed by its own quorum only.
    if (!control_in_force(home->ledger, &before, &is_set, err) || is_set)
        return is_set;
    // The policies stand before it: they are what the CA begins with, and no plan can have asked for them yet.
    // Its own first: one of the same name in the home is what is used from now on.
    return (!control->only_approved_policies ||
            (log_own_policy(home, own, err) && log_policies(home, console, err))) &&
           ledger_append(home->ledger, RECORD_CONTROL_SET, control_write(control), NULL, err);
}
