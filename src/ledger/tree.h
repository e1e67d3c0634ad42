/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree over the records (RFC 6962 2.1, RFC 9162 2.1), kept as the tiles of C2SP tlog-tiles: rows of up to 256 hashes,
 * a hash of level l + 1 being the root of a full tile of level l.
 *
 * Only the right edge (one unfinished tile a level) is in memory: appending costs O(1) hashes on average, a root, an inclusion
 * or a consistency proof O(log n) tiles. Where full tiles are kept is the caller's affair: it takes them from a tree_sink and
 * gives them back through a tree_source. Nothing here touches a file.
 */
#ifndef COLDCA_LEDGER_TREE_H
#define COLDCA_LEDGER_TREE_H

#include "base/bytes.h"
#include "base/error.h"

#define TREE_HASH_LEN 32
#define TREE_TILE_WIDTH 256
#define TREE_LEVELS 8     /* 256^8 leaves are more than 64 bits can count */
#define TREE_PROOF_MAX 64 /* hashes of an inclusion proof */
#define TREE_CONSISTENCY_MAX 65

struct tree_hash {
    uint8_t bytes[TREE_HASH_LEN];
};

struct tree_tile {
    struct tree_hash hashes[TREE_TILE_WIDTH];
};

/** The right edge. Zeroed memory is an empty tree. */
struct tree {
    uint64_t size; /**< leaves */
    struct tree_tile edge[TREE_LEVELS];
};

/** Takes a tile that became full. \return false with err set if it can't be kept */
typedef bool tree_sink(void *data, unsigned level, uint64_t index, const struct tree_tile *tile,
                       struct error *err);
/** Gives back a tile with at least `needed` hashes. \return false with err set if there is none */
typedef bool tree_source(void *data, unsigned level, uint64_t index, size_t needed,
                         struct tree_tile *ret_tile, struct error *err);

#define TREE_CACHE_WAYS 4 /* the 512 records of a group of certificates lie in three tiles at most */

/**
 * For each level a few neighbouring tiles read last, with the roots of their perfect subtrees: who asks for the proofs of many
 * neighbours reads and hashes each tile once. Zeroed memory is an empty one; it belongs to one tree, which may grow.
 */
struct tree_cached_tile {
    uint64_t index;
    size_t width;                                /**< hashes known; 0: nothing is cached */
    struct tree_hash nodes[2 * TREE_TILE_WIDTH]; /**< row h (of 256 >> h roots) starts at 512 - (512 >> h) */
};
struct tree_cache {
    uint64_t size; /**< of the tree asked about last: tiles are read as far as they go up to it */
    struct tree_cached_tile levels[TREE_LEVELS]
                                  [TREE_CACHE_WAYS]; /**< the second index: the tile's, modulo the ways */
};

struct tree_reader {
    tree_source *source;
    void *data;
    struct tree_cache *cache; /**< NULL: none */
};

void tree_leaf_hash(struct bytes record, struct tree_hash *ret_hash); /**< SHA-256(0x00 || record) */
/** The same of a record that has its octet 0 before it already: of many, it is the quicker way. */
void tree_framed_hash(struct bytes leaf, struct tree_hash *ret_hash);
void tree_node_hash(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret_hash);

/** How many hashes the unfinished tile of this level has in a tree of this size. */
size_t tree_edge_width(uint64_t size, unsigned level);
/** Which tile of its level that is. */
uint64_t tree_edge_number(uint64_t size, unsigned level);

MUST_USE bool tree_append(struct tree *tree, const struct tree_hash *leaf, tree_sink *sink, void *data,
                          struct error *err);
/** The root of the whole tree, from the edge alone. */
void tree_edge_root(const struct tree *tree, struct tree_hash *ret_root);

/** MTH(D[0:size]); of an empty tree SHA-256 of nothing. */
MUST_USE bool tree_root(const struct tree_reader *reader, uint64_t size, struct tree_hash *ret_root,
                        struct error *err);
/** PATH(index, D[0:size]) (RFC 6962 2.1.1), leaf's sibling first. index < size. */
MUST_USE bool tree_inclusion(const struct tree_reader *reader, uint64_t index, uint64_t size,
                             struct tree_hash ret_path[static TREE_PROOF_MAX], size_t *ret_count,
                             struct error *err);
/** PROOF(old_size, D[0:size]) (RFC 6962 2.1.2). 0 < old_size <= size. */
MUST_USE bool tree_consistency(const struct tree_reader *reader, uint64_t old_size, uint64_t size,
                               struct tree_hash ret_proof[static TREE_CONSISTENCY_MAX], size_t *ret_count,
                               struct error *err);

/** RFC 9162 2.1.3.2. */
bool tree_inclusion_holds(const struct tree_hash *leaf, uint64_t index, uint64_t size,
                          const struct tree_hash *path, size_t count, const struct tree_hash *root);
/** RFC 9162 2.1.4.2; equal sizes need equal roots and no hashes, an empty old tree is consistent with all. */
bool tree_consistency_holds(uint64_t old_size, const struct tree_hash *old_root, uint64_t size,
                            const struct tree_hash *root, const struct tree_hash *proof, size_t count);

#endif
