/* SPDX-License-Identifier: Apache-2.0 */
/* Layout, page tables and descriptor tables, read back by a walker of the test's own. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "host/arch.h"
#include "host/layout.h"
#include "host/paging.h"
#include "host/x86_cpu.h"
#include "lib/field.h"

#define RAM       (UINT64_C(64) << 20)
#define STACK     (UINT64_C(5) << 20)
#define PRESENT   UINT64_C(1)
#define WRITE     UINT64_C(2)
#define USER      UINT64_C(4)
#define AD        UINT64_C(0x60)
#define LARGE     UINT64_C(0x80)
#define NX        BIT64(63)
#define ADDRESS   UINT64_C(0x000ffffffffff000)
#define TEXT_SIZE UINT64_C(0x3000)

static uint8_t *ram;
static struct layout layout;
static struct paging paging;

static struct elf_image image = {
    .arch = &arch_x86_64,
    .start = UVM_IMAGE_GVA,
    .end = UVM_IMAGE_GVA + 0x8000,
    .segment_count = 3,
    .segment = { { .start = UVM_IMAGE_GVA, .size = TEXT_SIZE, .perm = ELF_READ | ELF_EXEC },
                 { .start = UVM_IMAGE_GVA + TEXT_SIZE,
                   .size = 0x1000,
                   .perm = ELF_READ | ELF_EXEC | ELF_USER },
                 { .start = UVM_IMAGE_GVA + 0x4000,
                   .size = 0x4000,
                   .perm = ELF_READ | ELF_WRITE | ELF_USER } },
    .relro = UVM_IMAGE_GVA + 0x5000,
    .relro_size = 0x1000,
    .vectors = UVM_IMAGE_GVA,
    .vector_stride = 16,
    .entry = UVM_IMAGE_GVA + 64,
};

static int set_up(void **state)
{
    struct layout_cfg cfg = { .ram_size = RAM, .stack_size = STACK };

    (void)state;
    ram = calloc(1, RAM);
    assert_non_null(ram);
    assert_int_equal(layout_cfg_check(&cfg), OK);
    layout_build(&cfg, &image, &layout);
    assert_int_equal(paging_build(&paging, &layout, ram), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static uint64_t entry_at(uint64_t table, uint64_t index)
{
    uint64_t pte;

    assert_true(table >= LAYOUT_TABLES_GVA && table < LAYOUT_TABLES_END);
    memcpy(&pte, ram + table + index * 8, sizeof(pte));
    return pte;
}

/* The leaf entry of gva, or 0. */
static uint64_t walk(uint64_t gva)
{
    uint64_t table = PAGING_ROOT;

    for (unsigned shift = 39; shift >= 12; shift -= 9) {
        uint64_t pte = entry_at(table, gva >> shift & 511);

        if (shift == 12 || (pte & LARGE) != 0) {
            return pte;
        }
        if ((pte & PRESENT) == 0) {
            return 0;
        }
        table = pte & ADDRESS;
    }
    return 0;
}

static uint64_t bits_of(uint32_t perm)
{
    return PRESENT | AD | ((perm & ELF_WRITE) != 0 ? WRITE : 0) |
           ((perm & ELF_USER) != 0 ? USER : 0) | ((perm & ELF_EXEC) != 0 ? 0 : NX);
}

/* Every page of the lowest 2 MiB, the image, and around each border is as its region says. */
static void test_regions(void **state)
{
    (void)state;
    for (uint64_t gva = 0; gva < RAM; gva += SIZE_4K) {
        const struct region *r = layout_find(&layout, gva);
        uint64_t pte = walk(gva);
        uint64_t base = (pte & LARGE) != 0 ? align_down(gva, SIZE_2M) : gva;

        if (r == NULL || (r->perm & ELF_READ) == 0) {
            assert_int_equal(pte, 0);
            continue;
        }
        assert_int_equal(pte & ADDRESS, base);
        pte &= ~(ADDRESS | LARGE);
        if ((r->perm & LAYOUT_ON_TOUCH) != 0) {
            assert_int_equal(pte | PRESENT, bits_of(r->perm));
            assert_int_equal(pte & PRESENT, 0);
        } else {
            assert_int_equal(pte, bits_of(r->perm));
        }
    }
}

