/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of plan.yaml: which keys there are, their types and words. Only tables. */
#include <cyaml/cyaml.h>

#include "lib/field.h"
#include "plan/spec.h"

#define TEXT_MAX 4096u

/* clang-format off */
static const cyaml_strval_t roles[] = {
    { "zone0", SPEC_ROLE_ZONE0 }, { "user", SPEC_ROLE_USER }, { "realtime", SPEC_ROLE_REALTIME },
};
static const cyaml_strval_t logs[] = {
    { "error", SPEC_LOG_ERROR }, { "warning", SPEC_LOG_WARNING }, { "info", SPEC_LOG_INFO },
    { "debug", SPEC_LOG_DEBUG },
};
static const cyaml_strval_t consoles[] = {
    { "emulated", SPEC_CONSOLE_EMULATED }, { "none", SPEC_CONSOLE_NONE },
};
static const cyaml_strval_t interrupts[] = {
    { "emulated", SPEC_INTERRUPTS_EMULATED }, { "direct", SPEC_INTERRUPTS_DIRECT },
};
static const cyaml_strval_t debugs[] = {
    { "allowed", SPEC_DEBUG_ALLOWED }, { "denied", SPEC_DEBUG_DENIED },
};
static const cyaml_strval_t notifies[] = {
    { "true", SPEC_NOTIFY_TRUE }, { "false", SPEC_NOTIFY_FALSE },
};
static const cyaml_strval_t dmas[] = {
    { "denied", SPEC_DMA_DENIED }, { "trusted", SPEC_DMA_TRUSTED },
};
static const cyaml_strval_t starts[] = {
    { "boot", SPEC_START_BOOT }, { "manual", SPEC_START_MANUAL },
};

static const cyaml_strval_t virtio_types[] = {
    { "blk", SPEC_VIRTIO_BLK }, { "net", SPEC_VIRTIO_NET }, { "console", SPEC_VIRTIO_CONSOLE },
    { "rng", SPEC_VIRTIO_RNG },
};

#define NEED  CYAML_FLAG_POINTER
#define MAY   (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define WORD  (CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL)
#define TEXT(flags, type, key)        CYAML_FIELD_STRING_PTR(#key, flags, type, key, 0, TEXT_MAX)
#define LIST(flags, type, key, entry) \
    CYAML_FIELD_SEQUENCE(#key, flags, type, key, &entry, 0, CYAML_UNLIMITED)
#define CHOICE(type, key, words) \
    CYAML_FIELD_ENUM(#key, WORD, type, key, words, ARRAY_COUNT(words))

static const cyaml_schema_field_t memory_fields[] = {
    TEXT(NEED, struct spec_memory, size),
    TEXT(MAY, struct spec_memory, base),
    TEXT(MAY, struct spec_memory, ipa),
    TEXT(MAY, struct spec_memory, pool),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
    TEXT(MAY, struct spec_control, memory),
    CYAML_FIELD_UINT_PTR("let_go", MAY, struct spec_control, let_go),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t pool_fields[] = {
    TEXT(NEED, struct spec_pool, name),
    TEXT(NEED, struct spec_pool, size),
    TEXT(MAY, struct spec_pool, base),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t virtio_fields[] = {
    TEXT(NEED, struct spec_virtio, name),
    CYAML_FIELD_ENUM("type", CYAML_FLAG_STRICT, struct spec_virtio, type, virtio_types,
                     ARRAY_COUNT(virtio_types)),
    CYAML_FIELD_UINT_PTR("queues", MAY, struct spec_virtio, queues),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t boot_fields[] = {
    TEXT(MAY, struct spec_boot, kernel),
    TEXT(MAY, struct spec_boot, initrd),
    TEXT(MAY, struct spec_boot, cmdline),
    TEXT(MAY, struct spec_boot, elf),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t machine_fields[] = {
    CYAML_FIELD_UINT_PTR("cpus", MAY, struct spec_machine, cpus),
    TEXT(MAY, struct spec_machine, memory),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t hypervisor_fields[] = {
    TEXT(MAY, struct spec_hypervisor, memory),
    TEXT(MAY, struct spec_hypervisor, console),
    CHOICE(struct spec_hypervisor, log, logs),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t cpu_entry = {
    CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t),
};
static const cyaml_schema_value_t memory_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct spec_memory, memory_fields),
};
static const cyaml_schema_value_t pool_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct spec_pool, pool_fields),
};
static const cyaml_schema_value_t virtio_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct spec_virtio, virtio_fields),
};
static const cyaml_schema_value_t access_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, TEXT_MAX),
};

static const cyaml_schema_field_t zone_fields[] = {
    TEXT(NEED, struct spec_zone, name),
    CHOICE(struct spec_zone, role, roles),
    LIST(NEED, struct spec_zone, cpus, cpu_entry),
    LIST(NEED, struct spec_zone, memory, memory_entry),
    CYAML_FIELD_MAPPING("boot", CYAML_FLAG_DEFAULT, struct spec_zone, boot, boot_fields),
    LIST(MAY, struct spec_zone, access, access_entry),
    LIST(MAY, struct spec_zone, pci, access_entry),
    CHOICE(struct spec_zone, console, consoles),
    CHOICE(struct spec_zone, interrupts, interrupts),
    CHOICE(struct spec_zone, debug, debugs),
    CHOICE(struct spec_zone, dma, dmas),
    CHOICE(struct spec_zone, start, starts),
    CYAML_FIELD_MAPPING_PTR("control", MAY, struct spec_zone, control, control_fields),
    LIST(MAY, struct spec_zone, pools, pool_entry),
    LIST(MAY, struct spec_zone, virtio, virtio_entry),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t zone_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct spec_zone, zone_fields),
};

static const cyaml_schema_value_t peer_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, TEXT_MAX),
};

static const cyaml_schema_field_t channel_fields[] = {
    TEXT(NEED, struct spec_channel, name),
    LIST(NEED, struct spec_channel, peers, peer_entry),
    TEXT(NEED, struct spec_channel, size),
    CHOICE(struct spec_channel, notify, notifies),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t channel_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct spec_channel, channel_fields),
};

static const cyaml_schema_field_t spec_fields[] = {
    TEXT(NEED, struct spec, board),
    CYAML_FIELD_MAPPING("machine", CYAML_FLAG_OPTIONAL, struct spec, machine, machine_fields),
    CYAML_FIELD_MAPPING("hypervisor", CYAML_FLAG_OPTIONAL, struct spec, hypervisor,
                        hypervisor_fields),
    LIST(NEED, struct spec, zones, zone_entry),
    LIST(MAY, struct spec, channels, channel_entry),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t spec_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct spec, spec_fields),
};
/* clang-format on */
