/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tree.h"

#include "base/digest.h"

#include <assert.h>

void tree_leaf_hash(struct bytes record, struct tree_hash *ret_hash)
{
    const struct bytes parts[] = {BYTES_LITERAL("\0"), record};
    digest_sha256_parts(parts, ARRAY_LEN(parts), ret_hash->bytes);
}

void tree_framed_hash(struct bytes leaf, struct tree_hash *ret_hash)
{
    digest_sha256(leaf, ret_hash->bytes);
}

void tree_node_hash(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret_hash)
{
    uint8_t joined[1 + 2 * TREE_HASH_LEN] = {1};
    memcpy(joined + 1, left->bytes, TREE_HASH_LEN);
    memcpy(joined + 1 + TREE_HASH_LEN, right->bytes, TREE_HASH_LEN);
    digest_sha256(BYTES(joined), ret_hash->bytes);
}

static bool is_same(const struct tree_hash *a, const struct tree_hash *b)
{
    return memcmp(a->bytes, b->bytes, TREE_HASH_LEN) == 0;
}

/** The root of count (a power of two) neighbouring hashes. */
static void perfect_root(const struct tree_hash *hashes, size_t count, struct tree_hash *ret_root)
{
    struct tree_hash row[TREE_TILE_WIDTH];
    assert(count > 0 && count <= TREE_TILE_WIDTH);
    memcpy(row, hashes, count * sizeof(*row));
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++)
            tree_node_hash(&row[2 * i], &row[2 * i + 1], &row[i]);
    }
    *ret_root = row[0];
}

size_t tree_edge_width(uint64_t size, unsigned level)
{
    return (size_t)(size >> (8 * level) & (TREE_TILE_WIDTH - 1));
}

uint64_t tree_edge_number(uint64_t size, unsigned level)
{
    return level + 1 < TREE_LEVELS ? size >> (8 * (level + 1)) : 0; // no shift by as many bits as there are
}

bool tree_append(struct tree *tree, const struct tree_hash *leaf, tree_sink *sink, void *data,
                 struct error *err)
{
    struct tree_hash hash = *leaf;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        size_t width = tree_edge_width(tree->size, level);
        struct tree_tile *tile = &tree->edge[level];
        tile->hashes[width] = hash;
        if (width + 1 < TREE_TILE_WIDTH)
            break;
        if (!sink(data, level, tree_edge_number(tree->size, level), tile, err))
            return false;
        perfect_root(tile->hashes, TREE_TILE_WIDTH, &hash);
    }
    tree->size++;
    return true;
}

/** Folds the perfect subtrees of a width (its binary digits, highest first) from the right onto *root. */
static void fold_edge(const struct tree_hash *hashes, size_t width, bool *has_root, struct tree_hash *root)
{
    for (size_t part = 1; part <= width; part *= 2) {
        if ((width & part) == 0)
            continue;
        struct tree_hash left;
        width -= part; // what is left of this subtree; lower digits are folded already
        perfect_root(hashes + width, part, &left);
        if (*has_root)
            tree_node_hash(&left, root, root);
        else
            *root = left;
        *has_root = true;
    }
}

void tree_edge_root(const struct tree *tree, struct tree_hash *ret_root)
{
    bool has_root = false;
    digest_sha256(bytes_of(NULL, 0), ret_root->bytes);
    for (unsigned level = 0; level < TREE_LEVELS; level++)
        fold_edge(tree->edge[level].hashes, tree_edge_width(tree->size, level), &has_root, ret_root);
}

/** Where a cached tile keeps the roots of its subtrees of 2^height hashes. */
static size_t row_start(unsigned height)
{
    return (size_t)2 * TREE_TILE_WIDTH - ((size_t)2 * TREE_TILE_WIDTH >> height);
}

