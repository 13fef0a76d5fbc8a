/* SPDX-License-Identifier: Apache-2.0 */
/* Instead of the driver `virtio` in a build without it; boot.c refuses plans with such devices. */
#include "hyp/core/vio.h"

void vio_init_all(void) {}

void vio_up(struct zone *zone)
{
    (void)zone;
}

enum vio_quiet vio_down(struct zone *zone)
{
    (void)zone;
    return VIO_QUIET;
}

bool vio_is_busy(const struct zone *zone)
{
    (void)zone;
    return false;
}

void vio_progress(struct vcpu *vcpu)
{
    (void)vcpu;
}

void vio_connect(struct bridge_device *table, bool (*raise)(void))
{
    (void)table;
    (void)raise;
}

void vio_signal(uint32_t device)
{
    (void)device;
}

enum ctl_status vio_attach(uint64_t device)
{
    (void)device;
    return CTL_ERR_OP;
}

enum ctl_status vio_detach(uint64_t device)
{
    (void)device;
    return CTL_ERR_OP;
}

void vio_server_gone(void) {}
