/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl.h"

#include "base/digest.h"
#include "home/created.h"
#include "issue/directory.h"
#include "signer/memory.h"
#include "status/crl_again.h"
#include "status/crl_files.h"
#include "status/planned.h"

#include <inttypes.h>
#include <stdio.h>

/** What is drawn. */
struct drawing {
    struct crl_frame frame;
    struct builder extensions;
    struct crl_made *made;
    uint64_t count;
    const struct json *planned; /**< its record as people approved it; NULL: this run decides */
    struct admitted admitted;
};

static void drawing_done(struct drawing *drawing)
{
    builder_done(&drawing->extensions);
    auto_crl_made_free(&drawing->made);
    admitted_done(&drawing->admitted);
}
DEFINE_AUTO_VALUE(struct drawing, drawing_done);

/* ---- the kind of thing that is signed ---- */

static struct json *write_issued(const struct logged *logged)
{
    const struct drawing *drawing = logged->item;
    struct record_crl_issued record = {.ref = logged->signing_seq,
                                       .number = drawing->frame.number,
                                       .signature = builder_bytes(&logged->signature)};
    memcpy(record.sha256, crl_made_sha256(drawing->made), sizeof(record.sha256));
    return record_crl_issued_write(&record);
}

static bool check(const struct home *home, const struct logged *logged, struct error *err)
{
    const struct drawing *drawing = logged->item;
    (void)home; // what is made knows its issuer
    return crl_made_check(drawing->made, builder_bytes(&logged->signature), err);
}

static const struct logged_kind logged_crl = {
    .signing_type = RECORD_CRL_SIGNING,
    .issued_type = RECORD_CRL_ISSUED,
    .write_issued = write_issued,
    .check = check,
    .is_apart = true,
};

/* ---- drawing ---- */

bool crl_abandon_unfinished(struct status_desk *desk, const char *reason, struct error *err)
{
    const struct revoked_crls *crls = revoked_crls(desk->revoked);
    if (!crls->has_unfinished)
        return true;
    const struct record_crl_abandoned record = {
        .ref = crls->unfinished.signing_seq, .number = crls->unfinished.number, .reason = reason};
    console_notice(desk->console,
                   "CRL %" PRIu64 " was left unfinished by an earlier run; its number is never used again",
                   record.number);
    return ledger_append(desk->home->ledger, RECORD_CRL_ABANDONED, record_crl_abandoned_write(&record), NULL,
                         err);
}

/** The numbers of CRLs continue with the key: of a ledger that follows a lost one (init --continues) after the last its token remembered. */
static bool last_number(const struct home *home, const struct revoked_crls *crls, uint64_t *ret_number,
                        struct error *err)
{
    AUTO(json_free) struct json *created = NULL;
    uint64_t seq, before;
    if (!home_created_record(home, &created, &seq, err))
        return false;
    const struct json *continues = json_get(created, "continues");
    const struct json *token = continues != NULL ? json_get(continues, "token") : NULL;
    *ret_number = crls->last_number;
    if (token == NULL || json_get(token, "crl_number") == NULL)
        return true;
    if (!record_number(token, "crl_number", &before, err))
        return false;
    if (before > crls->last_number)
        *ret_number = before;
    return true;
}

static bool fill_frame(struct status_desk *desk, const struct crl_options *options,
                       const struct json *planned, struct crl_frame *frame, struct error *err)
{
    const struct template no_wishes = {.hash = HASH_NONE};
    const struct home_config *config = &desk->home->config;
    unsigned days = options->days != 0 ? options->days : config->crl.days;
    uint64_t last;
    if (!last_number(desk->home, revoked_crls(desk->revoked), &last, err))
        return false;
    *frame = (struct crl_frame){.issuer = desk->home->issuer,
                                .number = last + 1,
                                .this_update = time_now(),
                                .expired_since =
                                    config->crl.keep_expired ? revoked_begin(desk->revoked) : CRL_NO_TIME};
    frame->next_update =
        frame->this_update + days * TIME_DAY_SECONDS + config->crl.overlap_hours * INT64_C(3600);
    // People approved times, too.
    return (planned == NULL || (record_time_needed(planned, "this_update", &frame->this_update, err) &&
                                record_time_needed(planned, "next_update", &frame->next_update, err))) &&
           home_signature_kind(desk->home, &no_wishes, &frame->kind, err);
}

