/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of the same kind as the ledger's (tree.h), held whole in memory: for a list that is finished, such as the items of a plan. */
#ifndef COLDCA_LEDGER_WHOLE_TREE_H
#define COLDCA_LEDGER_WHOLE_TREE_H

#include "base/cleanup.h"
#include "ledger/tree.h"

struct whole_tree;
/** \param leaves  tree_leaf_hash() of each; copied */
struct whole_tree *whole_tree_new(const struct tree_hash *leaves, size_t count);
void whole_tree_free(struct whole_tree *tree);
DEFINE_AUTO(struct whole_tree *, whole_tree_free);
/** MTH (RFC 6962 2.1); of an empty tree SHA-256 of nothing. */
void whole_tree_root(const struct whole_tree *tree, struct tree_hash *ret_root);
/** PATH(index) (RFC 6962 2.1.1), leaf's sibling first, as tree_inclusion_holds() takes it. \return how many */
size_t whole_tree_path(const struct whole_tree *tree, size_t index,
                       struct tree_hash ret_path[static TREE_PROOF_MAX]);

#endif
