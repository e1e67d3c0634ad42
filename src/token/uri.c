#include "token/internal.h"

#include "base/quote.h"

void key_uri_done(struct key_uri *uri)
{
    if (uri->parsed != NULL)
        p11_kit_uri_free(uri->parsed);
    uri->parsed = NULL;
}

static struct bytes attribute_of(P11KitUri *uri, CK_ATTRIBUTE_TYPE type)
{
    const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, type);
    if (attribute == NULL)
        return (struct bytes){.data = NULL, .len = 0};
    return bytes_of(attribute->pValue, attribute->ulValueLen);
}

bool key_uri_parse(const char *text, struct key_uri *ret_uri, struct error *err)
{
    AUTO(key_uri_done) struct key_uri uri = {.parsed = p11_kit_uri_new()};
    // The text may hold a PIN, so it is never repeated in a message.
    int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri.parsed);
    if (result != P11_KIT_URI_OK)
        return error_set(
            err, ERROR_TOKEN, 0,
            "the key's URI is not RFC 7512: %s; it looks like pkcs11:token=NAME;id=%%01;type=private",
            p11_kit_uri_message(result));
    if (p11_kit_uri_get_pin_value(uri.parsed) != NULL)
        return error_set(
            err, ERROR_TOKEN, 0,
            "the key's URI holds a PIN (pin-value); remove it and use --pin-source (RFC 7512 2.4)");
    if (p11_kit_uri_any_unrecognized(uri.parsed))
        return error_set(err, ERROR_TOKEN, 0,
                         "the key's URI has an attribute RFC 7512 does not know; use token, serial, model, "
                         "manufacturer, id, object, type");
    struct bytes class_bytes = attribute_of(uri.parsed, CKA_CLASS);
    if (class_bytes.len == sizeof(CK_OBJECT_CLASS)) {
        CK_OBJECT_CLASS value;
        memcpy(&value, class_bytes.data, sizeof(value));
        if (value != CKO_PRIVATE_KEY && value != CKO_PUBLIC_KEY)
            return error_set(err, ERROR_TOKEN, 0, "the URI is of no key; use type=private or leave type out");
    }
    uri.id = attribute_of(uri.parsed, CKA_ID);
    uri.label = attribute_of(uri.parsed, CKA_LABEL);
    *ret_uri = uri;
    uri.parsed = NULL;
    return true;
}

/** A fixed field of the URI's token info: p11-kit leaves the first byte 0 if it was not said. */
static bool field_fits(const unsigned char *field, size_t len, const char *have)
{
    char said[65];
    if (field[0] == 0)
        return true;
    token_trim(field, len, said);
    return strcmp(said, have) == 0;
}

bool key_uri_fits(const struct key_uri *uri, const struct token_info *info)
{
    const CK_TOKEN_INFO *said = p11_kit_uri_get_token_info(uri->parsed);
    return field_fits(said->label, sizeof(said->label), info->label) &&
           field_fits(said->manufacturerID, sizeof(said->manufacturerID), info->manufacturer) &&
           field_fits(said->model, sizeof(said->model), info->model) &&
           field_fits(said->serialNumber, sizeof(said->serialNumber), info->serial);
}

/** Pads with spaces, as Cryptoki does; an empty text stays "not said". */
static void field_set(unsigned char *field, size_t len, const char *text)
{
    size_t text_len = strlen(text);
    if (text_len == 0)
        return;
    memset(field, ' ', len);
    memcpy(field, text, text_len < len ? text_len : len);
}

char *uri_make(const struct token_info *info, struct bytes id, struct bytes label, CK_OBJECT_CLASS type)
{
    AUTO(key_uri_done) struct key_uri uri = {.parsed = p11_kit_uri_new()};
    CK_TOKEN_INFO *said = p11_kit_uri_get_token_info(uri.parsed);
    field_set(said->label, sizeof(said->label), info->label);
    field_set(said->manufacturerID, sizeof(said->manufacturerID), info->manufacturer);
    field_set(said->model, sizeof(said->model), info->model);
    field_set(said->serialNumber, sizeof(said->serialNumber), info->serial);
    CK_ATTRIBUTE attributes[] = {
        {CKA_ID, (void *)(uintptr_t)id.data, id.len},
        {CKA_LABEL, (void *)(uintptr_t)label.data, label.len},
        {CKA_CLASS, &type, sizeof(type)},
    };
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
        if (attributes[i].ulValueLen > 0 && type != CK_UNAVAILABLE_INFORMATION)
            (void)p11_kit_uri_set_attribute(uri.parsed, &attributes[i]); // only an unknown type can fail
    AUTO(free) char *text = NULL;
    if (p11_kit_uri_format(uri.parsed, P11_KIT_URI_FOR_ANY, &text) != P11_KIT_URI_OK)
        return memory_text("pkcs11:");
    return TAKE(text);
}

void token_uri(const struct token *token, struct builder *ret_uri)
{
    struct bytes none = {.data = NULL, .len = 0};
    AUTO(free) char *text = uri_make(&token->info, none, none, CK_UNAVAILABLE_INFORMATION);
    builder_add_text(ret_uri, text);
}
