/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the headers of a guest's ELF file; never reads outside of the file's bytes. */
#include "host/elf.h"

#include <elf.h>
#include <string.h>

#include "abi/call.h"
#include "abi/uvm.h"
#include "host/arch.h"
#include "lib/addr.h"
#include "lib/field.h"

#define HEADER_MAX 64u /* program headers */

struct parser {
    struct elf_file file;
    struct elf_window window;
    struct elf_image *image;
    Elf64_Ehdr header;
    uint64_t note, note_size; /* in the file */
    uint64_t note_gva;
    uint64_t relro, relro_size;
};

static int fail(struct elf_image *image, int err, const char *why)
{
    image->error = why;
    return err;
}

static int bad(struct parser *p, const char *why)
{
    return fail(p->image, ERR_INVALID, why);
}

static bool in_file(const struct parser *p, uint64_t offset, uint64_t size)
{
    return offset <= p->file.len && size <= p->file.len - offset;
}

static int check_header(struct parser *p)
{
    const Elf64_Ehdr *h = &p->header;

    if (p->file.len < sizeof(*h)) {
        return bad(p, "shorter than an ELF header");
    }
    memcpy(&p->header, p->file.bytes, sizeof(*h));
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_ident[EI_VERSION] != EV_CURRENT) {
        return bad(p, "no 64-bit little-endian ELF file");
    }
    p->image->arch = arch_find(h->e_machine);
    if (p->image->arch == NULL) {
        return bad(p, "for an architecture that is not known here");
    }
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN) {
        return bad(p, "no executable");
    }
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > HEADER_MAX ||
        !in_file(p, h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr))) {
        return bad(p, "program headers are missing, too many, or outside of the file");
    }
    p->image->base = h->e_type == ET_DYN ? p->window.low : 0;
    return OK;
}

static uint32_t segment_perm(uint32_t flags)
{
    return ((flags & PF_R) != 0 ? (uint32_t)ELF_READ : 0) |
           ((flags & PF_W) != 0 ? (uint32_t)ELF_WRITE : 0) |
           ((flags & PF_X) != 0 ? (uint32_t)ELF_EXEC : 0) |
           ((flags & UVM_PF_SUPERVISOR) != 0 ? 0 : (uint32_t)ELF_USER);
}

/* Base plus address, checked to lie with `size` bytes in the window. */
static bool place(const struct parser *p, uint64_t address, uint64_t size, uint64_t *gva)
{
    if (address > p->window.high || p->image->base > p->window.high) {
        return false;
    }
    *gva = address + p->image->base;
    return *gva >= p->window.low && *gva <= p->window.high && size <= p->window.high - *gva;
}

static int add_segment(struct parser *p, const Elf64_Phdr *ph)
{
    struct elf_image *image = p->image;
    struct elf_segment *s = &image->segment[image->segment_count];

    if (ph->p_memsz == 0) {
        return OK;
    }
    if (image->segment_count == ELF_SEGMENT_MAX) {
        return bad(p, "too many segments");
    }
    if (ph->p_filesz > ph->p_memsz || !in_file(p, ph->p_offset, ph->p_filesz)) {
        return bad(p, "a segment is not inside of the file");
    }
    if (!place(p, ph->p_vaddr, ph->p_memsz, &s->gva)) {
        return fail(image, ERR_RANGE, "a segment does not fit in memory");
    }
    s->mem_size = ph->p_memsz;
    s->offset = ph->p_offset;
    s->file_size = ph->p_filesz;
    s->start = align_down(s->gva, SIZE_4K);
    s->size = align_up(s->gva + s->mem_size, SIZE_4K) - s->start;
    s->perm = segment_perm(ph->p_flags);
    if (s->start + s->size > p->window.high) {
        return fail(image, ERR_RANGE, "a segment does not fit in memory");
    }
    if (image->segment_count > 0 && s->start < image->end) {
        return bad(p, "segments overlap, share a page, or do not ascend");
    }
    if ((s->perm & ELF_WRITE) != 0 && (s->perm & ELF_EXEC) != 0) {
        return bad(p, "a segment is writable and executable");
    }
    if (image->segment_count == 0) {
        image->start = s->start;
    }
    image->end = s->start + s->size;
    image->segment_count++;
    return OK;
}

/* Finds our note among those of one PT_NOTE; others are passed over. */
static int find_note(struct parser *p, const Elf64_Phdr *ph)
{
    if (!in_file(p, ph->p_offset, ph->p_filesz)) {
        return bad(p, "notes are outside of the file");
    }
    for (uint64_t at = 0; p->note_size == 0 && ph->p_filesz - at >= sizeof(Elf64_Nhdr);) {
        const uint8_t *note = p->file.bytes + ph->p_offset + at;
        uint64_t left = ph->p_filesz - at - sizeof(Elf64_Nhdr);
        Elf64_Nhdr n;

        memcpy(&n, note, sizeof(n));
        uint64_t name = align_up(n.n_namesz, 4);
        uint64_t desc = align_up(n.n_descsz, 4);
        if (name > left || desc > left - name) {
            /* The last note of a segment may lack its padding. */
            if (name > left || n.n_descsz > left - name) {
                return bad(p, "a note is cut off");
            }
            desc = left - name;
        }
        if (n.n_type == UVM_NOTE_TYPE && n.n_namesz == sizeof(UVM_NOTE_NAME) &&
            memcmp(note + sizeof(n), UVM_NOTE_NAME, sizeof(UVM_NOTE_NAME)) == 0) {
            p->note = ph->p_offset + at + sizeof(n) + name;
            p->note_size = n.n_descsz;
            p->note_gva = ph->p_vaddr + p->image->base + at + sizeof(n) + name;
        }
        at += sizeof(n) + name + desc;
    }
    return OK;
}

