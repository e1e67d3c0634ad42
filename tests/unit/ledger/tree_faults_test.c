/* SPDX-License-Identifier: Apache-2.0 */
/* A tile that can't be read or written is no root, no proof and no leaf: whichever of them it is, the caller is told. */
#include "ledger/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 700 /* two full tiles, a part of a third, and a level above them */
#define TILES_MAX 8

static struct tree tree;
static struct {
    unsigned level;
    uint64_t number;
    struct tree_tile tile;
} tiles[TILES_MAX];
static size_t tile_count;
static unsigned left; /* so many tiles can be read, or written, yet */

static bool say_gone(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "the disk is gone");
}

static bool put_tile(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                     struct error *err)
{
    (void)data;
    if (left == 0)
        return say_gone(err);
    left--;
    tiles[tile_count].level = level;
    tiles[tile_count].number = number;
    tiles[tile_count++].tile = *tile;
    return true;
}

static bool get_tile(void *data, unsigned level, uint64_t number, size_t needed, struct tree_tile *ret_tile,
                     struct error *err)
{
    (void)data, (void)needed;
    if (left == 0)
        return say_gone(err);
    left--;
    for (size_t i = 0; i < tile_count; i++) {
        if (tiles[i].level != level || tiles[i].number != number)
            continue;
        *ret_tile = tiles[i].tile;
        return true;
    }
    *ret_tile = tree.edge[level];
    return true;
}

static void leaf_of(unsigned number, struct tree_hash *ret_leaf)
{
    tree_leaf_hash(bytes_of((const uint8_t *)&number, sizeof(number)), ret_leaf);
}

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    memset(&tree, 0, sizeof(tree));
    tile_count = 0;
    left = 1000;
    for (unsigned i = 0; i < SIZE; i++) {
        struct tree_hash leaf;
        leaf_of(i, &leaf);
        assert_true(tree_append(&tree, &leaf, put_tile, NULL, &err));
    }
    return 0;
}

static const struct tree_reader reader = {.source = get_tile};

/** What is asked of the tree. */
static bool root_of(uint64_t size, struct error *err)
{
    struct tree_hash root;
    return tree_root(&reader, size, &root, err);
}

static bool inclusion_of(uint64_t index, struct error *err)
{
    struct tree_hash path[TREE_PROOF_MAX];
    size_t count = 0;
    return tree_inclusion(&reader, index, SIZE, path, &count, err);
}

static bool consistency_of(uint64_t size, struct error *err)
{
    struct tree_hash proof[TREE_CONSISTENCY_MAX];
    size_t count = 0;
    return tree_consistency(&reader, size, SIZE, proof, &count, err);
}

static void a_tile_that_cannot_be_read_is_no_hash(void **state)
{
    bool (*const questions[])(uint64_t number, struct error * err) = {root_of, inclusion_of, consistency_of};
    static const uint64_t numbers[] = {1, 3, 255, 256, 257, 300, 511, 512, 513, 600, 699};
    unsigned asked = 0;
    (void)state;
    for (size_t i = 0; i < 3 * (sizeof(numbers) / sizeof(numbers[0])); i++) {
        struct error err = ERROR_INIT;
        left = 1000;
        assert_true(questions[i % 3](numbers[i / 3], &err));
        const unsigned tiles_read = 1000 - left;
        asked += tiles_read;
        for (unsigned j = 0; j < tiles_read; j++) {
            left = j;
            error_clear(&err);
            if (questions[i % 3](numbers[i / 3], &err))
                fail_msg("question %zu of %u, tile %u", i % 3, (unsigned)numbers[i / 3], j);
            assert_string_equal(err.text, "the disk is gone");
        }
    }
    assert_true(asked > 50);
}

static void a_tile_that_cannot_be_kept_is_said(void **state)
{
    struct error err = ERROR_INIT;
    struct tree_hash leaf;
    (void)state;
    left = 0;
    for (unsigned i = SIZE; i < 768; i++) {
        leaf_of(i, &leaf);
        bool is_kept = tree_append(&tree, &leaf, put_tile, NULL, &err);
        assert_int_equal(is_kept, i < 767); // the last one makes the tile full
    }
    assert_string_equal(err.text, "the disk is gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_tile_that_cannot_be_read_is_no_hash, begin),
        cmocka_unit_test_setup(a_tile_that_cannot_be_kept_is_said, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
