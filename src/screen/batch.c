/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "screen/store.h"

/*
 * For each modulus n of a batch, the product of all other moduli modulo n: a gcd with n that isn't 1 is a shared factor.
 *
 * A block is as many of the batch's moduli as fit into one product tree. What is outside the block (the stores' parts and tails, the
 * other blocks) comes as one product, times the sum of the block's cofactors, which modulo n is the product of the block's
 * others; down the tree go remainders of that. A modulus a store has as well (a renewal) would make everything 0; so what is
 * outside is computed modulo those moduli twice and divided by them once, exactly.
 */

#define BLOCK_MAX 4096
#define PRIME_ROUNDS 25
#define PARTS_MIN 8 /* subtrees that threads share */

/** A number that a block is compared with: a store's part or tail, or another block. */
struct source {
    struct screen_store *store; /**< NULL: a block */
    size_t index;               /**< of the part or the block; SIZE_MAX: the tail */
};

struct batch {
    struct screen_store *const *stores;
    size_t stores_count;
    screen_parallel_fn parallel;
    unsigned threads;
    struct bytes *moduli; /**< each once */
    size_t count;
    uint64_t *same; /**< labels in the store, SCREEN_NONE */
    struct modulus_set set;
    mpz_t *common; /**< gcd of each modulus with the product of all others */
};

struct blocks {
    mpz_t *products;
    size_t count;
};

static void in_turn(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data)
{
    (void)threads;
    for (size_t i = 0; i < count; i++)
        work(data, i);
}

static struct bytes *block_moduli(const struct batch *batch, size_t block, size_t *ret_count)
{
    size_t start = block * BLOCK_MAX;
    *ret_count = batch->count - start < BLOCK_MAX ? batch->count - start : BLOCK_MAX;
    return batch->moduli + start;
}

/* ---- what is outside a block ---- */

struct outside {
    const struct blocks *blocks;
    size_t block;
    mpz_t modulus;
    struct source *sources;
    size_t count;
    mpz_t *values; /**< of each source modulo modulus */
    bool *is_read;
    struct error *errors;
};

static void add_source(struct outside *outside, struct screen_store *store, size_t index)
{
    outside->sources = memory_grow(outside->sources, outside->count + 1, sizeof(*outside->sources));
    outside->sources[outside->count++] = (struct source){store, index};
}

static void list_sources(struct outside *outside, const struct batch *batch)
{
    for (size_t i = 0; i < batch->stores_count; i++) {
        for (size_t j = 0; j < batch->stores[i]->parts_count; j++)
            add_source(outside, batch->stores[i], j);
        add_source(outside, batch->stores[i], SIZE_MAX);
    }
    for (size_t i = 0; i < outside->blocks->count; i++) {
        if (i != outside->block)
            add_source(outside, NULL, i);
    }
    outside->values = memory_new(outside->count, sizeof(*outside->values));
    outside->is_read = memory_new(outside->count, sizeof(*outside->is_read));
    outside->errors = memory_new(outside->count, sizeof(*outside->errors));
    for (size_t i = 0; i < outside->count; i++)
        mpz_init(outside->values[i]);
}

static void outside_done(struct outside *outside)
{
    for (size_t i = 0; i < outside->count; i++)
        mpz_clear(outside->values[i]);
    free(outside->sources);
    free(outside->values);
    free(outside->is_read);
    free(outside->errors);
}

static void reduce_source(void *data, size_t index)
{
    struct outside *outside = data;
    const struct source *source = &outside->sources[index];
    outside->is_read[index] = true;
    if (source->store == NULL) {
        mpz_set(outside->values[index], outside->blocks->products[source->index]);
    } else if (source->index != SIZE_MAX) {
        outside->is_read[index] =
            store_product(source->store, source->index, outside->values[index], &outside->errors[index]);
    } else {
        AUTO(free) struct bytes *moduli = memory_new(source->store->tail_count, sizeof(*moduli));
        for (size_t i = 0; i < source->store->tail_count; i++)
            moduli[i] = source->store->tail[i].modulus;
        number_product(outside->values[index], moduli, source->store->tail_count);
    }
    mpz_mod(outside->values[index], outside->values[index], outside->modulus);
}

