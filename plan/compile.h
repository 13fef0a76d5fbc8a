/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the plan compiler: the state that its steps fill in one after the other, and the steps.
 * A step reports what is wrong by error_add() and goes on as far as that makes sense.
 */
#ifndef PLAN_COMPILE_H
#define PLAN_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/plan.h"
#include "plan/board.h"
#include "plan/spec.h"
#include "plan/text.h"

#define BLOBS_MAX        (PLAN_MAX_IMAGES + 8u)
#define ELF_SEGMENTS     16u
#define DTB_MAX          UINT64_C(0x10000)  /* room for one zone's device tree */
#define HYP_MEMORY_LEAST UINT64_C(0x400000) /* pool when the plan asks for nothing */

#define FILE_LIMIT 0x40000000u /* of a kernel, an initrd, an ELF file */

/* The hypervisor assumed by `check` and `show` when there is no hyp.bin. */
#define HYP_ASSUMED_SIZE UINT64_C(0x80000)

/* Bytes of the boot image, stored once however often they are used. */
struct blob {
    const uint8_t *data;
    uint64_t size;
    uint64_t offset; /* in the boot image; set by image_lay_out() */
};

/* Where an element of the plan comes from, for messages. */
struct origin {
    unsigned line;
    const char *what; /* "memory", or the path of a device, or of a file */
};

/* A piece of a boot file that goes to a guest address. */
struct segment {
    uint64_t gpa, memory_size;
    const uint8_t *data;
    uint64_t size;
};

/* What a zone starts from, as found in its files. */
struct boot_files {
    bool is_elf, is_ok;
    const char *kernel_name, *initrd_name, *cmdline, *elf_name; /* variables filled in */
    struct file kernel, initrd;
    uint64_t text_offset, image_size; /* of an arm64 Image; image_size covers its bss */
    uint64_t entry;                   /* of an ELF */
    struct segment segment[ELF_SEGMENTS];
    uint32_t segment_count;
    uint64_t initrd_gpa;
};

#define DEVICES_MAX 64u

/* The devices of a zone, as nodes of the board's tree. */
struct devices {
    int node[DEVICES_MAX]; /* roots of subtrees that are copied */
    unsigned line[DEVICES_MAX];
    uint32_t count;
    int helper[DEVICES_MAX]; /* clocks that they need: copied without subtree */
    uint32_t helper_count;
    bool has_uart; /* the board's console is among them */
    bool has_dma;
};

struct zone_memory {
    struct origin origin;
    uint64_t size, base, ipa;
    bool has_base, has_ipa, is_ok, is_placed;
    uint32_t kind;              /* enum plan_region_kind; what `memory` lists comes first */
    struct zone_memory *inside; /* the pool in which it lies, or NULL */
    uint32_t region;            /* index in plan.region, when is_ok */
};

struct zone_state {
    struct boot_files boot;
    struct devices devices;
    struct zone_memory memory[PLAN_MAX_REGIONS + PLAN_MAX_POOLS + 1];
    uint32_t memory_count;
};

struct compile {
    struct errors errors;
    struct arena arena;
    struct source source; /* plan.yaml with its line numbers */
    struct spec *spec;
    struct board board;
    struct file hyp; /* data NULL: none given, sizes are assumed */
    struct plan_hyp_header hyp_header;
    const char *dir; /* of plan.yaml, with the last '/', or "" */
    uint64_t pool_size;
    struct zone_state *zone; /* PLAN_MAX_ZONES of them */
    struct plan plan;
    struct origin region_origin[PLAN_MAX_REGIONS];
    struct origin irq_origin[PLAN_MAX_IRQS];
    struct origin image_origin[PLAN_MAX_IMAGES];
    unsigned function_line[PLAN_MAX_FUNCTIONS];
    const char *function_name[PLAN_MAX_FUNCTIONS];
    uint32_t function_intid[PLAN_MAX_FUNCTIONS]; /* its INTA; 0: none */
    int pci_host; /* node of the PCI host whose functions are given; valid with function_count */
    unsigned virtio_line[PLAN_MAX_VIRTIO];
    uint32_t image_blob[PLAN_MAX_IMAGES];
    struct blob blob[BLOBS_MAX];
    uint32_t blob_count;
    bool is_image_full; /* told once */
    const uint8_t *dtb[PLAN_MAX_ZONES];
    uint64_t dtb_size[PLAN_MAX_ZONES];
};

