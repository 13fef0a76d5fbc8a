/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server of zones' virtio devices: attaches to devices of the table in the control region
 * (abi/bridge.h), serves their queues from dev/ in the zones' memory, and lets go when asked to.
 *
 * One thread owns everything here but what a queue's thread uses while it runs (serve_queue.h): it
 * does all requests, starts and ends the threads, and answers to the hypervisor. It never waits for
 * a device.
 */
#ifndef ZONE0_SERVE_H
#define ZONE0_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/mem.h"
#include "zone0/ctl.h"
#include "zone0/serve_queue.h"

#define SERVE_PATH      128u
#define SERVE_QUEUE_MAX 256u /* descriptors of a queue, offered */
#define SERVE_POLL_US   50u  /* of serve_cfg, unless the user says otherwise */
#define SERVE_RAM       8u   /* regions of a zone's RAM, = PLAN_MAX_RAM */

struct serve_kind;

/* What the user wants: a device of a zone, by their names, and what is behind it. */
struct serve_wish {
    const struct serve_kind *kind;
    char zone[CTL_NAME_SIZE], device[CTL_NAME_SIZE];
    char source[SERVE_PATH]; /* a path, the name of a tap, ... */
    bool is_read_only, is_packed;
};

struct serve_cfg {
    struct serve_wish wish[BRIDGE_DEVICES];
    uint32_t wish_count;
    char start[CTL_ZONES][CTL_NAME_SIZE]; /* zones to start when their devices are there */
    uint32_t start_count;
    uint32_t poll_us; /* a queue's thread looks for more this long at most before it sleeps */
};

struct serve_pool {
    uint64_t gpa, size; /* of what is mapped, as zone0 sees it */
    uint64_t begin;     /* bytes of the pool before that */
    uint8_t *at;
};

struct serve_dev {
    struct server *server;
    struct bridge_device *shared;
    uint32_t number;
    const struct serve_wish *wish;
    void *state;    /* the kind's, from open() to close() */
    bool is_on;     /* threads run, or ended and were not waited for */
    uint32_t epoch; /* with which they were started */
    uint64_t features;
    struct mem mem;
    struct mem_range range[SERVE_RAM];
    _Atomic bool stop;
    _Atomic uint32_t running; /* threads that may use the zone's memory */
    struct serve_queue queue[BRIDGE_QUEUES];
};

struct server {
    struct ctl *ctl;
    const struct serve_cfg *cfg;
    struct serve_pool pool[8];
    uint32_t pool_count;
    uint32_t dev_count;
    int signals; /* of serve_signals() */
    int look;    /* an eventfd: a thread has ended, or something came that the owner must see */
    void (*log)(const struct serve_dev *dev, const char *text); /* dev: NULL: of the server */
    struct serve_dev dev[BRIDGE_DEVICES];
};

/* ---- Kinds of devices ---- */

/* A kind's files and its use of dev/. All calls but run() and waits_on() are the owner's. */
struct serve_kind {
    const char *name;                   /* of the option, and of the file's key */
    uint32_t type;                      /* VIRTIO's */
    bool needs_source;                  /* ZONE.DEV=SOURCE */
    int (*open)(struct serve_dev *dev); /* OK, or an error that it has logged */
    void (*close)(struct serve_dev *dev);
    void (*offer)(const struct serve_dev *dev, struct bridge_offer *offer);
    /* Features are agreed on, threads do not run yet. */
    void (*begin)(struct serve_dev *dev);
    /* A queue's thread: enum run or an error; waits_on: which file tells of input or output. */
    int (*run)(struct serve_queue *queue, bool *interrupt);
    int (*waits_on)(const struct serve_queue *queue);
    /* The flow takes nothing for a while: as run(); NULL: waits on. */
    int (*late)(struct serve_queue *queue, bool *interrupt);
    /* A file that the owner watches for the kind, or -1; NULL: none. */
    int (*watch)(const struct serve_dev *dev);
    void (*watched)(struct serve_dev *dev);
};

extern const struct serve_kind serve_kinds[]; /* ends with one without name */

const struct serve_kind *serve_kind_find(const char *name);

/* ---- What the user wants ---- */

/* ZONE.DEV[=SOURCE[,ro][,packed]]; false: it makes no sense, or there are too many. */
bool serve_cfg_wish(struct serve_cfg *cfg, const struct serve_kind *kind, const char *text);
bool serve_cfg_start(struct serve_cfg *cfg, const char *zone);
/* A file with lines "- disk: ZONE.DEV=PATH", "- start: ZONE"; its first bad line, 0, -1: none. */
int serve_cfg_file(struct serve_cfg *cfg, const char *path);

/* ---- The server ---- */

/* Opens what is behind all devices, maps pools, attaches. OK, or an error that was logged. */
int server_open(struct server *server) MUST_CHECK;
/* Ends all threads, without detaching: zones wait for the next server. */
void server_close(struct server *server);
/* Starts the zones that the user wants started. */
void server_start_zones(struct server *server);
/* Looks at all devices and does what there is to do: after an interrupt, or `look`. */
void server_look(struct server *server);

/* ---- One device, serve_dev.c ---- */

void serve_dev_look(struct serve_dev *dev);
void serve_dev_stop(struct serve_dev *dev); /* asks its threads to end */
void serve_dev_wait(struct serve_dev *dev); /* until they have */
/* Any thread of the device: BRIDGE_SIGNAL_ bits for the hypervisor. */
void serve_dev_signal(const struct serve_dev *dev, uint32_t bits);
void serve_dev_log(const struct serve_dev *dev, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- The loop and what is around it, serve_loop.c ---- */

/* Before server_open(), as no thread may get these signals: a descriptor, or -1. */
int serve_signals(void);

/* Serves until SIGTERM or SIGINT. */
void serve_loop(struct server *server, int uio);

#endif
