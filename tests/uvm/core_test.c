/* SPDX-License-Identifier: Apache-2.0 */
/* vt_core_dump() at every time that it may be called, and with a guest that is beyond repair. */
#define _GNU_SOURCE
#include "tests/unit/unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "lib/addr.h"
#include "vitrine.h"

#define TABLES_GVA  UINT64_C(0x28000) /* page tables begin here, host/layout.h */
#define TABLES_SIZE 0x4000u

static struct vt_image *image;
static struct vt_vm *vm;
static uint8_t *file; /* the core that was read back */
static size_t file_size;
static int callback_result; /* of vt_core_dump() inside of a callback */

static enum vt_action on_fault(void *ctx, struct vt_vm *of, struct fault_record *record,
                               unsigned count)
{
    int fd = memfd_create("callback", MFD_CLOEXEC);

    (void)ctx;
    (void)record;
    (void)count;
    callback_result = vt_core_dump(of, fd);
    close(fd);
    return VT_TERMINATE;
}

static int setup_guest(const char *name, unsigned vcpus)
{
    const struct vt_cfg cfg = { .size = sizeof(cfg), .fault = on_fault, .vcpus = vcpus };
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.elf", getenv("UVM_GUESTS"), name);
    assert_int_equal(vt_image_load_file(path, NULL, &image), VT_OK);
    assert_int_equal(vt_create(image, &cfg, &vm), VT_OK);
    callback_result = 1;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_guest("guest", 1);
}

static int setup_gang(void **state)
{
    (void)state;
    return setup_guest("gang", 4);
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_image_free(image);
    free(file);
    file = NULL;
    return 0;
}

static int dump(void)
{
    int fd = memfd_create("core", MFD_CLOEXEC);
    int err = vt_core_dump(vm, fd);

    free(file);
    file_size = (size_t)lseek(fd, 0, SEEK_END);
    file = malloc(file_size + 1);
    assert_int_equal(pread(fd, file, file_size, 0), (ssize_t)file_size);
    close(fd);
    return err;
}

static const Elf64_Phdr *rows(unsigned *count)
{
    const Elf64_Ehdr *header = (const void *)file;

    assert_memory_equal(header->e_ident, ELFMAG, SELFMAG);
    *count = header->e_phnum;
    return (const void *)(file + header->e_phoff);
}

/* The bytes that the core has for an address, or NULL. */
static const uint8_t *at(uint64_t gva)
{
    unsigned count = 0;
    const Elf64_Phdr *row = rows(&count);

    for (unsigned i = 0; i < count; i++) {
        if (row[i].p_type == PT_LOAD && gva - row[i].p_vaddr < row[i].p_filesz) {
            return file + row[i].p_offset + (gva - row[i].p_vaddr);
        }
    }
    return NULL;
}

/* Copies out the registers of each thread; returns how many there are. */
static unsigned threads(prstatus_t *status, unsigned max)
{
    unsigned count = 0, found = 0;
    const Elf64_Phdr *row = rows(&count);
    const uint8_t *note = file + row->p_offset, *end = note + row->p_filesz;

    assert_int_equal(row->p_type, PT_NOTE);
    while (note < end) {
        Elf64_Nhdr header;

        memcpy(&header, note, sizeof(header));
        note += sizeof(header) + (header.n_namesz + 3) / 4 * 4;
        if (header.n_type == NT_PRSTATUS && found < max) {
            memcpy(&status[found++], note, sizeof(*status));
        }
        note += (header.n_descsz + 3) / 4 * 4;
    }
    return found;
}

/* Its place among the registers is the architecture's. */
static uint64_t pc_of(const prstatus_t *status)
{
    const Elf64_Ehdr *header = (const void *)file;
    size_t index = header->e_machine == EM_AARCH64 ? 32 : 16;
    uint64_t pc;

    memcpy(&pc, (const uint8_t *)&status->pr_reg + index * sizeof(pc), sizeof(pc));
    return pc;
}