/* ---- aarch64 ---- */

#define A64_TABLE     UINT64_C(2) /* or a page; else a block */
#define A64_USER      UINT64_C(0x40)
#define A64_READ_ONLY UINT64_C(0x80)
#define A64_COMMON    UINT64_C(0x700) /* inner shareable, accessed */
#define A64_DEVICE    UINT64_C(0xc)
#define A64_ADDRESS   UINT64_C(0x0000fffffffff000)
#define A64_PXN       BIT64(53)
#define A64_UXN       BIT64(54)

static int set_up_aarch64(void **state)
{
    image.arch = &arch_aarch64;
    return set_up(state);
}

static int tear_down_aarch64(void **state)
{
    image.arch = &arch_x86_64;
    return tear_down(state);
}

static uint64_t walk_aarch64(uint64_t gva)
{
    uint64_t table = PAGING_ROOT;

    for (unsigned shift = 30; shift >= 12; shift -= 9) {
        uint64_t pte = entry_at(table, gva >> shift & 511);

        if (shift == 12 || (pte & PRESENT) == 0 || (pte & A64_TABLE) == 0) {
            return pte;
        }
        table = pte & A64_ADDRESS;
    }
    return 0;
}

static uint64_t bits_of_aarch64(uint32_t perm)
{
    bool user = (perm & ELF_USER) != 0;
    bool exec = (perm & ELF_EXEC) != 0;

    return A64_COMMON | ((perm & LAYOUT_ON_TOUCH) != 0 ? 0 : PRESENT) | (user ? A64_USER : 0) |
           ((perm & ELF_WRITE) != 0 ? 0 : A64_READ_ONLY) | (exec && !user ? 0 : A64_PXN) |
           (exec && user ? 0 : A64_UXN) | ((perm & LAYOUT_DEVICE) != 0 ? A64_DEVICE : 0);
}

static void test_regions_aarch64(void **state)
{
    unsigned devices = 0;

    (void)state;
    for (uint64_t gva = 0; gva < RAM; gva += SIZE_4K) {
        const struct region *r = layout_find(&layout, gva);
        uint64_t pte = walk_aarch64(gva);
        bool block = (pte & A64_TABLE) == 0;
        uint64_t base = block ? align_down(gva, SIZE_2M) : gva;

        if (r == NULL || (r->perm & (ELF_READ | LAYOUT_DEVICE)) == 0) {
            assert_int_equal(pte, 0);
            continue;
        }
        if ((r->perm & LAYOUT_DEVICE) != 0) {
            base += LAYOUT_DEVICE_GPA;
            devices++;
        }
        assert_int_equal(pte & A64_ADDRESS, base);
        assert_int_equal(pte & ~(A64_ADDRESS | A64_TABLE), bits_of_aarch64(r->perm));
    }
    assert_int_equal(devices, 2);
    assert_true((walk_aarch64(UVM_EXIT_USER_GVA) & A64_USER) != 0);
    assert_true((walk_aarch64(UVM_EXIT_GVA) & A64_USER) == 0);
    assert_int_equal(walk_aarch64(UVM_OWN_GVA), 0);
}

/* Every architecture has what the layout's users count on. */
static void test_architectures(void **state)
{
    static const struct arch *const all[] = { &arch_x86_64, &arch_aarch64 };

    (void)state;
    assert_null(arch_find(0));
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        const struct arch *a = all[i];

        assert_ptr_equal(arch_find(a->machine), a);
        assert_true(a->vector_count != 0 && a->gate_size != 0 && a->fp_size != 0);
        assert_true(a->gpr_count <= FAULT_GPRS && a->frame_gpr < a->gpr_count);
        assert_non_null(a->gpr_names[a->gpr_count - 1]);
        assert_int_equal(a->low[a->low_count - 1].start, LAYOUT_TABLES_GVA);
        for (unsigned n = 1; n < a->low_count; n++) {
            assert_true(a->low[n].start >= a->low[n - 1].start + a->low[n - 1].size);
        }
    }
}

