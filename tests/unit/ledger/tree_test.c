/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "ledger/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TILES_MAX 1024

/** Full tiles as a cache would keep them. */
struct store {
    struct tree tree;
    struct {
        unsigned level;
        uint64_t number;
        struct tree_tile tile;
    } tiles[TILES_MAX];
    size_t count;
};

static bool put_tile(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                     struct error *err)
{
    struct store *store = data;
    (void)err;
    assert_true(store->count < TILES_MAX);
    store->tiles[store->count].level = level;
    store->tiles[store->count].number = number;
    store->tiles[store->count++].tile = *tile;
    return true;
}

static bool get_tile(void *data, unsigned level, uint64_t number, size_t needed, struct tree_tile *ret_tile,
                     struct error *err)
{
    const struct store *store = data;
    for (size_t i = 0; i < store->count; i++) {
        if (store->tiles[i].level == level && store->tiles[i].number == number) {
            *ret_tile = store->tiles[i].tile;
            return true;
        }
    }
    if (number != store->tree.size >> (8 * (level + 1)) || needed > tree_edge_width(store->tree.size, level))
        return error_set(err, ERROR_LEDGER, 0, "no tile %u/%llu of %zu", level, (unsigned long long)number,
                         needed);
    *ret_tile = store->tree.edge[level];
    return true;
}

static void add_leaf(struct store *store, struct bytes record, struct tree_hash *ret_leaf)
{
    struct error err = ERROR_INIT;
    tree_leaf_hash(record, ret_leaf);
    assert_true(tree_append(&store->tree, ret_leaf, put_tile, store, &err));
}

/** RFC 6962 2.1's definition, word for word. */
static void naive_root(const struct tree_hash *leaves, size_t count, struct tree_hash *ret_root)
{
    struct tree_hash left, right;
    if (count == 1) {
        *ret_root = leaves[0];
        return;
    }
    size_t split = 1;
    while (2 * split < count)
        split *= 2;
    naive_root(leaves, split, &left);
    naive_root(leaves + split, count - split, &right);
    tree_node_hash(&left, &right, ret_root);
}

static void assert_hash(const struct tree_hash *hash, const char *wanted)
{
    char text[129];
    assert_string_equal(hex_of(BYTES(hash->bytes), text), wanted);
}

