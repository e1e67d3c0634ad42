#include "media/name.h"

#include "base/quote.h"
#include "media/media.h"

#include <strings.h>

#define MAX_PART_LEN 255 /* bytes; vfat counts 255 UTF-16 units, which is never less */
#define MAX_SAFE_LEN 100 /* room for endings and a number to tell twins apart */

/** Names that Windows keeps for devices, with any ending. */
static bool is_device_name(const char *part, size_t len)
{
    static const char *const names[] = {"CON", "PRN", "AUX", "NUL"};
    const char *dot = memchr(part, '.', len);
    size_t stem = dot == NULL ? len : (size_t)(dot - part);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (stem == 3 && strncasecmp(part, names[i], 3) == 0)
            return true;
    }
    return stem == 4 && (strncasecmp(part, "COM", 3) == 0 || strncasecmp(part, "LPT", 3) == 0) &&
           part[3] >= '0' && part[3] <= '9';
}

/** Whether quote.h would have to make something visible. */
static bool has_hidden_characters(const char *part, size_t len)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_of(part, len), 0);
    return !bytes_equal(builder_bytes(&shown), bytes_of(part, len));
}

const char *media_name_fault(const char *part, size_t len)
{
    if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
        return "has an empty part, \".\" or \"..\" in it";
    if (len > MAX_PART_LEN)
        return "has a part longer than 255 bytes";
    if (!utf8_is_valid(bytes_of(part, len)))
        return "is not valid UTF-8";
    for (size_t i = 0; i < len; i++) {
        if (part[i] != '\0' && strchr("\"*:<>?\\|", part[i]) != NULL)
            return "has a character in it that vfat can't hold";
    }
    if (has_hidden_characters(part, len))
        return "has a character in it that does not show (a control or a direction mark)";
    if (part[len - 1] == '.' || part[len - 1] == ' ')
        return "has a part that ends with a dot or a space";
    return is_device_name(part, len) ? "is a device's name on Windows" : NULL;
}

static bool is_safe(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

void media_safe_name(const char *foreign, struct builder *ret_name)
{
    char name[MAX_SAFE_LEN + 2];
    size_t len = 0;
    struct bytes rest = bytes_of_text(foreign);
    while (rest.len > 0 && len < MAX_SAFE_LEN) {
        uint32_t code = 0;
        size_t used = utf8_decode(rest.data, rest.len, &code);
        char c = (char)rest.data[0];
        // A leading dot would hide the file, a leading dash look like an option.
        bool is_kept = is_safe(rest.data[0]) && !(len == 0 && (c == '.' || c == '-'));
        name[len++] = is_kept ? c : '_';
        rest = bytes_slice(rest, used == 0 ? 1 : used, rest.len);
    }
    while (len > 0 && name[len - 1] == '.')
        name[--len] = '\0';
    if (len == 0 || is_device_name(name, len))
        builder_add_text(ret_name, "_");
    builder_add(ret_name, name, len);
}
