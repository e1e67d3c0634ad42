/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/directory.h"

#include "base/der.h"

#include <ctype.h>

/* What RFC 5280 appendix A and RFC 4519 fix; every other field is a DirectoryString. */
static const struct {
    const char *oid;
    uint8_t tag;
} fixed_tags[] = {
    {"2.5.4.5", DER_PRINTABLE_STRING},  // serialNumber
    {"2.5.4.6", DER_PRINTABLE_STRING},  // C
    {"2.5.4.46", DER_PRINTABLE_STRING}, // dnQualifier
    {"0.9.2342.19200300.100.1.25", DER_IA5_STRING},
    {"1.2.840.113549.1.9.1", DER_IA5_STRING},
};

bool text_is_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool is_letter =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!is_letter && strchr(" '()+,-./:=?", *at) == NULL)
            return false;
    }
    return true;
}

uint8_t template_attribute_tag(const struct template_attribute *attribute)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed_tags); i++) {
        if (strcmp(fixed_tags[i].oid, attribute->oid) == 0)
            return fixed_tags[i].tag;
    }
    // The requester's PrintableString is kept, so that names compare equal byte for byte where they can.
    bool is_kept = attribute->tag == DER_PRINTABLE_STRING && text_is_printable(attribute->value);
    return is_kept ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
}

/** The next character without case and repeated blanks; '\0' at the end. */
static int next_loose(const char **at)
{
    if (**at != ' ')
        return **at == '\0' ? '\0' : tolower((unsigned char)*(*at)++);
    while (**at == ' ')
        (*at)++;
    return **at == '\0' ? '\0' : ' '; // blanks at the end don't count
}

static bool is_same_loosely(const char *a, const char *b)
{
    a += strspn(a, " ");
    b += strspn(b, " ");
    for (;;) {
        int left = next_loose(&a);
        int right = next_loose(&b);
        if (left != right)
            return false;
        if (left == '\0')
            return true;
    }
}

static bool is_same_attribute(const struct template_attribute *written,
                              const struct template_attribute *above, enum directory_match match)
{
    if (strcmp(written->oid, above->oid) != 0)
        return false;
    if (match == DIRECTORY_LOOSE)
        return is_same_loosely(written->value, above->value);
    return template_attribute_tag(written) == above->tag && strcmp(written->value, above->value) == 0;
}

/** Whether the attributes of name stand first in the template, RDN for RDN. */
static bool begins_with(const struct template *template, const struct policy_name *name,
                        enum directory_match match)
{
    if (name->attributes_count > template->attributes_count)
        return false;
    for (size_t i = 0; i < name->attributes_count; i++) {
        const struct template_attribute *written = &template->attributes[i];
        const struct template_attribute *above = &name->attributes[i];
        bool starts_written = i == 0 || written->rdn != written[-1].rdn;
        bool starts_above = i == 0 || above->rdn != above[-1].rdn;
        if (starts_written != starts_above || !is_same_attribute(written, above, match))
            return false;
    }
    // An RDN is whole or it is not there.
    size_t count = name->attributes_count;
    return count == 0 || count == template->attributes_count ||
           template->attributes[count].rdn != template->attributes[count - 1].rdn;
}

bool directory_is_same(const struct template *template, const struct policy_name *name,
                       enum directory_match match)
{
    return name->attributes_count == template->attributes_count && begins_with(template, name, match);
}

bool directory_is_within(const struct template *template, const struct policy_name *name,
                         enum directory_match match)
{
    return begins_with(template, name, match);
}
