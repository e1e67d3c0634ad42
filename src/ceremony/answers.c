/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/answers.h"

#include "base/memory.h"
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 400
#define ANSWERS_MAX 500

struct person {
    char *role, *name, *initials;
    bool is_here; /**< not of the file: was asked for already */
};
struct filled {
    char *name, *value;
};
struct answer {
    unsigned step;
    unsigned attempt; /**< 0: any */
    char *yes, *choice, *why, *words, *remark, *note;
    bool is_noted;  /**< not of the file: its note is written */
    bool is_chosen; /**< not of the file: a choice is made once, so that no rehearsal tries for ever */
};
struct ceremony_answers {
    struct person *present;
    unsigned present_count;
    struct filled *blanks;
    unsigned blank_count;
    struct answer *answers;
    unsigned answer_count;
    void (*say)(void *data, const char *text);
    void *say_data;
};

#define TEXT(key, flags, structure, member)                                                                  \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), structure, member, 1, TEXT_MAX)
#define LIST(key, flags, member, count_member, schema, max)                                                  \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), struct ceremony_answers, member,           \
                               count_member, schema, 0, max)

static const cyaml_schema_field_t person_fields[] = {
    TEXT("role", 0, struct person, role),
    TEXT("name", 0, struct person, name),
    TEXT("initials", 0, struct person, initials),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t person_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct person, person_fields)};

static const cyaml_schema_field_t filled_fields[] = {
    TEXT("name", 0, struct filled, name),
    TEXT("value", 0, struct filled, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t filled_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct filled, filled_fields)};

static const cyaml_schema_field_t answer_fields[] = {
    CYAML_FIELD_UINT("step", CYAML_FLAG_DEFAULT, struct answer, step),
    CYAML_FIELD_UINT("attempt", CYAML_FLAG_OPTIONAL, struct answer, attempt),
    TEXT("yes", CYAML_FLAG_OPTIONAL, struct answer, yes),
    TEXT("choice", CYAML_FLAG_OPTIONAL, struct answer, choice),
    TEXT("why", CYAML_FLAG_OPTIONAL, struct answer, why),
    TEXT("words", CYAML_FLAG_OPTIONAL, struct answer, words),
    TEXT("remark", CYAML_FLAG_OPTIONAL, struct answer, remark),
    TEXT("note", CYAML_FLAG_OPTIONAL, struct answer, note),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t answer_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct answer, answer_fields)};

static const cyaml_schema_field_t fields[] = {
    LIST("present", 0, present, present_count, &person_schema, 64),
    LIST("blanks", CYAML_FLAG_OPTIONAL, blanks, blank_count, &filled_schema, CEREMONY_NAMES_MAX),
    LIST("answers", CYAML_FLAG_OPTIONAL, answers, answer_count, &answer_schema, ANSWERS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct ceremony_answers, fields)};

void ceremony_answers_free(struct ceremony_answers *answers)
{
    yaml_value_free(&schema, answers);
}

bool ceremony_answers_read(struct bytes text, const char *name, struct ceremony_answers **ret_answers,
                           struct error *err)
{
    void *value = NULL;
    if (!yaml_load(text, name, &schema, &value, err))
        return false;
    *ret_answers = value;
    return true;
}

/* ---- answering ---- */

/** What the file says of this attempt at this step; NULL: nothing. */
static struct answer *answer_of(struct ceremony_answers *answers, const struct room_question *question,
                                size_t place)
{
    for (unsigned i = 0; i < answers->answer_count; i++) {
        struct answer *answer = &answers->answers[i];
        char *const texts[] = {answer->yes,   answer->choice, answer->why,
                               answer->words, answer->remark, answer->is_noted ? NULL : answer->note};
        if (answer->step == question->step && !(place == 1 && answer->is_chosen) &&
            (answer->attempt == 0 || answer->attempt == question->attempt) && texts[place] != NULL)
            return answer;
    }
    return NULL;
}

/** The next person of a role who was not named yet; initials are asked right after the name. */
static const char *person_of(struct ceremony_answers *answers, const char *role, bool wants_initials)
{
    for (unsigned i = 0; i < answers->present_count; i++) {
        struct person *person = &answers->present[i];
        if (person->is_here || strcmp(person->role, role) != 0)
            continue;
        person->is_here = wants_initials;
        return wants_initials ? person->initials : person->name;
    }
    return NULL;
}

static const char *initials_of(const struct ceremony_answers *answers, const char *role)
{
    for (unsigned i = 0; i < answers->present_count; i++) {
        if (strcmp(answers->present[i].role, role) == 0)
            return answers->present[i].initials;
    }
    return NULL;
}

