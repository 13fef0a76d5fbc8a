/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's way to the hypervisor from zone0: finds the control device and its region, does
 * requests, and says why something did not work. No kernel module of ours, no daemon in between:
 * any number of programs do this at once and agree on slots by file locks.
 *
 * One thread at a time per struct ctl. Nothing here prints, exits or keeps globals.
 */
#ifndef ZONE0_CTL_H
#define ZONE0_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/bridge.h"
#include "abi/ctl.h"
#include "lib/err.h"

/* Beside enum ctl_status, which the hypervisor answers with: what went wrong before it. */
enum ctl_failure {
    CTL_NO_DEVICE = -100, /* no control device: not zone0, or not under Vitrine */
    CTL_NO_REGION = -101, /* the control region is not there as device-DAX */
    CTL_NO_RIGHTS = -102, /* not root */
    CTL_BAD_ABI = -103,   /* another version of abi/ctl.h */
    CTL_BAD_REGION = -104,
    CTL_NO_SLOT = -105,   /* all slots are in use, for a second by now */
    CTL_NO_ANSWER = -106, /* the hypervisor did not look at the request */
    CTL_SYSTEM = -107,    /* a system call failed: errno */
    CTL_NO_DRIVER = -108, /* uio_pci_generic is not loaded, or the device has another driver */
};

/* Where to look; a test has its own. */
struct ctl_places {
    const char *sys; /* "/sys" */
    const char *dev; /* "/dev" */
    const char *run; /* "/run/vitrine", made when missing */
};

extern const struct ctl_places ctl_places;

#define CTL_PATH_SIZE 320u

struct ctl {
    struct ctl_places places;
    char pci[CTL_PATH_SIZE]; /* the function's directory in sysfs */
    uint32_t features;       /* CTL_FEATURE_* */
    uint64_t region_gpa;
    volatile uint32_t *regs;
    uint8_t *region;          /* what device-DAX maps: struct ctl_shared is its first byte */
    size_t region_size;       /* mapped bytes */
    struct ctl_shared layout; /* copied at ctl_open() and checked; rings in it are not current */
    int lock_fd;
    /* Writes a register. Tests put an answer of their own here. */
    void (*write)(struct ctl *ctl, enum ctl_reg reg, uint32_t value);
    void *context; /* of a test's write */
};

struct ctl_request {
    enum ctl_op op;
    uint32_t zone;
    uint64_t arg[4];
    const void *in;
    size_t in_size; /* at most CTL_DATA_SIZE */
    void *out;
    size_t out_size; /* room; what the answer has less is zeroed */
    size_t got;      /* out: bytes of the answer, at most out_size */
    uint64_t value[2];
};

/* Maps device and region. 0 or enum ctl_failure; then nothing is held. */
int ctl_open(struct ctl *ctl, const struct ctl_places *places) MUST_CHECK;
void ctl_close(struct ctl *ctl);

/* Does one request, in any free slot: 0, enum ctl_status, or enum ctl_failure. */
int ctl_request(struct ctl *ctl, struct ctl_request *request) MUST_CHECK;

uint32_t ctl_read(const struct ctl *ctl, enum ctl_reg reg);

/* Whether everything that the region says of itself lies in it. `shared` is a copy. */
bool ctl_layout_is_valid(const struct ctl_shared *shared, size_t size);

/* Device n of the table of abi/bridge.h, which both sides write; NULL: there is none. */
struct bridge_device *ctl_device(const struct ctl *ctl, uint32_t n);

/* How many zones there are now, at most CTL_ZONES; some in between may be CTL_ZONE_NONE. */
uint32_t ctl_zone_count(const struct ctl *ctl);

/* Requests by their meaning; results as of ctl_request(). */
int ctl_get_info(struct ctl *ctl, struct ctl_info *info) MUST_CHECK;
int ctl_get_zone(struct ctl *ctl, uint32_t zone, struct ctl_zone *about) MUST_CHECK;
int ctl_get_stat(struct ctl *ctl, uint32_t zone, uint32_t vcpu, struct ctl_stat *stat) MUST_CHECK;
/* `count`: room, then how many regions there are. */
int ctl_get_memory(struct ctl *ctl, uint32_t zone, struct ctl_memory *regions,
                   size_t *count) MUST_CHECK;
/* Start, stop, reset, pause, resume, destroy. */
int ctl_change(struct ctl *ctl, enum ctl_op op, uint32_t zone) MUST_CHECK;
/* Attach and detach a device by its number. */
int ctl_serve(struct ctl *ctl, enum ctl_op op, uint32_t device) MUST_CHECK;
/* The zone of that name, or decimal index. */
int ctl_find_zone(struct ctl *ctl, const char *name, uint32_t *zone) MUST_CHECK;

/* What a result means, and what can be done about it; never NULL. */
const char *ctl_text(int result);
const char *ctl_remedy(int result);

#endif
