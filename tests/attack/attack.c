/* SPDX-License-Identifier: Apache-2.0 */
/* Seed, random numbers, caught faults and counts of attack guests; must hide no fault. */
#include "tests/attack/attack.h"

FIELD(ESR_EC, 26, 6);
FIELD(ESR_STATUS, 0, 6);

/* A stage 1 descriptor. */
FIELD(PTE_TYPE, 0, 2);
FIELD(PTE_ATTR, 2, 3);
FIELD(PTE_SHARE, 8, 2);
FIELD(PTE_ACCESSED, 10, 1);
FIELD(PTE_UXN, 54, 1);

enum { TYPE_BLOCK = 1, TYPE_PAGE = 3, SHARE_INNER = 3 };

#define GICD_SIZE  0x10000u
#define GICR_SIZE  0x20000u /* of one vCPU */
#define GICC_SIZE  0x2000u
#define UART_SIZE  0x1000u
#define SIZE_GIB   UINT64_C(0x40000000)
#define GOLDEN     UINT64_C(0x9e3779b97f4a7c15) /* odd, for sequences that lie apart */
#define MULTIPLIER UINT64_C(0x2545f4914f6cdd1d)

extern uint64_t mmu_level1[];

static const char *attack_name;
static uint64_t seed, thin;

/* Each vCPU's own. */
static struct {
    uint64_t state;
    uint64_t attempts, faults;
    bool trying;
    struct attempt last;
} cells[VG_MAX_VCPUS];

static bool on_fault(struct vg_frame *frame, void *arg)
{
    uint32_t id = vg_vcpu_id();
    uint64_t class = get(ESR_EC, frame->syndrome);

    (void)arg;
    if (!cells[id].trying) {
        return false;
    }
    cells[id].last = (struct attempt){
        .faulted = true,
        .class = class,
        .status = get(ESR_STATUS, frame->syndrome),
        .address = frame->address,
    };
    if (class == CLASS_FETCH_ABORT || class == CLASS_PC_ALIGNMENT ||
        (class == CLASS_UNKNOWN && frame->pc - WINDOW_VA < SIZE_GIB)) {
        frame->pc = frame->x[30]; /* insn_exec called it, and it is no code */
    } else if (class != CLASS_SVC) {
        frame->pc += sizeof(uint32_t);
    }
    return true;
}

struct attempt attack_try(insn_fn *fn, uint64_t base, uint64_t value)
{
    uint32_t id = vg_vcpu_id();

    cells[id].last.faulted = false;
    cells[id].trying = true;
    value = fn(base, value);
    cells[id].trying = false;
    cells[id].last.value = value;
    cells[id].attempts++;
    cells[id].faults += cells[id].last.faulted;
    return cells[id].last;
}

void attack_count(uint64_t attempts)
{
    cells[vg_vcpu_id()].attempts += attempts;
}

uint64_t attack_attempts(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VG_MAX_VCPUS; i++) {
        sum += cells[i].attempts;
    }
    return sum;
}

uint64_t attack_faults(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VG_MAX_VCPUS; i++) {
        sum += cells[i].faults;
    }
    return sum;
}

/* xorshift64*: any state but 0. */
uint64_t attack_random(void)
{
    uint64_t *state = &cells[vg_vcpu_id()].state;

    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * MULTIPLIER;
}

uint64_t attack_below(uint64_t count)
{
    return (attack_random() >> 11) % count;
}

/* A decimal number typed at the console, ended by any other key. */
static uint64_t read_number(void)
{
    uint64_t value = 0;
    int key;

    while ((key = vg_getc_wait()) >= '0' && key <= '9') {
        value = value * 10 + (uint64_t)(key - '0');
    }
    return value;
}

void attack_begin(const char *name)
{
    attack_name = name;
    vg_puts("attack ");
    vg_puts(name);
    vg_puts(": ready\n");
    seed = read_number();
    thin = read_number();
    for (uint32_t i = 0; i < VG_MAX_VCPUS; i++) {
        cells[i].state = (seed + i + 1) * GOLDEN;
        cells[i].state += cells[i].state == 0;
    }
    vg_puts("attack ");
    vg_puts(name);
    vg_put_named(": begins, seed ", seed);
    vg_put_named(" thin ", thin);
    vg_puts("\n");
    vg_fault_handler(on_fault, NULL);
}

bool attack_sampled(void)
{
    return thin <= 1 || attack_below(thin) == 0;
}

void attack_end(void)
{
    vg_fault_handler(NULL, NULL);
    vg_puts("attack ");
    vg_puts(attack_name);
    vg_put_named(": seed ", seed);
    vg_put_named(" attempts ", attack_attempts());
    vg_put_named(" faults ", attack_faults());
    vg_puts("\n");
    check_sum(attack_name);
}

bool attack_is_abort(const struct attempt *attempt, uint64_t address)
{
    return attempt->faulted && attempt->class == CLASS_DATA_ABORT &&
           attempt->status == STATUS_EXTERNAL && attempt->address == address;
}

static uint64_t leaf(uint64_t at, enum window_kind kind)
{
    return at | put(PTE_ATTR, kind) | put(PTE_SHARE, SHARE_INNER) | put(PTE_ACCESSED, 1) |
           put(PTE_UXN, 1);
}

uint64_t window_block(uint64_t at, enum window_kind kind)
{
    return leaf(at, kind) | put(PTE_TYPE, TYPE_BLOCK);
}

uint64_t window_page(uint64_t at, enum window_kind kind)
{
    return leaf(at, kind) | put(PTE_TYPE, TYPE_PAGE);
}

void window_set(uint64_t descriptor)
{
    __atomic_store_n(&mmu_level1[WINDOW_SLOT], descriptor, __ATOMIC_RELEASE);
    __asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" : : : "memory");
}

uint64_t window_to(uint64_t at, enum window_kind kind)
{
    window_set(window_block(put(WINDOW_GIB, get(WINDOW_GIB, at)), kind));
    return WINDOW_VA + get(WINDOW_OFFSET, at);
}

bool attack_is_mine(uint64_t at)
{
    const struct boot_info *boot = vg_boot();

    bool is_v2 = boot->gicc_gpa != 0;
    bool is_gic = at - boot->gicd_gpa < GICD_SIZE ||
                  (is_v2 ? at - boot->gicc_gpa < GICC_SIZE
                         : at - boot->gicr_gpa < (uint64_t)boot->vcpu_count * GICR_SIZE);

    return at - boot->ram_gpa < boot->ram_size || is_gic || at - boot->uart_gpa < UART_SIZE;
}
