/* SPDX-License-Identifier: Apache-2.0 */
/* lib/vmmio: the table, a driver's way to DRIVER_OK and all ways beside it, queues, reset. */
#include "unit.h"

#include <string.h>

#include "abi/virtio.h"
#include "lib/field.h"
#include "lib/vmmio.h"

#define RAM      UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x100000)
#define OFFERED  (BIT64(5) | BIT64(VIRTIO_F_RING_PACKED) | BIT64(VIRTIO_F_EVENT_IDX))

/* Registers that tests name. */
enum {
    FEATURES = 0x10,
    FEATURES_SEL = 0x14,
    ACCEPT = 0x20,
    ACCEPT_SEL = 0x24,
    QUEUE_SEL = 0x30,
    QUEUE_MAX = 0x34,
    QUEUE_SIZE = 0x38,
    READY = 0x44,
    NOTIFY = 0x50,
    INTERRUPT = 0x60,
    ACK = 0x64,
    STATUS = 0x70,
    DESC = 0x80,
    DRIVER = 0x90,
    DEVICE = 0xa0,
    GENERATION = 0xfc,
};

static bool in_ram(const void *memory, uint64_t base, uint64_t size)
{
    assert_ptr_equal(memory, "ram");
    return base >= RAM && base - RAM <= RAM_SIZE && size <= RAM_SIZE - (base - RAM);
}

static const struct vmmio_id id = {
    .device = 2,
    .vendor = 0x56495452,
    .features = OFFERED | BIT64(VIRTIO_F_RING_RESET),
    .queue_count = 2,
    .queue_max = 256,
    .config_size = 10,
    .writable_at = 4,
    .writable_size = 2,
    .in_ram = in_ram,
    .memory = "ram",
};

static struct vmmio dev;

static int setup(void **unused)
{
    (void)unused;
    memset(&dev, 0xff, sizeof(dev));
    vmmio_init(&dev, &id);
    return 0;
}

static uint32_t rd(uint64_t offset, uint8_t size)
{
    struct vmmio_access access = { .offset = offset, .value = 0xdeadbeef, .size = size };

    assert_true(vmmio_read(&dev, &access));
    return access.value;
}

static struct vmmio_event wr_size(uint64_t offset, uint8_t size, uint32_t value)
{
    struct vmmio_access access = { .offset = offset, .value = value, .size = size };
    struct vmmio_event event = { .kind = VMMIO_KINDS };

    assert_true(vmmio_write(&dev, &access, &event));
    assert_true(event.kind < VMMIO_KINDS);
    return event;
}

static enum vmmio_kind wr(uint64_t offset, uint32_t value)
{
    return (enum vmmio_kind)wr_size(offset, 4, value).kind;
}

static void accept(uint64_t features)
{
    wr(ACCEPT_SEL, 0);
    wr(ACCEPT, (uint32_t)features);
    wr(ACCEPT_SEL, 1);
    wr(ACCEPT, (uint32_t)(features >> 32));
}

/* As a driver begins, until its features are fixed. */
static void negotiate(uint64_t features)
{
    assert_int_equal(wr(STATUS, 1), VMMIO_NOTHING);
    assert_int_equal(wr(STATUS, 3), VMMIO_NOTHING);
    accept(features | BIT64(VIRTIO_F_VERSION_1));
    assert_int_equal(wr(STATUS, 0xb), VMMIO_NOTHING);
    assert_int_equal(rd(STATUS, 4), 0xb);
}

static void queue_fill(uint32_t queue, uint32_t size, uint64_t at)
{
    wr(QUEUE_SEL, queue);
    wr(QUEUE_SIZE, size);
    for (uint32_t i = 0; i < VMMIO_PARTS; i++) {
        wr(DESC + i * 0x10, (uint32_t)(at + i * 0x4000));
        wr(DESC + i * 0x10 + 4, (uint32_t)((at + i * 0x4000) >> 32));
    }
}

