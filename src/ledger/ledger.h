/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: every signature's history, append-only, in three plain files of a CA's home (docs/ledger-format.md).
 * It promises: a record that ledger_commit() has returned for is on the disk (P3); any change, cut, reorder or rollback is found (P4);
 * a torn tail is closed, never cut away (P5).
 * It does not: sign. ledger_checkpoint_text() gives the bytes, ledger_checkpoint_add() takes the signature back.
 */
#ifndef COLDCA_LEDGER_LEDGER_H
#define COLDCA_LEDGER_LEDGER_H

#include "base/algorithm.h"
#include "base/builder.h"
#include "base/finding.h"
#include "base/json.h"
#include "base/time.h"

#include <stdio.h>

#define LEDGER_RECORD_MAX_LEN 65535

struct ledger;

/* ---- the ledger public key (C2SP signed-note vkey) ---- */
/** "ORIGIN+KEYID+BASE64(TYPE||KEY)". ERROR_INPUT if the origin is not a schema-less URL or the key is neither Ed25519 nor P-256. */
MUST_USE bool ledger_vkey_make(const char *origin, struct bytes spki, struct builder *ret_vkey,
                               struct error *err);
/** What a key of this kind signs checkpoints with. */
enum signature_kind ledger_signature_kind(enum key_kind kind);

/* ---- opening ---- */
enum ledger_mode {
    LEDGER_READ,  /**< works on a read-only home; takes no lock, but to put a broken index right if it can */
    LEDGER_WRITE, /**< takes the home's lock, closes a torn tail */
};

/** Makes empty files in a new home; ERROR_LEDGER if any of them exists. */
MUST_USE bool ledger_create(int home_fd, struct error *err);

/**
 * Opens a ledger: reads on from where the index stopped, checks the newest checkpoint (signature, size, root).
 * \param vkey     the ledger public key
 * \param wait_ms  how long to wait for another process's lock; 0: not at all
 * \return false: ERROR_LEDGER: shorter than or inconsistent with a checkpoint, damaged, or locked by another (says its pid)
 */
MUST_USE bool ledger_open(int home_fd, const char *vkey, enum ledger_mode mode, int wait_ms,
                          struct ledger **ret_ledger, struct error *err);
/**
 * A reader for the process that writes, which finds certificates of the records that are there now, and of no later ones. Another
 * thread than the writer's may use it. \return false: as ledger_open(), or what broke the writer
 */
MUST_USE bool ledger_open_beside(struct ledger *writer, struct ledger **ret_reader, struct error *err);
/** Brings the index level, if it can; what was committed is on the disk either way. */
void ledger_close(struct ledger *ledger);
DEFINE_AUTO(struct ledger *, ledger_close);

/** One line worth telling a person once: "index rebuilt", "closed a torn record at byte N"; NULL when there is no more. Borrowed. */
const char *ledger_notice(struct ledger *ledger);

uint64_t ledger_size(const struct ledger *ledger); /**< records, committed ones */
/** Records that are on the disk; unlike all else here any thread may ask while another appends (promise P3). */
uint64_t ledger_durable_size(const struct ledger *ledger);
int64_t ledger_newest_time(const struct ledger *ledger); /**< of the newest record; 0 if empty */
void ledger_root(const struct ledger *ledger, uint8_t ret_root[static 32]);

/* ---- appending: fill a group, commit it ---- */
/** Who is noted as operator in every record from now on; copied; escaped text. */
void ledger_set_operator(struct ledger *ledger, const char *name);
/**
 * Puts a record into the current group. seq, time, type and operator are added to fields.
 * \param fields   an object; taken, freed also on failure
 * \param ret_seq  the record's number; may be NULL
 * \return false: ERROR_LEDGER if the record is too long or the clock is behind the newest record
 */
MUST_USE bool ledger_append(struct ledger *ledger, const char *type, struct json *fields, uint64_t *ret_seq,
                            struct error *err);
/** Writes the group with one write and one fsync. On failure nothing of the group counts. */
MUST_USE bool ledger_commit(struct ledger *ledger, struct error *err);

