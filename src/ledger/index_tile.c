/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/index.h"

static int64_t tile_id(unsigned level, uint64_t number)
{
    return (int64_t)((uint64_t)level << 56 | number);
}

bool index_hashes_put(struct index *index, unsigned level, uint64_t number, const struct tree_hash *hashes,
                      size_t count, struct error *err)
{
    sqlite3_stmt *insert = index_statement(index, "INSERT OR REPLACE INTO tiles VALUES(?1, ?2)", err);
    if (insert == NULL || sqlite3_bind_int64(insert, 1, tile_id(level, number)) != SQLITE_OK ||
        sqlite3_bind_blob(insert, 2, hashes, (int)(count * sizeof(*hashes)), SQLITE_STATIC) != SQLITE_OK)
        return index_fail(index, err);
    bool has_row;
    return index_step(index, insert, &has_row, err);
}

bool index_tile_put(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                    struct error *err)
{
    return index_hashes_put(data, level, number, tile->hashes, TREE_TILE_WIDTH, err);
}

bool index_tile_get(void *data, unsigned level, uint64_t number, size_t needed, struct tree_tile *ret_tile,
                    struct error *err)
{
    struct index *index = data;
    bool has_row;
    sqlite3_stmt *select = index_statement(index, "SELECT hashes FROM tiles WHERE id = ?1", err);
    if (select == NULL || sqlite3_bind_int64(select, 1, tile_id(level, number)) != SQLITE_OK)
        return index_fail(index, err);
    if (!index_step(index, select, &has_row, err))
        return false;
    size_t len = has_row ? (size_t)sqlite3_column_bytes(select, 0) : 0;
    const void *hashes = has_row ? sqlite3_column_blob(select, 0) : NULL;
    bool fits = hashes != NULL && len % TREE_HASH_LEN == 0 && len <= sizeof(*ret_tile) &&
                len / TREE_HASH_LEN >= needed;
    if (fits)
        memcpy(ret_tile, hashes, len);
    (void)sqlite3_reset(select); // it has been read
    return fits || error_set(err, ERROR_LEDGER, 0, "index.sqlite lacks tile %u/%llu of the tree", level,
                             (unsigned long long)number);
}