static const char *blank_of(const struct ceremony_answers *answers, const char *name)
{
    for (unsigned i = 0; i < answers->blank_count; i++) {
        if (strcmp(answers->blanks[i].name, name) == 0)
            return answers->blanks[i].value;
    }
    return NULL;
}

static const char *choice_of(struct answer *answer, const char *keys)
{
    static const char *const words[] = {"retry", "go-on", "stop", "abandon"};
    static const char *const letters[] = {"r", "g", "s", "a"};
    for (size_t i = 0; answer != NULL && i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i], answer->choice) != 0 || strchr(keys, letters[i][0]) == NULL)
            continue;
        answer->is_chosen = true;
        return letters[i];
    }
    return NULL;
}

/** What a note says is asked for right after its word was given for an answer. */
static const char *note_of(struct ceremony_answers *answers, const struct room_question *question)
{
    struct answer *answer = answer_of(answers, question, 5);
    if (answer == NULL || question->asks != ROOM_NOTE)
        return answer == NULL ? NULL : CEREMONY_NOTE_WORD;
    answer->is_noted = true;
    return answer->note;
}

static const char *find(struct ceremony_answers *answers, const struct room_question *question)
{
    struct answer *answer = NULL;
    const char *note = question->asks < ROOM_STOP ? note_of(answers, question) : NULL;
    if (note != NULL)
        return note;
    switch (question->asks) {
    case ROOM_NAME:
        return person_of(answers, question->of, false);
    case ROOM_INITIALS:
        return person_of(answers, question->of, true);
    case ROOM_BLANK:
        return blank_of(answers, question->of);
    case ROOM_GO:
        return "";
    case ROOM_YES:
        answer = answer_of(answers, question, 0);
        return answer != NULL ? answer->yes : initials_of(answers, question->of);
    case ROOM_CHOICE:
        return choice_of(answer_of(answers, question, 1), question->choices);
    case ROOM_WHY:
        answer = answer_of(answers, question, 2);
        return answer != NULL ? answer->why : "as the answers file says";
    case ROOM_WORDS:
        answer = answer_of(answers, question, 3);
        return answer == NULL ? NULL : answer->words;
    case ROOM_REMARK:
        answer = answer_of(answers, question, 4);
        return answer == NULL ? NULL : answer->remark;
    case ROOM_NOTE:
        return note_of(answers, question);
    case ROOM_WHOSE:
        return answers->present_count == 0 ? NULL : answers->present[0].initials;
    case ROOM_STOP:
        break;
    }
    return "y";
}

static const char *words_of_question(const struct room_question *question)
{
    static const char *const words[] = {
        [ROOM_NAME] = "one person more in present",
        [ROOM_INITIALS] = "one person more in present",
        [ROOM_BLANK] = "a value in blanks",
        [ROOM_GO] = "nothing",
        [ROOM_YES] = "yes in answers",
        [ROOM_CHOICE] = "choice in answers: retry, go-on, stop or abandon, as the script lets it",
        [ROOM_WHY] = "why in answers",
        [ROOM_WORDS] = "words in answers",
        [ROOM_REMARK] = "remark in answers",
        [ROOM_STOP] = "nothing",
        [ROOM_NOTE] = "note in answers",
        [ROOM_WHOSE] = "one person more in present",
    };
    return words[question->asks];
}

static bool ask(void *data, const struct room_question *question, struct builder *ret_answer,
                struct error *err)
{
    struct ceremony_answers *answers = data;
    const char *found = question->again > 0 ? NULL : find(answers, question);
    if (found == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "step %u: the answers have nothing%s for \"%s\"%s%s; they need %s", question->step,
                         question->again > 0 ? " that fits" : "", question->prompt,
                         question->of == NULL ? "" : " of ", question->of == NULL ? "" : question->of,
                         words_of_question(question));
    builder_add_text(ret_answer, found);
    if (question->asks == ROOM_GO)
        return true;
    AUTO(free) char *line = memory_format("%s: %s\n", question->prompt, found);
    answers->say(answers->say_data, line);
    return true;
}

static void say(void *data, const char *text)
{
    struct ceremony_answers *answers = data;
    answers->say(answers->say_data, text);
}

struct ceremony_room ceremony_answers_room(struct ceremony_answers *answers,
                                           void (*say_line)(void *data, const char *text), void *say_data)
{
    answers->say = say_line;
    answers->say_data = say_data;
    return (struct ceremony_room){.say = say, .ask = ask, .data = answers};
}
