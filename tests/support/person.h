/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person at a terminal, for tests: a child runs on a pseudo-terminal of its own, the test reads what it draws and types.
 * No sleeps: every wait is for something to be seen, or for the child's end.
 */
#ifndef COLDCA_TESTS_UI_PERSON_H
#define COLDCA_TESTS_UI_PERSON_H

#include "base/builder.h"

#include <sys/types.h>

struct person {
    pid_t pid;
    int screen;          /**< master side */
    int answers;         /**< what the child reported */
    int go;              /**< closed: the child starts */
    struct builder seen; /**< all that was drawn */
    size_t seen_to;      /**< person_sees() looks from here on */
};

/** What the child does; its report goes to `report` and is read by person_hears(). */
typedef void person_child(int report);

/** Starts a child on a terminal of the given width; it waits until person_lets_go(). */
void person_start(struct person *person, person_child *child, unsigned short columns);
/** The same on a terminal of some rows, which is 50 else; 0 and 0: its size is not known. */
void person_start_at(struct person *person, person_child *child, unsigned short columns, unsigned short rows);
void person_lets_go(struct person *person);
/** Waits until text was drawn after what was seen last; fails the test when the child ends or a minute passes first. */
void person_sees(struct person *person, const char *text);
void person_types(struct person *person, const char *text);
/** Whether the terminal echoes what is typed. */
bool person_has_echo(const struct person *person);
/** Reads everything until the child ends. \return its report; the caller frees */
char *person_hears(struct person *person);
bool person_saw(struct person *person, const char *text);
void person_done(struct person *person);

#endif
