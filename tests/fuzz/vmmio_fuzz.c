/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver does anything to the registers, the back end lets go when it likes. What must hold after
 * each step: status bits in order, features agreed on are offered ones and stay, a queue that runs
 * lies in RAM and stays as it is, events only as the state allows.
 */
#include <string.h>

#include "abi/virtio.h"
#include "lib/field.h"
#include "lib/vmmio.h"
#include "tests/fuzz/fuzz.h"

#define RAM      UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x10000)
#define QUEUES   3u
#define MAX      256u
#define CONFIG   21u

static struct vmmio_id id;
static struct vmmio dev, old;

/* By the last byte, where the code under test goes by size. */
static bool in_ram(const void *memory, uint64_t base, uint64_t size)
{
    FUZZ_CHECK(memory == &id && size != 0 && base + (size - 1) >= base);
    return base >= RAM && base + (size - 1) < RAM + RAM_SIZE;
}

static void check_queue(const struct vmmio_queue *queue)
{
    bool packed = (dev.accepted >> VIRTIO_F_RING_PACKED & 1) != 0;
    uint64_t n = queue->size;
    uint64_t size[] = { 16 * n, packed ? 4 : 6 + 2 * n, packed ? 4 : 6 + 8 * n };
    uint64_t align[] = { 16, packed ? 4 : 2, 4 };

    FUZZ_CHECK(n >= 1 && n <= MAX && (packed || __builtin_popcountll(n) == 1));
    for (size_t i = 0; i < VMMIO_PARTS; i++) {
        FUZZ_CHECK(queue->at[i] % align[i] == 0);
        FUZZ_CHECK(queue->at[i] >= RAM && queue->at[i] <= RAM + RAM_SIZE - size[i]);
    }
}

static void check(void)
{
    uint32_t s = dev.status & 15u;

    FUZZ_CHECK(s == 0 || s == 1 || s == 3 || s == 0xb || s == 0xf);
    FUZZ_CHECK((dev.status & ~0xcfu) == 0 && dev.interrupt <= 3);
    if ((s & 8) != 0) {
        uint64_t offer = id.features | BIT64(32);

        FUZZ_CHECK((dev.accepted & ~offer) == 0 && (dev.accepted >> 32 & 1) == 1);
        FUZZ_CHECK((dev.accepted >> 37 & 1) == 0 && (dev.accepted >> 40 & 1) == 0);
        FUZZ_CHECK((old.status & 8) == 0 || old.accepted == dev.accepted);
    }
    FUZZ_CHECK(vmmio_features(&dev) == ((s & 8) != 0 ? dev.accepted : 0));
    for (uint32_t i = 0; i < VMMIO_QUEUES; i++) {
        const struct vmmio_queue *queue = &dev.queue[i];

        FUZZ_CHECK(queue->state == VMMIO_QUEUE_OFF || (i < QUEUES && (s & 8) != 0));
        FUZZ_CHECK(queue->state != VMMIO_QUEUE_STOPPING || (s & 4) != 0);
        if (queue->state != VMMIO_QUEUE_OFF) {
            check_queue(queue);
            FUZZ_CHECK(old.queue[i].state == VMMIO_QUEUE_OFF ||
                       (memcmp(old.queue[i].at, queue->at, sizeof(queue->at)) == 0 &&
                        old.queue[i].size == queue->size));
            FUZZ_CHECK(old.queue[i].state != VMMIO_QUEUE_OFF || (old.status & 4) == 0);
        }
        FUZZ_CHECK(!vmmio_queue_runs(&dev, i) ||
                   (queue->state == VMMIO_QUEUE_READY && (s & 4) != 0 && !dev.resetting));
    }
    FUZZ_CHECK(!dev.resetting || !vmmio_line(&dev));
    FUZZ_CHECK((s & 4) != 0 || !vmmio_line(&dev));
}