static uint32_t queue_up(uint32_t queue, uint32_t size, uint64_t at)
{
    queue_fill(queue, size, at);
    assert_int_equal(wr(READY, 1), VMMIO_NOTHING);
    return rd(READY, 4);
}

/* A device with queue 0 that runs. */
static void start(uint64_t features)
{
    negotiate(features);
    assert_int_equal(queue_up(0, 128, RAM), 1);
    assert_int_equal(wr(STATUS, 0xf), VMMIO_START);
}

static void test_table(void **unused)
{
    static const uint16_t read_only[] = { 0x00, 0x04, 0x08, 0x0c, 0x10, 0x34,
                                          0x60, 0xb0, 0xb4, 0xb8, 0xbc, 0xfc };
    static const uint16_t write_only[] = { 0x14, 0x20, 0x24, 0x30, 0x38, 0x50, 0x64,
                                           0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4 };
    size_t reads = 0, writes = 0;

    (void)unused;
    for (size_t i = 0; i < VMMIO_ROWS; i++) {
        reads += vmmio_rows[i].read || vmmio_rows[i].constant != 0;
        writes += vmmio_rows[i].write != NULL;
        assert_true(!vmmio_rows[i].read || vmmio_rows[i].constant == 0);
    }
    assert_int_equal(reads, ARRAY_COUNT(read_only) + 2); /* and ready, status: both */
    assert_int_equal(writes, ARRAY_COUNT(write_only) + 2);
    for (size_t i = 0; i < ARRAY_COUNT(read_only); i++) {
        const struct vmmio_row *row = &vmmio_rows[read_only[i] / 4];

        assert_true(!row->write && (row->read || row->constant != 0));
    }
    for (size_t i = 0; i < ARRAY_COUNT(write_only); i++) {
        const struct vmmio_row *row = &vmmio_rows[write_only[i] / 4];

        assert_true(row->write && !row->read && row->constant == 0);
    }
}

static void test_identity(void **unused)
{
    (void)unused;
    assert_int_equal(rd(0x00, 4), 0x74726976);
    assert_int_equal(rd(0x04, 4), 2);
    assert_int_equal(rd(0x08, 4), 2);
    assert_int_equal(rd(0x0c, 4), 0x56495452);
    assert_int_equal(rd(0xb0, 4), UINT32_MAX);
    assert_int_equal(rd(FEATURES, 4), (uint32_t)OFFERED);
    wr(FEATURES_SEL, 1);
    assert_int_equal(rd(FEATURES, 4), 1u | 1u << (VIRTIO_F_RING_PACKED - 32));
    wr(FEATURES_SEL, 2);
    assert_int_equal(rd(FEATURES, 4), 0);
    wr(FEATURES_SEL, UINT32_MAX);
    assert_int_equal(rd(FEATURES, 4), 0);
}

static void test_refused(void **unused)
{
    static const struct vmmio_access bad[] = {
        { 0x00, 0, 1 },  { 0x00, 0, 2 },       { 0x70, 0, 8 },           { 0x71, 0, 4 },
        { 0x101, 0, 2 }, { 0x102, 0, 4 },      { 0x100, 0, 8 },          { 0x100, 0, 3 },
        { 0x100, 0, 0 }, { VMMIO_SIZE, 0, 4 }, { UINT64_MAX - 3, 0, 4 },
    };
    struct vmmio before;

    (void)unused;
    start(0);
    before = dev;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct vmmio_access access = bad[i];
        struct vmmio_event event;

        access.value = UINT32_MAX;
        assert_false(vmmio_write(&dev, &access, &event));
        assert_int_equal(event.kind, VMMIO_NOTHING);
        assert_false(vmmio_read(&dev, &access));
    }
    assert_memory_equal(&before, &dev, sizeof(dev));
}

