/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside a page of HTML. A page carries everything in itself: no script runs, nothing is fetched. */
#ifndef COLDCA_BASE_HTML_H
#define COLDCA_BASE_HTML_H

#include "base/builder.h"

/** Appends text with <, >, & and " escaped; as an element's text and inside an attribute's quotes. Control characters are quote.h's. */
void html_escape(struct builder *ret_html, struct bytes text);

/**
 * Appends a page's beginning, up to and with <body>: UTF-8, and a policy by which browsers run and fetch nothing.
 * \param title  escaped here
 * \param style  CSS, as it is
 */
void html_begin(struct builder *ret_html, const char *title, const char *style);

#endif
