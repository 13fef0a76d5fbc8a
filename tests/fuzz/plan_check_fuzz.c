/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_check on any bytes, and on a good plan with some fields overwritten: it terminates, reads
 * inside of the plan only, names only objects that exist, and what it accepts is isolated.
 */
#include <string.h>

#include "lib/field.h"
#include "lib/plan_check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plan_invariant.h"

#define RAM  UINT64_C(0x40000000)
#define MIB  UINT64_C(0x100000)
#define UART UINT64_C(0x9000000)

/* clang-format off */
static const struct plan base = {
    .magic = PLAN_MAGIC, .version = PLAN_VERSION, .size = sizeof(struct plan),
    .hyp_hpa = RAM, .hyp_size = 32 * MIB, .image_hpa = RAM + 2 * MIB, .image_size = 8 * MIB,
    .cpu_count = 5, .zone_count = 2, .region_count = 5, .irq_count = 2, .image_count = 3,
    .log_level = 2,
    .board = {
        .gic_version = 3, .gicd_hpa = 0x8000000, .gicd_size = 0x10000,
        .gicr_hpa = 0x80a0000, .gicr_size = 0xf60000, .uart_hpa = UART, .uart_intid = 33,
        .maintenance_intid = 25, .hyp_timer_intid = 26, .virt_timer_intid = 27,
        .phys_timer_intid = 30, .ram_count = 2,
        .ram = { { RAM, 1024 * MIB }, { 0x200000000, 1024 * MIB } },
    },
    .cpu = { { 0, 0, 0 }, { 1, 0, 1 }, { 2, 1, 0 }, { 3, 1, 1 }, { 0x100000301, PLAN_NONE, 0 } },
    .zone = {
        { .name = "linux0", .role = PLAN_ROLE_ZONE0, .vcpu_count = 2,
          .console = PLAN_CONSOLE_EMULATED, .entry = RAM, .dtb = RAM + 16 * MIB,
          .gicd_gpa = 0x8000000, .gicr_gpa = 0x80a0000, .vuart_gpa = UART, .vuart_intid = 33 },
        { .name = "motor", .role = PLAN_ROLE_REALTIME, .vcpu_count = 2,
          .flags = PLAN_ZONE_DMA_TRUSTED, .entry = RAM + 128 * MIB, .dtb = RAM + 144 * MIB,
          .boot_info = RAM + 136 * MIB, .gicd_gpa = 0x8000000, .gicr_gpa = 0x80a0000 },
    },
    .region = {
        { RAM, RAM + 64 * MIB, 64 * MIB, 0, PLAN_REGION_RAM },
        { 0xa000000, 0xa000000, 0x1000, 0, PLAN_REGION_DEVICE },
        { RAM + 128 * MIB, RAM + 128 * MIB, 64 * MIB, 1, PLAN_REGION_RAM },
        { 0xa001000, 0xa001000, 0x1000, 1, PLAN_REGION_DEVICE },
        { 0x200000000, 0x200000000, 64 * MIB, 1, PLAN_REGION_RAM },
    },
    .irq = { { 0, 48, PLAN_IRQ_EDGE, 0 }, { 1, 49, 0, 0 } },
    .image = {
        { 0x20000, 4 * MIB, RAM, 0, 0 }, { 0x420000, 4096, RAM + 16 * MIB, 0, 0 },
        { 0x421000, 100, RAM + 128 * MIB, 1, 0 },
    },
};
/* clang-format on */

static struct plan plan;

struct seen {
    struct plan_sink sink;
    uint32_t count;
};

static void found(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    struct seen *seen = (struct seen *)sink;
    bool is_rule = false;

    seen->count++;
    for (uint32_t i = 0; i < plan_rule_count; i++) {
        is_rule = is_rule || strcmp(plan_rules[i].name, verdict->rule) == 0;
    }
    FUZZ_CHECK(is_rule);
    FUZZ_CHECK(strcmp(plan_object_name(verdict->a.kind), "?") != 0);
    FUZZ_CHECK(strcmp(plan_object_name(verdict->b.kind), "?") != 0);
    (void)plan_owner(&plan, verdict->a);
    (void)plan_owner(&plan, verdict->b);
}

/* Moves a value to a neighbour of what matters: another field's, plus or minus something small. */
static uint64_t value_of(struct fuzz_in *in)
{
    uint64_t value = fuzz_word(in);
    size_t from = fuzz_u16(in);

    if (from % 8 == 0 && from + 8 <= sizeof(plan)) {
        uint64_t other;

        memcpy(&other, (const uint8_t *)&plan + from, sizeof(other));
        value += other;
    }
    return value;
}

static void overwrite(struct fuzz_in *in)
{
    while (in->left != 0) {
        size_t size = (size_t)1 << (fuzz_u8(in) % 4);
        size_t at = fuzz_u16(in) / size * size;
        uint64_t value = value_of(in);

        if (at + size <= sizeof(plan)) {
            memcpy((uint8_t *)&plan + at, &value, size);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };
    struct seen seen = { { found }, 0 };
    struct plan before;
    uint32_t count;

    plan = base;
    if (fuzz_u8(&in) == 'P') { /* whole plan */
        memset(&plan, 0, sizeof(plan));
        memcpy(&plan, in.data, in.left < sizeof(plan) ? in.left : sizeof(plan));
    } else {
        overwrite(&in);
    }
    before = plan;
    count = plan_check(&plan, &seen.sink);
    FUZZ_CHECK(count == seen.count);
    FUZZ_CHECK(count == plan_check(&plan, NULL));
    FUZZ_CHECK(memcmp(&before, &plan, sizeof(plan)) == 0);
    if (count == 0) {
        plan_invariant(&plan);
    }
    return 0;
}
