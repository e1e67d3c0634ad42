/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/pipeline.h"

/* One thing by itself: a root's certificate, a CRL. */

struct one {
    struct issue_stream stream;
    struct signer *signer;
    struct logged *logged;
    struct json *fields; /**< NULL once they were logged */
    bool (*deliver)(void *data, const struct logged *logged, struct error *err);
    void *data;
};

static bool fill(struct issue_stream *stream, struct issue_group *group, size_t group_len, unsigned wait_ms,
                 struct error *err)
{
    struct one *one = (struct one *)stream;
    (void)group_len, (void)wait_ms; // it is one, and there
    group->jobs[0] = *one->logged;
    if (!logged_append(one->signer, &group->jobs[0], TAKE(one->fields), err))
        return false;
    group->count = 1;
    return true;
}

static bool has_more(const struct issue_stream *stream)
{
    return ((const struct one *)stream)->fields != NULL;
}

static bool deliver(struct issue_stream *stream, struct issue_group *group, struct error *err)
{
    struct one *one = (struct one *)stream;
    if (!group->jobs[0].is_done)
        return true;               // a run that fails delivers what it has, and this is nothing
    *one->logged = group->jobs[0]; // what it made is the caller's
    group->count = 0;
    return one->deliver == NULL || one->deliver(one->data, one->logged, err);
}

bool issue_logged_one(struct signer *signer, struct logged *logged, struct json *fields,
                      bool (*deliver_to)(void *data, const struct logged *logged, struct error *err),
                      void *data, const struct console *console, struct error *err)
{
    struct one one = {
        .stream = {.fill = fill, .has_more = has_more, .deliver = deliver},
        .signer = signer,
        .logged = logged,
        .fields = fields,
        .deliver = deliver_to,
        .data = data,
    };
    struct issue_counts counts;
    bool is_done = issue_logged(signer, &one.stream, console, &counts, err);
    json_free(one.fields);
    return is_done;
}
