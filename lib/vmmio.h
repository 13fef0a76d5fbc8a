/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of a virtio-mmio device (VIRTIO 1.2, 4.2, version 2) as a machine over one table. Pure:
 * it knows what the driver wrote, never touches the driver's memory, never waits.
 *
 * The back end learns all of a device at one moment, VMMIO_START: features and queues stay as they
 * are from then on until a reset. What takes memory away from a back end, a reset or the end of a
 * queue, is asked for by an event and done when the caller says so: registers tell the driver that
 * it is not done until then.
 */
#ifndef LIB_VMMIO_H
#define LIB_VMMIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMMIO_SIZE        0x1000u /* of the registers; beyond it is another device */
#define VMMIO_CONFIG      0x100u  /* where the device's configuration begins */
#define VMMIO_CONFIG_SIZE 128u    /* at most */
#define VMMIO_QUEUES      16u     /* at most */
#define VMMIO_ROWS        (VMMIO_CONFIG / 4)

/* What a device is; constant. Features of which the transport knows nothing are the device's. */
struct vmmio_id {
    uint32_t device, vendor;
    uint64_t features;    /* offered, without VERSION_1, which always is */
    uint32_t queue_count; /* <= VMMIO_QUEUES */
    uint32_t queue_max;   /* descriptors of a queue, a power of two <= 32768 */
    uint32_t config_size; /* <= VMMIO_CONFIG_SIZE */
    /* The bytes of the configuration that a driver may write. */
    uint32_t writable_at, writable_size;
    /* Whether the device may use all of this (valid) range: asked once, when a queue gets ready. */
    bool (*in_ram)(const void *memory, uint64_t base, uint64_t size);
    const void *memory;
};

enum vmmio_queue_state {
    VMMIO_QUEUE_OFF,
    VMMIO_QUEUE_READY,
    VMMIO_QUEUE_STOPPING, /* the driver wants it back; reads as ready until vmmio_queue_stopped() */
};

enum vmmio_part {
    VMMIO_DESC,
    VMMIO_DRIVER, /* available ring, or what interrupts the driver wants */
    VMMIO_DEVICE, /* used ring, or what notifications the device wants */
    VMMIO_PARTS,
};

struct vmmio_queue {
    uint64_t at[VMMIO_PARTS];
    uint32_t size;
    uint32_t state; /* enum vmmio_queue_state */
};

/* All of a device. One owner at a time: the caller's lock. */
struct vmmio {
    const struct vmmio_id *id;
    uint64_t accepted; /* features that the driver wrote */
    uint32_t device_sel, driver_sel, queue_sel;
    uint32_t status;
    uint32_t interrupt;
    uint32_t generation;
    bool accepted_beyond; /* a feature with a number above 63, and nothing offers one */
    bool resetting;       /* from VMMIO_RESET to vmmio_reset(): writes are dropped */
    struct vmmio_queue queue[VMMIO_QUEUES];
    uint8_t config[VMMIO_CONFIG_SIZE];
};

/* What a write asks of the caller. */
enum vmmio_kind {
    VMMIO_NOTHING,
    VMMIO_NOTIFY,  /* queue: has something; value: as written, with NOTIFICATION_DATA the rest */
    VMMIO_START,   /* the driver is ready: features and queues are final */
    VMMIO_RESET,   /* call vmmio_reset() when the back end has let go; the line is low */
    VMMIO_STOP,    /* queue: call vmmio_queue_stopped() when the back end has let go */
    VMMIO_ACK,     /* vmmio_line() may have changed */
    VMMIO_WRITTEN, /* the driver has changed writable configuration */
    VMMIO_KINDS,
};

struct vmmio_event {
    uint32_t kind; /* enum vmmio_kind */
    uint32_t queue, value;
};

/* A register that no row names reads 0 and drops what is written. */
struct vmmio_row {
    uint32_t (*read)(const struct vmmio *dev); /* NULL: `constant` */
    struct vmmio_event (*write)(struct vmmio *dev, uint32_t value);
    uint32_t constant;
};

extern const struct vmmio_row vmmio_rows[VMMIO_ROWS]; /* by offset / 4 */

/* An access: registers are 32 bits; configuration is read and written in 1, 2 and 4 bytes. */
struct vmmio_access {
    uint64_t offset;
    uint32_t value; /* in: written, out: read */
    uint8_t size;
};

/* Once, before all else; configuration is all zero. */
void vmmio_init(struct vmmio *dev, const struct vmmio_id *id);

/* To the state after power-on but for the configuration and its generation. */
void vmmio_reset(struct vmmio *dev);

/* False: no such width, alignment or offset, nothing has changed. Reads change nothing ever. */
bool vmmio_read(const struct vmmio *dev, struct vmmio_access *access);
bool vmmio_write(struct vmmio *dev, const struct vmmio_access *access, struct vmmio_event *event);

/* The back end no longer uses the queue. */
void vmmio_queue_stopped(struct vmmio *dev, uint32_t queue);

/* Tells the driver of VIRTIO_INTERRUPT_ bits, if it listens; returns vmmio_line(). */
bool vmmio_signal(struct vmmio *dev, uint32_t bits);

/* Whether the interrupt line is asserted now. */
bool vmmio_line(const struct vmmio *dev);

/* The device is of no use until it is reset (2.1.2); returns vmmio_line(). */
bool vmmio_broken(struct vmmio *dev);

/* The device changes its configuration; false: beyond it. vmmio_signal() is the caller's. */
bool vmmio_config_set(struct vmmio *dev, uint32_t at, const uint8_t *bytes, uint32_t size);

/* Features that both sides agreed on; 0 before they did. */
uint64_t vmmio_features(const struct vmmio *dev);

/* Whether the back end may use the queue. */
bool vmmio_queue_runs(const struct vmmio *dev, uint32_t queue);

#endif
