/* SPDX-License-Identifier: Apache-2.0 */
/* A person approves with a key in a file: what is signed counts for this plan by this name, in its window, and is written over nothing. */
#include "witness/approve.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "folder.h"
#include "key_file.h"
#include "records/approval.h"
#include "records/revocation.h"

#include <string.h>

#define BEGIN INT64_C(1800000000)
#define END (BEGIN + 86400)

static struct folder folder;
static struct plan_file file;
static const struct console console = {.notice = NULL};

static int begin(void **state)
{
    static const uint8_t serial[] = {0x0a};
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = CRL_SUPERSEDED,
                                               .revoked_at = BEGIN,
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = END,
                                               .ref = 4,
                                               .subject = "CN=device-1"};
    (void)state;
    folder_make(&folder);
    file = (struct plan_file){.items = NULL};
    file.header = (struct plan_header){.act = ACT_REVOKE,
                                       .origin = memory_text("ca.example/root"),
                                       .vkey = memory_text("ca.example/root+key"),
                                       .control = 3,
                                       .not_before = BEGIN,
                                       .not_after = END};
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
    plan_file_seal(&file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    plan_file_done(&file);
    folder_remove(&folder);
    return 0;
}

static char *path_of(const char *name)
{
    return memory_format("%s/%s", folder.path, name);
}

static struct witness_key *key_of(const char *kind)
{
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    AUTO(free) char *path = path_of(kind);
    const struct witness_key_place place = {.key = path};
    EVP_PKEY_free(key_file_make(path, kind, NULL));
    if (!witness_key_open(&place, &console, &key, &err))
        fail_msg("%s", err.text);
    return key;
}

static void what_is_signed_counts_for_this_plan_by_this_person(void **state)
{
    static const char *const kinds[] = {"ED25519", "P-256"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        const struct control_person *person = NULL;
        AUTO(builder_done) struct builder note = BUILDER_INIT;
        AUTO(builder_done) struct builder vkey = BUILDER_INIT;
        AUTO(builder_done) struct builder same = BUILDER_INIT;
        AUTO(control_done) struct control control = {.seq = 3};
        AUTO(witness_key_close) struct witness_key *key = key_of(kinds[i]);
        assert_int_equal(witness_key_kind(key), i == 0 ? KEY_ED25519 : KEY_EC_P256);
        if (!approve_sign(&file, key, "ann", BEGIN + 5, &note, &vkey, &err))
            fail_msg("%s", err.text);
        assert_true(approve_vkey(key, "ann", &same, &err));
        assert_string_equal(builder_text(&vkey), builder_text(&same));
        assert_int_equal(strncmp(builder_text(&vkey), "ann+", 4), 0);
        assert_true(control_add_person(&control, "ann", "approver", builder_text(&vkey), &err));
        if (!approval_check(builder_bytes(&note), &file.header, &control, &person, &err))
            fail_msg("%s", err.text);
        AUTO(approval_done) struct approval approval = {.origin = NULL};
        assert_true(approval_read(builder_bytes(&note), &approval, &err));
        assert_int_equal(approval.time, BEGIN + 5);
    }
}

static void it_is_given_in_the_plans_window(void **state)
{
    static const struct {
        int64_t now;
        bool is_in;
    } cases[] = {{BEGIN - 1, false}, {BEGIN, true}, {END, true}, {END + 1, false}};
    AUTO(witness_key_close) struct witness_key *key = key_of("ED25519");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder note = BUILDER_INIT;
        AUTO(builder_done) struct builder vkey = BUILDER_INIT;
        assert_int_equal(approve_sign(&file, key, "ann", cases[i].now, &note, &vkey, &err), cases[i].is_in);
        if (cases[i].is_in)
            continue;
        assert_string_equal(err.text, "the plan may be carried out from 2027-01-15T08:00:00Z to "
                                      "2027-01-16T08:00:00Z, and this clock is outside of that: set it, or "
                                      "have a new plan made");
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_int_equal(note.len, 0);
    }
}