/* ---- checkpoints ---- */
/** The checkpoint text (C2SP tlog-checkpoint) of the committed records: the bytes the ledger key is to sign. */
MUST_USE bool ledger_checkpoint_text(struct ledger *ledger, struct builder *ret_text, struct error *err);
/** Verifies the signature, appends the note to ledger.checkpoints, fsyncs, then replaces ledger.checkpoint. ERROR_TOKEN if wrong. */
MUST_USE bool ledger_checkpoint_add(struct ledger *ledger, struct bytes text, struct bytes signature,
                                    struct error *err);
/** The newest signed note; ERROR_LEDGER if there is none. */
MUST_USE bool ledger_checkpoint_newest(struct ledger *ledger, struct builder *ret_note, struct error *err);
/** How many records the newest checkpoint covers; 0 if there is none. */
uint64_t ledger_checkpoint_size(const struct ledger *ledger);
/** What the newest checkpoint says; false, ERROR_LEDGER, if there is none. */
MUST_USE bool ledger_checkpoint_facts(const struct ledger *ledger, uint64_t *ret_size,
                                      uint8_t ret_root[static 32], struct error *err);
/** How a ledger differs from what somebody knows of it. */
enum ledger_difference {
    LEDGER_AGREES,
    LEDGER_IS_SHORTER,
    LEDGER_IS_ANOTHER,       /**< as long, with another root */
    LEDGER_LOST_CHECKPOINTS, /**< it holds the records, but no checkpoint that is as long */
};
/** Holds a checkpoint's size and root that were remembered elsewhere against the ledger. \return false if that can't be read */
MUST_USE bool ledger_compare(struct ledger *ledger, uint64_t size, const uint8_t root[static 32],
                             enum ledger_difference *ret_difference, struct error *err);
/** A checkpoint met elsewhere (a medium): ERROR_LEDGER if it is later than or inconsistent with this ledger. origin must match; a
 *  note that is not by this ledger's key is not evidence and sets *ret_is_ours false. */
MUST_USE bool ledger_checkpoint_meet(struct ledger *ledger, struct bytes note, bool *ret_is_ours,
                                     struct error *err);

/* ---- what happened to a certificate ---- */
enum ledger_status { LEDGER_UNFINISHED, LEDGER_ISSUED, LEDGER_ABANDONED, LEDGER_REVOKED };
const char *
ledger_status_name(enum ledger_status status); /**< "unfinished", "issued", "abandoned", "revoked" */

struct ledger_entry {
    uint64_t signing_seq;
    uint64_t issued_seq; /**< UINT64_MAX if not issued */
    enum ledger_status status;
    char *serial; /**< hex */
    char *policy;
    char *subject; /**< escaped text */
    char *source;  /**< file name it came from */
    uint8_t csr_sha256[32];
    uint8_t spki_sha256[32];
    uint8_t key_value[32]; /**< base/key_value.h: the same for all encodings of one key */
    int64_t time;
    int64_t not_after;
};
void ledger_entry_done(struct ledger_entry *entry);
DEFINE_AUTO_VALUE(struct ledger_entry, ledger_entry_done);

/** All lookups: *ret_found false and success if there is none; ERROR_LEDGER if the ledger can't be read. */
MUST_USE bool ledger_find_serial(struct ledger *ledger, struct bytes serial, struct ledger_entry *ret_entry,
                                 bool *ret_found, struct error *err);
/** The newest issued (not revoked) certificate for exactly this CSR under this policy (name and digest). */
MUST_USE bool ledger_find_request(struct ledger *ledger, const uint8_t csr_sha256[static 32],
                                  const char *policy, const uint8_t policy_sha256[static 32],
                                  struct ledger_entry *ret_entry, bool *ret_found, struct error *err);
/** Some certificate, not revoked, with the key of this value (base/key_value.h) and a subject other than this one (key.unique; NULL:
 *  any subject). */
