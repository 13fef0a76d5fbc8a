/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged guests: cut off, overlapping, huge, with any field changed. The loader says what is wrong
 * or makes an image whose micro-VMs do no harm.
 */
#include "tests/uvm/support.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "tests/uvm/puppet.h"

enum { PATH_LEN = 512, HEADERS = 6, NOTE = 0x1000 + 0x4000, NOTE_DESC = 20, MS = 1000000 };

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes read_guest(const char *name)
{
    const char *directory = getenv("UVM_GUESTS");
    struct bytes file;
    char path[PATH_LEN];
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s.elf", directory == NULL ? "." : directory, name);
    in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    file.len = (size_t)ftell(in);
    rewind(in);
    file.data = malloc(file.len);
    assert_non_null(file.data);
    assert_int_equal(fread(file.data, 1, file.len, in), file.len);
    fclose(in);
    return file;
}

static int load(const void *data, size_t len)
{
    struct vt_image *image = NULL;
    int err = vt_image_load(data, len, NULL, &image);

    assert_true((err == VT_OK) == (image != NULL));
    if (err != VT_OK) {
        assert_true(err == VT_ERR_IMAGE || err == VT_ERR_TOO_BIG);
    }
    vt_image_free(image);
    return err;
}

/* Whatever loads must run without harm, too. */
static int load_and_run(const void *data, size_t len)
{
    struct vt_image *image = NULL;
    struct vt_cfg cfg = { .size = sizeof(cfg), .wall_ns = 100 * (uint64_t)MS };
    struct vt_vm *vm;
    int err = vt_image_load(data, len, NULL, &image);

    if (err != VT_OK) {
        assert_true(err == VT_ERR_IMAGE || err == VT_ERR_TOO_BIG);
        return err;
    }
    assert_int_equal(vt_create(image, &cfg, &vm), VT_OK);
    err = uvm_try(vm, "ok", 0, NULL);
    assert_true(err == VT_OK || err == VT_ERR_FAULT || err == VT_ERR_GUEST ||
                err == VT_ERR_BUDGET || err == VT_ERR_NO_FUNCTION);
    vt_destroy(vm);
    vt_image_free(image);
    return VT_OK;
}

/* A copy of exactly that length, so that a read beyond it is out of bounds for tools, too. */
static int load_cut(const struct bytes *file, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    int err;

    assert_non_null(copy);
    memcpy(copy, file->data, len);
    err = load(copy, len);
    free(copy);
    return err;
}

static void test_truncated(void **state)
{
    static const char *const guests[] = { "hurt", "hurt-pie", "calls" };

    (void)state;
    for (size_t g = 0; g < sizeof(guests) / sizeof(guests[0]); g++) {
        struct bytes file = read_guest(guests[g]);
        size_t step = file.len / (uvm_emulated() ? 40 : 200) + 1;
        size_t len = 0;

        while (len < file.len) {
            int err = load_cut(&file, len);

            /* What debuggers need, most of the file, may be missing. */
            assert_true(err != VT_OK || len > file.len / 8);
            len += len < 0x400 && !uvm_emulated() ? 1 : step;
        }
        assert_int_equal(load_cut(&file, file.len), VT_OK);
        free(file.data);
    }
}

static void test_nothing(void **state)
{
    struct vt_image *image = NULL;

    (void)state;
    assert_int_equal(load("", 0), VT_ERR_IMAGE);
    assert_int_equal(load("\177ELF", 4), VT_ERR_IMAGE);
    assert_int_equal(vt_image_load(NULL, 0, NULL, &image), VT_ERR_INVALID);
    assert_int_equal(vt_image_load_file("/nonexistent", NULL, &image), VT_ERR_SYSTEM);
    assert_true(vt_image_load_file("/", NULL, &image) != VT_OK);
    assert_true(vt_image_load_file("/dev/null", NULL, &image) != VT_OK);
    assert_null(image);
}

static Elf64_Phdr *segment(struct puppet_file *file, unsigned n)
{
    return (Elf64_Phdr *)(void *)(file->bytes + sizeof(Elf64_Ehdr)) + n;
}

/* One field at a time; all must be refused. `field` is where, `size` bytes of `value` what. */
#define HEAD(field, value)                                                                         \
    {                                                                                              \
        offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), value                       \
    }
#define SEGMENT(n, field, value)                                                                   \
    {                                                                                              \
        sizeof(Elf64_Ehdr) + (n) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field),               \
            sizeof(((Elf64_Phdr *)0)->field), value                                                \
    }
#define IN_NOTE(field, value)                                                                      \
    {                                                                                              \
        NOTE + NOTE_DESC + offsetof(struct uvm_note, field),                                       \
            sizeof(((struct uvm_note *)0)->field), value                                           \
    }
#define WILD UINT64_C(0x7f7f7f7f7f7f7f7f)

