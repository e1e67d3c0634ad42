/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs and cosignatures that do not hold: each says word for word what is missing; and what is kept of those that do. */
#include "ledger/proof.h"
#include "ledger_home.h"

#include <inttypes.h>

#define RECORDS 5

static struct builder whole;    /* a proof of record 3, a cert.issued */
static struct builder first;    /* the checkpoint of 2 records */
static struct builder grown;    /* the consistency of both */
static uint8_t certificate[32]; /* of record 3 */

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "cert.signing", home_signing(0));
    (void)home_append(home, "cert.signing", home_signing(1));
    home_commit(home);
    home_checkpoint(home);
    assert_done(ledger_checkpoint_newest(home->ledger, &first, &err), err);
    (void)home_append(home, "test.note", json_new_object());
    (void)home_append(home, "cert.issued", home_issued(1));
    (void)home_append(home, "cert.issued", home_issued(0));
    home_commit(home);
    home_checkpoint(home);
    home_digest("certificate", 1, certificate);
    assert_done(ledger_prove(home->ledger, 3, &whole, &err), err);
    assert_done(ledger_prove_consistency(home->ledger, 2, bytes_of(NULL, 0), &grown, &err), err);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    builder_done(&whole);
    builder_done(&first);
    builder_done(&grown);
    return 0;
}

static void assert_proof_refused(const struct home *home, struct bytes proof, enum error_kind kind,
                                 const char *text)
{
    struct error err = ERROR_INIT;
    struct ledger_proof found = {.record = NULL};
    assert_false(ledger_proof_verify(proof, home->vkey, certificate, NULL, &found, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, kind);
    assert_null(found.record);
}

static void assert_growth_refused(const struct home *home, struct bytes proof, enum error_kind kind,
                                  const char *text)
{
    struct error err = ERROR_INIT;
    uint64_t old_size = 77;
    uint64_t size = 78;
    assert_false(ledger_consistency_verify(proof, builder_bytes(&first), home->vkey, &old_size, &size, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, kind);
    assert_int_equal(old_size, 77);
    assert_int_equal(size, 78);
}

/** What text holds once, put otherwise. */
static void change(const struct builder *text, const char *what, const char *instead,
                   struct builder *ret_text)
{
    const uint8_t *place = memmem(text->data, text->len, what, strlen(what));
    assert_non_null(place);
    size_t start = (size_t)(place - text->data);
    builder_clear(ret_text);
    builder_add_bytes(ret_text, bytes_slice(builder_bytes(text), 0, start));
    builder_add_text(ret_text, instead);
    builder_add_bytes(ret_text, bytes_slice(builder_bytes(text), start + strlen(what), text->len));
}

/** So many lines of a hash, of so many bytes. */
static char *hash_lines(size_t count, size_t len)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    const uint8_t zeroes[64] = {0};
    for (size_t i = 0; i < count; i++) {
        encode_base64(bytes_of(zeroes, len), &text);
        builder_add_u8(&text, '\n');
    }
    return builder_take_text(&text);
}

static void a_proof_that_holds_is_told(void **state)
{
    const struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    uint64_t old_size = 0, size = 0;
    int64_t ref = 0;
    assert_done(ledger_proof_verify(builder_bytes(&whole), home->vkey, certificate, NULL, &found, &err), err);
    assert_int_equal(found.seq, 3);
    assert_int_equal(found.checkpoint_size, RECORDS);
    assert_true(json_int(found.record, "ref", &ref));
    assert_int_equal(ref, 1);
    assert_done(ledger_consistency_verify(builder_bytes(&grown), builder_bytes(&first), home->vkey, &old_size,
                                          &size, &err),
                err);
    assert_int_equal(old_size, 2);
    assert_int_equal(size, RECORDS);
    assert_done(ledger_note_size(builder_bytes(&first), home->vkey, &size, &err), err);
    assert_int_equal(size, 2);
}

static void a_proof_that_is_none_is_told_by_its_line(void **state)
{
    static const char hash[] = "not a proof: a line after the index is not base64 of 32 bytes";
    static const char extra[] = "not a proof by coldca: no extra line with the record in base64";
    static const char index[] = "not a proof: no index line";
    static const char line[] = "not a proof: its first line is not c2sp.org/tlog-proof@v1";
    AUTO(free) char *short_line = hash_lines(1, 31);
    AUTO(free) char *long_line = hash_lines(1, 33);
    AUTO(free) char *many_lines = hash_lines(70, 32);
    AUTO(free) char *with_short = memory_format("index 3\n%s", short_line);
    AUTO(free) char *with_long = memory_format("index 3\n%s", long_line);
    AUTO(free) char *with_many = memory_format("index 3\n%s", many_lines);
    const struct {
        const char *what, *instead, *text;
    } cases[] = {
        {"@v1", "@v2", line},
        {"@v1\n", "@v1 \n", line},
        {"c2sp", "xc2sp", line},
        {"extra ", "extra", extra},
        {"extra ", "extra  ", extra},
        {"extra ", "Extra ", extra},
        {"extra ", "extra \nextra ", extra},
        {"extra ", "extra !", extra},
        {"index 3", "index", index},
        {"index 3", "index ", index},
        {"index 3", "index3", index},
        {"index 3", "index 03", index},
        {"index 3", "index x", index},
        {"index 3", "old 3", index},
        {"index 3\n", "index 3\nhash\n", hash},
        {"index 3\n", with_short, hash},
        {"index 3\n", with_long, hash},
        {"index 3\n", with_many, hash},
    };
    const struct home *home = *state;
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        change(&whole, cases[i].what, cases[i].instead, &changed);
        assert_proof_refused(home, builder_bytes(&changed), ERROR_INPUT, cases[i].text);
    }
    size_t end = (size_t)((uint8_t *)memmem(whole.data, whole.len, "\n\n", 2) - whole.data);
    assert_proof_refused(home, bytes_slice(builder_bytes(&whole), 0, end), ERROR_INPUT, hash);
    assert_proof_refused(home, bytes_slice(builder_bytes(&whole), 0, end + 1), ERROR_INPUT, hash);
    assert_proof_refused(home, bytes_of(NULL, 0), ERROR_INPUT, line);
    builder_clear(&changed);
    builder_add_bytes(&changed, builder_bytes(&whole));
    while (changed.len <= LEDGER_PROOF_MAX_LEN)
        builder_add_u8(&changed, '\n');
    assert_proof_refused(home, builder_bytes(&changed), ERROR_INPUT, line);
}

