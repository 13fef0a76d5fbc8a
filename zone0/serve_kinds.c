/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, and those that have no file to wait for: disks and entropy. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "dev/blk.h"
#include "dev/raw.h"
#include "dev/rng.h"
#include "lib/field.h"
#include "zone0/serve.h"
#include "zone0/serve_kinds.h"

/* ---- Disk ---- */

struct disk {
    struct raw raw;
    struct blk blk;
};

static int disk_open(struct serve_dev *dev)
{
    struct disk *disk = calloc(1, sizeof(*disk));

    if (!disk) {
        return ERR_FULL;
    }
    if (raw_open(&disk->raw, dev->wish->source, dev->wish->is_read_only) != OK) {
        serve_dev_log(dev, "%s can't be opened", dev->wish->source);
        free(disk);
        return ERR_NONE;
    }
    disk->blk = (struct blk){ .be = &disk->raw.be,
                              .is_read_only = dev->wish->is_read_only,
                              .queues = (uint16_t)dev->shared->queue_count };
    (void)snprintf(disk->blk.id, sizeof(disk->blk.id), "%.19s", dev->wish->device);
    dev->state = disk;
    return OK;
}

static void disk_close(struct serve_dev *dev)
{
    struct disk *disk = dev->state;

    raw_close(&disk->raw);
    free(disk);
}

static void disk_offer(const struct serve_dev *dev, struct bridge_offer *offer)
{
    const struct disk *disk = dev->state;
    struct blk_config config = blk_config(&disk->blk);

    offer->features = blk_features(&disk->blk);
    offer->config_size = sizeof(config);
    memcpy(offer->config, &config, sizeof(config));
}

static void disk_begin(struct serve_dev *dev)
{
    struct disk *disk = dev->state;

    disk->blk.features = dev->features;
}

static int disk_run(struct serve_queue *queue, bool *interrupt)
{
    const struct disk *disk = queue->dev->state;

    return blk_run(&disk->blk, &queue->q, interrupt);
}

/* ---- Entropy ---- */

static int rng_open(struct serve_dev *dev)
{
    (void)dev;
    return OK;
}

static void rng_nothing(struct serve_dev *dev)
{
    (void)dev;
}

static void rng_offer(const struct serve_dev *dev, struct bridge_offer *offer)
{
    (void)dev;
    (void)offer;
}

static int rng_serve(struct serve_queue *queue, bool *interrupt)
{
    return rng_run(&queue->q, interrupt);
}

/* ---- The table ---- */

static int no_file(const struct serve_queue *queue)
{
    (void)queue;
    return -1;
}

const struct serve_kind serve_kinds[] = {
    { .name = "disk",
      .type = 2,
      .needs_source = true,
      .open = disk_open,
      .close = disk_close,
      .offer = disk_offer,
      .begin = disk_begin,
      .run = disk_run,
      .waits_on = no_file },
    { .name = "net",
      .type = 1,
      .needs_source = true,
      .open = card_open,
      .close = card_close,
      .offer = card_offer,
      .begin = card_begin,
      .run = card_run,
      .waits_on = card_waits_on },
    { .name = "console",
      .type = 3,
      .needs_source = true,
      .open = line_open,
      .close = line_close,
      .offer = line_offer,
      .begin = line_begin,
      .run = line_run,
      .waits_on = line_waits_on,
      .late = line_late,
      .watch = line_watch,
      .watched = line_watched },
    { .name = "rng",
      .type = 4,
      .open = rng_open,
      .close = rng_nothing,
      .offer = rng_offer,
      .begin = rng_nothing,
      .run = rng_serve,
      .waits_on = no_file },
    { .name = NULL },
};

const struct serve_kind *serve_kind_find(const char *name)
{
    for (const struct serve_kind *kind = serve_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}
