/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by their meaning, and words for their results. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/field.h"
#include "zone0/ctl.h"

struct bridge_device *ctl_device(const struct ctl *ctl, uint32_t n)
{
    if (n >= ctl->layout.device_count) {
        return NULL;
    }
    return (struct bridge_device *)(void *)(ctl->region + ctl->layout.device_offset) + n;
}

uint32_t ctl_zone_count(const struct ctl *ctl)
{
    const volatile struct ctl_shared *shared = (const void *)ctl->region;
    uint32_t count = shared->zone_count;

    return count < CTL_ZONES ? count : CTL_ZONES;
}

int ctl_get_info(struct ctl *ctl, struct ctl_info *info)
{
    struct ctl_request request = { .op = CTL_OP_INFO, .out = info, .out_size = sizeof(*info) };
    int result = ctl_request(ctl, &request);

    info->build[sizeof(info->build) - 1] = 0;
    return result;
}

int ctl_get_zone(struct ctl *ctl, uint32_t zone, struct ctl_zone *about)
{
    struct ctl_request request = {
        .op = CTL_OP_ZONE, .zone = zone, .out = about, .out_size = sizeof(*about)
    };
    int result = ctl_request(ctl, &request);

    about->name[sizeof(about->name) - 1] = 0;
    return result;
}

int ctl_get_stat(struct ctl *ctl, uint32_t zone, uint32_t vcpu, struct ctl_stat *stat)
{
    struct ctl_request request = {
        .op = CTL_OP_STAT, .zone = zone, .arg = { vcpu }, .out = stat, .out_size = sizeof(*stat)
    };
    int result = ctl_request(ctl, &request);

    if (stat->exit_count > CTL_STAT_EXITS) {
        stat->exit_count = CTL_STAT_EXITS;
    }
    for (size_t i = 0; i < CTL_STAT_EXITS; i++) {
        stat->exit[i].name[sizeof(stat->exit[i].name) - 1] = 0;
    }
    return result;
}

int ctl_get_memory(struct ctl *ctl, uint32_t zone, struct ctl_memory *regions, size_t *count)
{
    struct ctl_request request = {
        .op = CTL_OP_MEMORY, .zone = zone, .out = regions, .out_size = *count * sizeof(*regions)
    };
    int result = ctl_request(ctl, &request);

    *count = request.got / sizeof(*regions);
    return result;
}

int ctl_change(struct ctl *ctl, enum ctl_op op, uint32_t zone)
{
    struct ctl_request request = { .op = op, .zone = zone };

    return ctl_request(ctl, &request);
}

int ctl_serve(struct ctl *ctl, enum ctl_op op, uint32_t device)
{
    struct ctl_request request = { .op = op, .arg = { device } };

    return ctl_request(ctl, &request);
}

int ctl_find_zone(struct ctl *ctl, const char *name, uint32_t *zone)
{
    struct ctl_zone about;
    char *end;
    unsigned long number;
    uint32_t count = ctl_zone_count(ctl);

    for (uint32_t i = 0; i < count; i++) {
        int result = ctl_get_zone(ctl, i, &about);

        if (result == 0 && about.state != CTL_ZONE_NONE && strcmp(about.name, name) == 0) {
            *zone = i;
            return 0;
        }
        if (result != 0 && result != CTL_ERR_ZONE) {
            return result;
        }
    }
    number = strtoul(name, &end, 10);
    if (!isdigit((unsigned char)name[0]) || *end != 0 || number >= count) {
        return CTL_ERR_ZONE;
    }
    *zone = (uint32_t)number;
    return ctl_get_zone(ctl, *zone, &about);
}

struct result_row {
    int result;
    const char *text, *remedy;
};

static const struct result_row results[] = {
    { CTL_OK, "done", "" },
    { CTL_ERR_OP, "the hypervisor knows no such request", "use the `vitrine` of its version" },
    { CTL_ERR_ZONE, "there is no such zone", "`vitrine zone list` names them" },
    { CTL_ERR_STATE, "not in this state of the zone", "`vitrine zone status ZONE` says which" },
    { CTL_ERR_DENIED, "the plan does not allow it", "change the plan, and boot it" },
    { CTL_ERR_INVALID, "an argument has no meaning", "`vitrine --help` says which there are" },
    { CTL_ERR_RANGE, "an argument is out of range",
      "`vitrine zone status ZONE` says what there is" },
    { CTL_ERR_BUSY, "something else is being done with it", "try again" },
    { CTL_ERR_FULL, "no CPU, memory or place is left", "destroy a zone, or plan more" },
    { CTL_NO_DEVICE, "no control device here",
      "run it in the zone whose plan says `role: zone0` with `control:`" },
    { CTL_NO_REGION, "the control region is not there as device-DAX",
      "load the modules of_pmem, nd_pmem, device_dax and dax_pmem; `vitrine doctor` says more" },
    { CTL_NO_RIGHTS, "not allowed", "run it as root" },
    { CTL_BAD_ABI, "the hypervisor speaks another version", "use the `vitrine` of its version" },
    { CTL_BAD_REGION, "the control region holds nonsense",
      "`vitrine doctor` says more; reboot zone0" },
    { CTL_NO_SLOT, "all slots for requests are in use",
      "end programs that were stopped meanwhile" },
    { CTL_NO_ANSWER, "the hypervisor did not answer", "reboot zone0" },
    { CTL_SYSTEM, "a system call failed", "`vitrine doctor` says more" },
    { CTL_NO_DRIVER, "uio_pci_generic does not have the control device",
      "modprobe uio_pci_generic, and unbind any other driver" },
};

static const struct result_row *row_of(int result)
{
    static const struct result_row unknown = { 0, "an unknown result", "" };

    for (size_t i = 0; i < ARRAY_COUNT(results); i++) {
        if (results[i].result == result) {
            return &results[i];
        }
    }
    return &unknown;
}

const char *ctl_text(int result)
{
    return row_of(result)->text;
}

const char *ctl_remedy(int result)
{
    return row_of(result)->remedy;
}
