/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control device as zone0's programs see it: a PCI function with registers in BAR 0, and the
 * control region, ordinary memory that zone0 finds as device-DAX. docs/control.md says how they are
 * used. The hypervisor believes nothing that lies in the region: it copies a request once and
 * checks the copy; rings are written by it only, and nobody tells it where a reader is.
 */
#ifndef ABI_CTL_H
#define ABI_CTL_H

#include <stdint.h>

/* PCI identity, see abi/channel.h. INTx, level: what `uio_pci_generic` binds. */
#define CTL_PCI_VENDOR UINT32_C(0x1209)
#define CTL_PCI_DEVICE UINT32_C(0x7602)
#define CTL_PCI_CLASS  UINT32_C(0xff0000)

#define CTL_VERSION UINT32_C(1)

/*
 * Registers: 32 bits, little-endian, only by aligned accesses of 32 bits. Others read 0.
 * The function's bus-master bit says that a server of devices lives: `uio_pci_generic` clears it
 * when the server's file is closed, however the server ended; then no device has a server.
 */
enum ctl_reg {
    CTL_MASK = 0x00,       /* rw: causes that raise the interrupt; 0 at reset */
    CTL_CAUSE = 0x04,      /* r, writing 1 clears: CTL_CAUSE_*; 0 at reset */
    CTL_ABI = 0x08,        /* r: CTL_VERSION */
    CTL_FEATURES = 0x0c,   /* r: CTL_FEATURE_* */
    CTL_REQUEST = 0x10,    /* w: number of a slot; its request is done when the store is done */
    CTL_SIGNAL = 0x14,     /* w: number of a device in the region's table (abi/bridge.h) */
    CTL_REGION_LOW = 0x18, /* r: guest-physical address of the control region */
    CTL_REGION_HIGH = 0x1c,
    CTL_REGION_SIZE = 0x20, /* r: bytes, with what device-DAX keeps for itself */
};

#define CTL_REGS_SIZE 0x1000u /* of BAR 0 */

#define CTL_CAUSE_EVENT   UINT32_C(1) /* the ring of events has more */
#define CTL_CAUSE_LOG     UINT32_C(2)
#define CTL_CAUSE_CONSOLE UINT32_C(4) /* a zone has written to its console */
#define CTL_CAUSE_DEVICE  UINT32_C(8) /* a device wants its server, see abi/bridge.h */
#define CTL_CAUSE_ALL     UINT32_C(15)

#define CTL_FEATURE_DEVICES  UINT32_C(1) /* virtio devices of zones: abi/bridge.h */
#define CTL_FEATURE_CREATE   UINT32_C(2) /* zones at run time */
#define CTL_FEATURE_CONSOLES UINT32_C(4) /* consoles of zones */

/* ---- The control region ---- */

/* Bytes at the region's beginning that are device-DAX's; the first byte of /dev/daxN.M is here. */
#define CTL_DAX_HEADER UINT32_C(0x2000)

#define CTL_MAGIC        UINT64_C(0x3130304c54525456) /* "VTRTL001" */
#define CTL_SLOTS        16u
#define CTL_SLOT_SIZE    4096u
#define CTL_DATA_SIZE    3968u
#define CTL_ZONES        8u /* consoles, = PLAN_MAX_ZONES */
#define CTL_EVENTS       128u
#define CTL_LOG_SIZE     32768u /* bytes of rings: powers of two */
#define CTL_CONSOLE_SIZE 16384u

/* A request and its answer. Who uses a slot is for zone0's programs to agree on. */
struct ctl_slot {
    uint32_t op;   /* enum ctl_op */
    uint32_t zone; /* its index, where the request is about one */
    uint64_t arg[4];
    uint32_t size;  /* of data: in: given; out: answered */
    int32_t status; /* out: enum ctl_status */
    uint64_t out[2];
    uint8_t reserved[64]; /* 0 */
    uint8_t data[CTL_DATA_SIZE];
};

/*
 * Rings that the hypervisor writes and any number of readers read without telling it. `head` counts
 * all bytes (events) ever written and is written after them: what is older than the ring's size is
 * lost. A reader copies, then reads head again: what was overwritten meanwhile it drops.
 */
struct ctl_ring {
    _Alignas(64) uint64_t head;
};

enum ctl_event_kind {
    CTL_EVENT_NONE,
    CTL_EVENT_STATE,  /* value: enum ctl_zone_state, detail: enum ctl_reason of the last stop */
    CTL_EVENT_SERVER, /* value: 1 a server of devices is there, 0 it has gone */
    CTL_EVENT_DEVICE, /* value: device, detail: enum bridge_state */
};

struct ctl_event {
    uint64_t time; /* ns since the machine's start */
    uint32_t kind; /* enum ctl_event_kind */
    uint32_t zone;
    uint32_t value, detail;
    uint64_t reserved; /* 0 */
};

/* At the first byte of the device-DAX device. Offsets count from here. */
struct ctl_shared {
    uint64_t magic;
    uint32_t version;
    uint32_t size;         /* of what is laid out, in bytes */
    uint32_t zone_count;   /* of the plan, and those created */
    uint32_t device_count; /* of the table at device_offset */
    uint32_t slot_offset, event_offset, log_offset, console_offset, device_offset;
    uint32_t self;      /* zone0's index */
    uint64_t tick_rate; /* of the counter that guests read */
    struct ctl_ring event, log;
    struct ctl_ring console[CTL_ZONES];
};

