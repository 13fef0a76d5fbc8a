/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, their vCPUs, and the physical CPUs that carry them: state and life cycle. */
#ifndef HYP_CORE_ZONE_H
#define HYP_CORE_ZONE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "arch_types.h"
#include "hyp/core/exits.h"
#include "hyp/core/lock.h"
#include "hyp/core/log.h"
#include "hyp/core/mmio.h"
#include "hyp/core/vbus.h"
#include "hyp/core/vuart.h"
#include "lib/addr.h"
#include "lib/err.h"

struct pcpu;
struct reg_row;
struct vio_dev;

/* vCPU power state, as PSCI AFFINITY_INFO tells it. Written by CAS, see zone.c. */
enum vcpu_state {
    VCPU_OFF,
    VCPU_ON_PENDING, /* claimed by a caller of vcpu_on(), which is writing vcpu->start */
    VCPU_READY,      /* vcpu->start is valid; its CPU has not entered it yet */
    VCPU_ON,
    VCPU_HELD, /* on, but kept out of its guest: see vcpu->holds */
};

enum zone_state {
    ZONE_OFF,      /* never started, or stopped: memory is not loaded */
    ZONE_STARTING, /* vCPU 0's CPU will scrub, load and start it when all vCPUs are off */
    ZONE_RUNNING,
    ZONE_STOPPING, /* all vCPUs have been asked to leave the guest */
};

/* Why a zone stopped; printed, and kept until the next stop. */
enum stop_reason {
    STOP_NONE,
    STOP_POWER_OFF, /* its own SYSTEM_OFF */
    STOP_RESET,     /* its own SYSTEM_RESET: starts again */
    STOP_OPERATOR,  /* console command */
    STOP_SERROR,    /* asynchronous abort */
    STOP_FAULT,     /* known-illegal behaviour */
    STOP_DEVICE,    /* the server of a device did not let go of the zone's memory in time */
    STOP_REASON_COUNT,
};

/* Why a vCPU is VCPU_HELD: bits of vcpu->holds. */
#define HOLD_PAUSE  UINT32_C(1) /* its zone is paused */
#define HOLD_DEVICE UINT32_C(2) /* what it asked a device for is not done yet */

/* How a vCPU begins: entry point and the values of its first argument registers. */
struct vcpu_start {
    uint64_t pc;
    uint64_t arg0, arg1;
};

struct vcpu {
    struct arch_vcpu arch; /* first: assembly reaches it by the vCPU's address */
    struct zone *zone;
    struct pcpu *cpu;
    const struct reg_row *reg_last;  /* what reg_access() found last: guests repeat themselves */
    uint32_t id;                     /* within the zone */
    _Atomic uint32_t state;          /* enum vcpu_state */
    _Atomic uint32_t holds;          /* HOLD_*; only its own CPU writes them */
    const struct vio_dev *waits_for; /* HOLD_DEVICE: for whom; NULL: for a time. vio.c's */
    uint64_t waits_until;            /* the time, or when that device is late */
    struct vcpu_start start;         /* valid from VCPU_READY on */
    struct log_budget log_budget;    /* of lines that its guest provokes, see log_guest() */
    /* By enum exit_class, since the zone's start; cache lines that only its own CPU writes. */
    _Alignas(64) uint64_t exits[EXITS_COUNT];
};

struct zone {
    const struct plan_zone *plan;
    uint32_t id;
    _Atomic uint32_t state;   /* see zone_state(): state and reason change together */
    enum stop_reason reason;  /* of the last stop; written by vCPU 0's CPU */
    _Atomic uint32_t running; /* vCPUs not VCPU_OFF */
    uint32_t vcpu_count;
    struct vcpu *vcpus;
    struct mmio_dev dev[MMIO_MAX_DEVS + 1]; /* the end: size 0 */
    uint32_t dev_count;
    uint32_t starts;              /* how often it was started */
    _Atomic uint32_t faults;      /* that it has reported, see abi/hypcall.h */
    _Atomic uint32_t pause;       /* enum pause_state */
    _Atomic uint64_t paused_at;   /* arch_now() at which virtual time stood still last */
    _Atomic uint64_t time_offset; /* virtual time is arch_now() less this */
    struct log_budget log_budget; /* of lines about starts and stops */
    struct log_budget dma_budget; /* of lines about its devices; used under the IOMMU's lock */
    struct vuart vuart;
    struct vbus vbus;
    struct arch_zone arch;
};