static void whose_key_it_is_stands_in_the_plan(void **state)
{
    static const char nobody[] =
        "no person whom the plan's control names has this key: say who approves with --name NAME";
    struct error err = ERROR_INIT;
    char *none = NULL;
    AUTO(free) char *name = NULL;
    AUTO(builder_done) struct builder own = BUILDER_INIT;
    AUTO(builder_done) struct builder stranger = BUILDER_INIT;
    AUTO(builder_done) struct builder path = BUILDER_INIT;
    AUTO(witness_key_close) struct witness_key *key = key_of("ED25519");
    AUTO(witness_key_close) struct witness_key *other = key_of("P-256");
    (void)state;
    assert_false(approve_find_name(&file, key, &none, &err));
    assert_string_equal(err.text, nobody);
    assert_true(approve_vkey(key, "bob", &own, &err) && approve_vkey(other, "ann", &stranger, &err) &&
                approve_vkey(key, "../x", &path, &err));
    plan_file_add_person(&file, "dan", NULL);
    plan_file_add_person(&file, "ann", builder_text(&stranger));
    plan_file_add_person(&file, "../x", builder_text(&path)); // it would become a file's name
    plan_file_add_person(&file, "ann", builder_text(&own));   // bob's key under another name
    plan_file_add_person(&file, "no name", "");               // no key can have it
    error_clear(&err);
    assert_false(approve_find_name(&file, key, &none, &err));
    assert_string_equal(err.text, nobody);
    plan_file_add_person(&file, "bob", builder_text(&own));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_true(approve_find_name(&file, key, &name, &err));
    assert_string_equal(name, "bob");
}

static void put(const char *path, struct bytes data)
{
    struct error err = ERROR_INIT;
    (void)unlink(path); // of before
    assert_true(file_create(AT_FDCWD, path, 0644, data, &err));
}