/** A CRL that left, of which this ledger knows nothing, would be followed by a second one of its number. */
static bool check_number(const struct status_desk *desk, uint64_t number, struct error *err)
{
    uint64_t remembered = 0;
    return !signer_remembered_crl(desk->signer, &remembered) || remembered < number ||
           error_set(err, ERROR_LEDGER, 0,
                     "the token remembers CRL %" PRIu64 ", the ledger's last is %" PRIu64
                     ": restore the newest copy of this home",
                     remembered, number - 1);
}

/** \param folder  where what is to be signed is kept; -1: it is only planned */
static bool draw(struct status_desk *desk, const struct crl_options *options, int folder,
                 struct drawing *drawing, struct error *err)
{
    struct crl_frame *frame = &drawing->frame;
    if (!fill_frame(desk, options, drawing->planned, frame, err) ||
        !control_permits_crl(desk->home->ledger, frame->next_update - frame->this_update,
                             frame->expired_since != CRL_NO_TIME, err) ||
        (desk->signer != NULL && !check_number(desk, frame->number, err)))
        return false;
    crl_extensions(frame, &drawing->extensions);
    if (!crl_made_new(desk->home->issuer, frame->kind, folder, &drawing->made, err) ||
        !revoked_draw(desk->revoked, frame, crl_made_add, drawing->made, &drawing->count, err))
        return error_while(err, "building CRL %" PRIu64, frame->number);
    if (crl_made_end(drawing->made, err))
        return true;
    return drawing->planned != NULL
               ? error_while(err, "drawing what was approved: something was revoked since; plan it anew")
               : error_while(err, "building CRL %" PRIu64 "; nothing was signed", frame->number);
}

static struct json *write_signing(struct status_desk *desk, const struct drawing *drawing)
{
    const struct crl_frame *frame = &drawing->frame;
    const struct revoked_crls *crls = revoked_crls(desk->revoked);
    struct record_crl_signing record = {
        .number = frame->number,
        .algorithm = signature_algorithm_der(frame->kind),
        .this_update = frame->this_update,
        .next_update = frame->next_update,
        .size = ledger_size(desk->home->ledger),
        .extensions = builder_bytes(&drawing->extensions),
        .keep_expired = frame->expired_since != CRL_NO_TIME,
        .expired_since = frame->expired_since,
        .previous = crls->has_issued ? crls->issued.issued_seq : RECORD_CRL_NONE,
        .count = drawing->count,
        .tbs_len = crl_made_tbs_len(drawing->made),
        .batch = desk->signer != NULL ? desk->batch : NULL, // only a run that signs has one
    };
    digest_sha256(cert_issuer_der(frame->issuer), record.issuer_sha256);
    memcpy(record.tbs_sha256, crl_made_tbs_sha256(drawing->made), sizeof(record.tbs_sha256));
    struct json *json = record_crl_signing_write(&record);
    record_put_bounded(json, "emergency_reason", desk->emergency);
    return json;
}

/** What is drawn now is what people approved, to the byte: the leaf of its record is the plan's. */
static bool is_approved(const struct drawing *drawing, const struct json *record, struct error *err)
{
    struct tree_hash now, approved;
    plan_item_leaf(record, RECORD_CRL_SIGNING, &now);
    plan_item_leaf(drawing->planned, RECORD_CRL_SIGNING, &approved);
    return memcmp(now.bytes, approved.bytes, sizeof(now.bytes)) == 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "the CRL that is due now is not the one that was approved: something was revoked or "
                     "released, or a CRL was signed since; plan it anew, and have it approved");
}

static bool write_plan(struct status_desk *desk, const struct crl_options *options, struct drawing *drawing,
                       struct crl_result *ret_result, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    if (!status_desk_read(desk, err) || !draw(desk, options, -1, drawing, err))
        return false;
    plan_file_add(&file, NULL, RECORD_CRL_SIGNING, write_signing(desk, drawing));
    if (!planned_write(desk, ACT_CRL, &file, options->plan_out, options->valid_for, err))
        return false;
    memcpy(ret_result->plan_sha256, file.sha256, sizeof(file.sha256));
    ret_result->number = drawing->frame.number;
    return true;
}

