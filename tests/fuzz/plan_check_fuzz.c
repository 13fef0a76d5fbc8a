/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_check on any bytes, and on a good plan with some fields overwritten: it terminates, reads
 * inside of the plan only, names only objects that exist, and what it accepts is isolated.
 */
#include <stddef.h>
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
    .cpu_count = 6, .zone_count = 3, .region_count = 11, .irq_count = 2, .image_count = 3,
    .function_count = 1, .log_level = 2,
    .board = {
        .gic_version = 3, .gicd_hpa = 0x8000000, .gicd_size = 0x10000,
        .gicr_hpa = 0x80a0000, .gicr_size = 0xf60000,
        /* Of a GICv2, for when the version becomes one. */
        .gicc_hpa = 0x8010000, .gicc_size = 0x2000, .gich_hpa = 0x8030000, .gich_size = 0x1000,
        .gicv_hpa = 0x8040000, .gicv_size = 0x2000, .uart_hpa = UART, .uart_intid = 33,
        .maintenance_intid = 25, .hyp_timer_intid = 26, .virt_timer_intid = 27,
        .phys_timer_intid = 30, .ram_count = 2,
        .ram = { { RAM, 1024 * MIB }, { 0x200000000, 1024 * MIB } },
        .smmu_hpa = 0x9050000, .smmu_size = 0x20000, .smmu_event_intid = 106,
        .pci_ecam_hpa = 0x4010000000, .its_hpa = 0x8080000, .its_size = 0x20000,
        .pci_io_hpa = 0x3eff0000,
    },
    .cpu = { { 0, 0, 0 }, { 1, 0, 1 }, { 2, 1, 0 }, { 3, 1, 1 }, { 4, 2, 0 },
             { 0x100000301, PLAN_NONE, 0 } },
    .zone = {
        { .name = "linux0", .role = PLAN_ROLE_ZONE0, .vcpu_count = 2,
          .console = PLAN_CONSOLE_EMULATED, .entry = RAM, .dtb = RAM + 16 * MIB,
          .gicd_gpa = 0x8000000, .gicr_gpa = 0x80a0000, .gicc_gpa = 0x8010000,
          .vuart_gpa = UART, .vuart_intid = 33,
          .host_hpa = 0x10000000, .host_size = 2 * MIB, .its_gpa = 0x8080000,
          .ecam_gpa = 0x80000000, .pci_gpa = 0x80100000, .pci_size = MIB },
        { .name = "motor", .role = PLAN_ROLE_REALTIME, .vcpu_count = 2,
          .flags = PLAN_ZONE_DMA_TRUSTED, .entry = RAM + 128 * MIB, .dtb = RAM + 144 * MIB,
          .boot_info = RAM + 136 * MIB, .gicd_gpa = 0x8000000, .gicr_gpa = 0x80a0000,
          .gicc_gpa = 0x8010000 },
        { .name = "web", .role = PLAN_ROLE_USER, .vcpu_count = 1, .flags = PLAN_ZONE_MANUAL,
          .entry = RAM, .dtb = RAM + 4 * MIB, .gicd_gpa = 0x8000000, .gicr_gpa = 0x80a0000,
          .gicc_gpa = 0x8010000 },
    },
    .region = {
        { RAM, RAM + 64 * MIB, 64 * MIB, 0, PLAN_REGION_RAM, 0, 0 },
        { 0xa000000, 0xa000000, 0x1000, 0, PLAN_REGION_DEVICE, 0, 0 },
        { RAM + 128 * MIB, RAM + 128 * MIB, 64 * MIB, 1, PLAN_REGION_RAM, 0, 0 },
        { 0xa001000, 0xa001000, 0x1000, 1, PLAN_REGION_DEVICE, 0, 0 },
        { 0x200000000, 0x200000000, 64 * MIB, 1, PLAN_REGION_RAM, 0, 0 },
        { 0x10000000, 0x10000000, 2 * MIB, 0, PLAN_REGION_DEVICE, 0, 0 },
        { 0x3eff0000, 0x3eff0000, PLAN_PCI_PORTS, 0, PLAN_REGION_DEVICE, 0, 0 },
        { RAM + 320 * MIB, RAM + 320 * MIB, 2 * MIB, 0, PLAN_REGION_CONTROL, 0, 0 },
        { RAM + 256 * MIB, RAM + 256 * MIB, 32 * MIB, 0, PLAN_REGION_POOL, 0, 0 },
        { RAM + 258 * MIB, RAM + 258 * MIB, 16 * MIB, 1, PLAN_REGION_RAM, 9, 0 },
        { RAM, RAM + 276 * MIB, 8 * MIB, 2, PLAN_REGION_RAM, 9, 0 },
    },
    .control = { 8, 0, 3, 62 },
    .virtio_count = 3,
    .virtio = {
        { "disk", 2, PLAN_VIRTIO_BLK, 0xc0000000, 40, 4, 256, 0 },
        { "eth", 2, PLAN_VIRTIO_NET, 0xc0001000, 41, 2, 256, 0 },
        { "rng", 2, PLAN_VIRTIO_RNG, 0xc0002000, 42, 1, 64, 0 },
    },
    .function = { { 0, 0x10, 0x10, 0x10, 32, 0 } },
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

