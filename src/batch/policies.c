/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/policies.h"

#include "base/memory.h"
#include "base/quote.h"
#include "plan/permits.h"
#include "records/in_force.h"

#include <string.h>

static struct batch_policy *find(const struct batch_policies *policies, const char *path)
{
    size_t len = strcspn(path, "/");
    for (size_t i = 0; path[len] == '/' && i < policies->count; i++) {
        const char *folder = policies->items[i]->folder;
        if (folder != NULL && strlen(folder) == len && memcmp(folder, path, len) == 0)
            return policies->items[i];
    }
    return NULL;
}

const struct batch_policy *batch_policy_of(const struct batch_policies *policies, const char *path)
{
    const struct batch_policy *policy = find(policies, path);
    return policy != NULL ? policy : policies->fallback;
}

/** \param folder  NULL: the command line's */
static bool load(struct batch_policies *policies, const char *name, const char *folder,
                 struct batch_policy **ret_policy, struct error *err)
{
    struct batch_policy *item = memory_new(1, sizeof(*item));
    policies->items = memory_grow(policies->items, policies->count + 1, sizeof(struct batch_policy *));
    policies->items[policies->count++] = item;
    if (!home_policy_find(policies->home_fd, name, &item->policy, err))
        return false;
    item->folder = folder == NULL ? NULL : memory_text(folder);
    item->variables = memory_new(policies->given->variables_count, sizeof(*item->variables));
    item->options = policies->shared;
    item->options.policy = item->policy;
    item->options.variables = item->variables;
    for (size_t i = 0; i < policies->given->variables_count; i++) {
        if (policy_declares(item->policy, policies->given->variables[i].name))
            item->variables[item->options.variables_count++] = policies->given->variables[i];
    }
    if (policy_is_root(item->policy)) {
        item->problem = memory_format(
            "the policy %s is for roots; a batch signs those only by a plan that people approved", name);
        item->rule = "policy.root";
        item->remedy =
            "look at it by eye: coldca review; or have it approved: `coldca plan --policy NAME -o "
            "PLAN MEDIUM`, `coldca approve`, then `coldca batch MEDIUM --plan PLAN --approval FILE`";
    }
    *ret_policy = item;
    return true;
}

bool batch_policies_open(struct batch_policies *policies, int home_fd, const struct batch_options *given,
                         const struct plan_options *shared, struct error *err)
{
    *policies = (struct batch_policies){.home_fd = home_fd, .given = given, .shared = *shared};
    return home_policy_names(home_fd, &policies->names, &policies->names_count, err) &&
           (given->policy == NULL || load(policies, given->policy, NULL, &policies->fallback, err));
}

void batch_policies_done(struct batch_policies *policies)
{
    for (size_t i = 0; i < policies->names_count; i++)
        free(policies->names[i]);
    free(policies->names);
    for (size_t i = 0; i < policies->count; i++) {
        struct batch_policy *item = policies->items[i];
        if (item->policy != NULL)
            policy_free(item->policy);
        free(item->folder);
        free(item->variables);
        free(item->problem);
        free(item);
    }
    free(policies->items);
    *policies = (struct batch_policies){.names = NULL};
}

bool batch_policies_want(struct batch_policies *policies, const char *path, struct error *err)
{
    struct quoted buffer;
    struct batch_policy *loaded = NULL;
    AUTO(free) char *folder = memory_text_of(path, strcspn(path, "/"));
    if (find(policies, path) != NULL)
        return true;
    for (size_t i = 0; strchr(path, '/') != NULL && i < policies->names_count; i++) {
        if (strcmp(policies->names[i], folder) == 0)
            return load(policies, folder, folder, &loaded, err);
    }
    return policies->fallback != NULL ||
           error_set(err, ERROR_USAGE, 0,
                     "no policy for requests/%s: name one with --policy, or put it into a directory named "
                     "like one (`coldca policy list`)",
                     quoted_text(path, &buffer));
}

bool batch_policies_is_other(const struct batch_policies *policies, const char *path, const char *name)
{
    AUTO(free) char *folder = memory_text_of(path, strcspn(path, "/"));
    bool is_policy = false;
    for (size_t i = 0; strchr(path, '/') != NULL && i < policies->names_count; i++)
        is_policy = is_policy || strcmp(policies->names[i], folder) == 0;
    return is_policy && strcmp(folder, name) != 0;
}

bool batch_policies_check(const struct batch_policies *policies, struct error *err)
{
    struct quoted buffer;
    for (size_t i = 0; i < policies->given->variables_count; i++) {
        const char *name = policies->given->variables[i].name;
        bool is_declared = false;
        for (size_t j = 0; j < policies->count; j++)
            is_declared = is_declared || policy_declares(policies->items[j]->policy, name);
        if (!is_declared)
            return error_set(err, ERROR_USAGE, 0, "--set %s: no policy of this batch has such a variable",
                             quoted_text(name, &buffer));
    }
    for (size_t i = 0; i < policies->count; i++) {
        const struct plan_options *options = &policies->items[i]->options;
        if (!policy_check_variables(options->policy, options->variables, options->variables_count, err))
            return false;
    }
    return true;
}

static bool confirm(const struct batch_policies *policies, const struct console *console, struct error *err)
{
    bool is_meant = false;
    if (policies->given->policy_changed_ok)
        return true;
    if (console->confirm == NULL)
        return error_set(
            err, ERROR_INPUT, 0,
            "a policy changed since it was last used and there is no terminal; look at it, then say "
            "--policy-changed-ok; nothing was signed");
    return console->confirm(console->data,
                            "The policy changed since it was last used. Sign by it as it is now?", &is_meant,
                            err) &&
           (is_meant ||
            error_set(err, ERROR_INTERRUPTED, 0, "the policy was not confirmed; nothing was signed"));
}

bool batch_policies_compare(const struct batch_policies *policies, const struct home *home,
                            const struct console *console, struct error *err)
{
    bool is_needed = false;
    if (!policy_needs_approval(home->ledger, &is_needed, err))
        return false;
    if (is_needed && policies->given->policy_changed_ok)
        return error_set(err, ERROR_USAGE, 0,
                         "there is no --policy-changed-ok in this CA, which uses approved policies only; "
                         "nothing was signed: leave it out, and approve what changed with `coldca policy "
                         "approve NAME`");
    for (size_t i = 0; i < policies->count; i++) {
        AUTO(builder_done) struct builder change = BUILDER_INIT;
        const struct batch_policy *item = policies->items[i];
        const char *given = item->folder != NULL ? item->folder : policies->given->policy;
        if (!plan_permits_policy(home, item->policy, given, &change, err))
            return false;
        if (change.len == 0)
            continue;
        console_notice(console, "%s", builder_text(&change));
        if (!confirm(policies, console, err))
            return false;
    }
    return true;
}
