/* SPDX-License-Identifier: Apache-2.0 */
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
    uri.id = attribute_of(uri.parsed, CKA_ID);
    uri.label = attribute_of(uri.parsed, CKA_LABEL);
    *ret_uri = uri;
    uri.parsed = NULL;
    return true;
}

bool key_uri_object(const struct key_uri *uri, enum token_object *ret_object, struct error *err)
{
    CK_OBJECT_CLASS class = 0;
    struct bytes value = attribute_of(uri->parsed, CKA_CLASS);
    *ret_object = TOKEN_ANY_OBJECT;
    if (value.len != sizeof(class))
        return true;
    memcpy(&class, value.data, sizeof(class));
    if (class != CKO_PRIVATE_KEY && class != CKO_PUBLIC_KEY && class != CKO_CERTIFICATE)
        return error_set(err, ERROR_TOKEN, 0, "the URI's type is not private, public or cert");
    *ret_object = class == CKO_PRIVATE_KEY  ? TOKEN_PRIVATE_KEY
                  : class == CKO_PUBLIC_KEY ? TOKEN_PUBLIC_KEY
                                            : TOKEN_CERTIFICATE;
    return true;
}

void token_address_done(struct token_address *address)
{
    free(address->label);
    free(address->serial);
    free(address->model);
    free(address->manufacturer);
    free(address->module);
    free(address->pin_source);
    *address = (struct token_address){.label = NULL};
}

/** A fixed field as text of its own; NULL if the URI does not say. */
static char *field_text(const unsigned char *field, size_t len)
{
    char text[65];
    if (field[0] == 0)
        return NULL;
    token_trim(field, len, text);
    return memory_text(text);
}

bool token_address_parse(const char *text, struct token_address *ret_address, struct error *err)
{
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    if (!key_uri_parse(text, &uri, err) || !key_uri_object(&uri, &address.object, err))
        return false;
    const CK_TOKEN_INFO *said = p11_kit_uri_get_token_info(uri.parsed);
    address.label = field_text(said->label, sizeof(said->label));
    address.manufacturer = field_text(said->manufacturerID, sizeof(said->manufacturerID));
    address.model = field_text(said->model, sizeof(said->model));
    address.serial = field_text(said->serialNumber, sizeof(said->serialNumber));
    address.module = memory_text(p11_kit_uri_get_module_path(uri.parsed));
    address.pin_source = memory_text(p11_kit_uri_get_pin_source(uri.parsed));
    *ret_address = address;
    address = (struct token_address){.label = NULL};
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
    CK_SLOT_ID slot_id = p11_kit_uri_get_slot_id(uri->parsed);
    if (slot_id != (CK_SLOT_ID)-1 && slot_id != info->slot_id)
        return false;
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