/** Makes the cache hold at least `needed` hashes of a tile, and all roots they give. */
static bool cache_tile(const struct tree_reader *reader, unsigned level, uint64_t index, size_t needed,
                       const struct tree_cached_tile **ret_cached, struct error *err)
{
    struct tree_tile tile;
    struct tree_cached_tile *cached = &reader->cache->levels[level][index % TREE_CACHE_WAYS];
    size_t known = cached->index == index ? cached->width : 0;
    *ret_cached = cached;
    if (known >= needed)
        return true;
    uint64_t there = (reader->cache->size >> (8 * level)) - index * TREE_TILE_WIDTH;
    needed = there < TREE_TILE_WIDTH ? (size_t)there : TREE_TILE_WIDTH;
    if (!reader->source(reader->data, level, index, needed, &tile, err))
        return false;
    memcpy(cached->nodes + known, tile.hashes + known, (needed - known) * sizeof(*cached->nodes));
    for (unsigned height = 1; height < 8; height++) {
        const struct tree_hash *below = cached->nodes + row_start(height - 1);
        for (size_t i = known >> height; i < needed >> height; i++)
            tree_node_hash(&below[2 * i], &below[2 * i + 1], &cached->nodes[row_start(height) + i]);
    }
    cached->index = index;
    cached->width = needed;
    return true;
}

/** The root of the perfect subtree of 2^height leaves that starts at leaf index << height. */
static bool perfect_node(const struct tree_reader *reader, unsigned height, uint64_t index,
                         struct tree_hash *ret_hash, struct error *err)
{
    struct tree_tile tile;
    unsigned level = height / 8;
    size_t count = (size_t)1 << height % 8;
    uint64_t first = index << height % 8;
    size_t place = (size_t)(first % TREE_TILE_WIDTH);
    if (reader->cache != NULL) {
        const struct tree_cached_tile *cached = NULL;
        if (!cache_tile(reader, level, first / TREE_TILE_WIDTH, place + count, &cached, err))
            return false;
        *ret_hash = cached->nodes[row_start(height % 8) + (place >> height % 8)];
        return true;
    }
    if (!reader->source(reader->data, level, first / TREE_TILE_WIDTH, place + count, &tile, err))
        return false;
    perfect_root(tile.hashes + place, count, ret_hash);
    return true;
}

/** The largest power of two smaller than n; n > 1 (RFC 6962 2.1). */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/** MTH(D[begin:begin+count]); begin is where RFC 6962's recursion splits, so whole subtrees are aligned. */
static bool range_root(const struct tree_reader *reader, uint64_t begin, uint64_t count,
                       struct tree_hash *ret_root, struct error *err)
{
    struct tree_hash lefts[64];
    size_t depth = 0;
    while ((count & (count - 1)) != 0) {
        uint64_t split = split_of(count);
        unsigned height = (unsigned)__builtin_ctzll(split);
        if (!perfect_node(reader, height, begin >> height, &lefts[depth++], err))
            return false;
        begin += split;
        count -= split;
    }
    unsigned height = (unsigned)__builtin_ctzll(count);
    struct tree_hash root;
    if (!perfect_node(reader, height, begin >> height, &root, err))
        return false;
    while (depth > 0)
        tree_node_hash(&lefts[--depth], &root, &root);
    *ret_root = root;
    return true;
}

static void ask_about(const struct tree_reader *reader, uint64_t size)
{
    if (reader->cache != NULL)
        reader->cache->size = size;
}

bool tree_root(const struct tree_reader *reader, uint64_t size, struct tree_hash *ret_root, struct error *err)
{
    ask_about(reader, size);
    if (size > 0)
        return range_root(reader, 0, size, ret_root, err);
    digest_sha256(bytes_of(NULL, 0), ret_root->bytes);
    return true;
}

static void reverse(struct tree_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct tree_hash kept = hashes[i];
        hashes[i] = hashes[count - 1 - i];
        hashes[count - 1 - i] = kept;
    }
}

