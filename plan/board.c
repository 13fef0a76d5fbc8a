/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a board: CPUs, RAM, interrupts, timer, firmware, console. Only reads the tree. */
#include "plan/board.h"

#include <libfdt.h>
#include <string.h>

#include "lib/addr.h"
#include "plan/text.h"

#define TREE_REMEDY     "; remedy: give a complete device tree"
#define TIMER_PHYS      1 /* positions in the timer's interrupts */
#define TIMER_VIRT      2
#define TIMER_HYP       3
#define TIMER_COUNT     4
#define CPU_MPIDR_CELLS 2
#define GIC_REPEATED    UINT64_C(0x20000)
#define GIC_LAST_COPY   UINT64_C(0xf000)

static int node_by_compatible(const void *fdt, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int node = fdt_node_offset_by_compatible(fdt, -1, words[i]);

        if (node >= 0) {
            return node;
        }
    }
    return -1;
}

static bool is_type(const void *fdt, int node, const char *type)
{
    return fdt_stringlist_search(fdt, node, "device_type", type) == 0;
}

static bool read_cpus(struct board *board, struct errors *errors, unsigned line)
{
    const void *fdt = board->fdt;
    int cpus = fdt_path_offset(fdt, "/cpus");
    int cells = node_cells(fdt, cpus, "#address-cells", 1);
    int node;

    fdt_for_each_subnode(node, fdt, cpus)
    {
        uint64_t id = node_cell(fdt, node, "reg", 0);

        if (!is_type(fdt, node, "cpu") || board->cpu_count == board->cpu_limit) {
            continue;
        }
        if (board->cpu_count == PLAN_MAX_CPUS) {
            error_add(errors, line, "the board has more than %u CPUs; remedy: set machine.cpus",
                      PLAN_MAX_CPUS);
            return false;
        }
        if (cells == CPU_MPIDR_CELLS) {
            id = id << 32 | node_cell(fdt, node, "reg", 1);
        }
        board->cpu_node[board->cpu_count] = node;
        board->cpu_hw_id[board->cpu_count++] = id;
    }
    if (board->cpu_count == 0) {
        error_add(errors, line, "the board's device tree has no CPU under /cpus" TREE_REMEDY);
    }
    return board->cpu_count != 0;
}

static bool read_ram(struct board *board, struct errors *errors, unsigned line)
{
    struct node_regs regs;
    int node;

    fdt_for_each_subnode(node, board->fdt, 0)
    {
        if (!is_type(board->fdt, node, "memory") || !node_regs(board->fdt, node, &regs)) {
            continue;
        }
        for (int i = 0; i < regs.count; i++) {
            if (board->facts.ram_count == PLAN_MAX_RAM) {
                error_add(errors, line,
                          "the board has more than %u ranges of RAM; remedy: set machine.memory",
                          PLAN_MAX_RAM);
                return false;
            }
            if (regs.range[i].size != 0) {
                board->facts.ram[board->facts.ram_count++] =
                    (struct plan_ram){ regs.range[i].base, regs.range[i].size };
            }
        }
    }
    if (board->facts.ram_count == 0) {
        error_add(errors, line,
                  "the board's device tree has no memory node with registers" TREE_REMEDY);
    }
    return board->facts.ram_count != 0;
}

/*
 * Boards for pages of 64 KiB repeat each page of an interface 16 times, and say 128 KiB for the two
 * of a CPU interface: the last copy of the first page and the first of the second lie together.
 */
static struct range interface(struct range whole, bool repeats)
{
    const uint64_t skip = repeats && whole.size > GIC_LAST_COPY ? GIC_LAST_COPY : 0;

    return (struct range){ whole.base + skip, whole.size - skip };
}

/* What the tree does not give stays 0, and plan_check says so. */
static void read_gicv2(struct plan_board *facts, const struct node_regs *regs)
{
    const struct range none = { 0 };
    const struct range hyp = regs->count > 2 ? regs->range[2] : none;
    const struct range guest = regs->count > 3 ? regs->range[3] : none;
    const bool repeats = regs->range[1].size == GIC_REPEATED || guest.size == GIC_REPEATED;
    const struct range gicc = interface(regs->range[1], repeats);
    const struct range gicv = interface(guest, repeats);

    facts->gicc_hpa = gicc.base;
    facts->gicc_size = gicc.size;
    facts->gich_hpa = hyp.base;
    facts->gich_size = hyp.size;
    facts->gicv_hpa = gicv.base;
    facts->gicv_size = gicv.size;
}

