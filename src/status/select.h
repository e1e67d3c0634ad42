/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates `revoke` is about: by serial, by a file, by a list, by what the ledger says of them. status/ only. */
#ifndef COLDCA_STATUS_SELECT_H
#define COLDCA_STATUS_SELECT_H

#include "inspect/foreign.h"
#include "status/target.h"

/** The file that options name, read before this process is confined. */
struct selection {
    struct builder lines;    /**< --list, as list_parse.h has them */
    struct foreign foreign;  /**< --certificate, --request, --key */
    uint8_t sha256[32];      /**< of the list's file */
    struct target_wish wish; /**< for each that does not say otherwise */
};
void selection_done(struct selection *selection);
DEFINE_AUTO_VALUE(struct selection, selection_done);

/** ERROR_USAGE unless exactly one way is named, and what is to be done can be. */
MUST_USE bool selection_read(const struct revoke_options *options, struct selection *selection,
                             struct error *err);
/** Finds them in the ledger. \param plan  gets targets and problems */
MUST_USE bool selection_find(const struct selection *selection, const struct revoke_options *options,
                             struct status_desk *desk, struct revoke_plan *plan, struct error *err);

/** Parts of it. */
MUST_USE bool selection_add(struct status_desk *desk, struct bytes serial, int64_t not_after,
                            const struct target_wish *wish, struct revoke_plan *plan, struct error *err);
void selection_add_problem(struct revoke_plan *plan, const char *file, size_t line, const struct error *why);
/** list.c */
MUST_USE bool selection_from_list(const struct selection *selection, const char *file,
                                  const struct target_wish *wish, struct status_desk *desk,
                                  struct revoke_plan *plan, struct error *err);
/** where.c: "policy=X,issued-since=2026-01-01,..." */
MUST_USE bool selection_from_where(const char *where, const struct target_wish *wish,
                                   struct status_desk *desk, struct revoke_plan *plan, struct error *err);
/** All certificates that visit() says yes to. */
MUST_USE bool selection_matching(struct status_desk *desk, const struct ledger_filter *filter,
                                 bool (*fits)(const struct ledger_entry *entry, const void *data),
                                 const void *data, const struct target_wish *wish, struct revoke_plan *plan,
                                 struct error *err);

#endif
