/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "screen/store.h"

/* The bytes of index.rsa (docs/key-screening.md). Numbers are big-endian but for the product, which is as GMP has it. */

static const char magic[8] = "coldcaR1";

/* What a part can have at most; a header that says more is not one. */
#define PRODUCT_MAX_LEN (UINT64_C(64) * 1024 * 1024)
#define TABLE_MAX_LEN (UINT64_C(128) * 1024 * 1024)

static uint64_t read_number(const uint8_t *octets, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | octets[i];
    return value;
}

void store_header(const struct store_part *part, struct builder *ret_header)
{
    uint8_t digest[32];
    size_t start = ret_header->len;
    builder_add(ret_header, magic, sizeof(magic));
    builder_add_u64(ret_header, part->first_seq);
    builder_add_u64(ret_header, part->next_seq);
    builder_add_u64(ret_header, part->count);
    builder_add_u64(ret_header, part->product_len);
    builder_add_u64(ret_header, part->table_len);
    builder_add(ret_header, part->record_sha256, 32);
    builder_add(ret_header, part->product_sha256, 32);
    builder_add(ret_header, part->table_sha256, 32);
    digest_sha256(bytes_of(ret_header->data + start, ret_header->len - start), digest);
    builder_add(ret_header, digest, sizeof(digest));
}

bool store_header_read(struct bytes header, struct store_part *ret_part)
{
    uint8_t digest[32];
    if (header.len != STORE_HEADER_LEN || memcmp(header.data, magic, sizeof(magic)) != 0)
        return false;
    digest_sha256(bytes_slice(header, 0, STORE_HEADER_LEN - 32), digest);
    if (memcmp(digest, header.data + STORE_HEADER_LEN - 32, 32) != 0)
        return false;
    struct store_part part = {
        .first_seq = read_number(header.data + 8, 8),
        .next_seq = read_number(header.data + 16, 8),
        .count = read_number(header.data + 24, 8),
        .product_len = read_number(header.data + 32, 8),
        .table_len = read_number(header.data + 40, 8),
    };
    memcpy(part.record_sha256, header.data + 48, 32);
    memcpy(part.product_sha256, header.data + 80, 32);
    memcpy(part.table_sha256, header.data + 112, 32);
    if (part.next_seq <= part.first_seq || part.product_len > PRODUCT_MAX_LEN || part.product_len == 0 ||
        part.product_len % 8 != 0 || part.table_len > TABLE_MAX_LEN)
        return false;
    *ret_part = part;
    return true;
}

void store_table_add(struct builder *table, uint64_t label, struct bytes modulus)
{
    builder_add_u64(table, label);
    builder_add_u16(table, (uint16_t)modulus.len);
    builder_add_bytes(table, modulus);
}

bool store_table_take(struct bytes *table, uint64_t *ret_label, struct bytes *ret_modulus)
{
    if (table->len < 10)
        return false;
    size_t len = (size_t)read_number(table->data + 8, 2);
    struct bytes modulus = bytes_slice(*table, 10, len);
    if (modulus.len != len || !screen_is_modulus(modulus))
        return false;
    *ret_label = read_number(table->data, 8);
    *ret_modulus = modulus;
    *table = bytes_slice(*table, 10 + len, SIZE_MAX);
    return true;
}