bool tree_inclusion(const struct tree_reader *reader, uint64_t index, uint64_t size,
                    struct tree_hash ret_path[static TREE_PROOF_MAX], size_t *ret_count, struct error *err)
{
    uint64_t begin = 0;
    size_t count = 0;
    assert(index < size);
    ask_about(reader, size);
    // From the root down; RFC 6962 wants the leaf's sibling first.
    while (size > 1) {
        uint64_t split = split_of(size);
        bool is_left = index - begin < split;
        uint64_t other = is_left ? begin + split : begin;
        if (!range_root(reader, other, is_left ? size - split : split, &ret_path[count++], err))
            return false;
        begin = is_left ? begin : begin + split;
        size = is_left ? split : size - split;
    }
    reverse(ret_path, count);
    *ret_count = count;
    return true;
}

bool tree_consistency(const struct tree_reader *reader, uint64_t old_size, uint64_t size,
                      struct tree_hash ret_proof[static TREE_CONSISTENCY_MAX], size_t *ret_count,
                      struct error *err)
{
    uint64_t begin = 0;
    uint64_t old_end = old_size;
    size_t count = 0;
    bool is_whole = true; // the old tree is this very subtree, whose root the verifier has
    assert(old_size > 0 && old_size <= size);
    ask_about(reader, size);
    while (old_end - begin != size) {
        uint64_t split = split_of(size);
        bool is_left = old_end - begin <= split;
        uint64_t other = is_left ? begin + split : begin;
        if (!range_root(reader, other, is_left ? size - split : split, &ret_proof[count++], err))
            return false;
        is_whole = is_whole && is_left;
        begin = is_left ? begin : begin + split;
        size = is_left ? split : size - split;
    }
    if (!is_whole && !range_root(reader, begin, size, &ret_proof[count++], err))
        return false;
    reverse(ret_proof, count);
    *ret_count = count;
    return true;
}

bool tree_inclusion_holds(const struct tree_hash *leaf, uint64_t index, uint64_t size,
                          const struct tree_hash *path, size_t count, const struct tree_hash *root)
{
    if (index >= size)
        return false;
    uint64_t node = index;
    uint64_t last = size - 1;
    struct tree_hash hash = *leaf;
    for (size_t i = 0; i < count; i++) {
        if (last == 0)
            return false;
        if ((node & 1) == 1 || node == last) {
            tree_node_hash(&path[i], &hash, &hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(&hash, &path[i], &hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && is_same(&hash, root);
}

/** RFC 9162 2.1.4.2 from step 4 on; path starts with the hash both roots are built from. */
static bool consistency_fold(uint64_t node, uint64_t last, const struct tree_hash *path, size_t count,
                             const struct tree_hash *old_root, const struct tree_hash *root)
{
    struct tree_hash old_hash = path[0];
    struct tree_hash new_hash = path[0];
    for (size_t i = 1; i < count; i++) {
        if (last == 0)
            return false;
        if ((node & 1) == 1 || node == last) {
            tree_node_hash(&path[i], &old_hash, &old_hash);
            tree_node_hash(&path[i], &new_hash, &new_hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(&new_hash, &path[i], &new_hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && is_same(&old_hash, old_root) && is_same(&new_hash, root);
}

bool tree_consistency_holds(uint64_t old_size, const struct tree_hash *old_root, uint64_t size,
                            const struct tree_hash *root, const struct tree_hash *proof, size_t count)
{
    struct tree_hash path[TREE_CONSISTENCY_MAX + 1];
    if (old_size > size || count > TREE_CONSISTENCY_MAX)
        return false;
    if (old_size == size)
        return count == 0 && is_same(old_root, root);
    if (old_size == 0)
        return count == 0;
    bool is_power = (old_size & (old_size - 1)) == 0;
    size_t len = 0;
    if (is_power)
        path[len++] = *old_root; // the old tree is a whole subtree, so its root is left out of the proof
    if (count > 0)
        memcpy(path + len, proof, count * sizeof(*proof));
    len += count;
    if (len == 0)
        return false;
    uint64_t node = old_size - 1;
    uint64_t last = size - 1;
    while ((node & 1) == 1) {
        node >>= 1;
        last >>= 1;
    }
    return consistency_fold(node, last, path, len, old_root, root);
}
