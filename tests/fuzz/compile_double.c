/* SPDX-License-Identifier: Apache-2.0 */
/* Serves the plan compiler's files from memory and checks what it makes of them. */
#include "tests/fuzz/compile_double.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plan_check.h"
#include "plan/compile.h"
#include "plan/dtc.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plan_invariant.h"

#define BOARD_MAX 0x10000u

static const struct fuzz_file *present;
static size_t present_count;
static struct compile compile;

/* ---- files ---- */

struct file __wrap_file_read(struct arena *arena, const char *path, size_t limit, const char **why);

struct file __wrap_file_read(struct arena *arena, const char *path, size_t limit, const char **why)
{
    struct file file = { NULL, 0 };

    for (size_t i = 0; i < present_count; i++) {
        if (strcmp(present[i].name, path) == 0 && present[i].size <= limit) {
            file.size = present[i].size;
            file.data = arena_alloc(arena, file.size + 1);
            memcpy(file.data, present[i].data, file.size);
            return file;
        }
    }
    *why = "no such file";
    return file;
}

struct file dtc_run(struct arena *arena, const char *path, size_t limit, const char **why)
{
    (void)arena, (void)path, (void)limit;
    *why = "dtc is not run here";
    return (struct file){ NULL, 0 };
}

struct fuzz_file fuzz_board(const char *board)
{
    struct fuzz_file file = { FUZZ_BOARD_FILE, NULL, 0 };
    uint8_t *data = malloc(BOARD_MAX);
    char path[256];
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s.dtb", FUZZ_BOARDS, board);
    in = fopen(path, "rb");
    if (in == NULL || data == NULL) {
        fprintf(stderr, "%s: can't be read\n", path);
        exit(1);
    }
    file.size = fread(data, 1, BOARD_MAX, in);
    file.data = data;
    fclose(in);
    return file;
}

/* clang-format off */
static const uint8_t kernel_bytes[] = {
    /* two instructions, text_offset, image_size, flags, 3 reserved, magic, 0 */
    0x1f, 0x20, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 2, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 'A', 'R', 'M', 0x64, 0, 0, 0, 0,
};
static const uint8_t elf_bytes[] = {
    0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 0, 0xb7, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0,
    64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0,
    1, 0, 0, 0, 7, 0, 0, 0, 120, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0,
    8, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
    0x1f, 0x20, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5,
};
/* clang-format on */

static const struct {
    uint8_t header[PLAN_HYP_HEADER_OFFSET];
    struct plan_hyp_header own;
} hyp_bytes = {
    .header = { [56] = 'A', 'R', 'M', 0x64 },
    .own = { .magic = PLAN_HYP_MAGIC,
             .plan_version = PLAN_VERSION,
             .plan_size = sizeof(struct plan),
             .image_size = 0x1000,
             .pool_fixed = 0x10000,
             .pool_per_cpu = 0x8000,
             .pool_per_zone = 0x8000,
             .drivers = UINT64_MAX },
};

const struct fuzz_file fuzz_kernel = { "Image", kernel_bytes, sizeof(kernel_bytes) };
const struct fuzz_file fuzz_elf = { "a.elf", elf_bytes, sizeof(elf_bytes) };
const struct fuzz_file fuzz_hyp = { "hyp.bin", (const uint8_t *)&hyp_bytes, sizeof(hyp_bytes) };

/* ---- what is accepted ---- */

static uint64_t cells(const fdt32_t *at, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++) {
        value = value << 32 | fdt32_to_cpu(at[i]);
    }
    return value;
}

static bool is_zone_ram(uint32_t zone, uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < compile.plan.region_count; i++) {
        const struct plan_region *r = &compile.plan.region[i];

        if (r->zone == zone && r->kind == PLAN_REGION_RAM && base >= r->gpa &&
            base - r->gpa < r->size && size <= r->size - (base - r->gpa)) {
            return true;
        }
    }
    return false;
}

/* What a zone's tree says is memory is its own; it has one of each that a guest starts with. */
static void check_tree(uint32_t zone)
{
    const void *fdt = compile.dtb[zone];
    int node, length, address = fdt_address_cells(fdt, 0), size = fdt_size_cells(fdt, 0);
    int memories = 0, cpus = 0, cpu;

    fdt_for_each_subnode(node, fdt, 0)
    {
        const char *type = fdt_getprop(fdt, node, "device_type", NULL);
        const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);

        if (type == NULL || strcmp(type, "memory") != 0) {
            continue;
        }
        FUZZ_CHECK(reg != NULL && length % ((address + size) * 4) == 0);
        for (int i = 0; i < length / 4; i += address + size, memories++) {
            FUZZ_CHECK(is_zone_ram(zone, cells(reg + i, address), cells(reg + i + address, size)));
        }
    }
    FUZZ_CHECK(memories > 0);
    node = fdt_path_offset(fdt, "/cpus");
    fdt_for_each_subnode(cpu, fdt, node)
    {
        const char *type = fdt_getprop(fdt, cpu, "device_type", NULL);

        cpus += type != NULL && strcmp(type, "cpu") == 0;
    }
    FUZZ_CHECK(cpus == (int)compile.plan.zone[zone].vcpu_count);
}

static void check_plan(void)
{
    volatile uint8_t sum = 0;

    FUZZ_CHECK(plan_check(&compile.plan, NULL) == 0);
    plan_invariant(&compile.plan);
    for (uint32_t i = 0; i < compile.plan.zone_count; i++) {
        FUZZ_CHECK(compile.dtb[i] != NULL && compile.dtb_size[i] <= DTB_MAX);
        FUZZ_CHECK(fdt_check_full(compile.dtb[i], compile.dtb_size[i]) == 0);
        check_tree(i);
    }
    for (uint32_t i = 0; i < compile.blob_count; i++) {
        for (uint64_t at = 0; at < compile.blob[i].size; at++) {
            sum = (uint8_t)(sum + compile.blob[i].data[at]);
        }
    }
}

bool fuzz_compile(const struct fuzz_file *files, size_t count)
{
    static FILE *nowhere;
    struct compile_options options = { .plan_file = "plan.yaml", .board_dir = "boards" };
    bool is_good;

    if (nowhere == NULL) {
        nowhere = getenv("FUZZ_VERBOSE") != NULL ? stderr : fopen("/dev/null", "w");
    }
    present = files;
    present_count = count;
    options.messages = nowhere;
    for (size_t i = 0; i < count; i++) {
        options.hyp_file = strcmp(files[i].name, "hyp.bin") == 0 ? "hyp.bin" : options.hyp_file;
    }
    is_good = compile_run(&compile, &options);
    FUZZ_CHECK(is_good == (compile.errors.count == 0));
    if (is_good) {
        check_plan();
        show_plan(&compile, nowhere);
    }
    compile_free(&compile);
    return is_good;
}