/* What the command line gives. */
struct compile_options {
    const char *plan_file;
    const char *hyp_file;         /* NULL: none */
    const char *board_dir;        /* of the built NAME.dtb files */
    const char *const *variables; /* NAME=VALUE strings */
    size_t variable_count;
    FILE *messages;
};

/* Runs all steps; true when the plan is good. compile_free() in either case. */
bool compile_run(struct compile *c, const struct compile_options *options);
void compile_free(struct compile *c);

/* Writes plan.bin, boot.img and ZONE.dtb into the directory, which is created; false: message. */
bool compile_write(struct compile *c, const char *dir);

/* The maps as text. */
void show_plan(struct compile *c, FILE *out);

/* All rules with what they demand, as text for `vitrine plan rules`. */
void verdict_list(FILE *out);

/* --- steps, in order; each is one file ------------------------------------------------------- */
bool hyp_load(struct compile *c, const char *file);
void zones_read(struct compile *c);      /* zones.c: names, CPUs, flags, memory */
void control_read(struct compile *c);    /* control.c: control region, pools of zone0 */
void access_read(struct compile *c);     /* access.c: devices and interrupts */
void functions_read(struct compile *c);  /* function.c: PCI functions, SMMU */
void channels_read(struct compile *c);   /* channel.c: names, peers, sizes */
void virtio_read(struct compile *c);     /* virtio.c: virtio devices */
void boot_read(struct compile *c);       /* boot.c: kernels, ELF files */
void layout_hyp(struct compile *c);      /* layout.c: the hypervisor's range */
void layout_zones(struct compile *c);    /* layout.c: RAM of zones */
void layout_channels(struct compile *c); /* layout.c: memory of channels */
void control_place(struct compile *c);   /* control.c: where zone0 sees region and pools */
void channels_place(struct compile *c);  /* channel.c: where zones see functions of their bus */
void virtio_place(struct compile *c);    /* virtio.c: where zones see these devices */
void place_zones(struct compile *c);     /* place.c: images in RAM, device trees */
void image_lay_out(struct compile *c);   /* image.c: offsets in the boot image */
void verdict_check(struct compile *c);   /* verdict.c: plan_check and messages */

/* --- between steps --------------------------------------------------------------------------- */
/* What enum plan_fixed stands for; and an index of PLAN_OBJECT_WINDOW. Static storage. */
const char *fixed_name(uint32_t fixed);
const char *window_name(uint32_t window);

/* Adds a region or an interrupt; false and a message when the table is full. */
bool region_add(struct compile *c, const struct plan_region *region, struct origin from);
bool irq_add(struct compile *c, const struct plan_irq *irq, struct origin from);

/* A free place of a zone's address space above the board's RAM, where no board has devices. */
uint64_t guest_place(const struct plan *p, uint32_t zone, uint64_t size, uint64_t align);

/* The next interrupt of the zone that nobody has, from *intid on, which it moves on. */
uint32_t guest_line(const struct plan *p, uint32_t zone, uint32_t *intid);

/* zones.c: a size or an address; false after a message. */
bool size_field(struct compile *c, const char *text, uint64_t *out, unsigned line);

/* A file named in the plan, relative to it; NULL data after a message. */
struct file plan_file(struct compile *c, const char *name, unsigned line);

/* Takes bytes for the boot image, once if they are there already; BLOBS_MAX when it is full. */
uint32_t blob_add(struct compile *c, const uint8_t *data, uint64_t size);

/* Bytes of the boot image as far as blobs are known, each on a page of its own. */
uint64_t image_bytes(const struct compile *c);

/* The device tree of a zone whose memory and images have addresses; false after a message. */
bool dtb_build(struct compile *c, uint32_t zone, uint8_t *out, uint64_t *size);

#endif
