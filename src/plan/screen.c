/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/screen.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/thread.h"
#include "plan/shared.h"
#include "screen/factors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct screening {
    const struct home *home; /**< NULL: none */
    struct screen_list *weak_list;
    bool has_looked; /**< for the list */
    bool has_told;   /**< that there is none */
    struct shared *shared;
};

struct screening *screening_new(const struct home *home)
{
    struct screening *screening = memory_new(1, sizeof(*screening));
    screening->home = home;
    return screening;
}

void screening_free(struct screening *screening)
{
    if (screening->weak_list != NULL)
        screen_list_close(screening->weak_list);
    if (screening->shared != NULL)
        shared_free(screening->shared);
    free(screening);
}

/** What one thread after the other takes its items from. */
struct look {
    struct plan *plan;
    const struct screen_rules *rules;
    const struct screen_list *weak_list;
};

static void refuse(struct plan_item *item, const struct findings *reasons)
{
    if (reasons->count == 0)
        return;
    findings_copy(&item->verdict->findings, reasons);
    item->verdict->is_allowed = false;
    item->action = PLAN_REFUSE;
}

static void screen_item(void *data, size_t index)
{
    const struct look *look = data;
    struct plan_item *item = &look->plan->items[index];
    const struct request *request = item->request;
    AUTO(findings_done) struct findings reasons = FINDINGS_INIT;
    struct public_key_facts facts;
    struct error err = ERROR_INIT;
    if (request == NULL || request->spki.len == 0)
        return;
    // What goes into the certificate is looked at, not what a reader said of it.
    if (public_key_read(request->spki, &facts, &err) && public_key_is_portable(&facts, &err))
        screen_key(look->rules, look->weak_list, &facts, &reasons);
    else if (!findings_has(&item->verdict->findings, "key.encoding"))
        findings_say(&reasons, "key.encoding", NULL, "key: %s", err.text);
    refuse(item, &reasons);
}

/** Opens the list of Debian's weak keys: the home's, or what comes with the program; there may be none anywhere. */
static bool open_weak_list(const struct home *home, struct screen_list **ret_list, struct error *err)
{
    static const char name[] = "screen/debian-weak-keys";
    if (home != NULL && file_exists(home->fd, name))
        return screen_list_open(home->fd, name, ret_list, err);
    AUTO(free) char *path = home_data_find(name);
    return path == NULL || screen_list_open(AT_FDCWD, path, ret_list, err);
}

bool screening_open(struct screening *screening, struct error *err)
{
    if (screening->has_looked)
        return true;
    if (!open_weak_list(screening->home, &screening->weak_list, err))
        return error_while(err, "screening keys");
    screening->has_looked = true;
    return true;
}

/** Finds the list, or says that there is none, in the first plan of a run that holds an RSA key. */
static bool look_for_list(struct screening *screening, struct plan *plan, struct error *err)
{
    if (!screening_open(screening, err))
        return false;
    if (screening->weak_list == NULL && !screening->has_told)
        findings_say(&plan->warnings, "screen.debian-weak-keys", "CVE-2008-0166",
                     "RSA keys are not compared with Debian's weak keys of 2008: there is no list; "
                     "scripts/debian-weak-keys makes one");
    screening->has_told = true;
    return true;
}

bool screening_refuse(struct screening *screening, struct ledger *ledger, struct plan *plan,
                      const struct policy *policy, struct error *err)
{
    const struct screen_rules *rules = policy_screen(policy);
    bool has_rsa = plan_has_rsa_key(plan);
    if (rules->debian_weak_keys && has_rsa && !look_for_list(screening, plan, err))
        return false;
    struct look look = {.plan = plan, .rules = rules, .weak_list = screening->weak_list};
    // Keys on curves take a microsecond: threads would cost more.
    thread_each(plan->count, has_rsa ? thread_cores() : 1, screen_item, &look);
    if (!has_rsa)
        return true;
    if (screening->shared == NULL)
        screening->shared = shared_new(screening->home);
    if (!rules->shared_factors) {
        shared_note(screening->shared, plan);
        return true;
    }
    return shared_refuse(screening->shared, ledger, plan, err) || error_while(err, "screening keys");
}

bool screening_forget(int home_fd, struct error *err)
{
    return unlinkat(home_fd, SCREEN_STORE_FILE, 0) == 0 || errno == ENOENT ||
           error_errno(err, ERROR_INPUT, errno, "can't remove %s", SCREEN_STORE_FILE);
}