static const struct {
    size_t at, size;
    uint64_t value;
} damages[] = {
    HEAD(e_machine, EM_RISCV),
    HEAD(e_type, ET_REL),
    HEAD(e_phnum, 0),
    HEAD(e_phnum, UINT16_MAX),
    HEAD(e_phoff, UINT64_MAX - 10),
    HEAD(e_phoff, PUPPET_END - PUPPET_VECTORS + 0x1000 - 8),
    HEAD(e_phentsize, 1),
    SEGMENT(1, p_vaddr, PUPPET_VECTORS), /* overlaps */
    SEGMENT(1, p_vaddr, PUPPET_USER - 8),
    SEGMENT(1, p_filesz, UINT64_MAX),
    SEGMENT(1, p_memsz, UINT64_MAX),
    SEGMENT(1, p_memsz, UINT64_C(1) << 40),
    SEGMENT(1, p_memsz, 8), /* less than in the file */
    SEGMENT(1, p_offset, UINT64_MAX - 100),
    SEGMENT(0, p_vaddr, UVM_CPU_GVA),
    SEGMENT(0, p_vaddr, 0),
    SEGMENT(0, p_vaddr, UINT64_MAX - 0x1000),
    SEGMENT(0, p_flags, PF_R | PF_W | PF_X | UVM_PF_SUPERVISOR),
    SEGMENT(0, p_flags, PF_R | PF_X), /* vectors in user text */
    SEGMENT(0, p_type, PT_INTERP),
    SEGMENT(HEADERS - 1, p_type, PT_NULL), /* no note */
    SEGMENT(HEADERS - 1, p_offset, PUPPET_END),
    SEGMENT(HEADERS - 1, p_filesz, 20),
    { NOTE, 4, 9 },              /* size of the name */
    { NOTE + 4, 4, UINT32_MAX }, /* size of the note */
    { NOTE + 8, 4, 9 },          /* its type */
    IN_NOTE(version, 9),
    IN_NOTE(entry, WILD),
    IN_NOTE(vectors, WILD),
    IN_NOTE(vector_stride, UINT32_MAX),
    IN_NOTE(vector_count, 0),
    IN_NOTE(exports, WILD),
    IN_NOTE(exports_end, WILD),
    IN_NOTE(imports, WILD),
    IN_NOTE(imports_end, WILD),
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(damages); i++) {
        struct puppet_file file = puppet_good_file();

        assert_int_equal(load(file.bytes, file.len), VT_OK);
        memcpy(file.bytes + damages[i].at, &damages[i].value, damages[i].size);
        if (load(file.bytes, file.len) == VT_OK) {
            print_error("damage %zu was taken\n", i);
            fail();
        }
        free(file.bytes);
    }
}

/* Each byte of headers, note and tables, set to values that matter. */
static void test_any_byte(void **state)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    unsigned step = uvm_emulated() ? 48 : 4;

    (void)state;
    for (size_t at = 0; at < NOTE + 0x700; at += at < 0x200 || at >= NOTE ? step : 0x400) {
        struct puppet_file file = puppet_good_file();

        at = at >= 0x200 && at < NOTE ? NOTE : at;
        file.bytes[at] ^= values[at / step % 5] ^ 0x10;
        (void)load_and_run(file.bytes, file.len);
        free(file.bytes);
    }
}

/* As large as memory, as many functions as fit, names without end. */
static void test_huge(void **state)
{
    struct vt_image_cfg cfg = { .size = sizeof(cfg) };
    struct puppet_file file = puppet_good_file();
    Elf64_Phdr *last = segment(&file, HEADERS - 2);
    struct vt_image *image = NULL;
    uint64_t all = UINT64_MAX;

    (void)state;
    last->p_memsz = 32 << 20;
    assert_int_equal(load(file.bytes, file.len), VT_ERR_TOO_BIG);
    cfg.mem_size = 64 << 20;
    assert_int_equal(vt_image_load(file.bytes, file.len, &cfg, &image), VT_OK);
    vt_image_free(image);
    image = NULL;
    cfg.mem_size = SIZE_MAX;
    assert_true(vt_image_load(file.bytes, file.len, &cfg, &image) != VT_OK);
    cfg.mem_size = (size_t)1 << 60;
    assert_true(vt_image_load(file.bytes, file.len, &cfg, &image) != VT_OK);
    cfg.mem_size = 0;
    cfg.stack_size = SIZE_MAX - 4096;
    assert_true(vt_image_load(file.bytes, file.len, &cfg, &image) != VT_OK);
    cfg.stack_size = 0;
    cfg.call_size = UVM_CALL_SIZE_MAX + 1;
    assert_true(vt_image_load(file.bytes, file.len, &cfg, &image) != VT_OK);
    assert_null(image);
    free(file.bytes);
    file = puppet_good_file();
    memcpy(file.bytes + NOTE + 0x100, &all, sizeof(all)); /* name of an export */
    assert_int_equal(load(file.bytes, file.len), VT_ERR_IMAGE);
    free(file.bytes);
}

/* The same guest twice in one process, linked at an address and position-independent. */
static void test_good(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes file = read_guest(i == 0 ? "hurt" : "hurt-pie");

        assert_int_equal(load_and_run(file.data, file.len), VT_OK);
        free(file.data);
    }
}

static int setup(void **state)
{
    (void)state;
    uvm_keep();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_huge),    cmocka_unit_test(test_any_byte),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