/* Every order of single bits: a bit is set only when those before it are. */
static void test_status_order(void **unused)
{
    static const uint32_t bits[] = { 1, 2, 8, 4 };

    (void)unused;
    for (unsigned order = 0; order < 256; order++) {
        uint32_t want = 0;

        vmmio_reset(&dev);
        accept(BIT64(VIRTIO_F_VERSION_1));
        for (unsigned i = 0; i < 4; i++) {
            unsigned which = order >> (2 * i) & 3;
            uint32_t needs = which == 0 ? 0 : which == 1 ? 1 : which == 2 ? 3 : 0xb;

            want |= (want & needs) == needs ? bits[which] : 0;
            wr(STATUS, bits[which]);
            assert_int_equal(rd(STATUS, 4), want);
        }
    }
    /* All at once is all in order; unknown bits and the device's own are dropped. */
    vmmio_reset(&dev);
    accept(BIT64(VIRTIO_F_VERSION_1));
    assert_int_equal(wr(STATUS, 0xffffff7f), VMMIO_START);
    assert_int_equal(rd(STATUS, 4), 0xf);
    assert_int_equal(wr(STATUS, 0xf), VMMIO_NOTHING); /* starts once */
    wr(STATUS, 0x80);
    assert_int_equal(rd(STATUS, 4), 0x8f);
}

static void test_features(void **unused)
{
    static const uint64_t bad[] = { 0, BIT64(5), BIT64(VIRTIO_F_VERSION_1) | BIT64(6),
                                    BIT64(VIRTIO_F_VERSION_1) | BIT64(VIRTIO_F_RING_RESET),
                                    UINT64_MAX };

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        vmmio_reset(&dev);
        accept(bad[i]);
        wr(STATUS, 0xf);
        assert_int_equal(rd(STATUS, 4), 3);
        assert_int_equal(vmmio_features(&dev), 0);
    }
    /* A number above 63 that nothing offers; zeros there are right. */
    vmmio_reset(&dev);
    accept(BIT64(VIRTIO_F_VERSION_1));
    wr(ACCEPT_SEL, 2);
    wr(ACCEPT, 0);
    wr(STATUS, 0xb);
    assert_int_equal(rd(STATUS, 4), 0xb);
    vmmio_reset(&dev);
    accept(BIT64(VIRTIO_F_VERSION_1));
    wr(ACCEPT_SEL, 77);
    wr(ACCEPT, 1);
    wr(STATUS, 0xb);
    assert_int_equal(rd(STATUS, 4), 3);
    /* Once agreed they stay. */
    vmmio_reset(&dev);
    negotiate(OFFERED);
    accept(0);
    assert_int_equal(vmmio_features(&dev), OFFERED | BIT64(VIRTIO_F_VERSION_1));
}

static void test_queue_split(void **unused)
{
    (void)unused;
    /* Not before the features are fixed. */
    assert_int_equal(queue_up(0, 128, RAM), 0);
    negotiate(0);
    assert_int_equal(rd(QUEUE_MAX, 4), 256);
    assert_int_equal(queue_up(0, 0, RAM), 0);
    assert_int_equal(queue_up(0, 100, RAM), 0);
    assert_int_equal(queue_up(0, 512, RAM), 0);
    assert_int_equal(queue_up(0, UINT32_MAX, RAM), 0);
    assert_int_equal(queue_up(0, 0x80000000, RAM), 0);
    assert_int_equal(queue_up(0, 256, RAM + 8), 0);
    assert_int_equal(queue_up(0, 256, RAM - 16), 0);
    assert_int_equal(queue_up(0, 256, RAM + RAM_SIZE - 0x8000), 0); /* the used ring is outside */
    assert_int_equal(queue_up(0, 256, UINT64_MAX - 0xfff), 0);
    assert_int_equal(queue_up(0, 256, UINT64_MAX - 0x8fff), 0); /* wraps in the used ring */
    assert_int_equal(queue_up(2, 128, RAM), 0);
    assert_int_equal(rd(QUEUE_MAX, 4), 0);
    assert_int_equal(queue_up(UINT32_MAX, 128, RAM), 0);
    assert_int_equal(queue_up(0, 256, RAM), 1);
    assert_int_equal(queue_up(1, 1, RAM + 0x10000), 1);
    /* What is ready stays as it is; 2 is no value for ready. */
    queue_fill(0, 1, 0);
    wr(READY, 2);
    assert_int_equal(dev.queue[0].size, 256);
    assert_int_equal(dev.queue[0].at[VMMIO_DEVICE], RAM + 0x8000);
    /* Before DRIVER_OK nobody has it: it ends at once, and may be set up again. */
    assert_int_equal(wr(READY, 0), VMMIO_NOTHING);
    assert_int_equal(rd(READY, 4), 0);
    assert_int_equal(queue_up(0, 64, RAM), 1);
}

