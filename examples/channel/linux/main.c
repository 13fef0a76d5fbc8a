/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking end of a channel under an unmodified Linux: finds the PCI function, maps its registers
 * and memory from sysfs, waits for its interrupt through uio_pci_generic. Needs root, nothing else.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "examples/channel/client.h"

#define DEVICES      "/sys/bus/pci/devices"
#define DRIVER       "/sys/bus/pci/drivers/uio_pci_generic"
#define PATH_ROOM    512
#define COMMAND_HIGH 5 /* config offset of the byte that holds INTx disable */
#define INTX_DISABLE 0x04u

struct device {
    struct client client; /* first */
    char path[PATH_ROOM];
    char name[CHANNEL_NAME_SIZE + 1];
    int uio, config;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The kernel has masked INTx when it told us: clear the cause, then let the next one come. */
static void interrupts_on(const struct device *device)
{
    uint8_t high = 0;

    if (pread(device->config, &high, 1, COMMAND_HIGH) == 1) {
        high &= (uint8_t)~INTX_DISABLE;
        (void)!pwrite(device->config, &high, 1, COMMAND_HIGH);
    }
}

static uint32_t wait_for(struct device *device, int milliseconds)
{
    struct pollfd poll_fd = { .fd = device->uio, .events = POLLIN };
    uint32_t count, cause;

    if (poll(&poll_fd, 1, milliseconds) > 0) {
        (void)!read(device->uio, &count, sizeof(count));
    }
    cause = vch_cause_take(&device->client.channel);
    interrupts_on(device);
    return cause;
}

static void client_wait(struct client *client)
{
    (void)wait_for((struct device *)client, 1000);
}

static unsigned long read_hex(const char *path, const char *file)
{
    char name[PATH_ROOM + 16], text[32] = "";
    FILE *in;

    snprintf(name, sizeof(name), "%s/%s", path, file);
    in = fopen(name, "re");
    if (in == NULL) {
        return 0;
    }
    (void)!fgets(text, sizeof(text), in);
    fclose(in);
    return strtoul(text, NULL, 16);
}

static void *map_resource(const char *path, const char *file, size_t size)
{
    char name[PATH_ROOM + 16];
    int fd;
    void *at;

    snprintf(name, sizeof(name), "%s/%s", path, file);
    fd = open(name, O_RDWR | O_CLOEXEC);
    at = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) {
        close(fd);
    }
    return at == MAP_FAILED ? NULL : at;
}

/* /dev/uioN of the function, or -1: the driver has not bound it. */
static int open_uio(const char *path)
{
    char name[PATH_ROOM + 16];
    struct dirent *entry;
    DIR *dir;
    int fd = -1;

    snprintf(name, sizeof(name), "%s/uio", path);
    dir = opendir(name);
    while (dir != NULL && fd < 0 && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, "uio", 3) == 0) {
            snprintf(name, sizeof(name), "/dev/%.16s", entry->d_name);
            fd = open(name, O_RDWR | O_CLOEXEC);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return fd;
}

/* Maps the registers and reads the name. */
static bool device_look(struct device *device, const char *entry)
{
    struct vch *channel = &device->client.channel;

    snprintf(device->path, sizeof(device->path), "%s/%.64s", DEVICES, entry);
    if (read_hex(device->path, "vendor") != CHANNEL_PCI_VENDOR ||
        read_hex(device->path, "device") != CHANNEL_PCI_DEVICE) {
        return false;
    }
    channel->regs = map_resource(device->path, "resource0", CHANNEL_REGS_SIZE);
    if (channel->regs == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < CHANNEL_NAME_SIZE; i += VCH_WORD) {
        uint32_t word = vch_read(channel, CHANNEL_NAME + i);

        memcpy(device->name + i, &word, VCH_WORD);
    }
    return true;
}

static bool device_open(struct device *device)
{
    struct vch *channel = &device->client.channel;
    char name[PATH_ROOM + 16];
    void *memory = map_resource(device->path, "resource2", vch_read(channel, CHANNEL_SIZE_LOW));

    snprintf(name, sizeof(name), "%s/config", device->path);
    device->config = open(name, O_RDWR | O_CLOEXEC);
    device->uio = open_uio(device->path);
    if (memory == NULL || device->config < 0 || device->uio < 0) {
        fprintf(stderr, "channel: %s: is uio_pci_generic loaded and bound? see %s/new_id\n",
                device->path, DRIVER);
        return false;
    }
    if (!vch_open(channel, channel->regs, memory)) {
        fprintf(stderr, "channel: %s: unknown version\n", device->path);
        return false;
    }
    vch_write(channel, CHANNEL_MASK, CHANNEL_CAUSE_ALL);
    interrupts_on(device);
    return true;
}

/* The first channel of that name; with NULL all are listed. */
static bool device_find(struct device *device, const char *name)
{
    struct dirent *entry;
    DIR *dir = opendir(DEVICES);
    bool found = false;

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        memset(device, 0, sizeof(*device));
        if (!device_look(device, entry->d_name)) {
            continue;
        }
        if (name == NULL) {
            const struct vch *c = &device->client.channel;

            printf("%s %s side %u size %u notify %u peer %s starts %u\n", entry->d_name,
                   device->name, vch_read(c, CHANNEL_SIDE), vch_read(c, CHANNEL_SIZE_LOW),
                   vch_read(c, CHANNEL_FEATURES), vch_peer_is_up(c) ? "up" : "down",
                   vch_read(c, CHANNEL_PEER_STARTS));
        } else {
            found = strcmp(device->name, name) == 0;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

static int print_result(const char *what, const struct client_result *r)
{
    uint64_t us = r->ns / 1000;

    printf(
        "channel: %s messages %u bad %u bytes %llu us %llu ns/message %llu least %llu kB/s %llu\n",
        what, r->messages, r->bad, (unsigned long long)r->bytes, (unsigned long long)us,
        (unsigned long long)(r->messages == 0 ? 0 : r->ns / r->messages),
        (unsigned long long)r->least_ns, (unsigned long long)(us == 0 ? 0 : r->bytes * 1000 / us));
    return r->bad == 0 ? 0 : 1;
}

/* Prints what happens to the peer, `count` times. */
static int watch(struct device *device, unsigned count)
{
    const struct vch *c = &device->client.channel;

    printf("channel: watching\n");
    fflush(stdout);
    while (count > 0) {
        if ((wait_for(device, 60000) & CHANNEL_CAUSE_PEER) == 0) {
            continue;
        }
        printf("channel: peer %s starts %u\n", vch_peer_is_up(c) ? "up" : "down",
               vch_read(c, CHANNEL_PEER_STARTS));
        fflush(stdout);
        count--;
    }
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: channel list | channel verify|push|watch NAME COUNT\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct device device;
    struct client_result result;
    uint32_t count;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        (void)device_find(&device, NULL);
        return 0;
    }
    if (argc != 4) {
        return usage();
    }
    count = (uint32_t)strtoul(argv[3], NULL, 0);
    if (!device_find(&device, argv[2])) {
        fprintf(stderr, "channel: there is no channel '%s'\n", argv[2]);
        return 1;
    }
    if (!device_open(&device)) {
        return 1;
    }
    device.client.wait = client_wait;
    device.client.now_ns = now_ns;
    if (strcmp(argv[1], "verify") == 0) {
        result = client_verify(&device.client, count);
    } else if (strcmp(argv[1], "push") == 0) {
        result = client_push(&device.client, count);
    } else {
        return strcmp(argv[1], "watch") == 0 ? watch(&device, count) : usage();
    }
    return print_result(argv[1], &result);
}
