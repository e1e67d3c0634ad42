/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "ceremony/check.h"
#include "ceremony/places.h"
#include "ceremony/run.h"
#include "ceremony/stand_in.h"
#include "home/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define PARENT_POLICY "sub-ca"
static const char parent_label[] = CEREMONY_MARK " parent"; // of its key

/** Who signs for a home that awaits its parent. */
struct parent {
    char *home;     /**< path */
    const char *in; /**< name of a home of the script; NULL: one that is made for this */
};

static void parent_done(struct parent *parent)
{
    free(parent->home);
}
DEFINE_AUTO_VALUE(struct parent, parent_done);

static const char *of_script(const struct ceremony_script *script, const char *place)
{
    size_t len = 0;
    const char *path = place == NULL ? NULL : ceremony_place(place, &len);
    AUTO(free) char *name = path == NULL ? NULL : memory_text_of(place, len);
    const struct ceremony_home *home = name == NULL ? NULL : ceremony_home(script, name);
    return home == NULL ? NULL : home->home;
}

/** A root on a token of its own; both are made once. */
static bool make_parent(const struct rehearsal_making *making, const char *path, const char *pin_source,
                        const char *so_source, struct error *err)
{
    const char *const token[] = {"coldca",          "token",   "init",         "--label",  parent_label,
                                 "--so-pin-source", so_source, "--pin-source", pin_source, NULL};
    const char *const init[] = {
        "coldca", "-C",      path,         "--pin-source", pin_source,
        "init",   "--token", parent_label, "--subject",    "O=" CEREMONY_MARK ",CN=" CEREMONY_MARK " parent",
        NULL};
    AUTO(free) char *certificate = memory_format("%s/" HOME_CERTIFICATE_FILE, path);
    if (file_exists(AT_FDCWD, certificate))
        return true;
    if (making->say != NULL)
        making->say(making->say_data, "made up for the rehearsal: a parent CA, on a token of its own\n");
    return (stand_in_run(making, token, NULL, err) && stand_in_run(making, init, NULL, err)) ||
           error_while(err, "making a throwaway parent");
}

/** The home that the chain is of, if the script has it; else one that is made. */
static bool find_parent(const struct rehearsal_making *making, const struct ceremony_step *complete,
                        const char *pin_source, struct parent *ret_parent, struct error *err)
{
    const struct rehearsal *rehearsal = making->rehearsal;
    AUTO(free) char *so_source = memory_format("file:%s/so-pin", rehearsal->folder);
    const char *name = of_script(making->script, step_value(complete, FIELD_CHAIN));
    if (name != NULL && strcmp(name, step_value(complete, FIELD_HOME)) != 0 &&
        ceremony_begins_with(making->script, FACT_COMPLETE, name)) {
        *ret_parent = (struct parent){.home = memory_text(site_home_path(rehearsal->site, name)), .in = name};
        return true;
    }
    *ret_parent = (struct parent){.home = memory_format("%s/parent", rehearsal->folder)};
    return make_parent(making, ret_parent->home, pin_source, so_source, err);
}

/** Copies a file of this machine to a place of a medium. */
static bool put(const struct rehearsal_making *making, const char *path, const char *place, struct error *err)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    return file_read(AT_FDCWD, path, PLACE_FILE_MAX_LEN, &data, err) &&
           place_write(making->rehearsal->site, place, builder_bytes(&data), err);
}

/** The certificate is brought along, and its chain: issued for the throwaway key. */
static bool issue(const struct rehearsal_making *making, const struct ceremony_step *complete,
                  struct error *err)
{
    const struct rehearsal *rehearsal = making->rehearsal;
    const char *home = step_value(complete, FIELD_HOME);
    const char *chain = step_value(complete, FIELD_CHAIN);
    AUTO(free) char *pin_source = memory_format("file:%s/pin", rehearsal->folder);
    AUTO(free) char *csr = memory_format("%s/" HOME_REQUEST_FILE, site_home_path(rehearsal->site, home));
    AUTO(free) char *out = memory_format("%s/issued-for-%s", rehearsal->folder, home);
    AUTO(free) char *certificate = memory_format("%s/ca.pem", out);
    AUTO(parent_done) struct parent parent = {.home = NULL};
    if (!find_parent(making, complete, pin_source, &parent, err))
        return false;
    const char *const sign[] = {"coldca",   "-C",   parent.home, "--pin-source",
                                pin_source, "sign", "--policy",  PARENT_POLICY,
                                "--out",    out,    csr,         NULL};
    AUTO(free) char *above = memory_format("%s/" HOME_CERTIFICATE_FILE, parent.home);
    return stand_in_run(making, sign, NULL, err) &&
           put(making, certificate, step_value(complete, FIELD_CERTIFICATE), err) &&
           (chain == NULL || of_script(making->script, chain) != NULL || put(making, above, chain, err));
}

/** A step of the script signs it, of a request that is brought along: the throwaway home's. */
static bool bring_request(const struct rehearsal_making *making, const struct ceremony_step *complete,
                          struct error *err)
{
    const char *home = step_value(complete, FIELD_HOME);
    const char *certificate = step_value(complete, FIELD_CERTIFICATE);
    AUTO(free)
    char *csr = memory_format("%s/" HOME_REQUEST_FILE, site_home_path(making->rehearsal->site, home));
    for (const struct ceremony_step *step = making->script->steps; step < complete; step++) {
        const char *to = step_value(step, FIELD_TO);
        const char *request = step_value(step, FIELD_REQUEST);
        size_t len = to == NULL ? 0 : strlen(to);
        if (step->kind != STEP_SIGN || strncmp(certificate, to, len) != 0 || certificate[len] != '/' ||
            !ceremony_begins_with(making->script, FACT_FILE, request))
            continue;
        const char *name = certificate + len + 1;
        bool is_file = strlen(request) > 4 && strcmp(request + strlen(request) - 4, ".csr") == 0;
        AUTO(free)
        char *place = is_file ? memory_text(request)
                              : memory_format("%s/%.*s.csr", request, (int)strcspn(name, "."), name);
        return put(making, csr, place, err);
    }
    return true; // a step of the script makes the request
}

bool stand_in_parents(const struct rehearsal_making *making, struct error *err)
{
    for (unsigned i = 0; i < making->script->step_count; i++) {
        const struct ceremony_step *step = &making->script->steps[i];
        if (step->kind != STEP_COMPLETE ||
            !ceremony_begins_with(making->script, FACT_EXISTS, step_value(step, FIELD_HOME)))
            continue;
        bool is_brought =
            ceremony_begins_with(making->script, FACT_FILE, step_value(step, FIELD_CERTIFICATE));
        if (!(is_brought ? issue(making, step, err) : bring_request(making, step, err)))
            return error_while(err, "standing in for the parent of %s", step_value(step, FIELD_HOME));
    }
    return true;
}
