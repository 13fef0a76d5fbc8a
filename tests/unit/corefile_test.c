/* SPDX-License-Identifier: Apache-2.0 */
/* Core files: headers, notes, zero pages left out, files that shrink, descriptions refused. */
#define _GNU_SOURCE
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "host/corefile.h"

#define PAGE  4096u
#define PAGES 64u

/* Of struct user_regs_struct. */
enum { RAX = 10, RIP = 16, X86_REGS = 27 };

static uint8_t *memory;
static uint8_t *file;
static size_t file_size;
static struct core_thread thread;
static struct core_range range;
static struct core_file core;

static int setup(void **state)
{
    (void)state;
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    thread = (struct core_thread){ .regs = { [RIP] = 0x201234, [RAX] = 77 },
                                   .reg_count = X86_REGS,
                                   .signal = 11 };
    range = (struct core_range){
        .gva = 0x200000, .len = PAGES * PAGE, .host = memory, .perm = PF_R | PF_W
    };
    core = (struct core_file){
        .machine = EM_X86_64,
        .threads = &thread,
        .thread_count = 1,
        .ranges = &range,
        .range_count = 1,
        .name = "test",
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    munmap(memory, PAGES * PAGE);
    free(file);
    file = NULL;
    return 0;
}

/* Writes the core through a memory file and reads it back. */
static int write_core(void)
{
    int fd = memfd_create("core", MFD_CLOEXEC);
    int err = corefile_write(&core, fd);

    free(file);
    file_size = (size_t)lseek(fd, 0, SEEK_END);
    file = malloc(file_size + 1);
    assert_int_equal(pread(fd, file, file_size, 0), (ssize_t)file_size);
    close(fd);
    return err;
}

static const Elf64_Phdr *row(unsigned i)
{
    const Elf64_Ehdr *header = (const void *)file;

    assert_true(i < header->e_phnum);
    return (const Elf64_Phdr *)(const void *)(file + header->e_phoff) + i;
}

static unsigned rows(void)
{
    return ((const Elf64_Ehdr *)(const void *)file)->e_phnum;
}

/* The n-th note of a type, or NULL; *len is its size. */
static const void *note(uint32_t type, unsigned n, size_t *len)
{
    const uint8_t *at = file + row(0)->p_offset;
    const uint8_t *end = at + row(0)->p_filesz;

    while (at < end) {
        const Elf64_Nhdr *header = (const void *)at;

        at += sizeof(*header) + (header->n_namesz + 3) / 4 * 4;
        if (header->n_type == type && n-- == 0) {
            *len = header->n_descsz;
            return at;
        }
        at += (header->n_descsz + 3) / 4 * 4;
    }
    assert_ptr_equal(at, end);
    return NULL;
}

static void test_empty_memory_is_headers_only(void **state)
{
    const Elf64_Ehdr *header;

    (void)state;
    assert_int_equal(write_core(), 0);
    header = (const void *)file;
    assert_memory_equal(header->e_ident, ELFMAG, SELFMAG);
    assert_int_equal(header->e_type, ET_CORE);
    assert_int_equal(rows(), 2);
    assert_int_equal(row(1)->p_filesz, 0);
    assert_int_equal(row(1)->p_memsz, PAGES * PAGE);
    assert_true(file_size <= 2 * PAGE);
}

static void test_zero_pages_are_left_out(void **state)
{
    (void)state;
    memory[3 * PAGE + 5] = 0xaa;
    memory[4 * PAGE] = 0xbb;
    memory[PAGES * PAGE - 1] = 0xcc;
    assert_int_equal(write_core(), 0);
    assert_int_equal(rows(), 1 + 4);
    assert_int_equal(row(1)->p_memsz, 3 * PAGE);
    assert_int_equal(row(2)->p_vaddr, 0x203000);
    assert_int_equal(row(2)->p_filesz, 2 * PAGE);
    assert_int_equal(row(2)->p_offset % PAGE, 0);
    assert_int_equal(row(2)->p_flags, PF_R | PF_W);
    assert_memory_equal(file + row(2)->p_offset, memory + 3 * PAGE, 2 * PAGE);
    assert_int_equal(row(4)->p_vaddr, 0x200000 + (PAGES - 1) * PAGE);
    assert_int_equal(file[file_size - 1], 0xcc);
}

/* A guest that writes every second page can't make more headers than ELF has numbers for. */
static void test_headers_are_bounded(void **state)
{
    size_t pages = 20000;
    uint8_t *big = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                        0);

    (void)state;
    assert_ptr_not_equal(big, MAP_FAILED);
    for (size_t i = 0; i < pages; i += 2) {
        big[i * PAGE] = 1;
    }
    range.host = big;
    range.len = pages * PAGE;
    assert_int_equal(write_core(), 0);
    assert_true(rows() < 5000);
    assert_true(file_size > pages * PAGE);
    munmap(big, pages * PAGE);
}