/* ---- changes ---- */

/* A field of each element of an array of the plan, or of one member. */
struct field_of {
    size_t at, stride, size;
    uint32_t count;
};

#define IN_ARRAY(array, member, room)                                                              \
    {                                                                                              \
        offsetof(struct plan, array) + offsetof(struct plan_##array, member),                      \
            sizeof(struct plan_##array), sizeof(base.array[0].member), room                        \
    }
#define ALONE(member)                                                                              \
    {                                                                                              \
        offsetof(struct plan, member), 0, sizeof(base.member), 1                                   \
    }

static const struct field_of fields[] = {
    IN_ARRAY(virtio, gpa, 4),
    IN_ARRAY(virtio, zone, 4),
    IN_ARRAY(virtio, intid, 4),
    IN_ARRAY(virtio, queue_count, 4),
    ALONE(virtio_count),
    ALONE(let_go_ms),
    IN_ARRAY(region, gpa, 6),
    IN_ARRAY(region, hpa, 6),
    IN_ARRAY(region, size, 6),
    IN_ARRAY(region, zone, 6),
    IN_ARRAY(region, kind, 6),
    IN_ARRAY(image, gpa, 4),
    IN_ARRAY(image, size, 4),
    IN_ARRAY(image, offset, 4),
    IN_ARRAY(image, zone, 4),
    IN_ARRAY(irq, intid, 3),
    IN_ARRAY(irq, zone, 3),
    IN_ARRAY(cpu, hw_id, 6),
    IN_ARRAY(cpu, zone, 6),
    IN_ARRAY(cpu, vcpu, 6),
    IN_ARRAY(zone, gicd_gpa, 3),
    IN_ARRAY(zone, entry, 3),
    IN_ARRAY(zone, gicr_gpa, 3),
    IN_ARRAY(zone, vuart_gpa, 3),
    IN_ARRAY(zone, dtb, 3),
    IN_ARRAY(zone, boot_info, 3),
    IN_ARRAY(zone, vuart_intid, 3),
    IN_ARRAY(zone, console, 3),
    IN_ARRAY(zone, flags, 3),
    IN_ARRAY(zone, vcpu_count, 3),
    ALONE(hyp_hpa),
    ALONE(hyp_size),
    ALONE(image_hpa),
    ALONE(image_size),
    ALONE(cpu_count),
    ALONE(region_count),
    ALONE(image_count),
    ALONE(board.gicd_hpa),
    ALONE(board.gicr_hpa),
    ALONE(board.uart_hpa),
    ALONE(board.uart_intid),
    ALONE(board.ram[0].hpa),
    ALONE(board.ram[0].size),
    ALONE(board.ram[1].hpa),
    ALONE(board.ram[1].size),
    ALONE(board.gicd_size),
    ALONE(board.maintenance_intid),
    ALONE(irq_count),
    ALONE(board.gic_version),
    ALONE(board.gicc_hpa),
    ALONE(board.gicc_size),
    ALONE(board.gich_hpa),
    ALONE(board.gich_size),
    ALONE(board.gicv_hpa),
    ALONE(board.gicv_size),
    IN_ARRAY(zone, gicc_gpa, 3),
};

static uint8_t *place_of(const struct field_of *field, uint8_t index)
{
    return (uint8_t *)&plan + field->at + index % field->count * field->stride;
}

/* One field becomes another's value, or a step away from it: where ranges touch or overlap. */
static void move(struct fuzz_in *in)
{
    static const uint64_t steps[] = { 0, 0, 0, 1, 0x1000, 0x10000, 0x200000, 0x4000000 };
    const struct field_of *to = &fields[fuzz_u8(in) % ARRAY_COUNT(fields)];
    const struct field_of *from = to;
    uint8_t how = fuzz_u8(in), which = fuzz_u8(in);
    uint64_t value = 0, step = steps[how & 7];

    if ((how & 16) != 0) {
        from = &fields[fuzz_u8(in) % ARRAY_COUNT(fields)];
    }
    memcpy(&value, place_of(from, which >> 4), from->size);
    value = (how & 8) != 0 ? value - step : value + step;
    memcpy(place_of(to, which & 15), &value, to->size);
}

/* Any bytes to any place. */
static void poke(struct fuzz_in *in)
{
    size_t size = (size_t)1 << (fuzz_u8(in) % 4);
    size_t at = fuzz_u16(in) / size * size;
    uint64_t value = fuzz_word(in);

    if (at + size <= sizeof(plan)) {
        memcpy((uint8_t *)&plan + at, &value, size);
    }
}

static void change(struct fuzz_in *in)
{
    while (in->left != 0) {
        if (fuzz_u8(in) < 0xe0) {
            move(in);
        } else {
            poke(in);
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
        change(&in);
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
