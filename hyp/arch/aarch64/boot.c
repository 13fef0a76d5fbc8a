/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot CPU, MMU on, still on the boot stack: finds and checks the plan behind the image, maps what
 * it names, and hands over to hyp/core on the CPU's own stack. Whatever is wrong is said on the
 * plan's UART, since a silent board helps nobody.
 */
#include "boot.h"

#include "el2.h"
#include "gicv2.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pool.h"
#include "hyp/core/setup.h"
#include "hyp/core/uart.h"
#include "hyp/core/zone.h"
#include "layout.h"
#include "lib/plan_check.h"
#include "mmu.h"

/* What plan build must know; see abi/plan.h. The pool sizes are upper bounds. */
#define POOL_FIXED       (64u * 1024)
#define POOL_PER_CPU     (64u * 1024)
#define POOL_PER_ZONE    (128u * 1024)
#define POOL_PER_CHANNEL (6u * SIZE_4K) /* tables of both sides, the channel itself */
#define POOL_PER_REGION  (4u * SIZE_4K) /* stage 2 tables at both ends of a region */
#define POOL_DMA         (192u * 1024)  /* SMMU and PCI host: tables, queues, mappings */
#define POOL_ITS         (512u * 1024)  /* tables, the queue, devices' views of memory */
#define POOL_ITS_PER_CPU (64u * 1024)   /* pending LPIs, aligned */
#define POOL_CONTROL     (32u * 1024)   /* the function, tables for the region */
#define POOL_PER_VIRTIO  SIZE_4K        /* the device */

extern char hyp_image_size[], image_start[], image_end[];

const struct plan_hyp_header hyp_header __attribute__((section(".head_info"), used)) = {
    .magic = PLAN_HYP_MAGIC,
    .plan_version = PLAN_VERSION,
    .plan_size = sizeof(struct plan),
    .image_size = (uint64_t)hyp_image_size,
    .drivers = HYP_DRIVERS, /* of build.mk */
    .pool_fixed = POOL_FIXED,
    .pool_per_cpu = POOL_PER_CPU,
    .pool_per_zone = POOL_PER_ZONE,
    .pool_per_channel = POOL_PER_CHANNEL,
    .pool_per_region = POOL_PER_REGION,
    .pool_dma = POOL_DMA,
    .pool_its = POOL_ITS,
    .pool_its_per_cpu = POOL_ITS_PER_CPU,
    .pool_control = POOL_CONTROL,
    .pool_per_virtio = POOL_PER_VIRTIO,
};

static uintptr_t console;

static void say(const char *text)
{
    if (console != 0) {
        early_puts(console, text);
    }
}

static _Noreturn void refuse(const char *text)
{
    say("\r\nvitrine: cannot start: ");
    say(text);
    say("\r\n");
    arch_cpu_park();
}

static void map_blobs(uint64_t image, uint64_t from, uint64_t to)
{
    if (from < to) {
        mmu_map(&(struct own_map){ VA_BLOBS + from, hpa(image + from), to - from, OWN_RO });
    }
}

static void complain(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    (void)sink;
    say("\r\nvitrine: plan breaks rule ");
    say(verdict->rule);
    say(" (");
    say(plan_object_name(verdict->a.kind));
    say(", ");
    say(plan_object_name(verdict->b.kind));
    say(")");
}

static struct pcpu *boot_pcpu(const struct plan *plan)
{
    uint64_t self = rd_mpidr_el1() & (field_mask(MPIDR_AFF012) | field_mask(MPIDR_AFF3));

    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        if (plan->cpu[i].hw_id == self) {
            return &pcpus[i];
        }
    }
    refuse("the CPU that boots is not in the plan");
}

/* Without it the zones would start without what they were promised. */
static void check_drivers(const struct plan *plan)
{
    uint64_t missing = plan_drivers_needed(plan) & ~(uint64_t)HYP_DRIVERS;

    for (uint32_t i = 0; i < PLAN_DRIVER_COUNT; i++) {
        if ((missing & BIT64(i)) != 0) {
            say("\r\nvitrine: the plan needs a driver that this build does not have: ");
            say(plan_driver_name(i));
        }
    }
    if (missing != 0) {
        refuse("build with it in HYP_DRIVERS");
    }
}

