/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.set: who may decide what, from its seq on until the next one (docs/ledger-format.md 10).
 * It promises: a control that was read or checked can be met: names and keys are each there once, every quorum has enough keys.
 * It does not: say whether it was allowed to follow the one before; governed.h judges that.
 */
#ifndef COLDCA_RECORDS_CONTROL_H
#define COLDCA_RECORDS_CONTROL_H

#include "ledger/note.h"
#include "records/act.h"
#include "records/record.h"

#define RECORD_CONTROL_SET "control.set"

#define CONTROL_PEOPLE_MAX 32
#define CONTROL_QUORUM_MAX 32
#define CONTROL_FILE_MAX_LEN ((size_t)64 << 10) /* of the YAML people write */
#define CONTROL_NONE UINT64_MAX                 /* previous: there is none */

struct control_person {
    char *name; /**< with a key also the key's name: no spaces, no "+" */
    char *role; /**< "operator", "approver", "auditor": the last approves nothing */
    char *key;  /**< vkey (docs/ledger-format.md 4), types 0x01 and 0x02; NULL: none */
};

/** Texts owned. */
struct control {
    uint64_t seq;      /**< of its record; of one that is not recorded yet CONTROL_NONE */
    uint64_t previous; /**< seq of the control before; CONTROL_NONE: the first */
    struct control_person people[CONTROL_PEOPLE_MAX];
    size_t people_count;
    unsigned quorum[ACT_COUNT];
    bool emergency[ACT_COUNT]; /**< ACT_REVOKE and ACT_CRL: one person may, if the record says so */
    bool only_approved_policies;
    bool
        forbids_extractable; /**< keys that could leave their token are not used, whatever ca.yaml says; false: ca.yaml decides */
    bool requires_manifest; /**< no batch of a medium without a signed list, likewise */
    bool has_crl;           /**< the rest is set */
    unsigned crl_max_days;
    bool crl_keep_expired;
};
void control_done(struct control *control);
DEFINE_AUTO_VALUE(struct control, control_done);

/** Adds a person; texts are copied, key may be NULL. \return false: ERROR_INPUT, there are CONTROL_PEOPLE_MAX */
MUST_USE bool control_add_person(struct control *control, const char *name, const char *role, const char *key,
                                 struct error *err);
/** Whether it can be met. ERROR_INPUT, naming the person or the act */
MUST_USE bool control_check(const struct control *control, struct error *err);

/** How many approvals an act needs. 0: whoever can log in to the token decides. */
unsigned control_needed(const struct control *control, enum act act);
/** Who has this name; NULL: nobody. */
const struct control_person *control_person(const struct control *control, const char *name);
/** Whether a person's approval counts: with a key, and not an auditor's. */
bool control_may_approve(const struct control_person *person);

/** The members of its record; the caller frees. */
struct json *control_write(const struct control *control);
/** ERROR_LEDGER: a member is missing; ERROR_INPUT: it can't be met. seq is that of the record, if it has one */
MUST_USE bool control_read(const struct json *json, struct control *ret_control, struct error *err);
/** What people write, `init --controls FILE`: YAML (docs/controls.md). ERROR_INPUT */
MUST_USE bool control_load(struct bytes text, const char *file, struct control *ret_control,
                           struct error *err);

#endif
