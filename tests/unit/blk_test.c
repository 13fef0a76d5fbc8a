/* SPDX-License-Identifier: Apache-2.0 */
/* dev/blk and dev/raw: requests of a driver over a file, and those that must fail with a status. */
#define _GNU_SOURCE /* mkstemp, fallocate */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/blk.h"
#include "dev/raw.h"
#include "lib/field.h"
#include "virtq_model.h"

#define HEADER (MODEL_RAM + MODEL_DATA)
#define STATUS (HEADER + 16)
#define DATA   (MODEL_RAM + MODEL_HALF - 512) /* crosses the border of the ranges */
#define DISK   (64u * BLK_SECTOR)

#define ALL (BIT64(BLK_F_FLUSH) | BIT64(BLK_F_DISCARD) | BIT64(BLK_F_WRITE_ZEROES))

static char path[] = "/tmp/vitrine-blk-XXXXXX";
static struct raw raw;
static struct blk blk;
static struct model model;
static struct virtq q;
static uint8_t disk[DISK];

static int setup(void **unused)
{
    struct virtq_cfg cfg = model_init(&model, true, true, 16);
    int fd;

    (void)unused;
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < DISK; i++) {
        disk[i] = (uint8_t)(i / BLK_SECTOR + i);
    }
    assert_int_equal(write(fd, disk, DISK), DISK);
    assert_int_equal(write(fd, "tail", 4), 4); /* no whole sector: not on the disk */
    close(fd);
    assert_int_equal(raw_open(&raw, path, false), OK);
    blk = (struct blk){ .be = &raw.be, .features = ALL, .id = "vitrine-disk" };
    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    raw_close(&raw);
    unlink(path);
    return 0;
}

static void header(uint32_t type, uint64_t sector)
{
    uint32_t words[2] = { type, 0 };

    memcpy(model_at(HEADER), words, 8);
    memcpy(model_at(HEADER + 8), &sector, 8);
    *model_at(STATUS) = 0xee;
}

/* A request with its data in DATA, split at an odd place; the status, and the length in *len. */
static uint8_t ask(uint32_t type, uint64_t sector, uint32_t size, uint32_t *len)
{
    bool is_write = type == BLK_IN || type == BLK_GET_ID, interrupt = false;
    uint32_t part = size / 3;
    struct model_buf bufs[5] = { { HEADER, 5, false },
                                 { HEADER + 5, 11, false },
                                 { DATA, part, is_write },
                                 { DATA + part, size - part, is_write },
                                 { STATUS, 1, true } };
    int id;

    header(type, sector);
    model_want(&model, 1);
    id = model_add(&model, bufs, 5, sector % 2 == 0);
    assert_int_equal(blk_run(&blk, &q, &interrupt), 0);
    assert_true(interrupt);
    assert_int_equal(model_used(&model, len), id);
    return *model_at(STATUS);
}

static void data_get(uint8_t *to, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        to[i] = *model_at(DATA + i);
    }
}

static void disk_check(void)
{
    static uint8_t now[DISK];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fread(now, 1, DISK, file), DISK);
    fclose(file);
    assert_memory_equal(now, disk, DISK);
}

static void test_in_out(void **unused)
{
    uint8_t got[4096];
    uint32_t len;

    (void)unused;
    for (uint64_t sector = 0; sector < 63; sector++) {
        assert_int_equal(ask(BLK_IN, sector, 1024, &len), BLK_S_OK);
        assert_int_equal(len, 1025);
        data_get(got, 1024);
        assert_memory_equal(got, disk + sector * BLK_SECTOR, 1024);
        for (uint32_t i = 0; i < 1024; i++) {
            *model_at(DATA + i) = disk[sector * BLK_SECTOR + i] = (uint8_t)(sector * 7 + i / 3);
        }
        blk.features = sector % 2 == 0 ? ALL : 0;
        assert_int_equal(ask(BLK_OUT, sector, 1024, &len), BLK_S_OK);
        assert_int_equal(len, 1);
    }
    blk.features = ALL;
    assert_int_equal(ask(BLK_FLUSH, 0, 0, &len), BLK_S_OK);
    assert_int_equal(ask(BLK_IN, 64, 0, &len), BLK_S_OK);
    disk_check();
}

static void test_refused(void **unused)
{
    static const struct {
        uint32_t type, size;
        uint64_t sector;
    } bad[] = {
        { BLK_IN, 512, 64 },          { BLK_IN, 1024, 63 },        { BLK_IN, 512, UINT64_MAX },
        { BLK_IN, 511, 0 },           { BLK_IN, 513, 0 },          { BLK_OUT, 512, 64 },
        { BLK_OUT, 1024, 63 },        { BLK_OUT, 100, 0 },         { BLK_OUT, 512, BIT64(55) },
        { BLK_IN, 1024, UINT64_MAX }, { BLK_GET_ID, 19, 0 },       { BLK_DISCARD, 15, 0 },
        { BLK_DISCARD, 0, 0 },        { BLK_DISCARD, 17 * 16, 0 }, { BLK_ZEROES, 24, 0 },
    };
    uint32_t len;

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        memset(model_at(DATA), 0, 512);
        assert_int_equal(ask(bad[i].type, bad[i].sector, bad[i].size, &len), BLK_S_IOERR);
        assert_true(len <= 1);
    }
    assert_int_equal(ask(2, 0, 512, &len), BLK_S_UNSUPP);
    assert_int_equal(ask(UINT32_MAX, 0, 512, &len), BLK_S_UNSUPP);
    blk.features = 0; /* not agreed on */
    assert_int_equal(ask(BLK_DISCARD, 0, 16, &len), BLK_S_UNSUPP);
    assert_int_equal(ask(BLK_ZEROES, 0, 16, &len), BLK_S_UNSUPP);
    assert_int_equal(ask(BLK_FLUSH, 0, 0, &len), BLK_S_UNSUPP);
    disk_check();
}