static void assert_in_the_way(const char *path, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(approve_is_free(&file, "ann", path, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void an_approval_is_written_over_nothing(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = path_of("a.approval");
    AUTO(free)
    char *something = memory_format("%s is there already, and is not an approval of this plan by ann: move "
                                    "it away, or name another file with --out",
                                    path);
    AUTO(free)
    char *given =
        memory_format("ann approved this plan already, at 2027-01-15T08:00:05Z: %s is that "
                      "approval, and holds until 2027-01-16T08:00:00Z; it counts once, so give that "
                      "file to who carries out the plan",
                      path);
    AUTO(witness_key_close) struct witness_key *key = key_of("ED25519");
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder ann = BUILDER_INIT;
    AUTO(builder_done) struct builder bob = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    (void)state;
    assert_true(approve_is_free(&file, "ann", path, &err));
    put(path, BYTES_LITERAL("a letter"));
    assert_in_the_way(path, something);
    assert_true(approve_sign(&file, key, "ann", BEGIN + 5, &ann, &vkey, &err));
    assert_true(approve_sign(&file, key, "bob", BEGIN + 5, &bob, &vkey, &err));
    put(path, builder_bytes(&ann));
    assert_in_the_way(path, given);
    put(path, builder_bytes(&bob));
    assert_in_the_way(path, something);
    file.header.control++; // another plan
    assert_true(approve_sign(&file, key, "ann", BEGIN + 5, &other, &vkey, &err));
    file.header.control--;
    put(path, builder_bytes(&other));
    assert_in_the_way(path, something);
}

/* ---- keys ---- */

static void a_signature_is_of_the_text(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(witness_key_close) struct witness_key *key = key_of("P-256");
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(note_key_done) struct note_key note_key = {.name = NULL};
    (void)state;
    assert_true(witness_key_sign(key, BYTES_LITERAL("a text"), &signature, &err));
    assert_true(approve_vkey(key, "ann", &vkey, &err));
    assert_true(note_key_read(builder_text(&vkey), &note_key, &err));
    assert_true(note_signature_holds(&note_key, BYTES_LITERAL("a text"), builder_bytes(&signature)));
    assert_false(note_signature_holds(&note_key, BYTES_LITERAL("a tExt"), builder_bytes(&signature)));
}

/** All that is said of a plan, with these lines after its control's, and at its end. */
static void assert_shown(const char *policy, const char *items)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    builder_format(&wanted,
                   "plan        revoking, 1 item\nCA          ca.example/root\n"
                   "window      2027-01-15T08:00:00Z to 2027-01-16T08:00:00Z\ncontrol     record 3\n%s"
                   "SHA-256     ",
                   policy);
    // The digest in groups and in words, as two people read it to each other.
    words_hex_groups(BYTES(file.sha256), &wanted);
    builder_add_text(&wanted, "\nwords\n");
    words_of(BYTES(file.sha256), 8, &wanted);
    builder_format(&wanted, "\n%s", items);
    if (!approve_describe(&file, &text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&text), builder_text(&wanted));
}

#define ITEM                                                                                                 \
    "\nitem 0\nrevoke      CN=device-1\nserial      0a\nreason      superseded\nrevoked     "                \
    "2027-01-15T08:00:00Z\nvalid until 2027-01-16T08:00:00Z\n"

static void a_plan_is_described_by_what_it_would_do(void **state)
{
    (void)state;
    assert_shown("", ITEM);
}

static void a_plan_says_by_which_policy_and_which_digest_it_is(void **state)
{
    (void)state;
    file.header.policy = memory_text("device");
    file.header.policy_sha256[31] = 7;
    assert_shown(
        "policy      device, SHA-256 0000000000000000000000000000000000000000000000000000000000000007\n",
        "BEWARE      its policy does not give it: its policy is empty\n" ITEM
        "BEWARE      its policy does not give it: nobody can say, see above\n"
        "\nBEWARE      1 of 1 are not what the plan's policy gives: coldca did not make this plan as it is, "
        "and will not sign it\n");
}

static void assert_described(const char *const *words, size_t count)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!approve_describe(&file, &text, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++) {
        if (strstr(builder_text(&text), words[i]) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", builder_text(&text), words[i]);
    }
}

static void add_release(uint8_t serial)
{
    const struct record_cert_unrevoked record = {.serial = bytes_of(&serial, 1), .ref = 12};
    plan_file_add(&file, NULL, RECORD_CERT_UNREVOKED, record_cert_unrevoked_write(&record));
}

static void ten_items_are_shown_in_full_and_more_a_line_each(void **state)
{
    static const char *const full[] = {"revoking, 10 items\n",
                                       "\nitem 9\nrelease     09\nhold        of record 12\n"};
    static const char *const lines[] = {"revoking, 11 items\n", "\n0  revoke 0a  CN=device-1",
                                        "\n10  release 0a  from the hold of record 12\n"};
    (void)state;
    for (uint8_t i = 1; i < 10; i++)
        add_release(i);
    plan_file_seal(&file);
    assert_described(full, ARRAY_LEN(full));
    add_release(10);
    plan_file_seal(&file);
    assert_described(lines, ARRAY_LEN(lines));
}

static void an_item_that_cannot_be_read_is_named(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    plan_file_add(&file, NULL, RECORD_CERT_UNREVOKED, json_new_object());
    plan_file_seal(&file);
    assert_false(approve_describe(&file, &text, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "reading what would be done, item 1"));
}

/* ---- keys in a person's token ---- */

/** The person's token: what it was asked, and whether it was closed. */
static struct {
    EVP_PKEY *key;
    bool is_away, is_wrong, is_failing;
    unsigned opened, closed;
} token;

static bool token_opens(const struct witness_key_place *place, const struct console *asked,
                        struct builder *ret_spki, enum key_kind *ret_kind, void **ret_key, struct error *err)
{
    unsigned char *spki = NULL;
    assert_string_equal(place->key, "pkcs11:token=ann");
    assert_ptr_equal(asked, &console);
    if (token.is_away)
        return error_set(err, ERROR_TOKEN, 0, "no token of this name");
    int len = i2d_PUBKEY(token.key, &spki);
    builder_add(ret_spki, spki, (size_t)len);
    OPENSSL_free(spki);
    *ret_kind = KEY_ED25519;
    *ret_key = &token;
    token.opened++;
    return true;
}

static bool token_signs(void *key, enum key_kind kind, struct bytes text, struct builder *ret_signature,
                        struct error *err)
{
    uint8_t signature[64];
    size_t len = sizeof(signature);
    assert_ptr_equal(key, &token);
    if (token.is_failing)
        return error_set(err, ERROR_TOKEN, 0, "the token was pulled out");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(kind, KEY_ED25519);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, token.key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, text.data, text.len), 1);
    EVP_MD_CTX_free(context);
    signature[0] ^= token.is_wrong ? 1 : 0;
    builder_add(ret_signature, signature, len);
    return true;
}

