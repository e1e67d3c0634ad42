/* SPDX-License-Identifier: Apache-2.0 */
/* A record of `coldca ledger list`, as a line. Each is a callback of ledger_each(); data is unused. */
#ifndef COLDCA_CLI_LEDGER_PRINT_H
#define COLDCA_CLI_LEDGER_PRINT_H

#include "ledger/ledger.h"
#include "records/who.h"

/** For people. */
bool ledger_print_line(const struct json *record, const struct ledger_entry *entry, void *data);
/** The record itself, in canonical form. */
bool ledger_print_json(const struct json *record, const struct ledger_entry *entry, void *data);
/** The columns seq, time, type, serial, subject, policy, status. */
bool ledger_print_csv(const struct json *record, const struct ledger_entry *entry, void *data);

/** Prints what a person did, or all. */
struct ledger_printing {
    bool (*print)(const struct json *record, const struct ledger_entry *entry, void *data);
    const struct who *who; /**< NULL: all */
};
/** \param data  a struct ledger_printing, only read */
bool ledger_print_of(const struct json *record, const struct ledger_entry *entry, void *data);

#endif
