/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ELF loader on any bytes. What must hold of what it takes: segments ascend, lie in the window
 * and share no page; none is writable and executable; entry and vectors are supervisor text, tables
 * in the image; loading writes to segments only.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/call.h"
#include "abi/uvm.h"
#include "host/arch.h"
#include "host/elf.h"
#include "tests/fuzz/fuzz.h"

#define RAM_SIZE (UINT64_C(4) << 20)
#define PAGE     UINT64_C(4096)

static uint8_t *ram;

static const struct elf_window window = { UVM_IMAGE_GVA, RAM_SIZE };

static void check_segments(const struct elf_image *image, size_t len)
{
    uint64_t end = window.low;

    FUZZ_CHECK(image->segment_count > 0 && image->segment_count <= ELF_SEGMENT_MAX);
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segment[i];

        FUZZ_CHECK(s->start % PAGE == 0 && s->size % PAGE == 0 && s->size > 0);
        FUZZ_CHECK(s->start >= end && s->start < window.high && s->size <= window.high - s->start);
        FUZZ_CHECK(s->gva >= s->start && s->gva + s->mem_size <= s->start + s->size);
        FUZZ_CHECK(s->file_size <= s->mem_size);
        FUZZ_CHECK(s->offset <= len && s->file_size <= len - s->offset);
        FUZZ_CHECK((s->perm & (ELF_WRITE | ELF_EXEC)) != (ELF_WRITE | ELF_EXEC));
        end = s->start + s->size;
    }
    FUZZ_CHECK(image->start == image->segment[0].start && image->end == end);
}

static void check_supervisor_text(const struct elf_image *image, uint64_t gva, uint64_t size)
{
    const struct elf_segment *s = elf_find(image, gva, size);

    FUZZ_CHECK(s != NULL && (s->perm & ELF_EXEC) != 0 && (s->perm & ELF_USER) == 0);
}

static void check_image(const struct elf_image *image, size_t len)
{
    check_segments(image, len);
    check_supervisor_text(image, image->entry, 1);
    FUZZ_CHECK(image->arch != NULL && image->vectors % image->arch->vector_align == 0);
    check_supervisor_text(image, image->vectors, image->arch->vector_count * image->vector_stride);
    FUZZ_CHECK(image->exports.count == 0 ||
               elf_find(image, image->exports.gva,
                        image->exports.count * sizeof(struct call_export)) != NULL);
    FUZZ_CHECK(image->imports.count == 0 ||
               elf_find(image, image->imports.gva,
                        image->imports.count * sizeof(struct call_import)) != NULL);
}

/* All but the segments is as it was; they become so again. */
static void check_ram(const struct elf_image *image)
{
    uint64_t at = 0;

    for (unsigned i = 0; i <= image->segment_count; i++) {
        bool last = i == image->segment_count;
        uint64_t end = last ? RAM_SIZE : image->segment[i].start;

        for (; at < end; at += at + PAGE < end ? PAGE / 2 : 1) {
            FUZZ_CHECK(ram[at] == 0);
        }
        if (!last) {
            memset(ram + end, 0, image->segment[i].size);
            at = end + image->segment[i].size;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_file file = { data, size };
    struct elf_image image;

    if (ram == NULL) {
        ram = calloc(1, RAM_SIZE);
        FUZZ_CHECK(ram != NULL);
    }
    if (elf_parse(file, window, &image) != 0) {
        FUZZ_CHECK(image.error != NULL);
        return 0;
    }
    check_image(&image, size);
    if (elf_load(file, &image, ram) != 0) {
        FUZZ_CHECK(image.error != NULL);
    }
    check_ram(&image);
    return 0;
}