static void test_layout(void **state)
{
    (void)state;
    for (unsigned i = 1; i < layout.region_count; i++) {
        const struct region *before = &layout.region[i - 1];

        assert_true(layout.region[i].start >= before->start + before->size);
        assert_true(layout.region[i].start % SIZE_4K == 0 && layout.region[i].size % SIZE_4K == 0);
        assert_true((layout.region[i].perm & (ELF_WRITE | ELF_EXEC)) != (ELF_WRITE | ELF_EXEC));
    }
    assert_null(layout_find(&layout, 0));
    assert_string_equal(layout_find(&layout, UVM_IMAGE_GVA)->name, "sys text");
    assert_string_equal(layout_find(&layout, UVM_IMAGE_GVA + 0x5000)->name, "relro");
    assert_string_equal(layout_find(&layout, UVM_IMAGE_GVA + 0x6000)->name, "data");
    assert_string_equal(layout_find(&layout, layout.stack_limit - 1)->name, "stack guard");
    assert_string_equal(layout_find(&layout, layout.stack_top - 1)->name, "stack");
    assert_null(layout_find(&layout, layout.stack_top));
}

/* One array, the entry of stack_limit first, although the stack spans several tables. */
static void test_stack_array(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < STACK / SIZE_4K; i++) {
        uint64_t pte;

        memcpy(&pte, ram + paging.stack_pte + i * 8, sizeof(pte));
        assert_int_equal(pte & ADDRESS, layout.stack_limit + i * SIZE_4K);
        assert_int_equal(pte, walk(layout.stack_limit + i * SIZE_4K));
    }
}

static void test_large(void **state)
{
    (void)state;
    assert_true((walk(UVM_IMAGE_GVA + SIZE_2M) & LARGE) != 0);
    assert_true((walk(UVM_IMAGE_GVA) & LARGE) == 0);
    assert_true(paging.next < LAYOUT_TABLES_GVA + 16 * SIZE_4K);
}

static void test_window(void **state)
{
    struct region r = { .start = LAYOUT_MAP_GVA + SIZE_1G,
                        .size = SIZE_1G + SIZE_2M + 3 * SIZE_4K,
                        .perm = ELF_READ | ELF_USER };
    uint64_t next;

    (void)state;
    assert_int_equal(paging_map_window(&paging, &r), OK);
    assert_int_equal(walk(r.start) & ~ADDRESS, bits_of(r.perm) | LARGE);
    assert_int_equal(walk(r.start + r.size - 1) & ADDRESS, r.start + r.size - SIZE_4K);
    assert_int_equal(walk(r.start + r.size), 0);
    assert_int_equal(walk(r.start - 1), 0);
    paging_clear_window(&paging, &r);
    assert_int_equal(walk(r.start), 0);
    assert_int_equal(walk(r.start + SIZE_1G), 0);
    next = paging.next;
    for (unsigned i = 0; i < 1000; i++) { /* tables are used again */
        assert_int_equal(paging_map_window(&paging, &r), OK);
        paging_clear_window(&paging, &r);
    }
    assert_int_equal(paging.next, next);
    test_regions(state);
}

static void test_no_room(void **state)
{
    int err = OK;
    unsigned count = 0;

    (void)state;
    for (uint64_t gva = LAYOUT_MAP_GVA; err == OK && gva < LAYOUT_MAP_END; gva += SIZE_1G) {
        struct region r = { .start = gva, .size = SIZE_4K, .perm = ELF_READ };

        paging.next = count++ == 20 ? LAYOUT_TABLES_END : paging.next;
        err = paging_map_window(&paging, &r);
    }
    assert_int_equal(err, ERR_FULL);
    assert_int_equal(count, 21);
}

