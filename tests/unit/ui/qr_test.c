/* SPDX-License-Identifier: Apache-2.0 */
/* QR codes: what is drawn in half blocks is read back by a scanner that is not ours. */
#include "base/file.h"
#include "base/memory.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCALE 4
#define LIGHT 255

/** One cell of the drawing: its upper and its lower module. \return bytes it took */
static size_t cell(const char *at, bool *ret_upper_light, bool *ret_lower_light)
{
    *ret_upper_light = strncmp(at, "█", 3) == 0 || strncmp(at, "▀", 3) == 0;
    *ret_lower_light = strncmp(at, "█", 3) == 0 || strncmp(at, "▄", 3) == 0;
    assert_true(*at == ' ' || *ret_upper_light || *ret_lower_light);
    return *at == ' ' ? 1 : 3;
}

static void add_pixels(struct builder *row, bool is_light)
{
    memset(builder_reserve(row, SCALE), is_light ? LIGHT : 0, SCALE);
}

/** Draws the half blocks as a PGM image, each module SCALE by SCALE pixels. */
static void render(const char *drawing, struct builder *ret_image)
{
    AUTO(builder_done) struct builder pixels = BUILDER_INIT;
    size_t width = 0;
    while (*drawing != '\0') {
        AUTO(builder_done) struct builder upper = BUILDER_INIT;
        AUTO(builder_done) struct builder lower = BUILDER_INIT;
        while (*drawing != '\n') {
            bool is_upper_light = false;
            bool is_lower_light = false;
            drawing += cell(drawing, &is_upper_light, &is_lower_light);
            add_pixels(&upper, is_upper_light);
            add_pixels(&lower, is_lower_light);
        }
        drawing++;
        assert_true(width == 0 || width == upper.len);
        width = upper.len;
        for (int i = 0; i < SCALE; i++)
            builder_add_bytes(&pixels, builder_bytes(&upper));
        for (int i = 0; i < SCALE; i++)
            builder_add_bytes(&pixels, builder_bytes(&lower));
    }
    builder_format(ret_image, "P5 %zu %zu %d\n", width, pixels.len / width, LIGHT);
    builder_add_bytes(ret_image, builder_bytes(&pixels));
}

static char *scanned(const char *drawing)
{
    char path[] = "/tmp/coldca-qr-XXXXXX";
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder image = BUILDER_INIT;
    struct builder text = BUILDER_INIT;
    render(drawing, &image);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(file_write_fd(fd, path, builder_bytes(&image), &err));
    assert_int_equal(close(fd), 0);
    char *command = memory_format("zbarimg -q --raw -Sdisable -Sqrcode.enable -Sbinary %s 2>/dev/null", path);
    FILE *scanner = popen(command, "r");
    free(command);
    assert_non_null(scanner);
    bool was_read = file_read_fd(fileno(scanner), "zbarimg", 65536, &text, &err);
    int status = pclose(scanner);
    assert_int_equal(unlink(path), 0);
    assert_true(was_read);
    assert_int_equal(status, 0);
    return builder_take_text(&text);
}

static void a_drawing_is_read_back_by_a_scanner(void **state)
{
    static const char *const texts[] = {
        "a",
        "coldca plan 2f7d0f3c5b1e9a8d7c6b5a4f3e2d1c0b0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "ledger.example/coldca\n1234\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xe2\x80\x94 "
        "ledger.example "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder drawing = BUILDER_INIT;
        assert_true(ui_qr(bytes_of_text(texts[i]), &drawing, &err));
        char *text = scanned(builder_text(&drawing));
        assert_string_equal(text, texts[i]);
        free(text);
    }
}

static void the_largest_text_fits_and_one_byte_more_does_not(void **state)
{
    static uint8_t text[2954];
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder drawing = BUILDER_INIT;
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(ui_qr(bytes_of(text, 2953), &drawing, &err));
    builder_clear(&drawing);
    assert_false(ui_qr(bytes_of(text, 2954), &drawing, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "2954 bytes don't fit a QR code"));
    assert_int_equal(drawing.len, 0);
    assert_false(ui_qr(bytes_of(NULL, 0), &drawing, &err));
}

static void four_light_modules_surround_the_code(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder drawing = BUILDER_INIT;
    (void)state;
    assert_true(ui_qr(BYTES_LITERAL("quiet"), &drawing, &err));
    const char *line = builder_text(&drawing);
    for (int i = 0; i < 2; i++) { // two lines are four modules
        for (; *line != '\n'; line += 3)
            assert_int_equal(strncmp(line, "█", 3), 0);
        line++;
    }
    for (; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_int_equal(strncmp(line, "████", 12), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawing_is_read_back_by_a_scanner),
        cmocka_unit_test(the_largest_text_fits_and_one_byte_more_does_not),
        cmocka_unit_test(four_light_modules_surround_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
