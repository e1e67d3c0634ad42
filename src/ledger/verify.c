/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/verify.h"

#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

void ledger_report_done(struct ledger_report *report)
{
    findings_done(&report->findings);
}

void verify_report(struct verifier *verifier, const char *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (verifier->report.findings.count == VERIFY_FINDINGS_MAX) {
        verifier->findings_dropped++;
        return;
    }
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer reason is cut
    va_end(arguments);
    findings_say(&verifier->report.findings, rule, NULL, "%s", text);
}

static void verifier_done(struct verifier *verifier)
{
    for (size_t i = 0; i < VERIFY_ROUNDS; i++) {
        struct verify_round *round = &verifier->rounds[i];
        if (verifier->pool != NULL) {
            thread_pool_wait(verifier->pool, &round->parsing);
            thread_pool_wait(verifier->pool, &round->certifying);
        }
        for (size_t j = 0; j < round->count; j++) {
            findings_done(&round->items[j].findings);
            builder_done(&round->items[j].tbs);
            builder_done(&round->items[j].signature);
        }
        free(round->items);
        builder_done(&round->text);
    }
    if (verifier->pool != NULL)
        thread_pool_free(verifier->pool);
    if (verifier->scratch != NULL)
        index_close(verifier->scratch);
    lines_done(&verifier->lines);
    notes_done(&verifier->notes);
    note_key_done(&verifier->key);
    builder_done(&verifier->last_note);
    builder_done(&verifier->note_before);
    ledger_report_done(&verifier->report);
    auto_close(&verifier->log_fd);
    auto_close(&verifier->notes_fd);
    free(verifier);
}
DEFINE_AUTO(struct verifier *, verifier_done);

