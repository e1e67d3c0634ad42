/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share of an open ledger. Nothing here is for others: they have ledger.h. */
#ifndef COLDCA_LEDGER_LOG_H
#define COLDCA_LEDGER_LOG_H

#include "ledger/index.h"
#include "ledger/ledger.h"
#include "ledger/lines.h"
#include "ledger/note.h"

#include <stdatomic.h>

#define LOG_NAME "ledger.jsonl"
#define LOG_NOTES_NAME "ledger.checkpoints"
#define LOG_NEWEST_NAME "ledger.checkpoint"
#define LOG_LOCK_NAME "lock"

/** A record that waits for ledger_commit(). */
struct log_waiting {
    char *text; /**< the line without LF; owned */
    size_t len;
    struct record_facts facts; /**< views into text */
    struct tree_hash leaf;
};

struct ledger {
    enum ledger_mode mode;
    int home_fd, lock_fd, log_fd, notes_fd; /**< owned; lock_fd is -1 in a reader */
    char *vkey;
    struct note_key key;
    struct index *index;
    bool has_scratch_index;
    struct tree tree;
    struct tree_cache cache;    /**< of tree */
    struct index_state state;   /**< what is committed: in the files, the tree and the index */
    struct builder newest_note; /**< empty if there is none */
    struct builder newest_file; /**< ledger.checkpoint as found at opening */
    bool has_newest_file;
    uint64_t checkpoint_size;      /**< of newest_note; 0 if there is none */
    bool has_new_note;             /**< newest_note is one the index had not read before */
    _Atomic uint64_t durable_size; /**< records on the disk; the one member other threads may read */
    bool is_unsettled;             /**< state is ahead of what index.sqlite holds */
    uint64_t settled_size;         /**< records index.sqlite holds */
    char *operator_name;
    struct builder record_text; /**< room for the record that is appended */
    struct builder group_text;  /**< its lines while it is written */
    struct log_waiting *group;
    size_t group_count, group_capacity;
    char **notices;
    size_t notice_count, notice_next;
    struct error broken; /**< after a write failed: why nothing more may be done */
};

/* lock.c */
/** Takes the home's lock; ERROR_LEDGER, naming who has it, if it is not free after wait_ms. */
MUST_USE bool lock_take(int home_fd, int wait_ms, int *ret_fd, struct error *err);
/** Whether somebody has it now; needs no right to write. */
bool lock_is_held(int home_fd);

/* log.c */
/** Opens one of the ledger's files; ERROR_LEDGER if it is not there, or no file. */
MUST_USE bool log_open_file(int home_fd, const char *name, int flags, int *ret_fd, struct error *err);
void log_say(struct ledger *ledger, const char *format, ...) PRINTF_LIKE(2, 3);
/** Whether the ledger may still be used. */
MUST_USE bool log_is_whole(const struct ledger *ledger, struct error *err);
void log_forget_group(struct ledger *ledger);
struct tree_reader log_tree_reader(struct ledger *ledger);
/** After each change of the state: the index is committed now and then, for many changes together. Failure breaks the ledger. */
void log_settle_some(struct ledger *ledger);

/* find.c */
/** The bytes of a record, from where the index says they are; not checked. */
MUST_USE bool log_read_line(struct ledger *ledger, uint64_t seq, struct builder *ret_line, struct error *err);

/* recover.c */
/** Closes torn tails; a writer's first step. */
MUST_USE bool log_close_tails(struct ledger *ledger, struct error *err);
/** Opens the index and brings it level with the files; makes a new one if it is wrong. */
MUST_USE bool log_catch_up(struct ledger *ledger, struct error *err);
/** Throws the index away and reads the ledger again. \param why for the notice */
MUST_USE bool log_rebuild(struct ledger *ledger, const char *why, struct error *err);

/* recheck.c */
/**
 * A writer's look at the records the index has read: whether they are still those. A long file whose inode, length and time are those
 * noted passes unread. \return false, saying why: they are not, and the index counts for nothing
 */
MUST_USE bool log_recheck(struct ledger *ledger, struct error *why);
/** Notes inode, length and time of ledger.jsonl in the state. \param ret_is_new  whether they differ from those noted before */
MUST_USE bool log_note_stamp(struct ledger *ledger, bool *ret_is_new, struct error *err);

/* checkpoint.c */
/** Reads ledger.checkpoints on from the state's notes_offset up to limit, each note checked against the tree. */
MUST_USE bool checkpoints_read_on(struct ledger *ledger, uint64_t limit, struct error *err);
/** Reads the newest note the index knows of; an error means that the index is wrong, or the tree. */
MUST_USE bool checkpoint_load_last(struct ledger *ledger, struct error *err);
/** Whether ledger.checkpoint is of more records than seq: then they were all on the disk. True if it can't be read. */
bool checkpoint_covers(const struct ledger *ledger, uint64_t seq);
/** Appends a note that was checked to ledger.checkpoints and makes it ledger.checkpoint. The ledger is whole (log_is_whole()). */
MUST_USE bool checkpoint_store(struct ledger *ledger, struct bytes note, uint64_t size, struct error *err);
/** After a crash between the two files ledger.checkpoint is the note before: a writer repairs it, before the index learns of the newer. */
MUST_USE bool checkpoint_mend_newest(struct ledger *ledger, struct error *err);
/** Compares ledger.checkpoint with the newest of ledger.checkpoints; refuses what no crash explains. */
MUST_USE bool checkpoint_compare_newest(struct ledger *ledger, struct error *err);

#endif