MUST_USE bool ledger_find_key(struct ledger *ledger, const uint8_t key_value[static 32],
                              const char *other_than_subject, struct ledger_entry *ret_entry, bool *ret_found,
                              struct error *err);
/** The digest of the policy of this name as the newest cert.signing has it. */
MUST_USE bool ledger_policy_last_used(struct ledger *ledger, const char *policy,
                                      uint8_t ret_policy_sha256[static 32], uint64_t *ret_seq,
                                      bool *ret_found, struct error *err);
/** The number of the newest chain.set (docs/ledger-format.md 1.2). */
MUST_USE bool ledger_newest_chain(struct ledger *ledger, uint64_t *ret_seq, bool *ret_found,
                                  struct error *err);
/** The unfinished cert.signing records, oldest first; the caller frees each entry and the array. */
MUST_USE bool ledger_unfinished(struct ledger *ledger, struct ledger_entry **ret_entries, size_t *ret_count,
                                struct error *err);

/* ---- reading ---- */
/** One record, parsed. ERROR_LEDGER past the end. The caller frees. */
MUST_USE bool ledger_record(struct ledger *ledger, uint64_t seq, struct json **ret_record, struct error *err);
/** Whether ledger.jsonl is read at every opening for writing, being short: then reading it once more costs little, too. */
bool ledger_is_short(const struct ledger *ledger);
/** The TBSCertificate and signature of an issued certificate. */
MUST_USE bool ledger_certificate_parts(struct ledger *ledger, const struct ledger_entry *entry,
                                       struct builder *ret_tbs, struct builder *ret_signature,
                                       struct error *err);

/**
 * The newest record of a type that governs: control.set, plan.approved, policy.approved; quick, however long the ledger is.
 * \param before  only records before this number; UINT64_MAX: all
 */
MUST_USE bool ledger_governing(struct ledger *ledger, const char *type, uint64_t before, uint64_t *ret_seq,
                               bool *ret_found, struct error *err);

/** Filters of `ledger list`; NULL, 0 and -1 match all. */
struct ledger_filter {
    int64_t since, until; /**< 0: open */
    const char *type, *policy, *serial, *subject, *san, *batch;
    uint64_t from_seq, to_seq; /**< records from from_seq on, below to_seq; 0: all */
    int status;                /**< enum ledger_status or -1 */
    bool only_certificates;    /**< cert.signing records, joined with their end: what `cert list` wants */
};
/** Calls visit for each record that fits, in order, streaming; visit returns false to stop, and must not use the ledger. entry is NULL
 *  unless it is a cert.signing. policy, subject (a part of it), san ("dns:a.example" or "a.example") and status fit cert.signing
 *  records only; serial (hex) fits all records of that certificate, from cert.signing to revocation. ERROR_INPUT if it is not hex. */
MUST_USE bool ledger_each(struct ledger *ledger, const struct ledger_filter *filter,
                          bool (*visit)(const struct json *record, const struct ledger_entry *entry,
                                        void *data),
                          void *data, struct error *err);

/** All committed records, one after another, from ledger.jsonl itself: no index is asked which there are. */
struct ledger_scan;
struct ledger_scan *ledger_scan_new(struct ledger *ledger); /**< borrowed */
void ledger_scan_free(struct ledger_scan *scan);
DEFINE_AUTO(struct ledger_scan *, ledger_scan_free);
/**
 * Goes on from the first record, or where it stopped, to the newest committed one.
 * \param visit  gets each record's line without LF, valid until it returns; false stops the scan for good
 * \return false: visit's error; ERROR_LEDGER if what was read has not the root the ledger has
 */
MUST_USE bool ledger_scan_on(struct ledger_scan *scan,
                             bool (*visit)(void *data, uint64_t seq, struct bytes text, struct error *err),
                             void *data, struct error *err);

/**
 * The records from one on, quickly: neither those before it are read nor the root compared. Where that one lies is the index's word; that it
 * is there, is looked at.
 */
