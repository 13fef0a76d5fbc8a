/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest images: bytes of an ELF file that may be hostile, checked into a list of segments, and
 * loaded into memory. Pure: no allocation, no system call; no byte of the file is trusted. Written
 * for this and not left to a library since it is the wall between a file and the host.
 */
#ifndef HOST_ELF_H
#define HOST_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define ELF_SEGMENT_MAX 16u

struct elf_file {
    const uint8_t *bytes;
    size_t len;
};

struct arch;

/* Permissions as in fault_record.map_perm. */
enum elf_perm { ELF_READ = 1, ELF_WRITE = 2, ELF_EXEC = 4, ELF_USER = 8 };

/* Addresses are the guest's, base included. No two segments share a page. */
struct elf_segment {
    uint64_t start, size; /* whole pages */
    uint64_t gva, mem_size;
    uint64_t offset, file_size; /* in the file; file_size <= mem_size */
    uint32_t perm;
};

struct elf_table {
    uint64_t gva, count;
};

struct elf_image {
    const char *error; /* constant text, when a function here fails */
    const struct arch *arch;
    uint64_t base; /* what was added to the file's addresses */
    uint64_t start, end;
    unsigned segment_count;
    struct elf_segment segment[ELF_SEGMENT_MAX]; /* ascending */
    uint64_t relro, relro_size;                  /* whole pages, read-only once relocated */
    uint64_t dynamic, dynamic_size;
    uint64_t entry, vectors, vector_stride;
    struct elf_table exports, imports;
};

/* Where images may lie: [low, high); position-independent ones go to low. */
struct elf_window {
    uint64_t low, high;
};

/* ERR_INVALID: damaged or no guest of ours; ERR_RANGE: does not fit. */
MUST_CHECK int elf_parse(struct elf_file file, struct elf_window window, struct elf_image *out);

/*
 * Copies segments to `ram` (zeroed; byte 0 is guest address 0, up to the window's high end) and
 * relocates them.
 */
MUST_CHECK int elf_load(struct elf_file file, struct elf_image *image, uint8_t *ram);

/* The segment that holds all of [gva, gva + size), or NULL. */
const struct elf_segment *elf_find(const struct elf_image *image, uint64_t gva, uint64_t size);

#endif
