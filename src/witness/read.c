/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/quote.h"
#include "records/plan_read.h"
#include "witness/approve.h"

#include <fcntl.h>

void approve_parse(struct bytes input, struct builder *ret_output)
{
    plan_read_answer(input, approve_describe, ret_output);
}

bool approve_read(const char *path, struct plan_file *ret_file, struct builder *ret_words, struct error *err)
{
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    return file_read(AT_FDCWD, path, PLAN_FILE_MAX_LEN, &input, err) &&
           (plan_file_read_with_words(builder_bytes(&input), approve_parse, ret_file, ret_words, err) ||
            error_while(err, "taking in %s", quoted_text(path, &(struct quoted){0})));
}