static void a_proof_that_does_not_hold_is_told(void **state)
{
    const struct home *home = *state;
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    AUTO(free) char *one_more = hash_lines(1, 32);
    AUTO(free) char *with_more = memory_format("index 3\n%s", one_more);
    AUTO(free) char *too_many = hash_lines(62, 32); // with those of the proof as many as one may have
    AUTO(free) char *with_many = memory_format("index 3\n%s", too_many);
    static const char words[] =
        "the proof does not hold: the record is not number %d of the checkpoint's ledger";
    AUTO(free) char *of_3 = memory_format(words, 3);
    AUTO(free) char *of_4 = memory_format(words, 4);
    AUTO(free) char *of_9 = memory_format(words, 9);
    change(&whole, "index 3\n", "index 4\n", &changed);
    assert_proof_refused(home, builder_bytes(&changed), ERROR_LEDGER, of_4);
    change(&whole, "index 3\n", "index 9\n", &changed);
    assert_proof_refused(home, builder_bytes(&changed), ERROR_LEDGER, of_9);
    change(&whole, "index 3\n", with_more, &changed);
    assert_proof_refused(home, builder_bytes(&changed), ERROR_LEDGER, of_3);
    change(&whole, "index 3\n", with_many, &changed);
    assert_proof_refused(home, builder_bytes(&changed), ERROR_LEDGER, of_3);
    change(&whole, "\n5\n", "\n6\n", &changed);
    assert_proof_refused(home, builder_bytes(&changed), ERROR_LEDGER,
                         "the signature of " HOME_ORIGIN " does not verify");
    certificate[31] ^= 1;
    assert_proof_refused(home, builder_bytes(&whole), ERROR_LEDGER, "the proof is of another certificate");
}

/** The proof of the only leaf of a ledger: there is nothing to hash it with. */
static void prove_alone(const struct home *home, struct bytes leaf, struct builder *ret_proof)
{
    struct tree_hash hash;
    tree_leaf_hash(leaf, &hash);
    builder_clear(ret_proof);
    builder_add_text(ret_proof, "c2sp.org/tlog-proof@v1\nextra ");
    encode_base64(leaf, ret_proof);
    builder_add_text(ret_proof, "\nindex 0\n\n");
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    home_make_note(home->key, home->vkey, HOME_ORIGIN, 1, hash.bytes, &note);
    builder_add_bytes(ret_proof, builder_bytes(&note));
}

#define COMMON "\"operator\":\"ann\",\"ref\":0,\"seq\":"
#define TIME ",\"time\":\"2026-01-01T00:00:00Z\""

static void what_is_logged_and_issued_nothing_is_told(void **state)
{
    static const struct {
        const char *leaf, *text;
    } cases[] = {
        {"[]", "the proof is of something that is not a record: not a JSON object"},
        {"{}", "the proof is of something that is not a record: no seq, or it is not a number from 0 up"},
        {"{" COMMON "5" TIME ",\"type\":\"test.note\"}",
         "the proof's record says that it is number 5, not 0"},
        {"{" COMMON "0" TIME ",\"type\":\"test.note\"}",
         "the proof is of a record that issued no certificate"},
        {"{" COMMON "0" TIME ",\"type\":\"cert.issued2\"}",
         "the proof is of a record that issued no certificate"},
    };
    const struct home *home = *state;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        prove_alone(home, bytes_of_text(cases[i].leaf), &proof);
        assert_proof_refused(home, builder_bytes(&proof), ERROR_LEDGER, cases[i].text);
    }
    // Of any record, where no certificate is asked about.
    struct error err = ERROR_INIT;
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    prove_alone(home, bytes_of_text(cases[3].leaf), &proof);
    assert_done(ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, NULL, &found, &err), err);
    assert_int_equal(found.seq, 0);
    assert_int_equal(found.checkpoint_size, 1);
    // The longest record there is, and one byte more than that.
    AUTO(builder_done) struct builder leaf = BUILDER_INIT;
    while (leaf.len < LEDGER_RECORD_MAX_LEN)
        builder_add_u8(&leaf, 'x');
    prove_alone(home, builder_bytes(&leaf), &proof);
    struct error longest = ERROR_INIT;
    assert_refused(ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, NULL, &found, &longest),
                   longest, ERROR_LEDGER, "the proof is of something that is not a record: not JSON");
    builder_add_u8(&leaf, 'x');
    prove_alone(home, builder_bytes(&leaf), &proof);
    assert_proof_refused(home, builder_bytes(&proof), ERROR_INPUT,
                         "not a proof by coldca: no extra line with the record in base64");
}