/* ---- Requests ---- */

enum ctl_op {
    CTL_OP_NONE,
    CTL_OP_INFO,          /* out: struct ctl_info */
    CTL_OP_ZONE,          /* zone; out: struct ctl_zone */
    CTL_OP_START,         /* zone that is off */
    CTL_OP_STOP,          /* zone: done when its state is off */
    CTL_OP_RESET,         /* zone: starts again as the plan says */
    CTL_OP_PAUSE,         /* zone: its vCPUs leave the guest, its virtual time stands still */
    CTL_OP_RESUME,        /* zone */
    CTL_OP_CONSOLE_WRITE, /* zone, data; out[0]: bytes taken, fewer when its input is full */
    CTL_OP_LOG_LEVEL,     /* arg[0]: level, or UINT64_MAX; out[0]: the level before */
    CTL_OP_STAT,          /* zone, arg[0]: vCPU; out: struct ctl_stat */
    CTL_OP_MEMORY,        /* zone; out: struct ctl_memory for each region of its RAM */
    CTL_OP_ATTACH,        /* arg[0]: device; see abi/bridge.h */
    CTL_OP_DETACH,        /* arg[0]: device */
    CTL_OP_CREATE,        /* data: struct ctl_create; out[0]: index of the new zone */
    CTL_OP_DESTROY,       /* zone that is off and was created */
    CTL_OP_COUNT
};

enum ctl_status {
    CTL_OK = 0,
    CTL_ERR_OP = -1,      /* no such request here */
    CTL_ERR_ZONE = -2,    /* no such zone */
    CTL_ERR_STATE = -3,   /* not in this state of the zone or device */
    CTL_ERR_DENIED = -4,  /* the plan does not give zone0 this */
    CTL_ERR_INVALID = -5, /* an argument has no meaning */
    CTL_ERR_RANGE = -6,   /* outside of what there is */
    CTL_ERR_BUSY = -7,    /* something else is being done: try again */
    CTL_ERR_FULL = -8,    /* no CPU, memory or place is left */
};

enum ctl_zone_state {
    CTL_ZONE_OFF,
    CTL_ZONE_STARTING,
    CTL_ZONE_RUNNING,
    CTL_ZONE_STOPPING,
    CTL_ZONE_PAUSED,
    CTL_ZONE_NONE, /* there is no zone with this index */
};

/* Why a zone stopped last. */
enum ctl_reason {
    CTL_REASON_NONE,
    CTL_REASON_POWER_OFF, /* its own */
    CTL_REASON_RESET,     /* its own */
    CTL_REASON_OPERATOR,
    CTL_REASON_ABORT,
    CTL_REASON_FAULT,
    CTL_REASON_DEVICE, /* the server of a device did not let go of the zone's memory in time */
};

#define CTL_NAME_SIZE 24u

struct ctl_info {
    uint32_t version, features;
    uint32_t zone_count, cpu_count;
    uint32_t pool_count, log_level;
    uint64_t now; /* ns since the machine's start */
    struct {
        uint64_t gpa, size; /* as zone0 sees it; the first 2 MiB are device-DAX's */
    } pool[8];
    char build[32]; /* version of the hypervisor, 0-terminated */
};

struct ctl_zone {
    char name[CTL_NAME_SIZE];
    uint32_t role;   /* enum plan_role */
    uint32_t state;  /* enum ctl_zone_state */
    uint32_t reason; /* enum ctl_reason */
    uint32_t starts;
    uint32_t vcpu_count, vcpus_on;
    uint32_t faults; /* that it reported, see abi/hypcall.h */
    uint32_t flags;  /* CTL_ZONE_FLAG_* */
    uint64_t cpus;   /* machine CPUs by number in the plan, a bit each */
    uint64_t memory; /* bytes of RAM */
    uint64_t since;  /* ns since the machine's start at which the state was entered */
};

#define CTL_ZONE_FLAG_CONSOLE UINT32_C(1) /* its console is emulated: CONSOLE_WRITE works */
#define CTL_ZONE_FLAG_CREATED UINT32_C(2) /* at run time */
#define CTL_ZONE_FLAG_PRIVATE UINT32_C(4) /* zone0 does not see its memory */

#define CTL_STAT_EXITS 16u

struct ctl_stat {
    uint32_t state;      /* 0 off, 1 on */
    uint32_t cpu;        /* of the machine, by number in the plan */
    uint32_t exit_count; /* how many of exit[] there are */
    uint32_t reserved;   /* 0 */
    struct {
        char name[16]; /* 0-terminated */
        uint64_t count;
    } exit[CTL_STAT_EXITS];
};

/* A region of a zone's RAM, and where it lies in a pool. */
struct ctl_memory {
    uint64_t gpa, size;
    uint32_t pool;     /* in ctl_info.pool, or UINT32_MAX: in none */
    uint32_t reserved; /* 0 */
    uint64_t offset;   /* from the pool's beginning */
};

#endif