/** Multiplies the sources' values into ret_value, which holds 1; drops the store's part that could not be read. */
static bool join_sources(struct outside *outside, mpz_t ret_value, struct error *err)
{
    for (size_t i = 0; i < outside->count; i++) {
        if (!outside->is_read[i]) {
            *err = outside->errors[i];
            store_cut(outside->sources[i].store, outside->sources[i].index);
            return false;
        }
        mpz_mul(ret_value, ret_value, outside->values[i]);
        mpz_mod(ret_value, ret_value, outside->modulus);
    }
    return true;
}

/** The product of everything outside the block, modulo the block's product (root). */
static bool reduce_outside(const struct batch *batch, const struct blocks *blocks, size_t block,
                           const mpz_t root, mpz_t ret_value, struct error *err)
{
    size_t count = 0;
    size_t known_count = 0;
    const struct bytes *moduli = block_moduli(batch, block, &count);
    AUTO(free) struct bytes *known = memory_new(count, sizeof(*known));
    struct outside outside = {.blocks = blocks, .block = block};
    mpz_t twice;
    for (size_t i = 0; i < count; i++) {
        if (batch->same[block * BLOCK_MAX + i] != SCREEN_NONE)
            known[known_count++] = moduli[i];
    }
    mpz_init(twice);
    number_product(twice, known, known_count);
    mpz_init(outside.modulus);
    mpz_mul(outside.modulus, root, twice);
    list_sources(&outside, batch);
    batch->parallel(outside.count, batch->threads, reduce_source, &outside);
    mpz_set_ui(ret_value, 1);
    bool is_joined = join_sources(&outside, ret_value, err);
    if (is_joined) {
        mpz_divexact(ret_value, ret_value, twice);
        mpz_mod(ret_value, ret_value, root);
    }
    outside_done(&outside);
    mpz_clear(twice);
    mpz_clear(outside.modulus);
    return is_joined;
}

/* ---- down the tree ---- */

struct descent {
    const struct batch *batch;
    const struct number_tree *tree;
    size_t block;
    size_t level; /**< whose nodes the threads share */
    mpz_t *values;
};

static void descend(const struct descent *descent, size_t level, size_t node, const mpz_t value)
{
    if (level == 0) {
        mpz_gcd(descent->batch->common[descent->block * BLOCK_MAX + node], value,
                descent->tree->levels[0].items[node]);
        return;
    }
    const struct number_level *below = &descent->tree->levels[level - 1];
    for (size_t child = node * 2; child <= node * 2 + 1 && child < below->count; child++) {
        mpz_t next;
        mpz_init(next);
        mpz_mod(next, value, below->items[child]);
        descend(descent, level - 1, child, next);
        mpz_clear(next);
    }
}

static void descend_part(void *data, size_t index)
{
    const struct descent *descent = data;
    descend(descent, descent->level, index, descent->values[index]);
}

/** The topmost levels on this thread, the subtrees below on all. */
static void descend_all(struct descent *descent, const mpz_t value)
{
    size_t level = descent->tree->height - 1;
    mpz_t *values = memory_new(1, sizeof(*values));
    mpz_init_set(values[0], value);
    while (level > 0 && descent->tree->levels[level].count < PARTS_MIN) {
        const struct number_level *below = &descent->tree->levels[level - 1];
        mpz_t *next = memory_new(below->count, sizeof(*next));
        for (size_t i = 0; i < below->count; i++) {
            mpz_init(next[i]);
            mpz_mod(next[i], values[i / 2], below->items[i]);
        }
        for (size_t i = 0; i < descent->tree->levels[level].count; i++)
            mpz_clear(values[i]);
        free(values);
        values = next;
        level--;
    }
    descent->level = level;
    descent->values = values;
    size_t count = descent->tree->levels[level].count;
    descent->batch->parallel(count, descent->batch->threads, descend_part, descent);
    for (size_t i = 0; i < count; i++)
        mpz_clear(values[i]);
    free(values);
}