static void test_queue_packed(void **unused)
{
    (void)unused;
    negotiate(BIT64(VIRTIO_F_RING_PACKED));
    assert_int_equal(queue_up(0, 100, RAM), 1);
    queue_fill(1, 256, RAM + RAM_SIZE - 0x8004); /* device events in the last four bytes */
    wr(DESC, (uint32_t)RAM);
    wr(READY, 1);
    assert_int_equal(rd(READY, 4), 1);
    wr(READY, 0);
    wr(DRIVER, (uint32_t)RAM + 2);
    wr(READY, 1);
    assert_int_equal(rd(READY, 4), 0);
}

static void test_notify(void **unused)
{
    struct vmmio_event event;

    (void)unused;
    negotiate(0);
    queue_up(0, 128, RAM);
    assert_int_equal(wr(NOTIFY, 0), VMMIO_NOTHING); /* not started */
    wr(STATUS, 0xf);
    event = wr_size(NOTIFY, 4, 0);
    assert_int_equal(event.kind, VMMIO_NOTIFY);
    assert_int_equal(event.queue, 0);
    assert_int_equal(wr(NOTIFY, 1), VMMIO_NOTHING);
    assert_int_equal(wr(NOTIFY, VMMIO_QUEUES), VMMIO_NOTHING);
    assert_int_equal(wr(NOTIFY, UINT32_MAX), VMMIO_NOTHING);
    assert_int_equal(wr(NOTIFY, 0x10000), VMMIO_NOTHING);
    assert_int_equal(queue_up(1, 128, RAM + 0x10000), 0); /* not after DRIVER_OK */
    vmmio_broken(&dev);
    assert_int_equal(wr(NOTIFY, 0), VMMIO_NOTHING);
}

static void test_queue_stop(void **unused)
{
    (void)unused;
    start(0);
    wr(QUEUE_SEL, 0);
    assert_int_equal(wr(READY, 0), VMMIO_STOP);
    assert_int_equal(rd(READY, 4), 1); /* until the back end has let go */
    assert_false(vmmio_queue_runs(&dev, 0));
    assert_int_equal(wr(NOTIFY, 0), VMMIO_NOTHING);
    assert_int_equal(wr(READY, 0), VMMIO_NOTHING);
    assert_int_equal(wr(READY, 1), VMMIO_NOTHING);
    vmmio_queue_stopped(&dev, 1);
    vmmio_queue_stopped(&dev, UINT32_MAX);
    assert_int_equal(rd(READY, 4), 1);
    vmmio_queue_stopped(&dev, 0);
    assert_int_equal(rd(READY, 4), 0);
}

static void test_interrupt(void **unused)
{
    (void)unused;
    assert_false(vmmio_signal(&dev, VIRTIO_INTERRUPT_USED)); /* nobody listens */
    start(0);
    assert_true(vmmio_signal(&dev, VIRTIO_INTERRUPT_USED | 0xfc));
    assert_int_equal(rd(INTERRUPT, 4), 1);
    assert_true(vmmio_broken(&dev));
    assert_int_equal(rd(INTERRUPT, 4), 3);
    assert_int_equal(rd(STATUS, 4), 0x4f);
    assert_int_equal(wr(ACK, 1), VMMIO_ACK);
    assert_true(vmmio_line(&dev));
    assert_int_equal(wr(ACK, UINT32_MAX), VMMIO_ACK);
    assert_false(vmmio_line(&dev));
}

