/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/charset.h"

#include "ui/ui.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

void ui_use_utf8(void)
{
    wchar_t letter = L'\0';
    mbstate_t state = {0};
    // By name, not "": what is drawn must not depend on the environment. It is in libc-bin, so on every Debian; where it is
    // missing all the same, charset_columns() knows, and tables are drawn in ASCII.
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return;
    // The first conversion reads the converter's files, which a confined process no longer can.
    (void)mbrtowc(&letter, "\xc3\xa4", 2, &state);
}

int charset_columns(const uint8_t *data, size_t len, uint32_t code_point)
{
    wchar_t wide = L'\0';
    mbstate_t state = {0};
    if (mbrtowc(&wide, (const char *)data, len, &state) != len || (uint32_t)wide != code_point ||
        iswprint((wint_t)wide) == 0)
        return -1;
    return wcwidth(wide);
}