static bool open_file(int home_fd, const char *name, int *ret_fd, uint64_t *ret_len, struct error *err)
{
    struct stat status;
    if (!log_open_file(home_fd, name, O_RDONLY | O_NOFOLLOW, ret_fd, err))
        return false;
    if (fstat(*ret_fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't stat %s", name);
    *ret_len = (uint64_t)status.st_size;
    return true;
}

/** Lengths are taken checkpoints first: a writer that goes on meanwhile makes them after the records. */
static bool open_all(struct verifier *verifier, const char *vkey, struct error *err)
{
    uint64_t notes_len, log_len;
    if (!note_key_read(vkey, &verifier->key, err) ||
        !open_file(verifier->home_fd, LOG_NOTES_NAME, &verifier->notes_fd, &notes_len, err) ||
        !open_file(verifier->home_fd, LOG_NAME, &verifier->log_fd, &log_len, err) ||
        !index_open(verifier->home_fd, INDEX_SCRATCH, vkey, &verifier->scratch, err) ||
        !index_begin(verifier->scratch, err))
        return false;
    lines_init(&verifier->lines, verifier->log_fd, 0, log_len);
    notes_init(&verifier->notes, verifier->notes_fd, 0, notes_len);
    verifier->pool = thread_pool_new(thread_cores() - 1);
    for (size_t i = 0; i < VERIFY_ROUNDS; i++) {
        struct verify_round *round = &verifier->rounds[i];
        round->verifier = verifier;
        round->items = memory_new(VERIFY_ROUND_LINES, sizeof(*round->items));
        round->parsing = (struct thread_job){.work = verify_parse_piece, .data = round};
        round->certifying = (struct thread_job){.work = verify_certify_piece, .data = round};
    }
    return verify_next_note(verifier, err);
}

/** Fills an empty round with lines. \param ret_is_end the file has no more */
static bool read_round(struct verifier *verifier, struct verify_round *round, uint64_t *position,
                       bool *ret_is_end, struct error *err)
{
    struct line line;
    builder_clear(&round->text);
    while (round->count < VERIFY_ROUND_LINES && round->text.len < VERIFY_ROUND_BYTES) {
        if (!lines_next(&verifier->lines, &line, err))
            return false;
        if (line.kind == LINE_END || line.kind == LINE_TORN) {
            verifier->report.voids += line.kind == LINE_TORN ? 1 : 0;
            *ret_is_end = true;
            break;
        }
        round->items[round->count++] = (struct verify_item){
            .line = line, .start = round->text.len, .len = line.text.len, .position = *position};
        builder_add_bytes(&round->text, line.text);
        *position += line.kind == LINE_VOID ? 0 : 1;
    }
    round->parsing.count = round->count;
    return true;
}

static void check_order(struct verifier *verifier, struct verify_item *item)
{
    const struct record_facts *facts = &item->facts;
    if (facts->seq != verifier->next_seq)
        verify_say(item, "ledger.sequence", "its seq is %" PRIu64 ", %" PRIu64 " must follow", facts->seq,
                   verifier->next_seq);
    if (facts->time < verifier->newest_time)
        verify_say(item, "ledger.time", "its time is before that of a record before it");
    else
        verifier->newest_time = facts->time;
}

static void count_kind(struct ledger_report *report, enum record_kind kind)
{
    report->issued += kind == RECORD_ISSUED ? 1 : 0;
    report->abandoned += kind == RECORD_ABANDONED ? 1 : 0;
    report->refused += kind == RECORD_REFUSED ? 1 : 0;
    report->sessions += kind == RECORD_SESSION ? 1 : 0;
}

/** The cert.signing a cert.issued refers to, if it was read in the same round: most are, groups being smaller. */
static const struct verify_item *signing_in_round(const struct verify_round *round,
                                                  const struct verify_item *item)
{
    uint64_t back = item->facts.seq - item->facts.ref;
    if (back > (uint64_t)(item - round->items))
        return NULL;
    const struct verify_item *signing = item - back;
    bool is_it =
        signing->is_record && signing->facts.kind == RECORD_SIGNING && signing->facts.seq == item->facts.ref;
    return is_it ? signing : NULL;
}

/** What the room above makes of it; the ledger itself has no notion of CRLs. \return false: SQLite's error */
static bool check_in_order(const struct verifier *verifier, const struct verify_round *round,
                           struct verify_item *item, struct error *err)
{
    const struct ledger_checks *checks = verifier->checks;
    const struct record_facts *facts = &item->facts;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    struct bytes text = bytes_slice(builder_bytes(&round->text), item->start, item->len);
    bool is_known = false;
    if (checks == NULL || checks->in_order == NULL)
        return true;
    if (facts->kind == RECORD_REVOKED &&
        !index_find_serial(verifier->scratch, bytes_of(facts->serial, facts->serial_len), &entry, &is_known,
                           err))
        return false;
    if (checks->in_order(checks->data, facts->seq, text, is_known ? &entry : NULL, &findings))
        return true;
    verify_say_found(item, NULL, &findings, "it does not follow on the records before it");
    return true;
}

/** What the record means after those before it: serials, refs, revocations. */
static bool take_record(struct verifier *verifier, const struct verify_round *round, struct verify_item *item,
                        struct error *err)
{
    struct error why = ERROR_INIT;
    check_order(verifier, item);
    count_kind(&verifier->report, item->facts.kind);
    if (item->facts.seq < verifier->next_seq)
        return true; // a copy of an earlier one: said above, and no use in following it
    verifier->next_seq = item->facts.seq + 1;
    if (!index_add(verifier->scratch, &item->facts, item->line.offset, item->len, &why)) {
        if (why.native != 0) {
            *err = why; // SQLite could not, that is not a fault of the ledger
            return false;
        }
        verify_say(item, "ledger.history", "%s", why.text);
        return true;
    }
    if (!check_in_order(verifier, round, item, err))
        return false;
    if (item->facts.kind != RECORD_ISSUED)
        return true;
    item->signing = signing_in_round(round, item);
    return index_place(verifier->scratch, item->facts.ref, &item->signing_offset, &item->signing_len,
                       &item->has_certificate, err);
}

static bool keep_tile(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                      struct error *err)
{
    const struct verifier *verifier = data;
    return verifier->only_tree || index_tile_put(verifier->scratch, level, number, tile, err);
}

/** In order, by one thread: the tree, the checkpoints, the history. */
static bool take_round(struct verifier *verifier, struct verify_round *round, struct error *err)
{
    thread_pool_wait(verifier->pool, &round->parsing);
    for (size_t i = 0; i < round->count; i++) {
        struct verify_item *item = &round->items[i];
        if (item->line.kind == LINE_VOID) {
            verifier->report.voids++;
            continue;
        }
        if (!verify_notes_here(verifier, err) ||
            !tree_append(&verifier->tree, &item->leaf, keep_tile, verifier, err))
            return false;
        if (!item->is_record)
            verifier->next_seq++;
        else if (!take_record(verifier, round, item, err))
            return false;
    }
    round->certifying.count = round->count;
    thread_pool_start(verifier->pool, &round->certifying);
    return true;
}

/** Takes a round's findings into the report and empties it. */
static void finish_round(struct verifier *verifier, struct verify_round *round)
{
    thread_pool_wait(verifier->pool, &round->certifying);
    for (size_t i = 0; i < round->count; i++) {
        struct verify_item *item = &round->items[i];
        for (size_t j = 0; j < item->findings.count; j++)
            verify_report(verifier, item->findings.items[j].rule, "%s", item->findings.items[j].text);
        if (item->findings.count > 0 && verifier->report.first_bad_seq < 0)
            verifier->report.first_bad_seq = (int64_t)item->position;
        findings_done(&item->findings);
        builder_done(&item->tbs);
        builder_done(&item->signature);
    }
    round->count = round->parsing.count = round->certifying.count = 0;
}

static bool read_all(struct verifier *verifier, struct error *err)
{
    struct verify_round *parsed = NULL;
    uint64_t position = 0;
    size_t turn = 0;
    bool is_end = false;
    for (; !is_end || parsed != NULL; turn++) {
        struct verify_round *round = NULL;
        if (!is_end) {
            round = &verifier->rounds[turn % VERIFY_ROUNDS];
            finish_round(verifier, round);
            if (!read_round(verifier, round, &position, &is_end, err))
                return false;
            thread_pool_start(verifier->pool, &round->parsing);
        }
        if (parsed != NULL && !take_round(verifier, parsed, err))
            return false;
        parsed = round;
    }
    // Oldest first, so that findings stay in order; the last turn used no round.
    for (size_t i = 0; i < VERIFY_ROUNDS; i++)
        finish_round(verifier, &verifier->rounds[(turn - 1 + i) % VERIFY_ROUNDS]);
    return true;
}

static bool count_status(struct verifier *verifier, enum ledger_status status, uint64_t *ret_count,
                         struct error *err)
{
    bool has_row;
    sqlite3_stmt *select =
        index_statement(verifier->scratch, "SELECT count(*) FROM certificates WHERE status = ?1", err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_int(select, 1, (int)status) != SQLITE_OK)
        return index_fail(verifier->scratch, err);
    if (!index_step(verifier->scratch, select, &has_row, err))
        return false;
    *ret_count = (uint64_t)sqlite3_column_int64(select, 0);
    (void)sqlite3_reset(select); // it has been read
    return true;
}

static bool finish_report(struct verifier *verifier, struct index *stored, struct error *err)
{
    struct ledger_report *report = &verifier->report;
    struct tree_hash root;
    const struct index_state state = {.size = verifier->tree.size, .newest_time = verifier->newest_time};
    report->records = verifier->tree.size;
    report->records_past_checkpoint = report->records - report->checkpoint_size;
    tree_edge_root(&verifier->tree, &root);
    memcpy(report->root, root.bytes, sizeof(root.bytes));
    if (verifier->only_tree)
        return verify_notes_end(verifier, err);
    if (!verify_notes_end(verifier, err) || !index_commit(verifier->scratch, &state, &verifier->tree, err) ||
        !count_status(verifier, LEDGER_UNFINISHED, &report->unfinished, err) ||
        !count_status(verifier, LEDGER_REVOKED, &report->revoked, err))
        return false;
    // An index of a damaged ledger can't be right; the damage is what matters.
    if (stored != NULL && report->findings.count == 0 && !verify_index(verifier, stored, err))
        return false;
    if (verifier->findings_dropped > 0)
        findings_say(&report->findings, "ledger.more", NULL, "and %" PRIu64 " findings more",
                     verifier->findings_dropped);
    return true;
}

/** A checkpoint an auditor kept: it must be one by this ledger's key, or it says nothing. */
static bool read_since(struct verifier *verifier, struct bytes whole, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    bool is_signed = false;
    if (whole.len == 0)
        return true;
    if (!note_read(whole, &note, err) || !note_verify(&note, &verifier->key, &is_signed, NULL, err) ||
        !checkpoint_read(note.text, &verifier->since, err))
        return error_while(err, "reading the kept checkpoint");
    if (!is_signed || !bytes_equal_text(verifier->since.origin, verifier->key.name))
        return error_set(err, ERROR_INPUT, 0, "the kept checkpoint is not by this ledger's key");
    verifier->has_since = true;
    return true;
}

bool ledger_verify_scope(int home_fd, const char *vkey, const struct ledger_scope *scope,
                         struct ledger_report *ret_report, struct error *err)
{
    AUTO(verifier_done) struct verifier *verifier = memory_new(1, sizeof(*verifier));
    AUTO(index_close) struct index *stored = NULL;
    struct error why = ERROR_INIT;
    verifier->home_fd = home_fd;
    verifier->log_fd = verifier->notes_fd = -1;
    verifier->checks = scope->checks;
    verifier->only_tree = scope->only_tree;
    verifier->known = scope->known;
    verifier->known_count = scope->known_count;
    verifier->report.first_bad_seq = -1;
    // Before the files: a read-only index is of one moment, and never ahead of files looked at later.
    bool has_index = !scope->only_tree && faccessat(home_fd, "index.sqlite", F_OK, 0) == 0;
    bool is_open = !has_index || index_open(home_fd, INDEX_READ, vkey, &stored, &why);
    if (!is_open && why.kind == ERROR_INPUT) {
        *err = why; // a disk that does not answer says nothing of the ledger
        return error_while(err, "verifying the ledger");
    }
    // An empty one is what a run leaves that was stopped before it had made it: as good as none.
    if (!is_open && why.native != SQLITE_EMPTY)
        verify_report(verifier, "ledger.index", "%s: run `coldca ledger index --rebuild`", why.text);
    if (!open_all(verifier, vkey, err) || !read_since(verifier, scope->since, err) ||
        !read_all(verifier, err) || !verify_notes_here(verifier, err) ||
        !finish_report(verifier, stored, err))
        return error_while(err, "verifying the ledger");
    *ret_report = verifier->report;
    verifier->report = (struct ledger_report){.records = 0};
    return true;
}

bool ledger_verify(int home_fd, const char *vkey, const struct ledger_checks *checks,
                   struct ledger_report *ret_report, struct error *err)
{
    return ledger_verify_scope(home_fd, vkey, &(struct ledger_scope){.checks = checks}, ret_report, err);
}

bool ledger_index_rebuild(int home_fd, const char *vkey, uint64_t *ret_records, struct error *err)
{
    AUTO(ledger_close) struct ledger *ledger = NULL;
    int lock_fd = -1;
    if (!lock_take(home_fd, 0, &lock_fd, err))
        return false;
    bool removed = index_remove(home_fd, err);
    auto_close(&lock_fd); // the opening below takes it again
    if (!removed || !ledger_open(home_fd, vkey, LEDGER_WRITE, 0, &ledger, err))
        return false;
    *ret_records = ledger_size(ledger);
    return true;
}
