/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the puppet's ELF file. Its code is the architecture's, and runs in the guest only. */
#include "tests/uvm/puppet.h"

#include "tests/unit/unit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "lib/field.h"

enum { PAGE = 0x1000, LOADS = 5, HEADERS = LOADS + 1, FILE_BASE = PAGE };
enum { EXPORTS_AT = 0x100, IMPORTS_AT = 0x400, NAMES_AT = 0x600, NAME_LEN = 16, NOTE_DESC = 20 };

/* What `ok` answers; the head of the call area. */
static const struct {
    uint32_t request, size, in_data, reserved, index, status, arg_count, reserved2;
    struct call_value ret;
} good_reply = { .request = CALL_REQUEST_DONE, .ret = { .type = CALL_U64, .bits = 42 } };

static const struct puppet_step good_script[] = {
    { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, sizeof(good_reply) / 8 },
    { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
    { PUPPET_GOTO, PUPPET_SCRIPT, 0, 0 },
};

static const struct {
    const char *name;
    call_signature signature;
} exports[] = {
    { "ok", CALL_U64 },     { "i32", CALL_I32 },      { "f32", CALL_F32 },
    { "f64", CALL_F64 },    { "boolean", CALL_BOOL }, { "str", CALL_STR },
    { "bytes", CALL_BYTES }, { "nothing", CALL_VOID }, { "tell", CALL_U64 | CALL_BYTES << 4 },
}, imports[] = {
    { "host_note", CALL_U64 | CALL_U64 << 4 },
    { "host_str", CALL_STR | CALL_STR << 4 },
    { "host_bytes", CALL_BYTES | CALL_BYTES << 4 | CALL_U32 << 8 },
    { "host_nobody", CALL_VOID },
};

static uint8_t *at(uint8_t *file, uint64_t gva)
{
    return file + FILE_BASE + (gva - PUPPET_VECTORS);
}

static void headers_put(uint8_t *file)
{
    static const struct {
        uint32_t type, flags;
        uint64_t gva, size;
    } part[HEADERS] = {
        { PT_LOAD, PF_R | PF_X | UVM_PF_SUPERVISOR, PUPPET_VECTORS, PUPPET_USER - PUPPET_VECTORS },
        { PT_LOAD, PF_R | PF_X, PUPPET_USER, PUPPET_RODATA - PUPPET_USER },
        { PT_LOAD, PF_R, PUPPET_RODATA, PUPPET_STATE - PUPPET_RODATA },
        { PT_LOAD, PF_R | PF_W | UVM_PF_SUPERVISOR, PUPPET_STATE, PUPPET_SCRIPT - PUPPET_STATE },
        { PT_LOAD, PF_R | PF_W, PUPPET_SCRIPT, PUPPET_END - PUPPET_SCRIPT },
        { PT_NOTE, PF_R, PUPPET_RODATA, EXPORTS_AT },
    };
    Elf64_Ehdr head = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC,
        .e_machine = puppet_machine,
        .e_version = EV_CURRENT,
        .e_entry = PUPPET_CODE,
        .e_phoff = sizeof(head),
        .e_ehsize = sizeof(head),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = HEADERS,
    };
    Elf64_Phdr ph[HEADERS];

    for (unsigned i = 0; i < HEADERS; i++) {
        ph[i] = (Elf64_Phdr){ .p_type = part[i].type,
                              .p_flags = part[i].flags,
                              .p_offset = FILE_BASE + part[i].gva - PUPPET_VECTORS,
                              .p_vaddr = part[i].gva,
                              .p_paddr = part[i].gva,
                              .p_filesz = part[i].size,
                              .p_memsz = part[i].size,
                              .p_align = PAGE };
    }
    memcpy(file, &head, sizeof(head));
    memcpy(file + sizeof(head), ph, sizeof(ph));
}

