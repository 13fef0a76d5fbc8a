/* SPDX-License-Identifier: Apache-2.0 */
/* Guest images, whole and damaged: what is loaded where, and that nothing else is touched. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <string.h>

#include "abi/call.h"
#include "abi/uvm.h"
#include "host/arch.h"
#include "host/elf.h"
#include "lib/field.h"

#define LOW       UVM_IMAGE_GVA
#define RAM       (UVM_IMAGE_GVA + 0x10000)
#define WINDOW    ((struct elf_window){ LOW, RAM })
#define TEXT      UINT64_C(0) /* addresses before the base is added */
#define RODATA    UINT64_C(0x2000)
#define DATA      UINT64_C(0x3000)
#define STRIDE    16u
#define RELOCATED (DATA + 8)

/* A file of three segments, a note, a dynamic section and one relocation. */
static struct image {
    Elf64_Ehdr header;
    Elf64_Phdr ph[6];
    uint32_t pad; /* the note then follows its name at once */
    Elf64_Nhdr note_head;
    char note_name[8];
    struct uvm_note note;
    uint8_t text[256 * STRIDE];
    struct call_export export[2];
    Elf64_Rela rela[2];
    uint64_t relr[2];
    Elf64_Dyn dynamic[6];
    uint64_t data[8];
} file;

static uint8_t ram[RAM];

#define AT(member) offsetof(struct image, member)

static Elf64_Phdr load(uint64_t address, uint64_t offset, uint64_t size, uint32_t flags)
{
    return (Elf64_Phdr){ .p_type = PT_LOAD,
                         .p_flags = flags,
                         .p_offset = offset,
                         .p_vaddr = address,
                         .p_filesz = size,
                         .p_memsz = size };
}

/* RODATA holds from the note on what is not text; the note is at its beginning. */
#define IN_RODATA(member) (RODATA + AT(member) - AT(export))

static void fill_headers(void)
{
    file.header = (Elf64_Ehdr){ .e_type = ET_DYN,
                                .e_machine = EM_X86_64,
                                .e_version = EV_CURRENT,
                                .e_phoff = AT(ph),
                                .e_phentsize = sizeof(Elf64_Phdr),
                                .e_phnum = ARRAY_COUNT(file.ph) };
    memcpy(file.header.e_ident, ELFMAG, SELFMAG);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2LSB;
    file.header.e_ident[EI_VERSION] = EV_CURRENT;
    file.ph[0] = load(TEXT, AT(text), sizeof(file.text), PF_R | PF_X | UVM_PF_SUPERVISOR);
    file.ph[1] = load(RODATA, AT(export), AT(data) - AT(export), PF_R);
    file.ph[2] = load(DATA, AT(data), sizeof(file.data), PF_R | PF_W);
    file.ph[2].p_memsz = 0x1800;
    file.ph[3] = (Elf64_Phdr){ .p_type = PT_NOTE,
                               .p_offset = AT(note_head),
                               .p_vaddr = RODATA + 0x800,
                               .p_filesz = AT(text) - AT(note_head) };
    file.ph[4] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
                               .p_vaddr = IN_RODATA(dynamic),
                               .p_memsz = sizeof(file.dynamic) };
    file.ph[5] = (Elf64_Phdr){ .p_type = PT_GNU_STACK };
}

/* The place that holds `to`, relative to the field of the note. */
#define RELATIVE(field, to)                                                                        \
    ((int64_t)(to) -                                                                               \
     (int64_t)(RODATA + 0x800 + AT(note) - AT(note_head) + offsetof(struct uvm_note, field)))

static void good(void)
{
    memset(&file, 0, sizeof(file));
    memset(ram, 0, sizeof(ram));
    fill_headers();
    file.note_head = (Elf64_Nhdr){ sizeof(UVM_NOTE_NAME), sizeof(file.note), UVM_NOTE_TYPE };
    memcpy(file.note_name, UVM_NOTE_NAME, sizeof(UVM_NOTE_NAME));
    file.note = (struct uvm_note){ .version = UVM_NOTE_VERSION,
                                   .size = sizeof(file.note),
                                   .entry = RELATIVE(entry, TEXT + 4),
                                   .vectors = RELATIVE(vectors, TEXT),
                                   .vector_stride = STRIDE,
                                   .vector_count = 256,
                                   .exports = RELATIVE(exports, IN_RODATA(export)),
                                   .exports_end = RELATIVE(exports_end, IN_RODATA(export[2])),
                                   .imports = RELATIVE(imports, RODATA),
                                   .imports_end = RELATIVE(imports_end, RODATA) };
    file.rela[0] = (Elf64_Rela){ RELOCATED, R_X86_64_RELATIVE, 0x123 };
    file.relr[0] = DATA + 16; /* and, by the bitmap, the third word after it */
    file.relr[1] = BIT64(3) | 1;
    file.data[2] = 7;
    file.data[5] = 8;
    file.dynamic[0] = (Elf64_Dyn){ DT_RELA, { IN_RODATA(rela) } };
    file.dynamic[1] = (Elf64_Dyn){ DT_RELASZ, { sizeof(file.rela) } };
    file.dynamic[2] = (Elf64_Dyn){ DT_RELR, { IN_RODATA(relr) } };
    file.dynamic[3] = (Elf64_Dyn){ DT_RELRSZ, { sizeof(file.relr) } };
}

