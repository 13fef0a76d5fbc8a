/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes ELF core files: header, program headers, notes, memory. All sizes are computed first from
 * the description, so that the file is written front to back; zero pages are found in the same
 * pass. It never reads outside memory itself: write() does, and says EFAULT where it is gone.
 */
#include "host/corefile.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/procfs.h>

#include "host/sys.h"

#define PAGE         4096u
#define SEGMENTS_MAX 4096u
#define FXSAVE_SIZE  512u
#define XCR0_OFFSET  464u /* where Linux puts XCR0 into its NT_X86_XSTATE note */
#define AUXV_COUNT   3u
#define STATUS_HEAD  offsetof(prstatus_t, pr_reg)
#define STATUS_TAIL  8u
#define NOTE_NAME    8u /* "CORE" and "LINUX", padded */

/* A run of pages that are all written, or all zero and left out. */
struct segment {
    const struct core_range *range;
    uint64_t offset, len; /* in the range */
    bool is_zero;
};

struct plan {
    struct segment *segments;
    unsigned count;
    uint64_t skip; /* shorter runs of zero pages are written, bytes */
};

/* ---- Segments ---- */

static bool is_zero_page(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* Length of the run at offset whose pages are all zero, or all not. */
static uint64_t run_length(const struct core_range *range, uint64_t offset, bool is_zero)
{
    const uint8_t *host = range->host;
    uint64_t end = offset;

    while (end < range->len && is_zero_page(host + end) == is_zero) {
        end += PAGE;
    }
    return end - offset;
}

/* Appends a run, to the last segment when that is of the same kind. False: no room. */
static bool add_run(struct plan *plan, const struct segment *run)
{
    struct segment *last = plan->count == 0 ? NULL : &plan->segments[plan->count - 1];

    if (last != NULL && last->range == run->range && last->is_zero == run->is_zero) {
        last->len += run->len;
        return true;
    }
    if (plan->count == SEGMENTS_MAX) {
        return false;
    }
    plan->segments[plan->count++] = *run;
    return true;
}

static bool add_range(struct plan *plan, const struct core_range *range)
{
    struct segment run = { .range = range, .len = range->len };
    bool is_zero;

    if (range->is_outside) {
        return add_run(plan, &run);
    }
    for (uint64_t at = 0; at < range->len; at += run.len) {
        is_zero = is_zero_page((const uint8_t *)range->host + at);
        run.offset = at;
        run.len = run_length(range, at, is_zero);
        run.is_zero = is_zero && run.len >= plan->skip;
        if (!add_run(plan, &run)) {
            return false;
        }
    }
    return true;
}

/* Leaves out all zero pages, or only longer runs when the headers would be too many. */
static void plan_segments(struct plan *plan, const struct core_file *core)
{
    bool fits = false;

    for (plan->skip = PAGE; !fits; plan->skip *= 8) {
        plan->count = 0;
        fits = true;
        for (unsigned i = 0; i < core->range_count && fits; i++) {
            fits = add_range(plan, &core->ranges[i]);
        }
    }
}

/* ---- Output ---- */

/* A closed pipe is the caller's SIGPIPE. */
static int put_bytes(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        int64_t done = sys_write(fd, at, len);

        if (done < 0) {
            return -errno;
        }
        at += done;
        len -= (size_t)done;
    }
    return 0;
}

static int put_zeros(int fd, size_t len)
{
    static const char zeros[PAGE];
    int err = 0;

    while (len > 0 && err == 0) {
        size_t part = len < PAGE ? len : PAGE;

        err = put_bytes(fd, zeros, part);
        len -= part;
    }
    return err;
}

/* Page by page where a part of a file may be gone: what is unreadable becomes zeros. */
static int put_outside(int fd, const char *host, uint64_t len)
{
    for (uint64_t at = 0; at < len;) {
        size_t left = PAGE - at % PAGE;
        int64_t done = sys_write(fd, host + at, left);

        if (done < 0 && errno != EFAULT) {
            return -errno;
        }
        if (done < 0) {
            int err = put_zeros(fd, left);

            if (err != 0) {
                return err;
            }
            done = (int64_t)left;
        }
        at += (uint64_t)done;
    }
    return 0;
}

static int put_segment(int fd, const struct segment *segment)
{
    const char *host = (const char *)segment->range->host + segment->offset;

    return segment->range->is_outside ? put_outside(fd, host, segment->len)
                                      : put_bytes(fd, host, segment->len);
}

/* ---- Notes ---- */