static int take_header(struct parser *p, const Elf64_Phdr *ph)
{
    switch (ph->p_type) {
    case PT_LOAD: return add_segment(p, ph);
    case PT_NOTE: return find_note(p, ph);
    case PT_INTERP: return bad(p, "asks for a dynamic linker");
    case PT_GNU_RELRO:
        p->relro = ph->p_vaddr;
        p->relro_size = ph->p_memsz;
        return OK;
    case PT_DYNAMIC:
        p->image->dynamic_size = ph->p_memsz;
        if (!place(p, ph->p_vaddr, ph->p_memsz, &p->image->dynamic)) {
            return bad(p, "the dynamic section is outside of the image");
        }
        return OK;
    default: return OK;
    }
}

const struct elf_segment *elf_find(const struct elf_image *image, uint64_t gva, uint64_t size)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segment[i];

        if (gva >= s->gva && gva - s->gva <= s->mem_size && size <= s->mem_size - (gva - s->gva)) {
            return s;
        }
    }
    return NULL;
}

/* Whole pages of RELRO within one segment become read-only. */
static int check_relro(struct parser *p)
{
    struct elf_image *image = p->image;
    uint64_t gva = 0;

    if (p->relro_size == 0) {
        return OK;
    }
    if (!place(p, p->relro, p->relro_size, &gva)) {
        return bad(p, "RELRO is outside of the image");
    }
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segment[i];
        uint64_t end = align_down(gva + p->relro_size, SIZE_4K);

        if (gva >= s->start && gva < s->start + s->size && end > gva && end <= s->start + s->size &&
            is_aligned(gva, SIZE_4K)) {
            image->relro = gva;
            image->relro_size = end - gva;
        }
    }
    return OK;
}

static int check_table(struct parser *p, struct elf_table *table, uint64_t row)
{
    uint64_t end = table->count; /* until here the table's end */
    uint64_t size = end - table->gva;

    if (end < table->gva || size % row != 0) {
        return bad(p, "a table's end is before its beginning or in a row");
    }
    table->count = size / row;
    if (size != 0 && elf_find(p->image, table->gva, size) == NULL) {
        return bad(p, "a table is outside of the image");
    }
    return OK;
}

static bool is_supervisor_text(const struct elf_image *image, uint64_t gva, uint64_t size)
{
    const struct elf_segment *s = elf_find(image, gva, size);

    return s != NULL && (s->perm & (ELF_EXEC | ELF_USER)) == ELF_EXEC;
}

static bool is_vector_table(const struct elf_image *image, const struct uvm_note *note)
{
    const struct arch *a = image->arch;

    return note->vector_count == a->vector_count && note->vector_stride != 0 &&
           note->vector_stride <= SIZE_4K && is_aligned(image->vectors, a->vector_align) &&
           (a->vector_stride == 0 || note->vector_stride == a->vector_stride);
}

#define NOTE_GVA(p, note, field)                                                                   \
    ((p)->note_gva + offsetof(struct uvm_note, field) + (uint64_t)(note).field)

static int take_note(struct parser *p)
{
    struct elf_image *image = p->image;
    struct uvm_note note;
    int err;

    if (p->note_size < sizeof(note)) {
        return bad(p, "no Vitrine note: not linked with libvitrine-guest?");
    }
    memcpy(&note, p->file.bytes + p->note, sizeof(note));
    if (note.version != UVM_NOTE_VERSION || note.size < sizeof(note)) {
        return bad(p, "the Vitrine note is of another version");
    }
    image->entry = NOTE_GVA(p, note, entry);
    image->vectors = NOTE_GVA(p, note, vectors);
    image->vector_stride = note.vector_stride;
    if (!is_vector_table(image, &note) || !is_supervisor_text(image, image->entry, 1) ||
        !is_supervisor_text(image, image->vectors,
                            (uint64_t)note.vector_count * note.vector_stride)) {
        return bad(p, "entry or vectors are not in supervisor text");
    }
    image->exports.gva = NOTE_GVA(p, note, exports);
    image->exports.count = NOTE_GVA(p, note, exports_end);
    image->imports.gva = NOTE_GVA(p, note, imports);
    image->imports.count = NOTE_GVA(p, note, imports_end);
    err = check_table(p, &image->exports, sizeof(struct call_export));
    return err != OK ? err : check_table(p, &image->imports, sizeof(struct call_import));
}