static int setup(void **state)
{
    *state = memory_new(1, sizeof(struct store));
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void the_known_eight_leaf_tree_has_the_known_roots(void **state)
{
    static const struct {
        const char *leaf, *root;
    } known[] = {
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"606162636465666768696a6b6c6d6e6f",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct store *store = *state;
    struct tree_hash root, leaf;
    tree_edge_root(&store->tree, &root);
    assert_hash(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        assert_true(decode_hex(bytes_of_text(known[i].leaf), &data));
        add_leaf(store, builder_bytes(&data), &leaf);
        tree_edge_root(&store->tree, &root);
        assert_hash(&root, known[i].root);
    }
}

#define LEAVES 700

static void fill(struct store *store, struct tree_hash *leaves, struct tree_hash *roots)
{
    for (size_t i = 0; i < LEAVES; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "record %zu", i);
        add_leaf(store, bytes_of_text(text), &leaves[i]);
        naive_root(leaves, i + 1, &roots[i + 1]);
    }
}

static void every_root_is_the_definitions_root_now_and_later(void **state)
{
    struct store *store = *state;
    struct error err = ERROR_INIT;
    const struct tree_reader reader = {.source = get_tile, .data = store};
    AUTO(free) struct tree_hash *leaves = memory_new(LEAVES, sizeof(*leaves));
    AUTO(free) struct tree_hash *roots = memory_new(LEAVES + 1, sizeof(*roots));
    struct tree_hash root;
    fill(store, leaves, roots);
    tree_edge_root(&store->tree, &root);
    assert_memory_equal(root.bytes, roots[LEAVES].bytes, TREE_HASH_LEN);
    for (size_t size = 1; size <= LEAVES; size++) {
        assert_true(tree_root(&reader, size, &root, &err));
        assert_memory_equal(root.bytes, roots[size].bytes, TREE_HASH_LEN);
    }
}

static void every_inclusion_proof_holds_and_no_changed_one_does(void **state)
{
    struct store *store = *state;
    struct error err = ERROR_INIT;
    const struct tree_reader reader = {.source = get_tile, .data = store};
    AUTO(free) struct tree_hash *leaves = memory_new(LEAVES, sizeof(*leaves));
    AUTO(free) struct tree_hash *roots = memory_new(LEAVES + 1, sizeof(*roots));
    struct tree_hash path[TREE_PROOF_MAX];
    size_t count;
    fill(store, leaves, roots);
    for (size_t size = 1; size <= LEAVES; size += size < 20 ? 1 : 37) {
        for (size_t i = 0; i < size; i += i < 20 ? 1 : 13) {
            assert_true(tree_inclusion(&reader, i, size, path, &count, &err));
            assert_true(tree_inclusion_holds(&leaves[i], i, size, path, count, &roots[size]));
            assert_false(tree_inclusion_holds(&leaves[i], i + 1, size, path, count, &roots[size]));
            assert_false(tree_inclusion_holds(&leaves[(i + 1) % LEAVES], i, size, path, count, &roots[size]));
            assert_false(tree_inclusion_holds(&leaves[i], i, size, path, count + 1, &roots[size]));
            if (count == 0)
                continue;
            assert_false(tree_inclusion_holds(&leaves[i], i, size, path, count - 1, &roots[size]));
            path[count / 2].bytes[7] ^= 1;
            assert_false(tree_inclusion_holds(&leaves[i], i, size, path, count, &roots[size]));
        }
    }
}

static void every_consistency_proof_holds_and_no_changed_one_does(void **state)
{
    struct store *store = *state;
    struct error err = ERROR_INIT;
    const struct tree_reader reader = {.source = get_tile, .data = store};
    AUTO(free) struct tree_hash *leaves = memory_new(LEAVES, sizeof(*leaves));
    AUTO(free) struct tree_hash *roots = memory_new(LEAVES + 1, sizeof(*roots));
    struct tree_hash proof[TREE_CONSISTENCY_MAX];
    size_t count;
    fill(store, leaves, roots);
    for (size_t size = 1; size <= LEAVES; size += size < 20 ? 1 : 37) {
        for (size_t old = 1; old <= size; old += old < 20 ? 1 : 13) {
            assert_true(tree_consistency(&reader, old, size, proof, &count, &err));
            assert_true(tree_consistency_holds(old, &roots[old], size, &roots[size], proof, count));
            if (old == size) {
                assert_int_equal(count, 0);
                continue;
            }
            assert_false(tree_consistency_holds(old, &roots[old - 1], size, &roots[size], proof, count));
            assert_false(tree_consistency_holds(old, &roots[old], size, &roots[size - 1], proof, count));
            proof[count - 1].bytes[0] ^= 1;
            assert_false(tree_consistency_holds(old, &roots[old], size, &roots[size], proof, count));
        }
    }
    assert_false(tree_consistency_holds(3, &roots[3], 2, &roots[2], proof, 0));
    // Every tree goes on from the empty one and from itself, and nothing is to be said about it (RFC 9162 2.1.4.1).
    assert_true(tree_consistency_holds(0, &roots[0], 5, &roots[5], proof, 0));
    assert_false(tree_consistency_holds(0, &roots[0], 5, &roots[5], proof, 1));
    assert_true(tree_consistency_holds(5, &roots[5], 5, &roots[5], proof, 0));
    assert_false(tree_consistency_holds(5, &roots[5], 5, &roots[5], proof, 1));
    assert_false(tree_consistency_holds(5, &roots[5], 5, &roots[6], proof, 0));
}

/** A path that goes on above the root gives no other root, though whoever made it knows which. */
static void nothing_stands_above_a_root(void **state)
{
    struct store *store = *state;
    struct error err = ERROR_INIT;
    const struct tree_reader reader = {.source = get_tile, .data = store};
    AUTO(free) struct tree_hash *leaves = memory_new(LEAVES, sizeof(*leaves));
    AUTO(free) struct tree_hash *roots = memory_new(LEAVES + 1, sizeof(*roots));
    AUTO(free) struct tree_hash *endless = memory_new(5000, sizeof(*endless));
    struct tree_hash path[TREE_PROOF_MAX + 1];
    struct tree_hash proof[TREE_CONSISTENCY_MAX + 1];
    const struct tree_hash above = {.bytes = {1}};
    struct tree_hash old_root, root;
    size_t count;
    fill(store, leaves, roots);
    for (size_t size = 1; size <= 40; size++) {
        for (size_t i = 0; i < size; i++) {
            assert_true(tree_inclusion(&reader, i, size, path, &count, &err));
            path[count] = above;
            tree_node_hash(&above, &roots[size], &root);
            assert_false(tree_inclusion_holds(&leaves[i], i, size, path, count + 1, &root));
            tree_node_hash(&roots[size], &above, &root);
            assert_false(tree_inclusion_holds(&leaves[i], i, size, path, count + 1, &root));
            if (i == 0)
                continue;
            assert_true(tree_consistency(&reader, i, size, proof, &count, &err));
            proof[count] = above;
            tree_node_hash(&above, &roots[i], &old_root);
            tree_node_hash(&above, &roots[size], &root);
            assert_false(tree_consistency_holds(i, &old_root, size, &root, proof, count + 1));
            assert_false(tree_consistency_holds(i, &roots[i], size, &root, proof, count + 1));
        }
    }
    assert_false(tree_consistency_holds(3, &roots[3], 7, &roots[7], endless, 5000));
    assert_false(tree_consistency_holds(4, &roots[4], 7, &roots[7], endless, TREE_CONSISTENCY_MAX + 1));
    // The tree of no leaves: the hash of nothing (RFC 9162 2.1.1).
    assert_true(tree_root(&reader, 0, &root, &err));
    assert_memory_equal(root.bytes, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
}

static void a_cache_gives_the_same_proofs_while_the_tree_grows(void **state)
{
    struct store *store = *state;
    struct error err = ERROR_INIT;
    AUTO(free) struct tree_cache *cache = memory_new(1, sizeof(*cache));
    const struct tree_reader reader = {.source = get_tile, .data = store};
    const struct tree_reader cached = {.source = get_tile, .data = store, .cache = cache};
    struct tree_hash path[TREE_PROOF_MAX], same[TREE_PROOF_MAX];
    struct tree_hash leaf, root, same_root;
    size_t count, same_count;
    for (uint64_t size = 1; size <= 70000; size++) {
        add_leaf(store, bytes_of((const uint8_t *)&size, sizeof(size)), &leaf);
        if (size > 600 && size % 191 != 0)
            continue;
        uint64_t index = size * size / 3 % size;
        assert_true(tree_inclusion(&reader, index, size, path, &count, &err));
        assert_true(tree_inclusion(&cached, index, size, same, &same_count, &err));
        assert_int_equal(count, same_count);
        assert_memory_equal(path, same, count * sizeof(*path));
        assert_true(tree_root(&reader, size, &root, &err) && tree_root(&cached, size, &same_root, &err));
        assert_memory_equal(root.bytes, same_root.bytes, TREE_HASH_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_known_eight_leaf_tree_has_the_known_roots, setup, teardown),
        cmocka_unit_test_setup_teardown(every_root_is_the_definitions_root_now_and_later, setup, teardown),
        cmocka_unit_test_setup_teardown(every_inclusion_proof_holds_and_no_changed_one_does, setup, teardown),
        cmocka_unit_test_setup_teardown(every_consistency_proof_holds_and_no_changed_one_does, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_stands_above_a_root, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cache_gives_the_same_proofs_while_the_tree_grows, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
