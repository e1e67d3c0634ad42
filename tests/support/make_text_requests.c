/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests around foreign text: make_text_requests FOLDER, with a line for each on stdin: the file's name in hex, a subject and, or "-",
 * the extensions, both in der_assemble()'s language, with tabs between. All have one key.
 */
#include "base/encode.h"
#include "base/file.h"
#include "csr_maker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void end(const char *what)
{
    (void)fprintf(stderr, "make_text_requests: %s\n", what);
    abort();
}

static void write_request(int folder, const char *name_hex, struct csr_recipe recipe, const char *extensions)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    char *attributes = *extensions == '-' ? NULL : csr_extension_request(extensions);
    recipe.attributes = attributes;
    if (!decode_hex(bytes_of_text(name_hex), &name))
        end("a name is not hex");
    csr_make(&recipe, &der);
    if (!file_create(folder, builder_text(&name), 0644, builder_bytes(&der), &err))
        end(err.text);
    free(attributes);
}

int main(int argc, char **argv)
{
    int folder = argc == 2 ? open(argv[1], O_PATH | O_DIRECTORY) : -1;
    EVP_PKEY *key = csr_key("P-256");
    char *line = NULL;
    size_t room = 0;
    if (folder < 0)
        end("needs a folder");
    while (getline(&line, &room, stdin) > 0) {
        char *rest = NULL;
        const char *name = strtok_r(line, "\t", &rest);
        const char *subject = strtok_r(NULL, "\t", &rest);
        const char *extensions = strtok_r(NULL, "\t\n", &rest);
        if (extensions == NULL)
            end("a line has no three parts");
        write_request(folder, name, (struct csr_recipe){.key = key, .subject = subject}, extensions);
    }
    free(line);
    EVP_PKEY_free(key);
    return 0;
}
