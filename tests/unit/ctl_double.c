/* SPDX-License-Identifier: Apache-2.0 */
/* The directory and the rings of a hypervisor for tests. */
#define _GNU_SOURCE /* mkdtemp, nftw */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl_double.h"

#define SLOTS   0x1000u
#define EVENTS  0x11000u
#define LOG     0x12000u
#define CONSOLE 0x1a000u
#define DEVICE  0x3a000u

static void path_of(const struct ctl_double *d, const char *name, char *path)
{
    snprintf(path, CTL_PATH_SIZE, "%s/%s", d->dir, name);
}

static void make_dirs(const char *path)
{
    char part[CTL_PATH_SIZE];

    for (size_t i = 1; i < strlen(path); i++) {
        if (path[i] == '/') {
            snprintf(part, sizeof(part), "%.*s", (int)i, path);
            (void)mkdir(part, 0700);
        }
    }
}

void double_put(const struct ctl_double *d, const char *name, const void *bytes, size_t size)
{
    char path[CTL_PATH_SIZE];
    int fd;

    path_of(d, name, path);
    make_dirs(path);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

void double_text(const struct ctl_double *d, const char *name, const char *text)
{
    double_put(d, name, text, strlen(text));
}

static void make_regs(const struct ctl_double *d)
{
    uint32_t regs[CTL_REGS_SIZE / sizeof(uint32_t)] = { 0 };

    regs[CTL_ABI / 4] = CTL_VERSION;
    regs[CTL_FEATURES / 4] = CTL_FEATURE_CONSOLES;
    regs[CTL_REGION_LOW / 4] = (uint32_t)DOUBLE_GPA;
    regs[CTL_REGION_SIZE / 4] = DOUBLE_SIZE;
    double_put(d, "sys/bus/pci/devices/0000:00:01.0/resource0", regs, sizeof(regs));
}

static void make_region(const struct ctl_double *d)
{
    size_t size = DOUBLE_SIZE - CTL_DAX_HEADER;
    uint8_t *region = calloc(1, size);
    struct ctl_shared shared = { .magic = CTL_MAGIC,
                                 .version = CTL_VERSION,
                                 .size = DEVICE + 2 * sizeof(struct bridge_device),
                                 .zone_count = DOUBLE_ZONES,
                                 .device_count = 2,
                                 .slot_offset = SLOTS,
                                 .event_offset = EVENTS,
                                 .log_offset = LOG,
                                 .console_offset = CONSOLE,
                                 .device_offset = DEVICE,
                                 .tick_rate = 62500000 };

    assert_non_null(region);
    memcpy(region, &shared, sizeof(shared));
    double_put(d, "dev/dax0.0", region, size);
    free(region);
}

void double_make(struct ctl_double *d)
{
    memset(d, 0, sizeof(*d));
    snprintf(d->dir, sizeof(d->dir), "/tmp/vitrine-ctl-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(d->sys, sizeof(d->sys), "%s/sys", d->dir);
    snprintf(d->dev, sizeof(d->dev), "%s/dev", d->dir);
    snprintf(d->run, sizeof(d->run), "%s/run", d->dir);
    d->places = (struct ctl_places){ d->sys, d->dev, d->run };
    double_text(d, "sys/bus/pci/devices/0000:00:00.0/vendor", "0x1b36\n");
    double_text(d, "sys/bus/pci/devices/0000:00:00.0/device", "0x0008\n");
    double_text(d, "sys/bus/pci/devices/0000:00:01.0/vendor", "0x1209\n");
    double_text(d, "sys/bus/pci/devices/0000:00:01.0/device", "0x7602\n");
    double_text(d, "sys/bus/pci/devices/0000:00:01.0/enable", "0\n");
    make_regs(d);
    double_text(d, "sys/bus/dax/devices/dax1.0/resource", "0xa0200000\n");
    double_text(d, "sys/bus/dax/devices/dax1.0/size", "535822336\n");
    double_text(d, "sys/bus/dax/devices/dax0.0/resource", "0x90002000\n");
    double_text(d, "sys/bus/dax/devices/dax0.0/size", "2088960\n");
    double_text(d, "sys/bus/dax/devices/dax0.0/align", "4096\n");
    make_region(d);
    double_zones(d);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void double_remove(struct ctl_double *d)
{
    assert_int_equal(nftw(d->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void on_write(struct ctl *ctl, enum ctl_reg reg, uint32_t value)
{
    struct ctl_double *d = ctl->context;

    if (reg == CTL_REQUEST && !d->is_deaf) {
        double_answer(ctl, value);
    }
}

int double_open(struct ctl_double *d, struct ctl *ctl)
{
    int result = ctl_open(ctl, &d->places);

    ctl->write = on_write;
    ctl->context = d;
    return result;
}

/* Bytes first, then head, as the hypervisor does. */
static void ring_put(struct ctl_ring *ring, uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    atomic_store_explicit((_Atomic uint64_t *)(void *)&ring->head, ring->head + 1,
                          memory_order_release);
}

static struct ctl_shared *shared_of(struct ctl *ctl)
{
    return (struct ctl_shared *)(void *)ctl->region;
}

void double_event(struct ctl *ctl, const struct ctl_event *event)
{
    struct ctl_ring *ring = &shared_of(ctl)->event;

    ring_put(ring, ctl->region + EVENTS + ring->head % CTL_EVENTS * sizeof(*event), event,
             sizeof(*event));
}

void double_log(struct ctl *ctl, const char *text)
{
    struct ctl_ring *ring = &shared_of(ctl)->log;

    for (; *text != 0; text++) {
        ring_put(ring, ctl->region + LOG + ring->head % CTL_LOG_SIZE, text, 1);
    }
}

void double_console(struct ctl *ctl, uint32_t zone, const char *text, size_t size)
{
    struct ctl_ring *ring = &shared_of(ctl)->console[zone];
    uint8_t *base = ctl->region + CONSOLE + (size_t)zone * CTL_CONSOLE_SIZE;

    for (size_t i = 0; i < size; i++) {
        ring_put(ring, base + ring->head % CTL_CONSOLE_SIZE, text + i, 1);
    }
}
