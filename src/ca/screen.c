#include "ca/screen.h"

#include "base/memory.h"
#include "ca/data.h"
#include "ca/parallel.h"
#include "ca/shared.h"
#include "screen/factors.h"

#include <errno.h>
#include <unistd.h>

struct screening {
    struct screen_list *weak_list;
    bool has_looked; /**< for the list */
    bool has_told;   /**< that there is none */
    struct shared *shared;
};

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

static bool need_weak_list(int home_fd, struct screening *screening, struct error *err)
{
    if (screening->has_looked)
        return true;
    if (!ca_weak_list_find(home_fd, &screening->weak_list, err))
        return error_while(err, "screening keys");
    screening->has_looked = true;
    return true;
}

bool ca_screen_open(struct ca_home *home, struct error *err)
{
    if (home->screening == NULL)
        home->screening = memory_new(1, sizeof(*home->screening));
    return need_weak_list(home->fd, home->screening, err);
}

/** Finds the list, or says that there is none, in the first plan of a run that holds an RSA key. */
static bool look_for_list(const struct ca_home *home, struct screening *screening, struct plan *plan,
                          struct error *err)
{
    if (!need_weak_list(home != NULL ? home->fd : -1, screening, err))
        return false;
    if (screening->weak_list == NULL && !screening->has_told)
        findings_say(&plan->warnings, "screen.debian-weak-keys", "CVE-2008-0166",
                     "RSA keys are not compared with Debian's weak keys of 2008: there is no list; "
                     "scripts/debian-weak-keys makes one");
    screening->has_told = true;
    return true;
}

bool ca_screen(struct ca_home *home, struct plan *plan, const struct policy *policy, struct error *err)
{
    AUTO(screening_free) struct screening *own = NULL;
    struct screening *screening = home != NULL ? home->screening : NULL;
    const struct screen_rules *rules = policy_screen(policy);
    if (screening == NULL)
        screening = memory_new(1, sizeof(*screening));
    if (home != NULL)
        home->screening = screening;
    else
        own = screening;
    bool has_rsa = plan_has_rsa_key(plan);
    if (rules->debian_weak_keys && has_rsa && !look_for_list(home, screening, plan, err))
        return false;
    struct look look = {.plan = plan, .rules = rules, .weak_list = screening->weak_list};
    // Keys on curves take a microsecond: threads would cost more.
    ca_parallel(plan->count, has_rsa ? ca_cores() : 1, screen_item, &look);
    if (!has_rsa)
        return true;
    if (screening->shared == NULL)
        screening->shared = shared_new();
    if (!rules->shared_factors) {
        shared_note(screening->shared, plan);
        return true;
    }
    return shared_refuse(screening->shared, home, plan, err) || error_while(err, "screening keys");
}

bool ca_screen_forget(int home_fd, struct error *err)
{
    return unlinkat(home_fd, SCREEN_STORE_FILE, 0) == 0 || errno == ENOENT ||
           error_errno(err, ERROR_INPUT, errno, "can't remove %s", SCREEN_STORE_FILE);
}