static void test_registers(void **state)
{
    static uint8_t xsave[832];
    struct core_thread both[2] = { thread, thread };
    prstatus_t status;
    const uint8_t *area;
    size_t len = 0;

    (void)state;
    xsave[160] = 0x5a; /* xmm0 */
    both[1].regs[RIP] = 0x300000;
    both[0].xsave = xsave;
    both[0].xsave_size = sizeof(xsave);
    both[0].xcr0 = 7;
    core.threads = both;
    core.thread_count = 2;
    assert_int_equal(write_core(), 0);
    memcpy(&status, note(NT_PRSTATUS, 0, &len), sizeof(status));
    assert_int_equal(len, sizeof(status));
    assert_int_equal(status.pr_cursig, 11);
    assert_memory_equal(&status.pr_reg, &both[0].regs, sizeof(status.pr_reg));
    memcpy(&status, note(NT_PRSTATUS, 1, &len), sizeof(status));
    assert_memory_equal(&status.pr_reg, &both[1].regs, sizeof(status.pr_reg));
    area = note(NT_X86_XSTATE, 0, &len);
    assert_int_equal(len, sizeof(xsave));
    assert_int_equal(area[160], 0x5a);
    assert_int_equal(area[464], 7);
    assert_non_null(note(NT_PRPSINFO, 0, &len));
    area = note(NT_FPREGSET, 0, &len);
    assert_int_equal(len, 512);
    assert_null(note(NT_X86_XSTATE, 1, &len));
    core.name = NULL;
    assert_int_equal(write_core(), 0);
    assert_null(note(NT_PRPSINFO, 0, &len));
}

/* As Linux writes it for aarch64: 34 registers, and its own form of vectors. */
static void test_registers_of_aarch64(void **state)
{
    static uint8_t fp[CORE_FP_MAX];
    const uint8_t *status;
    uint64_t pc;
    size_t len = 0;

    (void)state;
    core.machine = EM_AARCH64;
    thread.reg_count = CORE_REGS_MAX;
    thread.regs[32] = 0x201000;
    thread.fp = fp;
    thread.fp_size = sizeof(fp);
    fp[512] = 0x5a;
    assert_int_equal(write_core(), 0);
    assert_int_equal(((const Elf64_Ehdr *)(const void *)file)->e_machine, EM_AARCH64);
    status = note(NT_PRSTATUS, 0, &len);
    assert_int_equal(len, 392);
    memcpy(&pc, status + 112 + 32 * sizeof(pc), sizeof(pc));
    assert_int_equal(pc, 0x201000);
    assert_int_equal(status[384], 1);
    status = note(NT_FPREGSET, 0, &len);
    assert_int_equal(status[512], 0x5a);
    assert_int_equal(len, 528);
    thread.reg_count = CORE_REGS_MAX + 1;
    assert_int_equal(write_core(), -EINVAL);
}

/* Where an outside file has lost its pages there are zeros, and no SIGBUS. */
static void test_file_that_shrank(void **state)
{
    int fd = memfd_create("outside", MFD_CLOEXEC);
    uint8_t *outside;

    (void)state;
    assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
    outside = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(outside, MAP_FAILED);
    memset(outside, 0x11, 2 * PAGE);
    assert_int_equal(ftruncate(fd, PAGE), 0);
    range = (struct core_range){
        .gva = 0x400000, .len = 2 * PAGE, .host = outside, .perm = PF_R, .is_outside = true
    };
    assert_int_equal(write_core(), 0);
    assert_int_equal(row(1)->p_filesz, 2 * PAGE);
    assert_int_equal(file[row(1)->p_offset + PAGE - 1], 0x11);
    assert_int_equal(file[row(1)->p_offset + PAGE], 0);
    munmap(outside, 2 * PAGE);
    close(fd);
}

static void test_bad_descriptions(void **state)
{
    struct core_range two[2] = { range, range };

    (void)state;
    core.ranges = two;
    core.range_count = 2;
    assert_int_equal(write_core(), -EINVAL); /* they overlap */
    two[1].gva += range.len + 1;
    assert_int_equal(write_core(), -EINVAL); /* not a page */
    core.range_count = CORE_RANGES_MAX + 1;
    assert_int_equal(write_core(), -EINVAL);
    core.range_count = 1;
    core.thread_count = 0;
    assert_int_equal(write_core(), -EINVAL);
    core.thread_count = 1;
    thread.xsave = memory;
    thread.xsave_size = CORE_XSAVE_MAX + 1;
    assert_int_equal(write_core(), -EINVAL);
    assert_int_equal(file_size, 0);
}

static void test_write_errors(void **state)
{
    int pipes[2];

    (void)state;
    assert_int_equal(corefile_write(&core, -1), -EBADF);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(corefile_write(&core, pipes[0]), -EBADF);
    assert_int_equal(corefile_write(&core, pipes[1]), 0); /* needs no seeking */
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty_memory_is_headers_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zero_pages_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_headers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_registers_of_aarch64, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_that_shrank, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_descriptions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_errors, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