static void test_before_any_call(void **state)
{
    prstatus_t status[8];

    (void)state;
    assert_int_equal(dump(), VT_OK);
    assert_int_equal(threads(status, 8), 1);
    assert_int_equal(status[0].pr_cursig, 0);
    assert_non_null(at(UINT64_C(0x200000)));
}

static void crash(void)
{
    const struct vt_value damage = { .type = CALL_BOOL, .u = 1 };

    assert_int_equal(vt_call(vm, "sum_list", &damage, 1, NULL), VT_ERR_FAULT);
}

static void test_after_a_fault(void **state)
{
    prstatus_t status[8];

    (void)state;
    crash();
    assert_int_equal(callback_result, VT_OK);
    assert_int_equal(dump(), VT_OK);
    assert_int_equal(threads(status, 8), 2);
    assert_int_equal(status[0].pr_cursig, 11);
    assert_int_equal(pc_of(&status[0]), vt_fault(vm, NULL)->pc);
    assert_int_not_equal(pc_of(&status[1]), vt_fault(vm, NULL)->pc);
}

static void test_after_a_budget(void **state)
{
    prstatus_t status[8];

    (void)state;
    assert_int_equal(vt_set_budget(vm, 50000000, 0), VT_OK);
    assert_int_equal(vt_call(vm, "spin", NULL, 0, NULL), VT_ERR_BUDGET);
    assert_int_equal(dump(), VT_OK);
    assert_int_equal(threads(status, 8), 1);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    crash(); /* the dump has disturbed nothing */
}

/* All that are on, the one that faulted first. */
static void test_several_vcpus(void **state)
{
    const struct vt_value one = { .type = CALL_U64, .u = 1 };
    struct vt_value result = { 0 };
    prstatus_t status[8];

    (void)state;
    assert_int_equal(vt_set_budget(vm, 1000000000, 0), VT_OK);
    assert_int_equal(vt_call(vm, "spin_all_and_here", NULL, 0, &result), VT_ERR_BUDGET);
    assert_int_equal(dump(), VT_OK);
    assert_int_equal(threads(status, 8), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_non_null(at(pc_of(&status[i])));
    }
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    assert_int_equal(vt_call(vm, "crash_one", &one, 1, &result), VT_ERR_FAULT);
    assert_int_equal(callback_result, VT_OK);
    assert_int_equal(dump(), VT_OK);
    assert_int_equal(threads(status, 8), 3); /* the fault, vCPU 1 as it is now, vCPU 0 */
    assert_int_equal(vt_fault(vm, NULL)->vcpu, 1);
    assert_int_equal(pc_of(&status[0]), vt_fault(vm, NULL)->pc);
}

/* What a hostile guest may have done to them: the dump never looks. */
static void test_wild_page_tables(void **state)
{
    static uint8_t wild[TABLES_SIZE];

    (void)state;
    memset(wild, 0xff, sizeof(wild));
    assert_int_equal(vt_write(vm, TABLES_GVA, wild, sizeof(wild)), VT_OK);
    assert_int_equal(dump(), VT_OK);
    assert_memory_equal(at(TABLES_GVA), wild, sizeof(wild));
}

static void test_mapped_memory(void **state)
{
    struct vt_map map = { .size = sizeof(map), .len = SIZE_4K, .writable = true };
    uint64_t gva = 0;

    (void)state;
    map.host = mmap(NULL, SIZE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(map.host, "shown to the guest");
    assert_int_equal(vt_map(vm, &map, &gva), VT_OK);
    assert_int_equal(dump(), VT_OK);
    assert_string_equal((const char *)at(gva), "shown to the guest");
    assert_int_equal(vt_unmap(vm, gva), VT_OK);
    munmap(map.host, SIZE_4K);
    assert_int_equal(dump(), VT_OK);
    assert_null(at(gva));
}

static void test_bad_arguments(void **state)
{
    (void)state;
    assert_int_equal(vt_core_dump(NULL, 1), VT_ERR_INVALID);
    assert_int_equal(vt_core_dump(vm, -1), VT_ERR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_before_any_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_a_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_a_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_vcpus, setup_gang, teardown),
        cmocka_unit_test_setup_teardown(test_wild_page_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mapped_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_arguments, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