static size_t note_size(size_t desc)
{
    return sizeof(Elf64_Nhdr) + NOTE_NAME + (desc + 3) / 4 * 4;
}

/* Registers are what differs between architectures; whether FP is valid follows them. */
static size_t status_size(const struct core_thread *thread)
{
    return STATUS_HEAD + thread->reg_count * sizeof(thread->regs[0]) + STATUS_TAIL;
}

static size_t notes_size(const struct core_file *core)
{
    size_t size = note_size(AUXV_COUNT * sizeof(Elf64_auxv_t));

    if (core->name != NULL) {
        size += note_size(sizeof(prpsinfo_t));
    }

    for (unsigned i = 0; i < core->thread_count; i++) {
        const struct core_thread *t = &core->threads[i];

        size += note_size(status_size(t));
        if (t->fp != NULL) {
            size += note_size(t->fp_size);
        }
        if (t->xsave != NULL) {
            size += note_size(FXSAVE_SIZE) + note_size(t->xsave_size);
        }
    }
    return size;
}

struct note {
    const char *owner;
    uint32_t type;
    size_t len;
};

static int put_note(int fd, const struct note *note, const void *desc)
{
    char name[NOTE_NAME] = { 0 };
    Elf64_Nhdr header = { .n_namesz = (Elf64_Word)strlen(note->owner) + 1,
                          .n_descsz = (Elf64_Word)note->len,
                          .n_type = note->type };
    int err;

    memcpy(name, note->owner, header.n_namesz);
    err = put_bytes(fd, &header, sizeof(header));
    err = err != 0 ? err : put_bytes(fd, name, sizeof(name));
    err = err != 0 ? err : put_bytes(fd, desc, note->len);
    return err != 0 ? err : put_zeros(fd, (4 - note->len % 4) % 4);
}

static int put_status(int fd, const struct core_thread *thread, int number)
{
    const struct note note = { "CORE", NT_PRSTATUS, status_size(thread) };
    const int fp_valid = thread->xsave != NULL || thread->fp != NULL;
    size_t regs_size = thread->reg_count * sizeof(thread->regs[0]);
    uint8_t bytes[STATUS_HEAD + sizeof(thread->regs) + STATUS_TAIL] = { 0 };
    prstatus_t head;

    memset(&head, 0, sizeof(head));
    head.pr_info.si_signo = thread->signal;
    head.pr_cursig = (short)thread->signal;
    head.pr_pid = number;
    memcpy(bytes, &head, STATUS_HEAD);
    memcpy(bytes + STATUS_HEAD, thread->regs, regs_size);
    memcpy(bytes + STATUS_HEAD + regs_size, &fp_valid, sizeof(fp_valid));
    return put_note(fd, &note, bytes);
}

static int put_fp(int fd, const struct core_thread *thread)
{
    const struct note note = { "CORE", NT_FPREGSET, thread->fp_size };

    return put_note(fd, &note, thread->fp);
}

static int put_vectors(int fd, const struct core_thread *thread)
{
    const struct note fpregs = { "CORE", NT_FPREGSET, FXSAVE_SIZE };
    const struct note xstate = { "LINUX", NT_X86_XSTATE, thread->xsave_size };
    uint8_t area[CORE_XSAVE_MAX];
    int err;

    memcpy(area, thread->xsave, thread->xsave_size);
    memcpy(area + XCR0_OFFSET, &thread->xcr0, sizeof(thread->xcr0));
    err = put_note(fd, &fpregs, area);
    return err != 0 ? err : put_note(fd, &xstate, area);
}

static int put_name(int fd, const char *name)
{
    static const struct note note = { "CORE", NT_PRPSINFO, sizeof(prpsinfo_t) };
    prpsinfo_t info;

    memset(&info, 0, sizeof(info));
    info.pr_pid = 1;
    strncpy(info.pr_fname, name, sizeof(info.pr_fname) - 1);
    strncpy(info.pr_psargs, name, sizeof(info.pr_psargs) - 1);
    return put_note(fd, &note, &info);
}

static int put_process(int fd, const struct core_file *core)
{
    static const struct note note = { "CORE", NT_AUXV, AUXV_COUNT * sizeof(Elf64_auxv_t) };
    Elf64_auxv_t auxv[AUXV_COUNT];
    int err = core->name == NULL ? 0 : put_name(fd, core->name);

    memset(auxv, 0, sizeof(auxv));
    auxv[0].a_type = AT_ENTRY;
    auxv[0].a_un.a_val = core->entry;
    auxv[1].a_type = AT_PAGESZ;
    auxv[1].a_un.a_val = PAGE;
    return err != 0 ? err : put_note(fd, &note, auxv);
}

