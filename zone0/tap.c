/* SPDX-License-Identifier: Apache-2.0 */
/* Taps by ioctl; nothing else of zone0's network is touched. */
#define _DEFAULT_SOURCE /* names of flags in net/if.h */
#include "zone0/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>
#include <linux/if_tun.h>

#include "dev/net.h"
#include "lib/field.h"

static struct ifreq request(const char *name)
{
    struct ifreq ifr;

    memset(&ifr, 0, sizeof(ifr));
    (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", name);
    return ifr;
}

int tap_open(const char *name, uint32_t queues)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), size = NET_HEADER;
    struct ifreq ifr = request(name);

    ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (queues > 1) {
        ifr.ifr_flags |= IFF_MULTI_QUEUE;
    }
    if (fd >= 0 && (ioctl(fd, TUNSETIFF, &ifr) != 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) != 0 ||
                    ioctl(fd, TUNSETPERSIST, 1) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void tap_up(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq ifr = request(name);

    if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0) {
        ifr.ifr_flags |= IFF_UP;
        (void)ioctl(fd, SIOCSIFFLAGS, &ifr);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

bool tap_use(int fd, bool is_used)
{
    struct ifreq ifr = request("");

    ifr.ifr_flags = is_used ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    return ioctl(fd, TUNSETQUEUE, &ifr) == 0;
}

static const struct {
    unsigned feature;
    unsigned long flag;
} offloads[] = {
    { NET_F_GUEST_CSUM, TUN_F_CSUM },
    { NET_F_GUEST_TSO4, TUN_F_TSO4 },
    { NET_F_GUEST_TSO6, TUN_F_TSO6 },
    { NET_F_GUEST_ECN, TUN_F_TSO_ECN },
};

/* A kernel that can't do one of them does none. */
void tap_offload(int fd, uint64_t features)
{
    unsigned long flags = 0;

    for (size_t i = 0; i < ARRAY_COUNT(offloads); i++) {
        if ((features & BIT64(NET_F_GUEST_CSUM)) != 0 &&
            (features & BIT64(offloads[i].feature)) != 0) {
            flags |= offloads[i].flag;
        }
    }
    if (ioctl(fd, TUNSETOFFLOAD, flags) != 0) {
        (void)ioctl(fd, TUNSETOFFLOAD, 0);
    }
}