static void test_limits(void **state)
{
    struct layout_cfg cfg = { 0 };

    (void)state;
    assert_int_equal(layout_cfg_check(&cfg), OK);
    assert_int_equal(cfg.ram_size, 16u << 20);
    cfg = (struct layout_cfg){ .ram_size = 1, .stack_size = 1, .call_size = 1 };
    assert_int_equal(layout_cfg_check(&cfg), ERR_RANGE);
    cfg = (struct layout_cfg){ .ram_size = 2 * SIZE_2M, .stack_size = 1, .call_size = 1 };
    assert_int_equal(layout_cfg_check(&cfg), OK);
    assert_int_equal(cfg.call_size, UVM_CALL_SIZE_MIN);
    assert_true(layout_window(&cfg).high > layout_window(&cfg).low);
    cfg = (struct layout_cfg){ .ram_size = UINT64_MAX };
    assert_int_equal(layout_cfg_check(&cfg), ERR_INVALID);
    cfg = (struct layout_cfg){ .stack_size = UINT64_MAX };
    assert_int_equal(layout_cfg_check(&cfg), ERR_INVALID);
    cfg = (struct layout_cfg){ .call_size = UVM_CALL_SIZE_MAX + 1 };
    assert_int_equal(layout_cfg_check(&cfg), ERR_INVALID);
    cfg = (struct layout_cfg){ .stack_size = 16u << 20 };
    assert_int_equal(layout_cfg_check(&cfg), ERR_RANGE);
}

/* A gate as the processor reads it. */
static void check_gate(const struct x86_start *start, unsigned vector, unsigned dpl, unsigned ist)
{
    uint8_t g[16];
    uint64_t offset;

    memcpy(g, ram + start->idt + vector * 16u, sizeof(g));
    offset = g[0] | (uint64_t)g[1] << 8 | (uint64_t)g[6] << 16 | (uint64_t)g[7] << 24;
    assert_int_equal(offset, image.vectors + vector * image.vector_stride);
    assert_int_equal(g[2] | g[3] << 8, UVM_SEL_KERNEL_CS);
    assert_int_equal(g[4], ist);
    assert_int_equal(g[5], 0x8e | dpl << 5);
    assert_int_equal(g[8] | g[9] | g[10] | g[11] | g[12] | g[13] | g[14] | g[15], 0);
}

static void test_cpu(void **state)
{
    const struct x86_features features = { .xcr0 = 7, .fsgsbase = true };
    struct x86_start start;
    uint64_t rsp0;

    (void)state;
    x86_cpu_build(&image, ram);
    x86_cpu_start(&image, &features, &start);
    for (unsigned v = 0; v < 256; v++) {
        check_gate(&start, v, v == 3 || v == 4 ? 3 : 0, v == 8 ? 1 : v == 2 ? 2 : v == 18 ? 3 : 0);
    }
    memcpy(&rsp0, ram + start.tss + 4, sizeof(rsp0));
    assert_int_equal(rsp0, UVM_STACK0_TOP);
    assert_int_equal(start.tss_limit, 103);
    assert_int_equal(ram[start.gdt + UVM_SEL_TSS + 5], 0x8b);
    assert_int_equal(start.cr3, PAGING_ROOT);
    assert_int_equal(start.rip, image.entry);
    assert_true((start.cr4 & BIT64(18)) != 0); /* OSXSAVE, for XCR0 */
    assert_true((start.cr4 & BIT64(20)) == 0); /* SMEP, which the machine lacks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_regions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stack_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cpu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_regions_aarch64, set_up_aarch64, tear_down_aarch64),
        cmocka_unit_test_setup_teardown(test_layout, set_up_aarch64, tear_down_aarch64),
        cmocka_unit_test(test_architectures),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