static int parse(struct elf_image *image)
{
    return elf_parse((struct elf_file){ (const uint8_t *)&file, sizeof(file) }, WINDOW, image);
}

static int parse_load(void)
{
    struct elf_image image;
    int err = parse(&image);

    return err == OK
               ? elf_load((struct elf_file){ (const uint8_t *)&file, sizeof(file) }, &image, ram)
               : err;
}

static uint64_t word(uint64_t gva)
{
    uint64_t v;

    memcpy(&v, ram + gva, sizeof(v));
    return v;
}

static void test_good(void **state)
{
    struct elf_image image;

    (void)state;
    good();
    assert_int_equal(parse(&image), OK);
    assert_int_equal(image.segment_count, 3);
    assert_int_equal(image.base, LOW);
    assert_int_equal(image.start, LOW);
    assert_int_equal(image.end, LOW + DATA + 0x2000);
    assert_int_equal(image.entry, LOW + TEXT + 4);
    assert_int_equal(image.vectors, LOW + TEXT);
    assert_int_equal(image.exports.count, 2);
    assert_int_equal(image.exports.gva, LOW + IN_RODATA(export));
    assert_int_equal(image.imports.count, 0);
    assert_int_equal(image.segment[0].perm, ELF_READ | ELF_EXEC);
    assert_int_equal(image.segment[2].perm, ELF_READ | ELF_WRITE | ELF_USER);
    assert_int_equal(parse_load(), OK);
    assert_int_equal(word(LOW + RELOCATED), LOW + 0x123);
    assert_int_equal(word(LOW + DATA + 16), LOW + 7);
    assert_int_equal(word(LOW + DATA + 40), LOW + 8);
}

static void good_aarch64(void)
{
    good();
    file.header.e_machine = EM_AARCH64;
    file.note.vector_stride = 128;
    file.note.vector_count = 16;
    file.rela[0].r_info = R_AARCH64_RELATIVE;
}

/* Vectors are the processor's: 16 of 128 bytes, at a multiple of 2 KiB. */
static void test_aarch64(void **state)
{
    struct elf_image image;

    (void)state;
    good_aarch64();
    assert_int_equal(parse_load(), OK);
    assert_int_equal(parse(&image), OK);
    assert_ptr_equal(image.arch, &arch_aarch64);
    assert_int_equal(word(LOW + RELOCATED), LOW + 0x123);
    file.note.vectors += 1024;
    assert_int_equal(parse(&image), ERR_INVALID);
    good_aarch64();
    file.note.vector_stride = 256;
    assert_int_equal(parse(&image), ERR_INVALID);
    good_aarch64();
    file.note.vector_count = 256;
    assert_int_equal(parse(&image), ERR_INVALID);
    good_aarch64();
    file.rela[0].r_info = R_X86_64_RELATIVE;
    assert_int_equal(parse_load(), ERR_INVALID);
}

/* `change` makes a good file bad. */
#define BAD(change)                                                                                \
    do {                                                                                           \
        good();                                                                                    \
        change;                                                                                    \
        assert_int_equal(parse_load(), ERR_INVALID);                                               \
    } while (0)

#define TOO_BIG(change)                                                                            \
    do {                                                                                           \
        good();                                                                                    \
        change;                                                                                    \
        assert_int_equal(parse_load(), ERR_RANGE);                                                 \
    } while (0)

static void test_headers(void **state)
{
    (void)state;
    BAD(file.header.e_ident[0] = 0);
    BAD(file.header.e_ident[EI_CLASS] = ELFCLASS32);
    BAD(file.header.e_machine = EM_AARCH64);
    BAD(file.header.e_type = ET_REL);
    BAD(file.header.e_phentsize = 32);
    BAD(file.header.e_phnum = 0);
    BAD(file.header.e_phnum = UINT16_MAX);
    BAD(file.header.e_phoff = UINT64_MAX);
    BAD(file.header.e_phoff = sizeof(file) - 1);
    BAD(file.ph[5].p_type = PT_INTERP);
}

