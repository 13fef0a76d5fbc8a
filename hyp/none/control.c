/* SPDX-License-Identifier: Apache-2.0 */
/* Instead of the driver `control` in a build without it; boot.c refuses plans with the device. */
#include "hyp/core/control.h"

#include "hyp/core/pause.h"

void control_map(void *region)
{
    (void)region;
}

void control_init(void) {}

void control_changed(const struct zone *zone)
{
    (void)zone;
}

void control_console(const struct zone *zone, uint8_t byte)
{
    (void)zone;
    (void)byte;
}

void control_log(const char *line, size_t size)
{
    (void)line;
    (void)size;
}

void control_up(const struct zone *zone)
{
    (void)zone;
}

void control_down(const struct zone *zone)
{
    (void)zone;
}

void control_look(const struct vcpu *vcpu)
{
    (void)vcpu;
}

void pause_look(struct vcpu *vcpu)
{
    (void)vcpu;
}

void pause_leave(struct zone *zone)
{
    (void)zone;
}

void pause_left(const struct zone *zone)
{
    (void)zone;
}

void pause_reset(struct zone *zone)
{
    (void)zone;
}