static void test_reset(void **unused)
{
    struct vmmio fresh, before;

    (void)unused;
    fresh = dev;
    start(OFFERED);
    vmmio_signal(&dev, VIRTIO_INTERRUPT_USED);
    assert_int_equal(wr(STATUS, 0), VMMIO_RESET);
    assert_int_equal(rd(STATUS, 4), 0xf); /* until the back end has let go */
    assert_false(vmmio_line(&dev));
    assert_false(vmmio_signal(&dev, VIRTIO_INTERRUPT_USED));
    assert_false(vmmio_queue_runs(&dev, 0));
    before = dev;
    for (uint32_t offset = 0; offset < 0x200; offset += 4) {
        assert_int_equal(wr(offset, UINT32_MAX), VMMIO_NOTHING);
        assert_int_equal(wr(offset, 0), VMMIO_NOTHING);
    }
    assert_memory_equal(&before, &dev, sizeof(dev));
    vmmio_reset(&dev);
    assert_memory_equal(&fresh, &dev, sizeof(dev));
    start(0); /* and again */
}

static void test_config(void **unused)
{
    static const uint8_t bytes[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    uint32_t generation = rd(GENERATION, 4);

    (void)unused;
    assert_true(vmmio_config_set(&dev, 0, bytes, 10));
    assert_int_equal(rd(GENERATION, 4), generation + 1);
    assert_false(vmmio_config_set(&dev, 1, bytes, 10));
    assert_false(vmmio_config_set(&dev, 11, bytes, 0));
    assert_false(vmmio_config_set(&dev, UINT32_MAX, bytes, 2));
    assert_int_equal(rd(GENERATION, 4), generation + 1);
    assert_int_equal(rd(0x100, 4), 0x04030201);
    assert_int_equal(rd(0x106, 2), 0x0807);
    assert_int_equal(rd(0x109, 1), 10);
    assert_int_equal(rd(0x108, 4), 0x0a09); /* beyond it 0 */
    assert_int_equal(rd(0x100 + VMMIO_CONFIG_SIZE, 4), 0);
    assert_int_equal(rd(VMMIO_SIZE - 4, 4), 0);
    /* Bytes 4 and 5 are the driver's, when features are fixed. */
    assert_int_equal(wr(0x104, UINT32_MAX), VMMIO_NOTHING);
    negotiate(0);
    assert_int_equal(wr(0x104, 0x0605), VMMIO_NOTHING); /* as it was */
    assert_int_equal(wr(0x104, UINT32_MAX), VMMIO_WRITTEN);
    assert_int_equal(rd(0x104, 4), 0x0807ffff);
    assert_int_equal(wr_size(0x105, 1, 0x11).kind, VMMIO_WRITTEN);
    assert_int_equal(wr(0x108, 0), VMMIO_NOTHING);
    assert_int_equal(wr(VMMIO_SIZE - 4, 1), VMMIO_NOTHING);
    assert_int_equal(rd(0x104, 4), 0x080711ff);
    assert_int_equal(rd(GENERATION, 4), generation + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_identity, setup),
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_status_order, setup),
        cmocka_unit_test_setup(test_features, setup),
        cmocka_unit_test_setup(test_queue_split, setup),
        cmocka_unit_test_setup(test_queue_packed, setup),
        cmocka_unit_test_setup(test_notify, setup),
        cmocka_unit_test_setup(test_queue_stop, setup),
        cmocka_unit_test_setup(test_interrupt, setup),
        cmocka_unit_test_setup(test_reset, setup),
        cmocka_unit_test_setup(test_config, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
