/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What zones start from: an arm64 Linux Image with an initrd, or a bare ELF file. The files are
 * checked like any outside bytes; nothing has an address yet, except the segments of an ELF.
 */
#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

#define IMAGE_HEADER_SIZE 64u
#define IMAGE_TEXT_OFFSET 8u
#define IMAGE_SIZE        16u
#define IMAGE_MAGIC_AT    56u

static uint64_t le64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value)); /* the compiler runs on little-endian hosts only */
    return value;
}

/* One file of a zone while it is read. */
struct boot_job {
    struct compile *c;
    uint32_t zone;
    struct boot_files *out;
    const char *name; /* of the zone */
    const char *path;
    unsigned line;
};

static bool kernel_header(const struct boot_job *job)
{
    const struct file *file = &job->out->kernel;

    if (file->size >= 2 && file->data[0] == 0x1f && file->data[1] == 0x8b) {
        error_add(
            &job->c->errors, job->line,
            "zone '%s': '%s' is compressed; remedy: gunzip it, the hypervisor unpacks nothing",
            job->name, job->path);
        return false;
    }
    if (file->size < IMAGE_HEADER_SIZE || memcmp(file->data + IMAGE_MAGIC_AT, "ARM\x64", 4) != 0) {
        error_add(&job->c->errors, job->line,
                  "zone '%s': '%s' is no arm64 Linux Image; remedy: give arch/arm64/boot/Image or "
                  "Debian's vmlinuz, and `elf:` for a bare program",
                  job->name, job->path);
        return false;
    }
    job->out->text_offset = le64(file->data + IMAGE_TEXT_OFFSET);
    job->out->image_size = le64(file->data + IMAGE_SIZE);
    if (job->out->image_size < file->size) {
        job->out->image_size = file->size; /* before 3.17 it was 0 */
    }
    if (job->out->image_size >= PLAN_IPA_LIMIT || job->out->text_offset >= PLAN_IPA_LIMIT ||
        !is_aligned(job->out->text_offset, SIZE_4K)) {
        error_add(&job->c->errors, job->line,
                  "zone '%s': '%s' has a damaged Image header; remedy: build it again", job->name,
                  job->path);
        return false;
    }
    return true;
}

static bool linux_read(struct boot_job *job)
{
    struct compile *c = job->c;
    struct boot_files *out = job->out;

    job->path = out->kernel_name;
    job->line = source_line(&c->source, "zones/%u/boot/kernel", job->zone);
    out->kernel = plan_file(c, job->path, job->line);
    if (out->kernel.data == NULL || !kernel_header(job)) {
        return false;
    }
    if (out->initrd_name != NULL) {
        job->line = source_line(&c->source, "zones/%u/boot/initrd", job->zone);
        out->initrd = plan_file(c, out->initrd_name, job->line);
        if (out->initrd.data == NULL) {
            return false;
        }
        if (out->initrd.size == 0) {
            error_add(&c->errors, job->line, "zone '%s': '%s' is empty; remedy: leave `initrd` out",
                      job->name, out->initrd_name);
            return false;
        }
    }
    return true;
}

/* --- ELF ------------------------------------------------------------------------------------- */

static bool elf_error(const struct boot_job *job, const char *why)
{
    error_add(&job->c->errors, job->line, "zone '%s': '%s' %s", job->name, job->path, why);
    return false;
}

static bool elf_segment(const struct boot_job *job, const GElf_Phdr *header)
{
    struct boot_files *out = job->out;

    if (header->p_type != PT_LOAD || header->p_memsz == 0) {
        return true;
    }
    if (out->segment_count == ELF_SEGMENTS) {
        return elf_error(job, "has too many segments; remedy: link it into fewer");
    }
    if (header->p_filesz > header->p_memsz || header->p_offset > out->kernel.size ||
        header->p_filesz > out->kernel.size - header->p_offset ||
        !range_is_valid(header->p_paddr, header->p_memsz)) {
        return elf_error(
            job, "is damaged: a segment lies outside the file or wraps; remedy: link it again");
    }
    out->segment[out->segment_count++] = (struct segment){ header->p_paddr, header->p_memsz,
                                                           out->kernel.data + header->p_offset,
                                                           header->p_filesz };
    return true;
}

static bool elf_headers(const struct boot_job *job, Elf *elf)
{
    GElf_Ehdr header;
    GElf_Phdr program;
    size_t count;

    if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL) {
        return elf_error(job, "is no ELF file; remedy: `kernel:` is the key for a Linux Image");
    }
    if (gelf_getclass(elf) != ELFCLASS64 || header.e_machine != EM_AARCH64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_EXEC) {
        return elf_error(
            job, "is no static AArch64 program; remedy: link with -static -no-pie for aarch64");
    }
    if (elf_getphdrnum(elf, &count) != 0 || count > 256) {
        return elf_error(job, "has damaged program headers; remedy: link it again");
    }
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, &program) == NULL) {
            return elf_error(job, "has damaged program headers; remedy: link it again");
        }
        if (!elf_segment(job, &program)) {
            return false;
        }
    }
    job->out->entry = header.e_entry;
    return job->out->segment_count != 0 ||
           elf_error(job, "has no PT_LOAD segment; remedy: give a linked program");
}

static bool elf_read(struct boot_job *job)
{
    Elf *elf;
    bool is_ok;

    job->path = job->out->elf_name;
    job->line = source_line(&job->c->source, "zones/%u/boot/elf", job->zone);
    job->out->kernel = plan_file(job->c, job->path, job->line);
    if (job->out->kernel.data == NULL) {
        return false;
    }
    elf_version(EV_CURRENT);
    elf = elf_memory((char *)job->out->kernel.data, job->out->kernel.size);
    if (elf == NULL) {
        return elf_error(job, "is no ELF file; remedy: `kernel:` is the key for a Linux Image");
    }
    is_ok = elf_headers(job, elf);
    elf_end(elf);
    return is_ok;
}

static void zone_boot(struct compile *c, uint32_t zone)
{
    struct boot_files *out = &c->zone[zone].boot;
    struct boot_job job = { c,    zone,
                            out,  c->plan.zone[zone].name,
                            NULL, source_line(&c->source, "zones/%u/boot", zone) };

    if ((out->kernel_name != NULL) == (out->elf_name != NULL)) {
        error_add(&c->errors, job.line,
                  "zone '%s': boot needs one of `kernel` and `elf`; remedy: kernel for Linux, elf "
                  "for a bare program",
                  job.name);
        return;
    }
    if (out->elf_name != NULL && (out->initrd_name != NULL || out->cmdline != NULL)) {
        error_add(&c->errors, job.line,
                  "zone '%s': `initrd` and `cmdline` belong to a `kernel`; remedy: leave them out",
                  job.name);
    }
    out->is_elf = out->elf_name != NULL;
    out->is_ok = out->is_elf ? elf_read(&job) : linux_read(&job);
    if (!out->is_ok) {
        return;
    }
    if (!out->is_elf) {
        (void)blob_add(c, out->kernel.data, out->kernel.size);
        if (out->initrd.data != NULL) {
            (void)blob_add(c, out->initrd.data, out->initrd.size);
        }
    }
    for (uint32_t i = 0; i < out->segment_count; i++) {
        if (out->segment[i].size != 0) {
            (void)blob_add(c, out->segment[i].data, out->segment[i].size);
        }
    }
}

void boot_read(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        zone_boot(c, zone);
    }
}