static void range(uint32_t i, uint64_t sector, uint32_t count, uint32_t flags)
{
    uint32_t words[2] = { count, flags };

    memcpy(model_at(DATA + i * 16), &sector, 8);
    memcpy(model_at(DATA + i * 16 + 8), words, 8);
}

static void test_ranges(void **unused)
{
    uint32_t len;

    (void)unused;
    range(0, 3, 2, 0);
    range(1, 60, 4, 1);
    range(2, 64, 0, 0);
    assert_int_equal(ask(BLK_ZEROES, 0, 48, &len), BLK_S_OK);
    assert_int_equal(len, 1);
    memset(disk + 3 * BLK_SECTOR, 0, 2 * BLK_SECTOR);
    memset(disk + 60 * BLK_SECTOR, 0, 4 * BLK_SECTOR);
    disk_check();
    /* All are checked before anything is done. */
    range(0, 0, 1, 0);
    range(1, 63, 2, 0);
    assert_int_equal(ask(BLK_ZEROES, 0, 32, &len), BLK_S_IOERR);
    range(1, UINT64_MAX, 2, 0);
    assert_int_equal(ask(BLK_ZEROES, 0, 32, &len), BLK_S_IOERR);
    range(1, 0, BLK_RANGE_MAX + 1, 0);
    assert_int_equal(ask(BLK_ZEROES, 0, 32, &len), BLK_S_IOERR);
    range(1, 1, 1, 2);
    assert_int_equal(ask(BLK_ZEROES, 0, 32, &len), BLK_S_UNSUPP);
    range(1, 1, 1, 1);
    assert_int_equal(ask(BLK_DISCARD, 0, 32, &len), BLK_S_UNSUPP);
    disk_check();
    range(1, 1, 1, 0);
    assert_int_equal(ask(BLK_DISCARD, 0, 32, &len), BLK_S_OK);
    memset(disk, 0, 2 * BLK_SECTOR); /* a hole, on file systems that know them */
}

static void test_id(void **unused)
{
    uint8_t got[BLK_ID_SIZE];
    uint32_t len;

    (void)unused;
    assert_int_equal(ask(BLK_GET_ID, 0, BLK_ID_SIZE, &len), BLK_S_OK);
    assert_int_equal(len, BLK_ID_SIZE + 1);
    data_get(got, BLK_ID_SIZE);
    assert_memory_equal(got, blk.id, BLK_ID_SIZE);
}

static void test_read_only(void **unused)
{
    uint32_t len;

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        range(0, 0, 1, 0);
        blk.is_read_only = i == 0;
        if (i == 1) { /* by the file */
            raw_close(&raw);
            assert_int_equal(raw_open(&raw, path, true), OK);
        }
        assert_true((blk_features(&blk) & BIT64(BLK_F_RO)) != 0);
        assert_int_equal(blk_features(&blk) & BIT64(BLK_F_DISCARD), 0);
        assert_int_equal(ask(BLK_OUT, 0, 512, &len), BLK_S_IOERR);
        assert_int_equal(ask(BLK_DISCARD, 0, 16, &len), BLK_S_UNSUPP);
        assert_int_equal(ask(BLK_ZEROES, 0, 16, &len), BLK_S_UNSUPP);
        assert_int_equal(ask(BLK_IN, 0, 512, &len), BLK_S_OK);
    }
    disk_check();
}

/* No place for a status, or no whole header: nobody can answer that. */
static void test_broken(void **unused)
{
    struct model_buf no_status = { HEADER, 16, false };
    struct model_buf short_header[2] = { { HEADER, 15, false }, { STATUS, 1, true } };
    struct virtq_cfg cfg;
    bool interrupt;

    (void)unused;
    header(BLK_FLUSH, 0);
    model_add(&model, &no_status, 1, false);
    assert_true(blk_run(&blk, &q, &interrupt) < 0);
    assert_true(q.is_broken);
    cfg = model_init(&model, false, false, 16);
    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
    model_add(&model, short_header, 2, false);
    assert_true(blk_run(&blk, &q, &interrupt) < 0);
    assert_false(interrupt);
}

/* The file got shorter: an error of the request, nothing else. */
static void test_storage_fails(void **unused)
{
    uint32_t len;

    (void)unused;
    assert_int_equal(truncate(path, 512), 0);
    assert_int_equal(ask(BLK_IN, 8, 1024, &len), BLK_S_IOERR);
    assert_int_equal(len, 0);
    assert_int_equal(ask(BLK_IN, 0, 512, &len), BLK_S_OK);
    assert_int_equal(raw_open(&raw, "/nonexistent/disk", false), ERR_NONE);
}

static void test_config(void **unused)
{
    struct blk_config config = blk_config(&blk);

    (void)unused;
    assert_int_equal(config.capacity, 64);
    assert_int_equal(config.blk_size, 512);
    assert_true(config.seg_max + 2 <= VIRTQ_DESCS);
    assert_int_equal(blk_features(&blk), ALL | BIT64(BLK_F_SEG_MAX) | BIT64(BLK_F_BLK_SIZE));
    blk.queues = 4;
    assert_true((blk_features(&blk) & BIT64(BLK_F_MQ)) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
        cmocka_unit_test_setup_teardown(test_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_storage_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_config, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
