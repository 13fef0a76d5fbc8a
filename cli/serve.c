/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `serve`: the server of zones' devices, in zone0, until it is told to end. */
#define _DEFAULT_SOURCE /* flock */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cli/verb.h"
#include "zone0/driver.h"
#include "zone0/ready.h"
#include "zone0/serve.h"

#define LOCK_WAIT_MS 10000u /* for a server that is ending */
#define POLL_US_MAX  10000u

/* One server: what it has of the zones' memory is too much for the stack. */
static struct server server;
static struct serve_cfg cfg;

static void say(const struct serve_dev *dev, const char *text)
{
    if (dev != NULL) {
        fprintf(stderr, "vitrine serve: %s.%s: %s\n", dev->wish->zone, dev->wish->device, text);
    } else {
        fprintf(stderr, "vitrine serve: %s\n", text);
    }
}

/* An option with its argument; false: not understood. */
static bool take_option(const char *option, const char *value)
{
    const struct serve_kind *kind;
    int bad;

    if (strncmp(option, "--", 2) != 0 || value == NULL) {
        return false;
    }
    kind = serve_kind_find(option + 2);
    if (kind != NULL) {
        return serve_cfg_wish(&cfg, kind, value);
    }
    if (strcmp(option, "--start") == 0) {
        return serve_cfg_start(&cfg, value);
    }
    if (strcmp(option, "--poll") == 0) {
        char *end;
        unsigned long us = strtoul(value, &end, 10);

        cfg.poll_us = (uint32_t)us;
        return *value != 0 && *end == 0 && us <= POLL_US_MAX;
    }
    if (strcmp(option, "--config") != 0) {
        return false;
    }
    bad = serve_cfg_file(&cfg, value);
    if (bad > 0) {
        fprintf(stderr, "%s:%d: not understood\n", value, bad);
    } else if (bad < 0) {
        fprintf(stderr, "%s: %s\n", value, strerror(errno));
    }
    return bad == 0;
}

/* Only one server, as the hypervisor knows of one only; it is held until the process has ended. */
static int take_lock(const struct ctl_places *places)
{
    char path[CTL_PATH_SIZE];
    const struct timespec pause = { 0, 10000000 };
    unsigned waited = 0;
    int fd;

    snprintf(path, sizeof(path), "%s/serve", places->run);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (waited++ >= LOCK_WAIT_MS / 10) {
            close(fd);
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return fd;
}

static int serve(struct ctl *ctl, int uio)
{
    server.ctl = ctl;
    server.cfg = &cfg;
    server.log = say;
    server.signals = serve_signals();
    if (server.signals < 0 || server_open(&server) != OK) {
        return EXIT_BAD_INPUT;
    }
    server_start_zones(&server);
    ready_tell("READY=1");
    serve_loop(&server, uio);
    ready_tell("STOPPING=1");
    server_close(&server);
    say(NULL, "ends");
    return EXIT_GOOD;
}

static int report(int result)
{
    fprintf(stderr, "vitrine serve: %s; %s\n", ctl_text(result), ctl_remedy(result));
    return EXIT_TROUBLE;
}

int serve_verb(int argc, char **argv)
{
    struct ctl ctl;
    int result, uio, lock;

    cfg.poll_us = SERVE_POLL_US;
    for (int i = 0; i < argc; i += 2) {
        if (!take_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
            fprintf(stderr, "vitrine serve: %s: not understood\n", argv[i]);
            return verb_usage("serve");
        }
    }
    result = ctl_open(&ctl, &ctl_places);
    if (result != 0) {
        return report(result);
    }
    lock = take_lock(&ctl_places);
    if (lock < 0) {
        fprintf(stderr, "vitrine serve: another server runs\n");
        ctl_close(&ctl);
        return EXIT_TROUBLE;
    }
    uio = driver_open(&ctl);
    result = uio < 0 ? report(uio) : serve(&ctl, uio);
    if (uio >= 0) {
        close(uio);
    }
    ctl_close(&ctl);
    return result;
}
