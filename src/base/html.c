/* SPDX-License-Identifier: Apache-2.0 */
#include "base/html.h"

void html_escape(struct builder *ret_html, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        const char *name = c == '<'   ? "&lt;"
                           : c == '>' ? "&gt;"
                           : c == '&' ? "&amp;"
                           : c == '"' ? "&quot;"
                                      : NULL;
        if (name != NULL)
            builder_add_text(ret_html, name);
        else
            builder_add_u8(ret_html, c);
    }
}

void html_begin(struct builder *ret_html, const char *title, const char *style)
{
    builder_add_text(ret_html,
                     "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'unsafe-inline'\">\n<title>");
    html_escape(ret_html, bytes_of_text(title));
    builder_format(ret_html, "</title>\n<style>%s</style></head><body>\n", style);
}
