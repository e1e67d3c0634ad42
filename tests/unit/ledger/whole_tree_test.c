/* SPDX-License-Identifier: Apache-2.0 */
/* A tree in memory is the ledger's tree: same roots, and paths that tree_inclusion_holds() takes, at sizes around the edges. */
#include "ledger/whole_tree.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEAVES 300

static struct tree_hash leaves[LEAVES];

static bool forget_tile(void *data, unsigned level, uint64_t index, const struct tree_tile *tile,
                        struct error *err)
{
    (void)data, (void)level, (void)index, (void)tile, (void)err;
    return true; // roots need the edge only
}

static int begin(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEAVES; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%u", i);
        tree_leaf_hash(bytes_of_text(text), &leaves[i]);
    }
    return 0;
}

static void roots_are_those_of_the_ledgers_tree(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    (void)state;
    for (size_t size = 0; size < LEAVES; size++) {
        struct tree_hash ours, theirs;
        AUTO(whole_tree_free) struct whole_tree *whole = whole_tree_new(leaves, size);
        whole_tree_root(whole, &ours);
        tree_edge_root(tree, &theirs);
        assert_memory_equal(ours.bytes, theirs.bytes, TREE_HASH_LEN);
        assert_true(tree_append(tree, &leaves[size], forget_tile, NULL, &err));
    }
}

static void every_path_holds_and_no_other_leaf_has_it(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 8, 9, 255, 256, 257, 300};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct tree_hash root, path[TREE_PROOF_MAX];
        AUTO(whole_tree_free) struct whole_tree *whole = whole_tree_new(leaves, sizes[i]);
        whole_tree_root(whole, &root);
        for (size_t index = 0; index < sizes[i]; index++) {
            size_t count = whole_tree_path(whole, index, path);
            assert_true(tree_inclusion_holds(&leaves[index], index, sizes[i], path, count, &root));
            assert_false(tree_inclusion_holds(&leaves[index + 1 < LEAVES ? index + 1 : 0], index, sizes[i],
                                              path, count, &root));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_the_ledgers_tree),
        cmocka_unit_test(every_path_holds_and_no_other_leaf_has_it),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