/* pcpu->requests bits */
#define REQUEST_LOOK UINT32_C(1) /* look at the vCPU's and the zone's state */
#define REQUEST_VIRQ UINT32_C(2) /* virtual interrupts may have become pending */
#define REQUEST_HALT UINT32_C(4) /* the machine stops: mask everything and park */

struct pcpu {
    struct arch_pcpu arch; /* first: assembly reaches it */
    uint32_t id;           /* index in plan.cpu */
    _Atomic uint32_t requests;
    _Atomic bool absent; /* the firmware could not start it */
    struct vcpu *vcpu;   /* NULL: no zone owns this CPU */
    uint64_t hw_id;
    uint64_t alarm_vuart; /* deadline of the vuart of this CPU's zone, UINT64_MAX: none */
    uint64_t alarm_look;  /* when zone_progress() is to look again, UINT64_MAX: never */
};

/* For arch_alarm_set() after one of the two has changed; its own CPU. */
static inline uint64_t pcpu_alarm(const struct pcpu *cpu)
{
    return cpu->alarm_vuart < cpu->alarm_look ? cpu->alarm_vuart : cpu->alarm_look;
}

extern const struct plan *the_plan;
extern struct zone *zones; /* the_plan->zone_count of them */
extern struct pcpu *pcpus; /* the_plan->cpu_count of them */

/* State of a zone. Any CPU. */
enum zone_state zone_state(const struct zone *zone);
const char *zone_state_name(enum zone_state state);
const char *zone_reason_name(enum stop_reason reason);

/* Builds all zones from the plan: memory from the boot pool; nothing starts yet. */
void zone_init_all(void);

/* Sets request bits of a CPU and wakes it, unless it is the calling one. Any CPU. */
void pcpu_request(struct pcpu *cpu, uint32_t bits);

/* The CPUs of all vCPUs of a zone look at its state again. Any CPU. */
void zone_look(const struct zone *zone);

/* This CPU is to look at its vCPU's and its zone's state at a time (arch_now), or before. */
void pcpu_look_at(struct pcpu *cpu, uint64_t when);

/* Starts a vCPU that is off (PSCI CPU_ON). ERR_BUSY: on or starting; ERR_DENIED: zone stops. */
enum err vcpu_on(struct vcpu *vcpu, const struct vcpu_start *start) MUST_CHECK;

/* The running vCPU turns itself off (PSCI CPU_OFF); takes effect when the handler returns. */
void vcpu_off(struct vcpu *vcpu);

/*
 * Keeps a vCPU out of its guest for as long as one reason is left; it is on none the less, and
 * takes its interrupts. A vCPU that goes off has no reason left. Its own CPU, HOLD_ bits.
 */
void vcpu_hold(struct vcpu *vcpu, uint32_t why);
void vcpu_release(struct vcpu *vcpu, uint32_t why);

/*
 * Starts a zone that is off. ERR_BUSY: it is not, or a server still uses its memory; ERR_NONE: no
 * CPU to boot on. Any CPU.
 */
enum err zone_start(struct zone *zone) MUST_CHECK;

/* Asks all vCPUs of a zone to stop; with STOP_RESET it starts again. Any CPU, never waits. */
void zone_stop(struct zone *zone, enum stop_reason why);

/* What the CPU must do for its vCPU now: called by run.c between guest entries. */
void zone_progress(struct vcpu *vcpu);

/* Whether the machine's last zone has stopped. */
bool zone_all_off(void);

/* Machine address of a range of the zone's RAM; false when it is not wholly inside one region. */
bool zone_ram_find(const struct zone *zone, gpa_t at, uint64_t size, hpa_t *out);

/* Serves the machine's next pending interrupt; false: there is none. */
bool run_interrupt(struct pcpu *cpu);

/* Serves the machine's pending interrupts, a bounded number. */
void run_interrupts(struct pcpu *cpu);

/* For long work between guests: serves interrupts; false: the machine is to halt. */
bool run_meanwhile(void);

/* Current CPU's vCPU loop; the only place that enters a guest. */
_Noreturn void run_cpu(struct pcpu *cpu);

#endif