/* Everything that can be wrong, before anything is built on it. */
static void check_plan(const struct plan *plan, uint64_t image)
{
    struct plan_sink sink = { complain };

    if (plan->magic != PLAN_MAGIC || plan->version != PLAN_VERSION || plan->size != sizeof(*plan)) {
        refuse("no plan behind the image: build the boot image with `vitrine plan build`");
    }
    if (plan->board.uart_hpa != 0) {
        console = mmu_map_device(hpa(plan->board.uart_hpa), PLAN_UART_SIZE);
        uart_init(console); /* a crash from here on can say so */
    }
    check_drivers(plan);
    if (plan_check(plan, &sink) != 0) {
        refuse("the plan is not acceptable");
    }
    if (image != plan->image_hpa) {
        refuse("the boot image was loaded at another address than the plan says");
    }
}

static void map_pool(const struct plan *plan)
{
    uint64_t start = align_up(plan->image_hpa + plan->image_size, SIZE_4K);
    uint64_t size = plan->hyp_hpa + plan->hyp_size - start;
    uint64_t need = plan_pool_need(&hyp_header, plan, plan->region_count);
    uintptr_t va = VA_POOL + (start & (SIZE_2M - 1));

    if (size < need) {
        refuse("too little memory: raise hypervisor.memory in the plan");
    }
    /* All of it is never needed; what is not mapped cannot be hit by accident. */
    size = align_up(need, SIZE_4K);
    mmu_map(&(struct own_map){ va, hpa(start), size, OWN_RW });
    pool_init((void *)va, size, hpa(start));
    mmu_use_pool();
}

static void *map_control(const struct plan *plan)
{
    const struct plan_region *region;

    if (plan->control.region == 0) {
        return NULL;
    }
    region = &plan->region[plan->control.region - 1];
    mmu_map(&(struct own_map){ VA_CONTROL, hpa(region->hpa), region->size, OWN_RW });
    return (void *)VA_CONTROL;
}

static void on_own_stack(void *arg)
{
    setup_main(arg, console);
}

static const char *init_gic(const struct plan_board *board)
{
    uintptr_t gicd = mmu_map_device(hpa(board->gicd_hpa), board->gicd_size);

    if (board->gic_version == 2) {
        return gicv2_init(board, gicd);
    }
    gic_init(board, gicd, mmu_map_device(hpa(board->gicr_hpa), board->gicr_size));
    return NULL;
}

_Noreturn void boot_main(void)
{
    uint64_t image = mmu_image_pa(image_start).v;
    uint64_t plan_at = (uint64_t)(image_end - image_start);
    uint64_t head = align_up(plan_at + sizeof(struct plan), SIZE_4K);
    const struct plan *plan = (const struct plan *)(VA_BLOBS + plan_at);
    struct pcpu *self;
    const char *why;

    map_blobs(image, 0, head);
    check_plan(plan, image);
    if (plan->image_size > VA_BLOBS_SIZE) {
        refuse("the boot image is larger than 3 GiB");
    }
    map_pool(plan);
    map_blobs(image, head, align_up(plan->image_size, SIZE_4K));
    setup_cpus(plan, (const void *)VA_BLOBS, map_control(plan));
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        mmu_prepare_cpu(&pcpus[i]);
        gic_doorbell(&pcpus[i]);
    }
    self = boot_pcpu(plan);
    wr_tpidr_el2((uintptr_t)self);
    why = init_gic(&plan->board);
    if (why == NULL) {
        why = dma_init(plan);
    }
    if (why != NULL) {
        refuse(why);
    }
    stack_switch_call(self->arch.stack_top, on_own_stack, self);
}

/* Called by start.S on a CPU that arch_cpu_on() has started. */
_Noreturn void secondary_main(struct pcpu *cpu)
{
    arch_cpu_init(cpu);
    run_cpu(cpu);
}
