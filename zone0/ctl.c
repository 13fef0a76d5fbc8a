/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the control device and does requests. What lies in the region is copied before it is
 * believed: other programs of zone0 can write there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zone0/ctl.h"
#include "zone0/find.h"
#include "zone0/slot.h"

/* In a slot before its request: the hypervisor never answers with it. */
#define STATUS_NONE INT32_MIN

const struct ctl_places ctl_places = { "/sys", "/dev", "/run/vitrine" };

static void reg_write(struct ctl *ctl, enum ctl_reg reg, uint32_t value)
{
    atomic_thread_fence(memory_order_seq_cst); /* a slot is in memory before its doorbell rings */
    ctl->regs[reg / sizeof(uint32_t)] = value;
    atomic_thread_fence(memory_order_seq_cst);
}

uint32_t ctl_read(const struct ctl *ctl, enum ctl_reg reg)
{
    return ctl->regs[reg / sizeof(uint32_t)];
}

/* Maps all of a file; NULL with errno. */
static void *map_file(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    void *at;

    if (fd < 0) {
        return NULL;
    }
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

static int failed(void)
{
    return errno == EACCES || errno == EPERM ? CTL_NO_RIGHTS : CTL_SYSTEM;
}

/* A device that no driver has taken yet may still be switched off. */
static void enable_device(const struct ctl *ctl)
{
    char path[CTL_PATH_SIZE + 8];
    uint64_t count;
    int fd;

    snprintf(path, sizeof(path), "%s/enable", ctl->pci);
    if (!find_number(path, &count) || count != 0) {
        return;
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        /* What is wrong with it shows when the registers are read. */
        ssize_t written = write(fd, "1", 1);

        (void)written;
        close(fd);
    }
}

static int open_regs(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE + 16];

    if (!find_control(&ctl->places, ctl->pci)) {
        return CTL_NO_DEVICE;
    }
    enable_device(ctl);
    snprintf(path, sizeof(path), "%s/resource0", ctl->pci);
    ctl->regs = map_file(path, CTL_REGS_SIZE);
    if (ctl->regs == NULL) {
        return failed();
    }
    ctl->features = ctl_read(ctl, CTL_FEATURES);
    ctl->region_gpa = ctl_read(ctl, CTL_REGION_LOW) | (uint64_t)ctl_read(ctl, CTL_REGION_HIGH)
                                                          << 32;
    return ctl_read(ctl, CTL_ABI) == CTL_VERSION ? 0 : CTL_BAD_ABI;
}

/* Whether `size` bytes at an offset lie behind the header, and below `end`. */
static bool fits(uint32_t offset, uint64_t size, uint64_t end)
{
    return offset >= sizeof(struct ctl_shared) && offset % 64 == 0 && size <= end &&
           offset <= end - size;
}

bool ctl_layout_is_valid(const struct ctl_shared *shared, size_t size)
{
    uint64_t end = shared->size;

    return shared->magic == CTL_MAGIC && shared->version == CTL_VERSION && end <= size &&
           shared->zone_count <= CTL_ZONES && shared->self < CTL_ZONES &&
           shared->device_count <= BRIDGE_DEVICES &&
           fits(shared->slot_offset, (uint64_t)CTL_SLOTS * CTL_SLOT_SIZE, end) &&
           fits(shared->event_offset, CTL_EVENTS * sizeof(struct ctl_event), end) &&
           fits(shared->log_offset, CTL_LOG_SIZE, end) &&
           fits(shared->console_offset, (uint64_t)CTL_ZONES * CTL_CONSOLE_SIZE, end) &&
           (shared->device_count == 0 ||
            fits(shared->device_offset, shared->device_count * sizeof(struct bridge_device), end));
}