static bool admit(struct status_desk *desk, const struct crl_options *options, struct drawing *drawing,
                  struct error *err)
{
    if (options->given == NULL)
        return options->again || options->plan_out != NULL || status_desk_permits(desk, ACT_CRL, err);
    if (!planned_admit(desk, ACT_CRL, options->given, &drawing->admitted, err))
        return false;
    drawing->planned = plan_file_record(&drawing->admitted.file, 0);
    return drawing->admitted.file.header.count == 1 ||
           error_set(err, ERROR_INPUT, 0, "a plan of a CRL has one item");
}

/** Its record, after plan.approved, which stands before it on the disk: where it stands is part of what it says. */
static bool make_record(struct status_desk *desk, const struct drawing *drawing, struct json **ret_record,
                        struct error *err)
{
    AUTO(json_free) struct json *record = write_signing(desk, drawing);
    if (drawing->planned != NULL) {
        if (!is_approved(drawing, record, err) ||
            !admitted_log(&drawing->admitted, desk->home->ledger, desk->batch, err) ||
            !ledger_commit(desk->home->ledger, err))
            return false;
        json_free(record);
        record = write_signing(desk, drawing);
        record_put_planned(record, drawing->admitted.file.sha256, 0, NULL, 0);
    }
    *ret_record = TAKE(record);
    return true;
}

/**
 * A key that signs data and not a digest (Ed25519) gets the whole list at once, and some tokens take little: what does not fit is
 * refused before its number is in the ledger.
 */
static bool check_length(struct status_desk *desk, const struct drawing *drawing, struct error *err)
{
    size_t len = crl_made_tbs_len(drawing->made);
    return signer_check_message(desk->signer, drawing->frame.kind, len, err) ||
           error_while(err,
                       "checking that the CA key signs CRL %" PRIu64 " (%zu bytes, %" PRIu64
                       " entries) in one piece; its number was not used. What is too long for the token has "
                       "to be cut into shards (RFC 5280 5.2.5), which coldca does not make yet",
                       drawing->frame.number, len, drawing->count);
}

/* ---- the run ---- */

/** What the index knew as unfinished was abandoned when the home was opened; the ledger's word is what counts. */
static bool check_unfinished(const struct status_desk *desk, struct error *err)
{
    size_t count = revoked_unfinished(desk->revoked);
    return count == 0 ||
           error_set(
               err, ERROR_LEDGER, 0,
               "index.sqlite does not know that %zu certificates are unfinished, so they would be on no "
               "CRL: run `coldca ledger index --rebuild`, then this again",
               count);
}

/** All records up to here are read, and nothing is unfinished: what is drawn now is drawn from them. */
static bool begin(struct status_desk *desk, struct error *err)
{
    return status_desk_read(desk, err) && check_unfinished(desk, err) &&
           crl_abandon_unfinished(desk, "an earlier run ended before the signature was recorded", err) &&
           status_desk_unlock(desk, "crl", err) && status_desk_read(desk, err);
}

/** Best effort: if it can't be logged now, the next run does the same. */
static void end_failed(struct status_desk *desk, const struct console *console)
{
    struct error ignored = ERROR_INIT;
    if (status_desk_read(desk, &ignored) &&
        crl_abandon_unfinished(desk, "the run stopped before the signature was recorded", &ignored) &&
        ledger_commit(desk->home->ledger, &ignored) && !signer_checkpoint(desk->signer, &ignored))
        console_notice(console, "no checkpoint could be signed: %s", ignored.text);
}

static bool sign(struct status_desk *desk, struct drawing *drawing, struct logged *logged, struct error *err)
{
    struct json *fields = NULL;
    if (!make_record(desk, drawing, &fields, err))
        return false;
    logged->tbs = crl_made_tbs(drawing->made);
    logged->digest = crl_made_digest(drawing->made);
    logged->signature_kind = drawing->frame.kind;
    logged->item = drawing;
    if (issue_logged_one(desk->signer, logged, fields, NULL, NULL, desk->console, err))
        return true;
    end_failed(desk, desk->console);
    return error_while(err, "signing CRL %" PRIu64, drawing->frame.number);
}

static void say_result(const struct crl_frame *frame, uint64_t entries, const struct crl_made *made,
                       struct crl_result *result)
{
    result->number = frame->number;
    result->entries = entries;
    result->this_update = frame->this_update;
    result->next_update = frame->next_update;
    result->der_len = crl_made_len(made);
}

