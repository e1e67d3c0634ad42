/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as RFC 4180 has it: commas, quoted cells with "" inside, CRLF or LF; UTF-8, a byte order mark at the start is skipped. */
#ifndef COLDCA_BASE_CSV_H
#define COLDCA_BASE_CSV_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct csv_reader {
    struct bytes rest; /**< what was not read yet */
    const char *file;  /**< for messages */
    size_t line;       /**< last line read */
};

struct csv_row {
    char **cells;
    size_t count;
    size_t line; /**< where it starts */
};
void csv_row_done(struct csv_row *row);
DEFINE_AUTO_VALUE(struct csv_row, csv_row_done);

/**
 * The next row that is not empty.
 * \param ret_row     an empty row to fill
 * \param ret_is_end  true: there was none
 * \return false: ERROR_INPUT with the line: an open quote, text beside quotes, no UTF-8, a control character
 */
MUST_USE bool csv_next(struct csv_reader *reader, struct csv_row *ret_row, bool *ret_is_end,
                       struct error *err);

#endif
