/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what the user wants served: pools of memory, devices by their names, files behind them. */
#include "zone0/serve.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/virtio.h"
#include "lib/field.h"
#include "zone0/find.h"

static int complain(const struct server *server, const char *what, int result)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "%s: %s; %s", what, ctl_text(result), ctl_remedy(result));
    server->log(NULL, text);
    return ERR_INVALID;
}

/* ---- Pools ---- */

/* Whole pools: zones come and go in them. A pool that is not there serves no zone, that is all. */
static void map_pool(const struct server *server, struct serve_pool *pool)
{
    struct find_dax dax;
    int fd;

    if (!find_dax(&server->ctl->places, pool->gpa, pool->size, &dax)) {
        server->log(NULL, "a pool is not there as device-DAX: `vitrine doctor` says more");
        return;
    }
    pool->begin = dax.gpa - pool->gpa;
    pool->gpa = dax.gpa;
    pool->size = dax.size;
    fd = open(dax.path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *at = mmap(NULL, (size_t)dax.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        pool->at = at == MAP_FAILED ? NULL : at;
        (void)close(fd);
    }
    if (!pool->at) {
        server->log(NULL, "a pool can't be mapped");
    }
}

static int map_pools(struct server *server)
{
    struct ctl_info info;
    int result = ctl_get_info(server->ctl, &info);

    if (result != 0) {
        return complain(server, "asking for pools", result);
    }
    server->pool_count = info.pool_count < ARRAY_COUNT(server->pool)
                             ? info.pool_count
                             : (uint32_t)ARRAY_COUNT(server->pool);
    for (uint32_t i = 0; i < server->pool_count; i++) {
        server->pool[i] = (struct serve_pool){ .gpa = info.pool[i].gpa, .size = info.pool[i].size };
        map_pool(server, &server->pool[i]);
    }
    return OK;
}

/* ---- Devices ---- */

/* The table's device of that name in that zone. */
static struct bridge_device *find_device(const struct server *server, uint32_t zone,
                                         const struct serve_wish *wish, uint32_t *number)
{
    for (*number = 0; *number < server->ctl->layout.device_count; ++*number) {
        struct bridge_device *shared = ctl_device(server->ctl, *number);

        if (shared->zone == zone && shared->type == wish->kind->type &&
            strncmp(shared->name, wish->device, sizeof(shared->name)) == 0) {
            return shared;
        }
    }
    return NULL;
}

static int open_device(struct server *server, const struct serve_wish *wish)
{
    struct serve_dev *dev = &server->dev[server->dev_count];
    uint32_t zone = 0;
    int result = ctl_find_zone(server->ctl, wish->zone, &zone);

    if (result != 0) {
        return complain(server, wish->zone, result);
    }
    *dev = (struct serve_dev){ .server = server, .wish = wish };
    dev->shared = find_device(server, zone, wish, &dev->number);
    if (!dev->shared) {
        serve_dev_log(dev, "the plan gives the zone no %s of this name", wish->kind->name);
        return ERR_NONE;
    }
    for (uint32_t i = 0; i < server->dev_count; i++) {
        if (server->dev[i].number == dev->number) {
            serve_dev_log(dev, "named twice");
            return ERR_INVALID;
        }
    }
    result = wish->kind->open(dev);
    server->dev_count += result == OK;
    return result;
}

static int attach(struct serve_dev *dev)
{
    struct bridge_offer offer = { .queue_max = 0 };
    int result;

    dev->wish->kind->offer(dev, &offer);
    offer.features |= dev->wish->is_packed ? BIT64(VIRTIO_F_RING_PACKED) : 0;
    offer.features |= BIT64(VIRTIO_F_INDIRECT_DESC) | BIT64(VIRTIO_F_EVENT_IDX);
    offer.queue_max = SERVE_QUEUE_MAX;
    dev->shared->offer = offer;
    atomic_thread_fence(memory_order_seq_cst);
    result = ctl_serve(dev->server->ctl, CTL_OP_ATTACH, dev->number);
    if (result != 0) {
        serve_dev_log(dev, "can't be attached: %s", ctl_text(result));
        return ERR_DENIED;
    }
    serve_dev_log(dev, "served from %s", dev->wish->source[0] != 0 ? dev->wish->source : "here");
    return OK;
}

/* ---- All of it ---- */

static int open_all(struct server *server)
{
    int result;

    server->look = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->look < 0) {
        return ERR_FULL;
    }
    result = map_pools(server);
    for (uint32_t i = 0; i < server->cfg->wish_count && result == OK; i++) {
        result = open_device(server, &server->cfg->wish[i]);
    }
    for (uint32_t i = 0; i < server->dev_count && result == OK; i++) {
        result = attach(&server->dev[i]);
    }
    return result;
}

int server_open(struct server *server)
{
    int result;

    server->dev_count = server->pool_count = 0;
    result = open_all(server);
    if (result == OK) {
        server_look(server); /* drivers that are ready, from before */
    } else {
        server_close(server);
    }
    return result;
}

void server_close(struct server *server)
{
    for (uint32_t i = 0; i < server->dev_count; i++) {
        serve_dev_stop(&server->dev[i]);
    }
    for (uint32_t i = 0; i < server->dev_count; i++) {
        serve_dev_wait(&server->dev[i]);
        server->dev[i].wish->kind->close(&server->dev[i]);
    }
    for (uint32_t i = 0; i < server->pool_count; i++) {
        if (server->pool[i].at) {
            (void)munmap(server->pool[i].at, (size_t)server->pool[i].size);
        }
    }
    if (server->look >= 0) {
        (void)close(server->look);
    }
    server->dev_count = server->pool_count = 0;
    server->look = -1;
}

void server_look(struct server *server)
{
    for (uint32_t i = 0; i < server->dev_count; i++) {
        serve_dev_look(&server->dev[i]);
    }
}

void server_start_zones(struct server *server)
{
    for (uint32_t i = 0; i < server->cfg->start_count; i++) {
        struct ctl_zone about;
        uint32_t zone = 0;
        int result = ctl_find_zone(server->ctl, server->cfg->start[i], &zone);

        if (result == 0) {
            result = ctl_get_zone(server->ctl, zone, &about);
        }
        if (result == 0 && about.state == CTL_ZONE_OFF) {
            result = ctl_change(server->ctl, CTL_OP_START, zone);
        }
        if (result != 0) {
            (void)complain(server, server->cfg->start[i], result);
        }
    }
}