static bool compare_block(const struct batch *batch, const struct blocks *blocks, size_t block,
                          struct error *err)
{
    size_t count = 0;
    const struct bytes *moduli = block_moduli(batch, block, &count);
    AUTO(number_tree_done) struct number_tree tree = {.height = 0};
    struct descent descent = {.batch = batch, .tree = &tree, .block = block};
    mpz_t value;
    number_tree_init(&tree, moduli, count);
    const mpz_t *root = &tree.levels[tree.height - 1].items[0];
    mpz_init(value);
    bool is_done = reduce_outside(batch, blocks, block, *root, value, err);
    if (is_done) {
        mpz_mul(value, value, tree.cofactors);
        mpz_mod(value, value, *root);
        descend_all(&descent, value);
    }
    mpz_clear(value);
    return is_done;
}

static bool compare_all(const struct batch *batch, struct error *err)
{
    struct blocks blocks = {.count = (batch->count + BLOCK_MAX - 1) / BLOCK_MAX};
    AUTO(free) mpz_t *products = memory_new(blocks.count, sizeof(*products));
    bool is_done = true;
    blocks.products = products;
    for (size_t i = 0; i < blocks.count; i++) {
        size_t count = 0;
        const struct bytes *moduli = block_moduli(batch, i, &count);
        mpz_init(products[i]);
        if (blocks.count > 1) // a single one asks for no other
            number_product(products[i], moduli, count);
    }
    for (size_t i = 0; is_done && i < blocks.count; i++)
        is_done = compare_block(batch, &blocks, i, err);
    for (size_t i = 0; i < blocks.count; i++)
        mpz_clear(products[i]);
    return is_done;
}

/* ---- who shares with whom ---- */

/** A modulus that shares something. */
struct hit {
    size_t place;
    bool is_prime; /**< what it shares is one prime */
};

struct search {
    const struct batch *batch;
    struct hit *hits;
    size_t hits_count;
    struct screen_share *shares; /**< of the batch's moduli */
    mpz_t other;
    mpz_t rest;
};

/** Whether a hit has a factor in common with search->other. */
static bool is_sharing(struct search *search, const struct hit *hit)
{
    const mpz_t *common = &search->batch->common[hit->place];
    if (search->shares[hit->place].count == SCREEN_COUNT_MAX)
        return false; // nobody reads more of them
    if (hit->is_prime)
        return mpz_divisible_p(search->other, *common) != 0;
    mpz_gcd(search->rest, search->other, *common); // each prime may be another's
    return mpz_cmp_ui(search->rest, 1) > 0;
}

static bool meet_stored(void *data, uint64_t label, struct bytes modulus)
{
    struct search *search = data;
    number_read(search->other, modulus);
    for (size_t i = 0; i < search->hits_count; i++) {
        const struct hit *hit = &search->hits[i];
        struct screen_share *share = &search->shares[hit->place];
        if (!is_sharing(search, hit) || bytes_equal(search->batch->moduli[hit->place], modulus))
            continue;
        share->count++;
        if (share->label == SCREEN_NONE)
            share->label = label;
    }
    return true;
}

/** Every modulus of the batch that shares with one of the batch is a hit itself. */
static void meet_each_other(struct search *search)
{
    for (size_t i = 0; i < search->hits_count; i++) {
        number_read(search->other, search->batch->moduli[search->hits[i].place]);
        for (size_t j = 0; j < search->hits_count; j++) {
            struct screen_share *share = &search->shares[search->hits[j].place];
            if (i == j || !is_sharing(search, &search->hits[j]))
                continue;
            share->count++;
            if (share->other == SIZE_MAX)
                share->other = search->hits[i].place;
        }
    }
}