static void check_event(const struct vmmio_event *event)
{
    switch ((enum vmmio_kind)event->kind) {
    case VMMIO_NOTHING: break;
    case VMMIO_NOTIFY:
        FUZZ_CHECK(event->queue < QUEUES && vmmio_queue_runs(&old, event->queue));
        FUZZ_CHECK((old.status & 0x40) == 0);
        break;
    case VMMIO_START: FUZZ_CHECK((old.status & 4) == 0 && (dev.status & 4) != 0); break;
    case VMMIO_RESET: FUZZ_CHECK(dev.resetting && !old.resetting); break;
    case VMMIO_STOP:
        FUZZ_CHECK(vmmio_queue_runs(&old, event->queue) && !vmmio_queue_runs(&dev, event->queue));
        break;
    case VMMIO_ACK: FUZZ_CHECK((dev.interrupt & ~old.interrupt) == 0); break;
    case VMMIO_WRITTEN: FUZZ_CHECK(memcmp(old.config, dev.config, sizeof(dev.config)) != 0); break;
    case VMMIO_KINDS:
    default: FUZZ_CHECK(false);
    }
    FUZZ_CHECK(event->kind == VMMIO_RESET || event->kind == VMMIO_ACK ||
               dev.interrupt == old.interrupt);
    FUZZ_CHECK(!old.resetting || memcmp(&old, &dev, sizeof(dev)) == 0);
}

static uint64_t pick_offset(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    return how < 0xc0   ? (how & 0x3fu) * 4u
           : how < 0xe0 ? VMMIO_CONFIG + (how & 0x1fu)
                        : fuzz_word(in);
}

static uint32_t pick_value(struct fuzz_in *in, uint64_t offset)
{
    if (offset >= 0x80 && offset < 0xb0 && offset % 8 == 0) { /* an address, mostly in RAM */
        return (uint32_t)RAM + (fuzz_u16(in) & ~3u);
    }
    return (uint32_t)fuzz_word(in);
}

static void access_one(struct fuzz_in *in, bool write)
{
    struct vmmio_access access = { .size = 4 };
    struct vmmio_event event;
    uint8_t how = fuzz_u8(in);
    bool ok;

    access.offset = pick_offset(in);
    access.value = pick_value(in, access.offset);
    access.size = (how & 0x80) != 0 ? how & 0xf : (how & 0x40) != 0 ? 1 : 4;
    if (write) {
        ok = vmmio_write(&dev, &access, &event);
        check_event(&event);
        FUZZ_CHECK(memcmp(old.config, dev.config, 8) == 0);
        FUZZ_CHECK(memcmp(old.config + 12, dev.config + 12, VMMIO_CONFIG_SIZE - 12) == 0);
        FUZZ_CHECK(old.generation == dev.generation);
        FUZZ_CHECK(ok || event.kind == VMMIO_NOTHING);
    } else {
        ok = vmmio_read(&dev, &access);
        FUZZ_CHECK(!ok || (uint64_t)access.value >> (access.size * 8u) == 0);
        FUZZ_CHECK(memcmp(&old, &dev, sizeof(dev)) == 0);
    }
    FUZZ_CHECK(!ok || (access.offset < VMMIO_SIZE && access.offset % access.size == 0));
    FUZZ_CHECK(ok || memcmp(&old, &dev, sizeof(dev)) == 0);
}

/* What the hypervisor does beside answering. */
static void caller(struct fuzz_in *in)
{
    uint8_t bytes[32] = { fuzz_u8(in), fuzz_u8(in) };
    uint32_t at = (uint32_t)fuzz_word(in), size = fuzz_u8(in) & 31u;

    switch (at % 5) {
    case 0:
        if (dev.resetting) {
            vmmio_reset(&dev);
            FUZZ_CHECK(dev.status == 0 && !vmmio_line(&dev));
        }
        break;
    case 1: vmmio_queue_stopped(&dev, at / 5); break;
    case 2: FUZZ_CHECK(vmmio_signal(&dev, at) == (dev.interrupt != 0)); break;
    case 3: vmmio_broken(&dev); break;
    default:
        FUZZ_CHECK(vmmio_config_set(&dev, at / 5, bytes, size) ==
                   ((uint64_t)(at / 5) + size <= CONFIG));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    id = (struct vmmio_id){ .device = 2,
                            .queue_count = QUEUES,
                            .queue_max = MAX,
                            .in_ram = in_ram,
                            .memory = &id,
                            .config_size = CONFIG,
                            .writable_at = 8,
                            .writable_size = 4 };
    id.features = fuzz_u64(&in);
    vmmio_init(&dev, &id);
    while (in.left != 0) {
        uint8_t what = fuzz_u8(&in);

        old = dev;
        if (what < 0xa0) {
            access_one(&in, true);
        } else if (what < 0xc0) {
            access_one(&in, false);
        } else {
            caller(&in);
        }
        check();
    }
    return 0;
}