int elf_parse(struct elf_file file, struct elf_window window, struct elf_image *out)
{
    struct parser p = { .file = file, .window = window, .image = out };
    int err;

    memset(out, 0, sizeof(*out));
    err = check_header(&p);
    for (unsigned i = 0; err == OK && i < p.header.e_phnum; i++) {
        Elf64_Phdr ph;

        memcpy(&ph, file.bytes + p.header.e_phoff + i * sizeof(ph), sizeof(ph));
        err = take_header(&p, &ph);
    }
    if (err == OK && out->segment_count == 0) {
        err = bad(&p, "nothing to load");
    }
    if (err == OK) {
        err = check_relro(&p);
    }
    return err == OK ? take_note(&p) : err;
}

/* ---- Loading ---- */

struct dynamic {
    uint64_t rela, rela_size, relr, relr_size;
};

static uint64_t read64(const uint8_t *ram, uint64_t gva)
{
    uint64_t v;

    memcpy(&v, ram + gva, sizeof(v));
    return v;
}

static int read_dynamic(struct elf_image *image, const uint8_t *ram, struct dynamic *out)
{
    if (elf_find(image, image->dynamic, image->dynamic_size) == NULL) {
        return fail(image, ERR_INVALID, "the dynamic section is outside of the image");
    }
    for (uint64_t at = 0; image->dynamic_size - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        uint64_t value = read64(ram, image->dynamic + at + 8);

        switch ((int64_t)read64(ram, image->dynamic + at)) {
        case DT_NULL: return OK;
        case DT_NEEDED: return fail(image, ERR_INVALID, "needs a shared library");
        case DT_REL:
        case DT_JMPREL: return fail(image, ERR_INVALID, "has relocations of an unknown kind");
        case DT_RELA: out->rela = value + image->base; break;
        case DT_RELASZ: out->rela_size = value; break;
        case DT_RELR: out->relr = value + image->base; break;
        case DT_RELRSZ: out->relr_size = value; break;
        default: break;
        }
    }
    return OK;
}

static int relocate(struct elf_image *image, uint8_t *ram, uint64_t gva, uint64_t value)
{
    if (elf_find(image, gva, sizeof(value)) == NULL) {
        return fail(image, ERR_INVALID, "a relocation is outside of the image");
    }
    memcpy(ram + gva, &value, sizeof(value));
    return OK;
}

static int apply_rela(struct elf_image *image, uint8_t *ram, const struct dynamic *d)
{
    int err = OK;

    if (d->rela_size != 0 && elf_find(image, d->rela, d->rela_size) == NULL) {
        return fail(image, ERR_INVALID, "relocations are outside of the image");
    }
    for (uint64_t at = 0; err == OK && d->rela_size - at >= sizeof(Elf64_Rela);
         at += sizeof(Elf64_Rela)) {
        Elf64_Rela r;

        memcpy(&r, ram + d->rela + at, sizeof(r));
        if (r.r_info == image->arch->rel_relative) {
            err = relocate(image, ram, r.r_offset + image->base,
                           (uint64_t)r.r_addend + image->base);
        } else if (r.r_info != image->arch->rel_none) {
            err = fail(image, ERR_INVALID, "a relocation is not a relative one");
        }
    }
    return err;
}

/* An even word is an address to relocate, an odd one a bitmap of the 63 words after. */
static int apply_relr(struct elf_image *image, uint8_t *ram, const struct dynamic *d)
{
    uint64_t where = 0;
    int err = OK;

    if (d->relr_size != 0 && elf_find(image, d->relr, d->relr_size) == NULL) {
        return fail(image, ERR_INVALID, "relocations are outside of the image");
    }
    for (uint64_t at = 0; d->relr_size - at >= 8; at += 8) {
        uint64_t word = read64(ram, d->relr + at);
        unsigned first = 0;

        if (is_aligned(word, 2)) {
            where = word + image->base;
            word = 1;
        } else {
            word &= ~UINT64_C(1);
            where -= 8; /* bit 1 is the word at `where` */
            first = 1;
        }
        for (unsigned bit = first; bit < 64 && err == OK; bit++) {
            uint64_t gva = where + 8ull * bit;

            if ((word & BIT64(bit)) == 0) {
                continue;
            }
            if (elf_find(image, gva, 8) == NULL) {
                return fail(image, ERR_INVALID, "a relocation is outside of the image");
            }
            err = relocate(image, ram, gva, read64(ram, gva) + image->base);
        }
        where += first == 0 ? 8 : 64ull * 8;
    }
    return err;
}

int elf_load(struct elf_file file, struct elf_image *image, uint8_t *ram)
{
    struct dynamic d = { 0 };
    int err;

    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segment[i];

        memcpy(ram + s->gva, file.bytes + s->offset, s->file_size);
    }
    if (image->base == 0 || image->dynamic_size == 0) {
        return OK;
    }
    err = read_dynamic(image, ram, &d);
    if (err == OK) {
        err = apply_rela(image, ram, &d);
    }
    return err == OK ? apply_relr(image, ram, &d) : err;
}