static bool find_others(const struct batch *batch, struct screen_share *shares, struct error *err)
{
    AUTO(free) struct hit *hits = memory_new(batch->count, sizeof(*hits));
    struct search search = {.batch = batch, .hits = hits, .shares = shares};
    bool is_done = true;
    for (size_t i = 0; i < batch->count; i++) {
        if (mpz_cmp_ui(batch->common[i], 1) > 0)
            hits[search.hits_count++] =
                (struct hit){i, mpz_probab_prime_p(batch->common[i], PRIME_ROUNDS) != 0};
    }
    if (search.hits_count == 0)
        return true;
    mpz_init(search.other);
    mpz_init(search.rest);
    meet_each_other(&search);
    for (size_t i = 0; is_done && i < batch->stores_count; i++)
        is_done = store_each(batch->stores[i], meet_stored, &search, err);
    mpz_clear(search.other);
    mpz_clear(search.rest);
    return is_done;
}

/* ---- from moduli to shares ---- */

static bool note_same(void *data, uint64_t label, struct bytes modulus)
{
    struct batch *batch = data;
    size_t index = modulus_set_find(&batch->set, modulus);
    if (index != SIZE_MAX && batch->same[index] == SCREEN_NONE)
        batch->same[index] = label;
    return true;
}

static bool compare(struct batch *batch, struct screen_share *shares, struct error *err)
{
    for (size_t i = 0; i < batch->stores_count; i++) {
        if (!store_settle(batch->stores[i], err) || !store_each(batch->stores[i], note_same, batch, err))
            return false;
    }
    if (!compare_all(batch, err))
        return false;
    for (size_t i = 0; i < batch->count; i++)
        shares[i] = (struct screen_share){.label = SCREEN_NONE, .other = SIZE_MAX, .same = batch->same[i]};
    return find_others(batch, shares, err);
}

bool screen_shared(struct screen_store *const *stores, size_t stores_count, const struct bytes *moduli,
                   size_t count, screen_parallel_fn parallel, unsigned threads,
                   struct screen_share *ret_shares, struct error *err)
{
    AUTO(modulus_set_done) struct modulus_set all = {.items = NULL};
    AUTO(free) size_t *places = memory_new(count, sizeof(*places)); // in the batch, by the first equal one
    AUTO(free) size_t *origins = memory_new(count, sizeof(*origins));
    AUTO(free) struct bytes *distinct = memory_new(count, sizeof(*distinct));
    AUTO(free) uint64_t *same = memory_new(count, sizeof(*same));
    AUTO(free) mpz_t *common = memory_new(count, sizeof(*common));
    AUTO(free) struct screen_share *shares = memory_new(count, sizeof(*shares));
    struct batch batch = {.stores = stores,
                          .stores_count = stores_count,
                          .parallel = parallel != NULL ? parallel : in_turn,
                          .threads = threads,
                          .moduli = distinct,
                          .same = same,
                          .common = common};
    modulus_set_init(&all, moduli, count);
    for (size_t i = 0; i < count; i++) {
        if (!screen_is_modulus(moduli[i]) || modulus_set_find(&all, moduli[i]) != i)
            continue;
        places[i] = batch.count;
        origins[batch.count] = i;
        same[batch.count] = SCREEN_NONE;
        mpz_init(common[batch.count]);
        distinct[batch.count++] = moduli[i];
    }
    modulus_set_init(&batch.set, distinct, batch.count);
    bool is_done = batch.count == 0 || compare(&batch, shares, err);
    for (size_t i = 0; is_done && i < count; i++) {
        size_t first = modulus_set_find(&all, moduli[i]);
        ret_shares[i] =
            (struct screen_share){.label = SCREEN_NONE, .other = SIZE_MAX, .first = i, .same = SCREEN_NONE};
        if (!screen_is_modulus(moduli[i]))
            continue;
        ret_shares[i] = shares[places[first]];
        ret_shares[i].first = first;
        if (ret_shares[i].other != SIZE_MAX)
            ret_shares[i].other = origins[ret_shares[i].other];
    }
    for (size_t i = 0; i < batch.count; i++)
        mpz_clear(common[i]);
    modulus_set_done(&batch.set);
    return is_done;
}