static bool read_gic(struct board *board, struct errors *errors, unsigned line)
{
    static const char *const v3[] = { "arm,gic-v3" };
    static const char *const v2[] = { "arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a7-gic",
                                      "arm,cortex-a9-gic" };
    struct node_regs regs;
    struct node_irqs irqs;

    board->intc = node_by_compatible(board->fdt, v3, 1);
    board->facts.gic_version = 3;
    if (board->intc < 0) {
        board->intc = node_by_compatible(board->fdt, v2, sizeof(v2) / sizeof(v2[0]));
        board->facts.gic_version = 2;
    }
    if (board->intc < 0 || !node_regs(board->fdt, board->intc, &regs) || regs.count < 2) {
        error_add(errors, line, "the board's device tree has no GIC with registers" TREE_REMEDY);
        return false;
    }
    board->facts.gicd_hpa = regs.range[0].base;
    board->facts.gicd_size = regs.range[0].size;
    if (board->facts.gic_version == 2) {
        read_gicv2(&board->facts, &regs);
    } else {
        board->facts.gicr_hpa = regs.range[1].base;
        board->facts.gicr_size = regs.range[1].size;
    }
    if (!node_irqs(board, board->intc, &irqs) || irqs.count != 1) {
        error_add(errors, line, "the board's GIC has no maintenance interrupt" TREE_REMEDY);
        return false;
    }
    board->facts.maintenance_intid = irqs.irq[0].intid;
    return true;
}

static bool read_timer(struct board *board, struct errors *errors, unsigned line)
{
    static const char *const words[] = { "arm,armv8-timer", "arm,armv7-timer" };
    struct node_irqs irqs;

    board->timer = node_by_compatible(board->fdt, words, 2);
    if (board->timer < 0 || !node_irqs(board, board->timer, &irqs) || irqs.count < TIMER_COUNT) {
        error_add(
            errors, line,
            "the board's device tree has no arm,armv8-timer with four interrupts" TREE_REMEDY);
        return false;
    }
    board->facts.phys_timer_intid = irqs.irq[TIMER_PHYS].intid;
    board->facts.virt_timer_intid = irqs.irq[TIMER_VIRT].intid;
    board->facts.hyp_timer_intid = irqs.irq[TIMER_HYP].intid;
    return true;
}

static bool read_psci(struct board *board, struct errors *errors, unsigned line)
{
    static const char *const words[] = { "arm,psci-1.0", "arm,psci-0.2" };

    board->psci = node_by_compatible(board->fdt, words, 2);
    if (board->psci < 0) {
        error_add(errors, line, "the board's device tree has no PSCI 0.2 or later" TREE_REMEDY);
        return false;
    }
    board->facts.conduit = fdt_stringlist_search(board->fdt, board->psci, "method", "hvc") == 0
                               ? PLAN_CONDUIT_HVC
                               : PLAN_CONDUIT_SMC;
    return true;
}

/* The console that firmware names, or the first PL011. */
static void read_uart(struct board *board)
{
    static const char *const words[] = { "arm,pl011" };
    int chosen = fdt_path_offset(board->fdt, "/chosen");
    int length = 0;
    const char *path = fdt_getprop(board->fdt, chosen, "stdout-path", &length);
    struct node_regs regs;
    struct node_irqs irqs;

    board->uart = -1;
    if (path != NULL && length > 0) {
        board->uart = fdt_path_offset_namelen(board->fdt, path, (int)strcspn(path, ":"));
    }
    if (board->uart < 0 || !node_is(board->fdt, board->uart, "arm,pl011")) {
        board->uart = node_by_compatible(board->fdt, words, 1);
    }
    if (board->uart < 0 || !node_regs(board->fdt, board->uart, &regs) || regs.count != 1 ||
        !node_irqs(board, board->uart, &irqs) || irqs.count != 1) {
        board->uart = -1;
        return;
    }
    board->uart_hpa = regs.range[0].base;
    board->uart_size = regs.range[0].size;
    board->uart_intid = irqs.irq[0].intid;
}

bool board_read(struct board *board, struct errors *errors, unsigned line)
{
    board->root_address_cells = node_cells(board->fdt, 0, "#address-cells", 2);
    board->root_size_cells = node_cells(board->fdt, 0, "#size-cells", 1);
    if (board->root_address_cells < 1 || board->root_address_cells > 2 ||
        board->root_size_cells < 1 || board->root_size_cells > 2) {
        error_add(errors, line,
                  "the board's device tree has odd #address-cells or #size-cells; remedy: 1 or 2");
        return false;
    }
    if (!read_gic(board, errors, line) || !read_cpus(board, errors, line) ||
        !read_ram(board, errors, line) || !read_timer(board, errors, line) ||
        !read_psci(board, errors, line)) {
        return false;
    }
    read_uart(board);
    return true;
}