MUST_USE bool ledger_scan_from(struct ledger *ledger, uint64_t seq,
                               bool (*visit)(void *data, uint64_t seq, struct bytes text, struct error *err),
                               void *data, struct error *err);

/* ---- verifying: reads the files from the start, trusts no index ---- */
/** What a cert.signing says of its TBSCertificate, as text; data is NULL where it says nothing. */
struct ledger_claims {
    struct bytes serial, subject, spki_sha256, not_after;
};
/** What records/ lends: the ledger parses no certificates. Each returns false and adds a finding if something is wrong. All but
 *  in_order are called from several threads at once, in any order: what they use of data must be only read, or guarded. */
struct ledger_checks {
    /** TBS bytes fit the record's own fields (serial, subject, SPKI digest, notAfter). */
    bool (*tbs)(void *data, struct bytes tbs, const struct ledger_claims *claims,
                struct findings *ret_findings);
    /** TBS sealed with signature is a certificate by the issuer, its SHA-256 is the one given. */
    bool (*certificate)(void *data, struct bytes tbs, struct bytes signature, const uint8_t sha256[static 32],
                        struct findings *ret_findings);
    /** A record that is neither cert.signing nor cert.issued has what its type demands. \param text  its line, whose type is a text */
    bool (*record)(void *data, struct bytes text, struct findings *ret_findings);
    /**
     * Any record that follows well on those before it: by one thread, in their order.
     * certificate: of a cert.revoked, the certificate of its serial as the records before say; NULL: none has it, or another type
     */
    bool (*in_order)(void *data, uint64_t seq, struct bytes text, const struct ledger_entry *certificate,
                     struct findings *ret_findings);
    void *data;
};
struct ledger_report {
    uint64_t records, voids, checkpoints, issued, unfinished, abandoned, refused, revoked, sessions;
    uint64_t crls;            /**< rebuilt: set by who lent the checks */
    uint64_t emergencies;     /**< acts by one person under the emergency rule; the caller's to fill in */
    uint64_t checkpoint_size; /**< of the newest good checkpoint */
    uint64_t records_past_checkpoint;
    uint8_t root[32];
    bool has_checkpoint;
    struct findings findings;      /**< damage; rule "ledger.*"; empty if all holds */
    int64_t first_bad_seq;         /**< -1 */
    uint64_t last_good_checkpoint; /**< size of the last checkpoint that still holds */
};
void ledger_report_done(struct ledger_report *report);
DEFINE_AUTO_VALUE(struct ledger_report, ledger_report_done);
/** \return false only if the files cannot be read; damage is in the report. checks may be NULL: records and tree only. */
MUST_USE bool ledger_verify(int home_fd, const char *vkey, const struct ledger_checks *checks,
                            struct ledger_report *ret_report, struct error *err);

/** What somebody remembers of the newest checkpoint, without its signature. */
struct ledger_known {
    const char *who; /**< in words: "the token coldca" */
    uint64_t size;
    uint8_t root[32];
};
/** How much ledger_verify_scope() does, and against what. Zeroed: records, tree, checkpoints and index. */
struct ledger_scope {
    const struct ledger_checks *checks; /**< NULL: certificates are not checked */
    struct bytes since;                 /**< a checkpoint of this ledger an auditor kept; empty: none */
    const struct ledger_known *known;   /**< what must fit as well; borrowed */
    size_t known_count;
    bool only_tree; /**< leaf hashes and checkpoints, nothing of what the records say */
};
/** \return false also if since is not a checkpoint by this ledger's key (ERROR_INPUT) */
MUST_USE bool ledger_verify_scope(int home_fd, const char *vkey, const struct ledger_scope *scope,
                                  struct ledger_report *ret_report, struct error *err);

/** Throws index.sqlite away and makes it again from the ledger. Holds the lock. */
MUST_USE bool ledger_index_rebuild(int home_fd, const char *vkey, uint64_t *ret_records, struct error *err);

/** Whether a ledger can have this origin: a schema-less URL (C2SP tlog-checkpoint). */
bool ledger_origin_is_good(const char *origin);

#endif