static void growth_that_is_not_shown_is_told(void **state)
{
    static const char line[] = "not a consistency proof: its first line is not old and a size";
    static const char hash[] = "not a consistency proof: a line after the first is not base64 of 32 bytes";
    static const char broken[] =
        "the proof does not hold: the checkpoint of 5 records does not continue that "
        "of 2";
    AUTO(free) char *one_more = hash_lines(1, 32);
    AUTO(free) char *with_more = memory_format("old 2\n%s", one_more);
    const struct {
        const char *what, *instead;
        enum error_kind kind;
        const char *text;
    } cases[] = {
        {"old 2", "older 2", ERROR_INPUT, line},
        {"old 2", "old", ERROR_INPUT, line},
        {"old 2", "old 02", ERROR_INPUT, line},
        {"old 2\n", "old 2\nhash\n", ERROR_INPUT, hash},
        {"old 2\n", with_more, ERROR_LEDGER, broken},
        {"old 2", "old 3", ERROR_INPUT, "the proof starts at 3 records, the older checkpoint is of 2"},
        {"\n5\n", "\n6\n", ERROR_LEDGER,
         "the signature of " HOME_ORIGIN " does not verify\nwhile reading the checkpoint of the proof"},
    };
    const struct home *home = *state;
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        change(&grown, cases[i].what, cases[i].instead, &changed);
        assert_growth_refused(home, builder_bytes(&changed), cases[i].kind, cases[i].text);
    }
    builder_clear(&changed);
    builder_add_bytes(&changed, builder_bytes(&grown));
    while (changed.len <= LEDGER_PROOF_MAX_LEN)
        builder_add_u8(&changed, '\n');
    assert_growth_refused(home, builder_bytes(&changed), ERROR_INPUT, line);
    change(&first, "\n2\n", "\n3\n", &changed);
    builder_clear(&first);
    builder_add_bytes(&first, builder_bytes(&changed));
    assert_growth_refused(home, builder_bytes(&grown), ERROR_LEDGER,
                          "the signature of " HOME_ORIGIN
                          " does not verify\nwhile reading the older checkpoint");
}

static void what_can_not_be_proved_is_told(void **state)
{
    struct home *home = *state;
    struct error past = ERROR_INIT, grown_err = ERROR_INIT, other = ERROR_INIT, err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    AUTO(builder_done) struct builder foreign = BUILDER_INIT;
    const uint8_t root[32] = {0};
    assert_false(ledger_prove(home->ledger, RECORDS, &proof, &past));
    assert_string_equal(past.text, "record 5 is not under a checkpoint yet: the newest is of 5 records");
    assert_int_equal(past.kind, ERROR_LEDGER);
    assert_false(ledger_prove_consistency(home->ledger, RECORDS + 1, bytes_of(NULL, 0), &proof, &grown_err));
    assert_string_equal(grown_err.text, "the older size is 6, the newer checkpoint only of 5 records");
    assert_int_equal(grown_err.kind, ERROR_INPUT);
    home_make_note(home->key, home->vkey, "ca.example/other", 1, root, &foreign);
    assert_false(ledger_prove_consistency(home->ledger, 1, builder_bytes(&foreign), &proof, &other));
    assert_string_equal(other.text, "the checkpoint is not one of this ledger's");
    assert_int_equal(other.kind, ERROR_INPUT);
    assert_int_equal(proof.len, 0);
    // From nothing, to an older one, and to itself.
    assert_done(ledger_prove_consistency(home->ledger, 0, builder_bytes(&first), &proof, &err), err);
    AUTO(free) char *wanted = memory_format("old 0\n\n%s", builder_text(&first));
    assert_string_equal(builder_text(&proof), wanted);
    builder_clear(&proof);
    assert_done(ledger_prove_consistency(home->ledger, 2, builder_bytes(&first), &proof, &err), err);
    AUTO(free) char *itself = memory_format("old 2\n\n%s", builder_text(&first));
    assert_string_equal(builder_text(&proof), itself);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proof_that_holds_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proof_that_is_none_is_told_by_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proof_that_does_not_hold_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_logged_and_issued_nothing_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(growth_that_is_not_shown_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_can_not_be_proved_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
