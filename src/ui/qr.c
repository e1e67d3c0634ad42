/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include <errno.h>
#include <qrencode.h>

DEFINE_AUTO(QRcode *, QRcode_free);

/** ISO/IEC 18004 wants four light modules on every side. */
#define QUIET 4

static bool is_dark(const QRcode *code, int row, int column)
{
    if (row < 0 || column < 0 || row >= code->width || column >= code->width)
        return false;
    return (code->data[row * code->width + column] & 1) != 0;
}

static bool encode(struct bytes text, QRcode **ret_code, struct error *err)
{
    // Level M as long as it fits; L holds the most (2,953 bytes).
    if (text.len == 0 || text.len > INT16_MAX)
        return error_set(err, ERROR_INPUT, 0, "%zu bytes don't fit a QR code (1 to 2953 do)", text.len);
    QRcode *code = QRcode_encodeData((int)text.len, text.data, 0, QR_ECLEVEL_M);
    if (code == NULL && errno == ERANGE)
        code = QRcode_encodeData((int)text.len, text.data, 0, QR_ECLEVEL_L);
    if (code == NULL)
        return error_errno(err, ERROR_INPUT, errno, "%zu bytes don't fit a QR code (1 to 2953 do)", text.len);
    *ret_code = code;
    return true;
}

bool ui_qr_svg(struct bytes text, struct builder *ret_svg, struct error *err)
{
    AUTO(QRcode_free) QRcode *code = NULL;
    if (!encode(text, &code, err))
        return false;
    int side = code->width + 2 * QUIET;
    builder_format(ret_svg,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                   "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
                   side, side, side, side);
    for (int row = 0; row < code->width; row++) {
        for (int column = 0; column < code->width; column++) {
            if (is_dark(code, row, column))
                builder_format(ret_svg, "M%d %dh1v1h-1z", column + QUIET, row + QUIET);
        }
    }
    builder_add_text(ret_svg, "\"/></svg>\n");
    return true;
}

bool ui_qr(struct bytes text, struct builder *ret_drawing, struct error *err)
{
    AUTO(QRcode_free) QRcode *code = NULL;
    if (!encode(text, &code, err))
        return false;
    // Terminals are mostly light on dark: a block is a light module. Scanners read the inverse as well.
    for (int row = -QUIET; row < code->width + QUIET; row += 2) {
        for (int column = -QUIET; column < code->width + QUIET; column++) {
            bool upper = is_dark(code, row, column);
            bool lower = is_dark(code, row + 1, column);
            builder_add_text(ret_drawing, upper ? (lower ? " " : "▄") : (lower ? "▀" : "█"));
        }
        builder_add_u8(ret_drawing, '\n');
    }
    return true;
}