static void test_segments(void **state)
{
    (void)state;
    BAD(file.ph[0].p_flags |= PF_W);
    BAD(file.ph[0].p_filesz = UINT64_MAX);
    BAD(file.ph[0].p_offset = UINT64_MAX);
    BAD(file.ph[0].p_offset = sizeof(file));
    BAD(file.ph[0].p_memsz = 1);                            /* less than in the file */
    BAD(file.ph[1].p_vaddr = TEXT + 0x800);                 /* overlaps */
    BAD(file.ph[1].p_vaddr = TEXT + sizeof(file.text) - 8); /* shares a page */
    BAD(file.ph[2].p_vaddr = RODATA - 0x1000);              /* does not ascend */
    TOO_BIG(file.ph[2].p_memsz = UINT64_MAX);
    TOO_BIG(file.ph[2].p_memsz = RAM);
    TOO_BIG(file.ph[2].p_vaddr = UINT64_MAX - 0x100);
    TOO_BIG(file.ph[2].p_vaddr = UINT64_MAX - LOW + 1); /* wraps with the base */
    TOO_BIG(file.header.e_type = ET_EXEC);              /* below the window */
}

static void test_note(void **state)
{
    (void)state;
    BAD(file.ph[3].p_type = PT_NULL);
    BAD(file.ph[3].p_offset = sizeof(file));
    BAD(file.ph[3].p_filesz = sizeof(Elf64_Nhdr) + 8);
    BAD(file.note_head.n_namesz = UINT32_MAX);
    BAD(file.note_head.n_descsz = UINT32_MAX);
    BAD(file.note_head.n_descsz = 8);
    BAD(file.note_name[0] = 'v');
    BAD(file.note.version++);
    BAD(file.note.size = 8);
    BAD(file.note.vector_count = 255);
    BAD(file.note.vector_stride = 0);
    BAD(file.note.vector_stride = UINT32_MAX);
    BAD(file.note.vector_stride = STRIDE + 1); /* the last is outside of the text */
    BAD(file.note.entry = INT64_MIN);
    BAD(file.note.entry = RELATIVE(entry, RODATA));
    BAD(file.ph[0].p_flags &= ~UVM_PF_SUPERVISOR);
    BAD(file.note.exports = 0);
    BAD(file.note.exports_end = INT64_MAX);
    BAD(file.note.exports_end = RELATIVE(exports_end, IN_RODATA(export) - 24));
    BAD(file.note.exports_end += 8);
}

static void test_relocations(void **state)
{
    (void)state;
    BAD(file.rela[0].r_offset = DATA + 0x1800 - 7);
    BAD(file.rela[0].r_offset = UINT64_MAX);
    BAD(file.rela[0].r_info = R_X86_64_64);
    BAD(file.rela[0].r_info = R_X86_64_IRELATIVE);
    BAD(file.dynamic[0].d_un.d_ptr = UINT64_MAX - 8);
    BAD(file.dynamic[1].d_un.d_val = UINT64_MAX);
    BAD(file.dynamic[3].d_un.d_val = UINT64_MAX);
    BAD(file.dynamic[4].d_tag = DT_NEEDED);
    BAD(file.dynamic[4].d_tag = DT_REL);
    BAD(file.relr[0] = RAM);
    BAD(file.relr[0] = DATA + 0x17f8); /* its bitmap is beyond the data */
    BAD(file.ph[4].p_vaddr = UINT64_MAX);
    BAD(file.ph[4].p_memsz = UINT64_MAX);
    BAD(file.ph[4].p_vaddr = DATA + 0x1800 - 8);
}

/* Every length of a cut file, and every bit of its headers turned round: no error of memory. */
static void test_damage(void **state)
{
    struct elf_image image;

    (void)state;
    good();
    for (size_t len = 0; len < AT(text); len++) {
        struct elf_file cut = { (const uint8_t *)&file, len };

        assert_int_not_equal(elf_parse(cut, WINDOW, &image), OK);
    }
    for (size_t bit = 0; bit < 8 * AT(text); bit++) {
        good();
        ((uint8_t *)&file)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)(parse_load() == OK);
    }
    for (size_t bit = 8 * AT(rela); bit < 8 * AT(data); bit++) {
        good();
        ((uint8_t *)&file)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)(parse_load() == OK);
    }
}

static void test_relro(void **state)
{
    struct elf_image image;

    (void)state;
    good();
    file.ph[5] = (Elf64_Phdr){ .p_type = PT_GNU_RELRO, .p_vaddr = DATA, .p_memsz = 0x1001 };
    assert_int_equal(parse(&image), OK);
    assert_int_equal(image.relro, LOW + DATA);
    assert_int_equal(image.relro_size, 0x1000);
    file.ph[5].p_memsz = UINT64_MAX;
    assert_int_equal(parse(&image), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_aarch64),
        cmocka_unit_test(test_headers), cmocka_unit_test(test_segments),
        cmocka_unit_test(test_note),    cmocka_unit_test(test_relocations),
        cmocka_unit_test(test_damage),  cmocka_unit_test(test_relro),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