static void name_files(uint64_t number, struct crl_result *result)
{
    (void)snprintf(result->name, sizeof(result->name), "crl-%" PRIu64, number); // fits
}

/** The number is on the disk and under a checkpoint, and on the token; from here on the CRL leaves. */
static bool leave(struct status_desk *desk, const struct crl_places *places, uint64_t number,
                  const struct crl_made *made, bool is_planned, const struct crl_result *result,
                  struct error *err)
{
    return signer_remember_crl(desk->signer, number, err) &&
           crl_places_deliver(places, result->name, made,
                              is_planned ? "run the same command again, which delivers it"
                                         : "`coldca crl --again` delivers it",
                              err);
}

/** It was issued by a run that was stopped, maybe before its checkpoint, or the token's memory of it. \param admitted  its plan; NULL: the newest */
static bool deliver_again(struct status_desk *desk, const struct admitted *admitted,
                          const struct crl_places *places, struct crl_result *result, struct error *err)
{
    AUTO(crl_again_done) struct crl_again again = {.made = NULL};
    const struct ledger *ledger = desk->home->ledger;
    if (!(admitted == NULL ? crl_again_newest(desk->home, places->home_fd, &again, err)
                           : crl_again_make(desk->home, admitted->file.sha256, places->home_fd, &again, err)))
        return false;
    name_files(again.frame.number, result);
    // What has its checkpoint needs no signature, by no key.
    bool is_covered = ledger_checkpoint_size(ledger) == ledger_size(ledger);
    if (!(is_covered ? signer_open(desk->confined, desk->console, &desk->signer, err)
                     : status_desk_unlock(desk, "crl", err) && status_desk_end(desk, err)) ||
        !leave(desk, places, again.frame.number, again.made, true, result, err))
        return false;
    console_notice(desk->console, "%sCRL %" PRIu64 " is delivered again",
                   admitted == NULL ? "" : "this plan was carried out before; its ", again.frame.number);
    say_result(&again.frame, again.entries, again.made, result);
    result->is_again = true;
    return true;
}

/** Opens where it goes, and confines this process to that. */
static bool open_places(struct status_desk *desk, const char *out, struct crl_places *places,
                        struct error *err)
{
    if (!crl_places_open(desk->home, out, places, err))
        return false;
    AUTO(free) char *parent = new_folder_parent(&places->out.own);
    const struct confine_written answers = {.path = out, .parent = parent};
    return status_desk_confine_to(desk, &answers, err);
}

bool crl_sign(const struct crl_options *options, const struct console *console, struct crl_result *ret_result,
              struct error *err)
{
    AUTO(crl_places_done) struct crl_places places = {.home_fd = -1, .out = {.fd = -1}};
    AUTO(status_desk_done)
    struct status_desk desk = {
        .console = console, .pin_source = options->pin_source, .emergency = options->emergency};
    AUTO(free) char *written = planned_directory(options->plan_out);
    AUTO(drawing_done) struct drawing drawing = {.count = 0};
    struct logged logged = {.kind = &logged_crl, .name = "the CRL"};
    enum home_access access = options->plan_out != NULL ? HOME_LOOK : HOME_WRITE;
    if (!status_desk_open(&desk, options->home, access, err) || !admit(&desk, options, &drawing, err))
        return false;
    if (options->plan_out != NULL)
        return status_desk_confine(&desk, written, err) &&
               write_plan(&desk, options, &drawing, ret_result, err);
    if (!open_places(&desk, options->out, &places, err) ||
        (places.has_out && !directory_meet_checkpoint(&places.out, err)))
        return false;
    if (options->again || (drawing.planned != NULL && drawing.admitted.done[0]))
        return deliver_again(&desk, options->again ? NULL : &drawing.admitted, &places, ret_result, err);
    if (!begin(&desk, err) || !draw(&desk, options, places.home_fd, &drawing, err))
        return false;
    name_files(drawing.frame.number, ret_result);
    if (!crl_places_check(&places, ret_result->name, err) || !check_length(&desk, &drawing, err))
        return false;
    bool is_done =
        sign(&desk, &drawing, &logged, err) && status_desk_end(&desk, err) &&
        leave(&desk, &places, drawing.frame.number, drawing.made, drawing.planned != NULL, ret_result, err);
    if (is_done)
        say_result(&drawing.frame, drawing.count, drawing.made, ret_result);
    logged_done(&logged);
    return is_done;
}