/* The first thread's status comes first; what belongs to a thread follows its status. */
static int put_notes(int fd, const struct core_file *core)
{
    int err = 0;

    for (unsigned i = 0; i < core->thread_count && err == 0; i++) {
        err = put_status(fd, &core->threads[i], (int)i + 1);
        if (i == 0) {
            err = err != 0 ? err : put_process(fd, core);
        }
        if (core->threads[i].fp != NULL) {
            err = err != 0 ? err : put_fp(fd, &core->threads[i]);
        }
        if (core->threads[i].xsave != NULL) {
            err = err != 0 ? err : put_vectors(fd, &core->threads[i]);
        }
    }
    return err;
}

/* ---- Headers ---- */

static int put_headers(int fd, const struct core_file *core, const struct plan *plan)
{
    Elf64_Ehdr header = { .e_type = ET_CORE,
                          .e_machine = core->machine,
                          .e_version = EV_CURRENT,
                          .e_phoff = sizeof(header),
                          .e_ehsize = sizeof(header),
                          .e_phentsize = sizeof(Elf64_Phdr),
                          .e_phnum = (Elf64_Half)(plan->count + 1) };
    uint64_t offset = sizeof(header) + (plan->count + 1) * sizeof(Elf64_Phdr);
    Elf64_Phdr row = { .p_type = PT_NOTE, .p_offset = offset, .p_filesz = notes_size(core) };
    int err;

    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    err = put_bytes(fd, &header, sizeof(header));
    err = err != 0 ? err : put_bytes(fd, &row, sizeof(row));
    offset += row.p_filesz;
    offset += (PAGE - offset % PAGE) % PAGE;
    for (unsigned i = 0; i < plan->count && err == 0; i++) {
        const struct segment *s = &plan->segments[i];

        row = (Elf64_Phdr){ .p_type = PT_LOAD,
                            .p_flags = s->range->perm,
                            .p_offset = offset,
                            .p_vaddr = s->range->gva + s->offset,
                            .p_filesz = s->is_zero ? 0 : s->len,
                            .p_memsz = s->len,
                            .p_align = PAGE };
        err = put_bytes(fd, &row, sizeof(row));
        offset += row.p_filesz;
    }
    return err;
}

static bool is_writable_core(const struct core_file *core)
{
    uint64_t end = 0;
    bool good = core->thread_count >= 1 && core->thread_count <= CORE_THREADS_MAX &&
                core->range_count <= CORE_RANGES_MAX;

    for (unsigned i = 0; good && i < core->thread_count; i++) {
        const struct core_thread *t = &core->threads[i];

        good = t->reg_count <= CORE_REGS_MAX && (t->fp == NULL || t->fp_size <= CORE_FP_MAX) &&
               (t->xsave == NULL ||
                (t->xsave_size >= CORE_XSAVE_MIN && t->xsave_size <= CORE_XSAVE_MAX));
    }
    for (unsigned i = 0; good && i < core->range_count; i++) {
        const struct core_range *r = &core->ranges[i];

        good = r->gva >= end && r->gva % PAGE == 0 && r->len % PAGE == 0 && r->len != 0 &&
               r->len <= UINT64_MAX - r->gva;
        end = r->gva + r->len;
    }
    return good;
}

static int put_all(int fd, const struct core_file *core, const struct plan *plan)
{
    size_t head = sizeof(Elf64_Ehdr) + (plan->count + 1) * sizeof(Elf64_Phdr) + notes_size(core);
    int err = put_headers(fd, core, plan);

    err = err != 0 ? err : put_notes(fd, core);
    err = err != 0 ? err : put_zeros(fd, (PAGE - head % PAGE) % PAGE);
    for (unsigned i = 0; i < plan->count && err == 0; i++) {
        err = plan->segments[i].is_zero ? 0 : put_segment(fd, &plan->segments[i]);
    }
    return err;
}

int corefile_write(const struct core_file *core, int fd)
{
    struct plan plan = { 0 };
    int err;

    if (!is_writable_core(core)) {
        return -EINVAL;
    }
    plan.segments = sys_alloc(SEGMENTS_MAX * sizeof(*plan.segments));
    if (plan.segments == NULL) {
        return -ENOMEM;
    }
    plan_segments(&plan, core);
    err = put_all(fd, core, &plan);
    sys_free(plan.segments);
    return err;
}
