/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

/* Data objects (PKCS#11 v2.40 4.5): a label, an application, and a value of bytes. */

static void close_session(struct token *token, CK_SESSION_HANDLE session)
{
    WATCHED(token->module, "closing a session");
    (void)token->module->calls->C_CloseSession(session); // what was done in it has been answered
}

bool token_remembers(const struct token *token)
{
    return !token->limits.forgets_data;
}

#define NAME_ATTRIBUTES 5

/** What all objects of one name have in common; the texts are borrowed. */
static void name_template(const struct token_data_name *name, CK_ATTRIBUTE template[static NAME_ATTRIBUTES])
{
    static CK_OBJECT_CLASS class = CKO_DATA;
    static CK_BBOOL yes = CK_TRUE;
    const struct bytes label = bytes_of_text(name->label);
    const struct bytes application = bytes_of_text(name->application);
    template[0] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof(class)};
    template[1] = (CK_ATTRIBUTE){CKA_TOKEN, &yes, sizeof(yes)};
    template[2] = (CK_ATTRIBUTE){CKA_PRIVATE, &yes, sizeof(yes)};
    template[3] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.data, label.len};
    template[4] = (CK_ATTRIBUTE){CKA_APPLICATION, (void *)(uintptr_t)application.data, application.len};
}

static bool each_in_session(struct token *token, CK_SESSION_HANDLE session,
                            const struct token_data_name *name,
                            bool (*visit)(void *data, struct bytes value, unsigned long object), void *data,
                            struct error *err)
{
    CK_ATTRIBUTE template[NAME_ATTRIBUTES];
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    size_t count = 0;
    name_template(name, template);
    if (!objects_find(token, session, template, NAME_ATTRIBUTES, &objects, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        // One that was half written when the power failed has no value.
        attribute_or_empty(token, session, objects[i], CKA_VALUE, &value);
        if (!visit(data, builder_bytes(&value), objects[i]))
            break;
    }
    return true;
}

struct reading {
    token_data_visit *visit;
    void *data;
};

static bool visit_value(void *data, struct bytes value, unsigned long object)
{
    const struct reading *reading = data;
    (void)object;
    return reading->visit(reading->data, value);
}

bool token_data_each(struct token *token, const struct token_data_name *name, token_data_visit *visit,
                     void *data, struct error *err)
{
    struct session *session = NULL;
    struct reading reading = {.visit = visit, .data = data};
    if (!token_remembers(token))
        return true;
    if (!pool_borrow(token, &session, err))
        return false;
    if (!each_in_session(token, session->handle, name, visit_value, &reading, err)) {
        pool_drop(token, session);
        return false;
    }
    pool_return(token, session);
    return true;
}

/* ---- writing ---- */

struct replacing {
    token_data_is_replaced *is_replaced;
    void *data;
    CK_OBJECT_HANDLE *objects; /**< to be destroyed */
    size_t count;
};

static bool gather_replaced(void *data, struct bytes value, unsigned long object)
{
    struct replacing *replacing = data;
    if (replacing->is_replaced(replacing->data, value)) {
        replacing->objects =
            memory_grow(replacing->objects, replacing->count + 1, sizeof(*replacing->objects));
        replacing->objects[replacing->count++] = object;
    }
    return true;
}

static bool create(struct token *token, CK_SESSION_HANDLE session, const struct token_data_name *name,
                   struct bytes value, struct error *err)
{
    CK_ATTRIBUTE template[NAME_ATTRIBUTES + 1];
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    name_template(name, template);
    template[NAME_ATTRIBUTES] = (CK_ATTRIBUTE){CKA_VALUE, (void *)(uintptr_t)value.data, value.len};
    WATCHED(token->module, "keeping data on the token");
    CK_RV rv = token->module->calls->C_CreateObject(session, template, NAME_ATTRIBUTES + 1, &object);
    return rv == CKR_OK || error_rv(err, rv, "keeping data on the token");
}

static bool destroy(struct token *token, CK_SESSION_HANDLE session, const struct replacing *replacing,
                    struct error *err)
{
    for (size_t i = 0; i < replacing->count; i++) {
        WATCHED(token->module, "removing old data from the token");
        CK_RV rv = token->module->calls->C_DestroyObject(session, replacing->objects[i]);
        if (rv != CKR_OK)
            return error_rv(err, rv, "removing old data from the token");
    }
    return true;
}

bool token_data_replace(struct token *token, const struct token_data_name *name, struct bytes value,
                        token_data_is_replaced *is_replaced, void *data, struct error *err)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    struct replacing replacing = {.is_replaced = is_replaced, .data = data};
    if (!token_remembers(token))
        return true;
    if (!token_open_writer(token, &session, err))
        return false;
    // All in one session: what an object's handle means in another is the module's affair. The new one is there before an old one goes.
    bool is_done = each_in_session(token, session, name, gather_replaced, &replacing, err) &&
                   create(token, session, name, value, err) && destroy(token, session, &replacing, err);
    close_session(token, session);
    free(replacing.objects);
    return is_done;
}