static void token_closes(void *key)
{
    assert_ptr_equal(key, &token);
    token.closed++;
}

static void a_key_in_a_token_signs_there_and_is_closed(void **state)
{
    static const struct witness_tokens tokens = {token_opens, token_signs, token_closes};
    const struct witness_key_place place = {.key = "pkcs11:token=ann", .tokens = &tokens};
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder wrong = BUILDER_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    (void)state;
    token.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_true(witness_key_open(&place, &console, &key, &err));
    assert_int_equal(witness_key_kind(key), KEY_ED25519);
    assert_true(approve_sign(&file, key, "ann", BEGIN, &note, &vkey, &err));
    // What its token signs wrongly does not leave.
    token.is_wrong = true;
    assert_false(approve_sign(&file, key, "ann", BEGIN, &wrong, &vkey, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_string_equal(err.text, "the signature does not verify with the public key");
    assert_int_equal(wrong.len, 0);
    token.is_failing = true;
    error_clear(&err);
    assert_false(approve_sign(&file, key, "ann", BEGIN, &wrong, &vkey, &err));
    assert_string_equal(err.text, "the token was pulled out");
    assert_int_equal(wrong.len, 0);
    token.is_failing = false;
    // Nor anything under a name that no note can have.
    assert_false(approve_vkey(key, "no name", &wrong, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_false(approve_sign(&file, key, "no name", BEGIN, &wrong, &vkey, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(wrong.len, 0);
    witness_key_close(TAKE(key));
    assert_int_equal(token.closed, 1);
    token.is_away = true;
    error_clear(&err);
    assert_false(witness_key_open(&place, &console, &key, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_null(key);
    assert_int_equal(token.closed, token.opened);
    EVP_PKEY_free(token.key);
}

static void a_program_without_token_code_says_so(void **state)
{
    const struct witness_key_place place = {.key = "pkcs11:token=ann"};
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    (void)state;
    assert_false(witness_key_open(&place, &console, &key, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "a pkcs11: key is in a token, for which this program has no code: use "
                                     "`coldca`, or a key file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_signed_counts_for_this_plan_by_this_person, begin, end),
        cmocka_unit_test_setup_teardown(it_is_given_in_the_plans_window, begin, end),
        cmocka_unit_test_setup_teardown(whose_key_it_is_stands_in_the_plan, begin, end),
        cmocka_unit_test_setup_teardown(an_approval_is_written_over_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_signature_is_of_the_text, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_described_by_what_it_would_do, begin, end),
        cmocka_unit_test_setup_teardown(ten_items_are_shown_in_full_and_more_a_line_each, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_says_by_which_policy_and_which_digest_it_is, begin, end),
        cmocka_unit_test_setup_teardown(an_item_that_cannot_be_read_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_key_in_a_token_signs_there_and_is_closed, begin, end),
        cmocka_unit_test_setup_teardown(a_program_without_token_code_says_so, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
