/* SPDX-License-Identifier: Apache-2.0 */
/* plan.yaml as structures: what libcyaml fills by the schema, and line numbers from libyaml. */
#ifndef PLAN_SPEC_H
#define PLAN_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errors;
struct arena;
struct cyaml_schema_value;

/* Enumerations: 0 means that the key is absent. */
enum spec_role { SPEC_ROLE_UNSET, SPEC_ROLE_ZONE0, SPEC_ROLE_USER, SPEC_ROLE_REALTIME };
enum spec_log { SPEC_LOG_UNSET, SPEC_LOG_ERROR, SPEC_LOG_WARNING, SPEC_LOG_INFO, SPEC_LOG_DEBUG };
enum spec_console { SPEC_CONSOLE_UNSET, SPEC_CONSOLE_EMULATED, SPEC_CONSOLE_NONE };
enum spec_interrupts { SPEC_INTERRUPTS_UNSET, SPEC_INTERRUPTS_EMULATED, SPEC_INTERRUPTS_DIRECT };
enum spec_debug { SPEC_DEBUG_UNSET, SPEC_DEBUG_ALLOWED, SPEC_DEBUG_DENIED };
enum spec_notify { SPEC_NOTIFY_UNSET, SPEC_NOTIFY_TRUE, SPEC_NOTIFY_FALSE };
enum spec_dma { SPEC_DMA_UNSET, SPEC_DMA_DENIED, SPEC_DMA_TRUSTED };
enum spec_start { SPEC_START_UNSET, SPEC_START_BOOT, SPEC_START_MANUAL };

enum spec_virtio_type {
    SPEC_VIRTIO_UNSET,
    SPEC_VIRTIO_BLK,
    SPEC_VIRTIO_NET,
    SPEC_VIRTIO_CONSOLE,
    SPEC_VIRTIO_RNG,
};

/* Texts are NULL when the key is absent. */
struct spec_memory {
    char *size, *base, *ipa, *pool;
};

struct spec_control {
    char *memory;
    uint32_t *let_go; /* NULL: none said */
};

struct spec_pool {
    char *name, *size, *base;
};

struct spec_virtio {
    char *name;
    enum spec_virtio_type type;
    uint32_t *queues; /* NULL: none said */
};

struct spec_boot {
    char *kernel, *initrd, *cmdline, *elf;
};

struct spec_zone {
    char *name;
    enum spec_role role;
    uint32_t *cpus;
    uint32_t cpus_count;
    struct spec_memory *memory;
    uint32_t memory_count;
    struct spec_boot boot;
    char **access;
    uint32_t access_count;
    char **pci;
    uint32_t pci_count;
    enum spec_console console;
    enum spec_interrupts interrupts;
    enum spec_debug debug;
    enum spec_dma dma;
    enum spec_start start;
    struct spec_control *control; /* NULL: none */
    struct spec_pool *pools;
    uint32_t pools_count;
    struct spec_virtio *virtio;
    uint32_t virtio_count;
};

struct spec_channel {
    char *name, *size;
    char **peers;
    uint32_t peers_count;
    enum spec_notify notify;
};

struct spec_machine {
    uint32_t *cpus;
    char *memory;
};

struct spec_hypervisor {
    char *memory, *console;
    enum spec_log log;
};

struct spec {
    char *board;
    struct spec_machine machine;
    struct spec_hypervisor hypervisor;
    struct spec_zone *zones;
    uint32_t zones_count;
    struct spec_channel *channels;
    uint32_t channels_count;
};

/* The schema of struct spec (a pointer value, as cyaml wants it). */
extern const struct cyaml_schema_value spec_schema;

/* The parsed document, kept for the line numbers of its nodes. */
struct source {
    struct yaml_document_s *document;
};

/* Reads, checks against the schema with all errors reported, and decodes; NULL after messages. */
struct spec *spec_load(struct source *source, struct errors *errors, const uint8_t *text,
                       size_t size);
void spec_free(struct source *source, struct spec *spec);

/* Line of a node by its path, e.g. "zones/2/memory/0/base"; of the deepest part that exists. */
unsigned source_line(const struct source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Like source_line(), but 0 when the node does not exist. */
unsigned source_find(const struct source *source, const char *path);

#endif
