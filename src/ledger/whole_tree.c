/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/whole_tree.h"

#include "base/digest.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct whole_tree {
    size_t count; /**< leaves */
    size_t rows;
    struct tree_hash *row[TREE_PROOF_MAX + 1]; /**< row[0] the leaves; the last one has the root alone */
    size_t width[TREE_PROOF_MAX + 1];
};

/** A node without a sibling goes up as it is: so the rows give the tree of RFC 6962, whose left subtrees are full. */
static void add_row(struct whole_tree *tree)
{
    const struct tree_hash *below = tree->row[tree->rows - 1];
    size_t width = tree->width[tree->rows - 1];
    struct tree_hash *row = memory_new((width + 1) / 2, sizeof(*row));
    for (size_t i = 0; i + 1 < width; i += 2)
        tree_node_hash(&below[i], &below[i + 1], &row[i / 2]);
    if (width % 2 == 1)
        row[width / 2] = below[width - 1];
    tree->row[tree->rows] = row;
    tree->width[tree->rows++] = (width + 1) / 2;
}

struct whole_tree *whole_tree_new(const struct tree_hash *leaves, size_t count)
{
    struct whole_tree *tree = memory_new(1, sizeof(*tree));
    tree->count = count;
    if (count == 0)
        return tree;
    tree->row[0] = memory_new(count, sizeof(*leaves));
    memcpy(tree->row[0], leaves, count * sizeof(*leaves));
    tree->width[0] = count;
    tree->rows = 1;
    while (tree->width[tree->rows - 1] > 1)
        add_row(tree);
    return tree;
}

void whole_tree_free(struct whole_tree *tree)
{
    for (size_t i = 0; i < tree->rows; i++)
        free(tree->row[i]);
    free(tree);
}

void whole_tree_root(const struct whole_tree *tree, struct tree_hash *ret_root)
{
    if (tree->count == 0)
        digest_sha256(bytes_of(NULL, 0), ret_root->bytes);
    else
        *ret_root = tree->row[tree->rows - 1][0];
}

size_t whole_tree_path(const struct whole_tree *tree, size_t index,
                       struct tree_hash ret_path[static TREE_PROOF_MAX])
{
    size_t count = 0;
    for (size_t row = 0; row + 1 < tree->rows; row++) {
        size_t sibling = index ^ 1;
        if (sibling < tree->width[row])
            ret_path[count++] = tree->row[row][sibling];
        index /= 2;
    }
    return count;
}