static int open_region(struct ctl *ctl)
{
    struct find_dax dax;

    if (!find_dax(&ctl->places, ctl->region_gpa, ctl_read(ctl, CTL_REGION_SIZE), &dax) ||
        dax.size < sizeof(ctl->layout)) {
        return CTL_NO_REGION;
    }
    ctl->region = map_file(dax.path, (size_t)dax.size);
    if (ctl->region == NULL) {
        return failed();
    }
    ctl->region_size = (size_t)dax.size;
    memcpy(&ctl->layout, ctl->region, sizeof(ctl->layout));
    atomic_signal_fence(memory_order_seq_cst); /* a copy, whatever the compiler thinks of it */
    return ctl_layout_is_valid(&ctl->layout, ctl->region_size) ? 0 : CTL_BAD_REGION;
}

int ctl_open(struct ctl *ctl, const struct ctl_places *places)
{
    int result;

    memset(ctl, 0, sizeof(*ctl));
    ctl->places = *places;
    ctl->write = reg_write;
    ctl->lock_fd = -1;
    result = open_regs(ctl);
    if (result == 0) {
        result = open_region(ctl);
    }
    if (result == 0) {
        ctl->lock_fd = slot_open(places->run);
        result = ctl->lock_fd >= 0 ? 0 : failed();
    }
    if (result != 0) {
        int why = errno;

        ctl_close(ctl);
        errno = why;
    }
    return result;
}

void ctl_close(struct ctl *ctl)
{
    if (ctl->lock_fd >= 0) {
        close(ctl->lock_fd);
    }
    if (ctl->region != NULL) {
        munmap(ctl->region, ctl->region_size);
    }
    if (ctl->regs != NULL) {
        munmap((void *)(uintptr_t)ctl->regs, CTL_REGS_SIZE);
    }
    ctl->lock_fd = -1;
    ctl->region = NULL;
    ctl->regs = NULL;
}

/* Fills a slot. What a program that was killed left there is overwritten. */
static void slot_fill(struct ctl_slot *slot, const struct ctl_request *request)
{
    slot->op = request->op;
    slot->zone = request->zone;
    memcpy(slot->arg, request->arg, sizeof(slot->arg));
    memset(slot->reserved, 0, sizeof(slot->reserved));
    memset(slot->out, 0, sizeof(slot->out));
    slot->size = (uint32_t)request->in_size;
    slot->status = STATUS_NONE;
    if (request->in_size != 0) {
        memcpy(slot->data, request->in, request->in_size);
    }
}

/* Takes the answer out; its size is copied once. */
static int slot_answer(const struct ctl_slot *slot, struct ctl_request *request)
{
    uint32_t size = *(const volatile uint32_t *)&slot->size;
    int32_t status = *(const volatile int32_t *)&slot->status;

    if (status == STATUS_NONE) {
        return CTL_NO_ANSWER;
    }
    memcpy(request->value, slot->out, sizeof(request->value));
    if (status == CTL_OK && request->out != NULL) {
        request->got = size < request->out_size ? size : request->out_size;
        request->got = request->got < CTL_DATA_SIZE ? request->got : CTL_DATA_SIZE;
        memcpy(request->out, slot->data, request->got);
    }
    return status;
}

int ctl_request(struct ctl *ctl, struct ctl_request *request)
{
    struct ctl_slot *slot;
    int number, result;

    request->got = 0;
    memset(request->value, 0, sizeof(request->value));
    if (request->out != NULL) {
        memset(request->out, 0, request->out_size);
    }
    if (request->in_size > CTL_DATA_SIZE) {
        return CTL_ERR_INVALID;
    }
    number = slot_take(ctl->lock_fd);
    if (number < 0) {
        return CTL_NO_SLOT;
    }
    slot = (struct ctl_slot *)(void *)(ctl->region + ctl->layout.slot_offset +
                                       (size_t)number * CTL_SLOT_SIZE);
    slot_fill(slot, request);
    ctl->write(ctl, CTL_REQUEST, (uint32_t)number);
    result = slot_answer(slot, request);
    slot_give(ctl->lock_fd, number);
    return result;
}
