/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An input cut into the pieces that are one request each: one DER, or PEM blocks with any text around them (RFC 7468). Nothing
 * is decoded, nothing allocated. The reader reads the pieces; the signer cuts the same input again and holds the reader's
 * answer against them (claims.h). Used by the modules of request/ only.
 */
#ifndef COLDCA_REQUEST_CSR_CUT_H
#define COLDCA_REQUEST_CSR_CUT_H

#include "base/builder.h"

enum csr_piece_kind {
    CSR_PIECE_EMPTY,    /**< the input has no bytes */
    CSR_PIECE_LARGE,    /**< it has more than REQUEST_MAX_FILE_LEN */
    CSR_PIECE_DER,      /**< body is the whole input */
    CSR_PIECE_OTHER,    /**< neither DER nor PEM; body is the whole input */
    CSR_PIECE_BLOCK,    /**< body is the base64 of a block that says it is a request */
    CSR_PIECE_LABEL,    /**< a block with another label */
    CSR_PIECE_NO_BEGIN, /**< a block whose first line is broken */
    CSR_PIECE_NO_END,   /**< a block without a last line */
    CSR_PIECE_MANY,     /**< more blocks than are taken (CSR_MAX_PEM_BLOCKS) follow */
};

struct csr_piece {
    enum csr_piece_kind kind;
    struct bytes body;  /**< a view into the input */
    struct bytes label; /**< of a block; a view */
};

/** Where in an input the cutting is. */
struct csr_cutter {
    struct bytes input;
    size_t at;
    size_t count; /**< pieces so far */
    bool is_done;
};

/** \param input must live as long as the cutter and its pieces */
struct csr_cutter csr_cutter(struct bytes input);
/** The next piece; every input has at least one. \return false: there is none left */
MUST_USE bool csr_cut(struct csr_cutter *cutter, struct csr_piece *ret_piece);
/** The bytes a block's base64 stands for; spaces are passed over (RFC 7468 3). Appends. \return false: it is not exact base64 */
MUST_USE bool csr_unpack(struct bytes body, struct builder *ret_der);

#endif
