/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the control region, as another program of zone0 may leave them, and as answers. What
 * must hold: nothing outside of the region is touched, readers get no more than they asked for and
 * come to an end, answers fit their place, names end.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "zone0/ctl.h"
#include "zone0/feed.h"

#define LAID_OUT 0x50000u
#define READ_MAX 700u
#define STEPS    64u

static struct fuzz_in input;
static struct ctl ctl;

/* The hypervisor's side: anything in the slot. */
static void answer(struct ctl *self, enum ctl_reg reg, uint32_t value)
{
    struct ctl_slot *slot = (struct ctl_slot *)(void *)(self->region + self->layout.slot_offset) +
                            value;

    FUZZ_CHECK(reg == CTL_REQUEST && value < CTL_SLOTS);
    FUZZ_CHECK(slot->status < CTL_ERR_FULL);
    slot->size = (uint32_t)fuzz_word(&input);
    slot->status = fuzz_u8(&input) % 2 == 0 ? CTL_OK : (int32_t)fuzz_word(&input);
    for (unsigned i = 0; i < 8; i++) {
        uint16_t at = fuzz_u16(&input);

        memset(slot->data + at % CTL_DATA_SIZE, fuzz_u8(&input),
               CTL_DATA_SIZE - at % CTL_DATA_SIZE);
    }
}

static void lay_out(void)
{
    struct ctl_shared shared = { .magic = CTL_MAGIC, .version = CTL_VERSION, .size = LAID_OUT };

    shared.zone_count = fuzz_u8(&input) % 10;
    shared.self = fuzz_u8(&input) % 9;
    shared.device_count = fuzz_u8(&input) % 34;
    shared.slot_offset = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : 0x1000;
    shared.event_offset = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : 0x11000;
    shared.log_offset = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : 0x12000;
    shared.console_offset = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : 0x1a000;
    shared.device_offset = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : 0x3a000;
    shared.size = fuzz_u8(&input) % 8 == 0 ? (uint32_t)fuzz_word(&input) : LAID_OUT;
    shared.event.head = fuzz_word(&input);
    shared.log.head = fuzz_word(&input);
    shared.console[fuzz_u8(&input) % CTL_ZONES].head = fuzz_word(&input);
    memcpy(ctl.region, &shared, sizeof(shared));
    ctl.layout = shared;
}

/* Reads on while heads go anywhere; then, with a head that stands still, to the end. */
static void read_feed(struct feed *feed)
{
    static uint8_t bytes[READ_MAX * sizeof(struct ctl_event)];
    uint64_t lost;
    size_t count;

    for (unsigned i = 0; i < STEPS && input.left > 0; i++) {
        size_t units = fuzz_u16(&input) % READ_MAX;

        count = feed_read(feed, bytes, units, &lost);
        FUZZ_CHECK(count <= units);
        if (fuzz_u8(&input) % 4 == 0) {
            *(uint64_t *)(uintptr_t)feed->head = fuzz_word(&input);
        }
        if (fuzz_u8(&input) % 16 == 0) {
            feed_seek(feed, fuzz_word(&input));
        }
    }
    for (unsigned i = 0; i <= CTL_LOG_SIZE / READ_MAX + 2; i++) {
        count = feed_read(feed, bytes, READ_MAX, &lost);
    }
    FUZZ_CHECK(count == 0 && lost == 0);
}

static void ask(void)
{
    struct ctl_info info;
    struct ctl_zone zone;
    struct ctl_stat stat;
    struct ctl_memory regions[3];
    size_t count = 3;
    uint32_t found = UINT32_MAX;

    (void)ctl_get_info(&ctl, &info);
    FUZZ_CHECK(memchr(info.build, 0, sizeof(info.build)) != NULL);
    (void)ctl_get_zone(&ctl, fuzz_u32(&input), &zone);
    FUZZ_CHECK(memchr(zone.name, 0, sizeof(zone.name)) != NULL);
    (void)ctl_get_stat(&ctl, 0, 0, &stat);
    FUZZ_CHECK(stat.exit_count <= CTL_STAT_EXITS);
    (void)ctl_get_memory(&ctl, 0, regions, &count);
    FUZZ_CHECK(count <= 3);
    if (ctl_find_zone(&ctl, "3", &found) == 0) {
        FUZZ_CHECK(found < CTL_ZONES);
    }
    for (uint32_t i = 0; i <= BRIDGE_DEVICES; i++) {
        uint8_t *device = (uint8_t *)ctl_device(&ctl, i);

        FUZZ_CHECK(device == NULL ||
                   (device >= ctl.region &&
                    device + sizeof(struct bridge_device) <= ctl.region + LAID_OUT));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed;

    input = (struct fuzz_in){ data, size };
    memset(&ctl, 0, sizeof(ctl));
    ctl.region = malloc(LAID_OUT); /* to the byte, for the sanitizer */
    FUZZ_CHECK(ctl.region != NULL);
    memset(ctl.region, (int)(size % 256), LAID_OUT);
    ctl.write = answer;
    ctl.lock_fd = memfd_create("slots", MFD_CLOEXEC);
    lay_out();
    if (ctl_layout_is_valid(&ctl.layout, LAID_OUT)) {
        feed_events(&feed, &ctl);
        read_feed(&feed);
        feed_log(&feed, &ctl);
        read_feed(&feed);
        feed_console(&feed, &ctl, fuzz_u8(&input) % CTL_ZONES);
        read_feed(&feed);
        ask();
    }
    close(ctl.lock_fd);
    free(ctl.region);
    return 0;
}