/* Rows and their names. */
static void tables_put(uint8_t *file)
{
    uint64_t name = PUPPET_RODATA + NAMES_AT;

    for (unsigned i = 0; i < ARRAY_COUNT(exports); i++, name += NAME_LEN) {
        struct call_export row = { name, PUPPET_USER, exports[i].signature };

        memcpy(at(file, PUPPET_RODATA + EXPORTS_AT + i * sizeof(row)), &row, sizeof(row));
        memcpy(at(file, name), exports[i].name, strlen(exports[i].name) + 1);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(imports); i++, name += NAME_LEN) {
        struct call_import row = { name, imports[i].signature };

        memcpy(at(file, PUPPET_RODATA + IMPORTS_AT + i * sizeof(row)), &row, sizeof(row));
        memcpy(at(file, name), imports[i].name, strlen(imports[i].name) + 1);
    }
}

/* Where a field of the note points to: relative to itself. */
static int64_t from_note(uint64_t to, size_t field)
{
    return (int64_t)(to - (PUPPET_RODATA + NOTE_DESC + field));
}

static void note_put(uint8_t *file)
{
    static const char name[] = UVM_NOTE_NAME;
    const uint64_t exports_at = PUPPET_RODATA + EXPORTS_AT;
    const uint64_t imports_at = PUPPET_RODATA + IMPORTS_AT;
    const uint64_t exports_size = ARRAY_COUNT(exports) * sizeof(struct call_export);
    const uint64_t imports_size = ARRAY_COUNT(imports) * sizeof(struct call_import);
    struct uvm_note note = {
        .version = UVM_NOTE_VERSION,
        .size = sizeof(note),
        .entry = from_note(PUPPET_CODE, offsetof(struct uvm_note, entry)),
        .vectors = from_note(PUPPET_VECTORS, offsetof(struct uvm_note, vectors)),
        .vector_stride = puppet_stride,
        .vector_count = puppet_vector_count,
        .exports = from_note(exports_at, offsetof(struct uvm_note, exports)),
        .exports_end = from_note(exports_at + exports_size, offsetof(struct uvm_note, exports_end)),
        .imports = from_note(imports_at, offsetof(struct uvm_note, imports)),
        .imports_end = from_note(imports_at + imports_size, offsetof(struct uvm_note, imports_end)),
    };
    Elf64_Nhdr head = { sizeof(name), sizeof(note), UVM_NOTE_TYPE };

    memcpy(at(file, PUPPET_RODATA), &head, sizeof(head));
    memcpy(at(file, PUPPET_RODATA) + sizeof(head), name, sizeof(name));
    memcpy(at(file, PUPPET_RODATA) + NOTE_DESC, &note, sizeof(note));
}

struct puppet_file puppet_file(const void *vector, size_t vector_len)
{
    struct puppet_file file = { .len = FILE_BASE + PUPPET_END - PUPPET_VECTORS };

    file.bytes = calloc(1, file.len);
    if (file.bytes == NULL) {
        abort();
    }
    headers_put(file.bytes);
    note_put(file.bytes);
    tables_put(file.bytes);
    for (unsigned i = 0; i < PAGE / puppet_stride; i++) {
        memcpy(at(file.bytes, PUPPET_VECTORS + i * puppet_stride), vector, vector_len);
    }
    memcpy(at(file.bytes, PUPPET_CODE), puppet_code, (size_t)(puppet_code_end - puppet_code));
    memset(at(file.bytes, PUPPET_USER), 0x90, PAGE);
    memcpy(at(file.bytes, PUPPET_SCRIPT), good_script, sizeof(good_script));
    memcpy(at(file.bytes, PUPPET_REPLY), &good_reply, sizeof(good_reply));
    return file;
}

struct puppet_file puppet_good_file(void)
{
    return puppet_file(puppet_vector, (size_t)(puppet_vector_end - puppet_vector));
}

struct vt_image *puppet_image(void)
{
    struct puppet_file file = puppet_good_file();
    struct vt_image *image = NULL;

    assert_int_equal(vt_image_load(file.bytes, file.len, NULL, &image), VT_OK);
    free(file.bytes);
    return image;
}

void puppet_script(struct vt_vm *vm, const struct puppet_step *steps, unsigned count)
{
    assert_int_equal(vt_write(vm, PUPPET_SCRIPT, steps, count * sizeof(*steps)), VT_OK);
}

void puppet_reply(struct vt_vm *vm, const void *bytes, size_t len)
{
    assert_true(len <= PUPPET_END - PUPPET_REPLY);
    assert_int_equal(vt_write(vm, PUPPET_REPLY, bytes, len), VT_OK);
}
