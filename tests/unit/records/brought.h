/* SPDX-License-Identifier: Apache-2.0 */
/* A plan and its approvals, as a person brings them to a run. */
#ifndef COLDCA_TESTS_BROUGHT_H
#define COLDCA_TESTS_BROUGHT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "approver.h"
#include "records/admit.h"

/** A person's file and approvals, as they come. */
struct brought {
    struct builder text, notes[2];
    struct plan_file file;
    struct plan_given given;
};

static void bring(struct brought *brought, const struct plan_file *file, const struct approver *one,
                  const struct approver *other)
{
    struct error err = ERROR_INIT;
    const struct approver *const people[] = {one, other};
    *brought = (struct brought){.text = BUILDER_INIT, .notes = {BUILDER_INIT, BUILDER_INIT}};
    plan_file_write(file, &brought->text);
    assert_true(plan_file_read(builder_bytes(&brought->text), &brought->file, &err));
    brought->given.file = &brought->file;
    for (size_t i = 0; i < 2 && people[i] != NULL; i++) {
        approver_approve(people[i], &file->header, file->header.not_before, &brought->notes[i]);
        brought->given.approvals[brought->given.count++] = builder_bytes(&brought->notes[i]);
    }
}

static void brought_done(struct brought *brought)
{
    builder_done(&brought->text);
    plan_file_done(&brought->file);
    builder_done(&brought->notes[0]);
    builder_done(&brought->notes[1]);
}
DEFINE_AUTO_VALUE(struct brought, brought_done);

#endif
