/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `doctor` on zone0: the control device, the kernel's device-DAX, modules, pools; changes nothing.
 * A missing thing is named with its remedy; what rests on it is not looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "lib/field.h"
#include "zone0/ctl.h"
#include "zone0/find.h"

#define TEXT_SIZE 480u

/* Writes down what was found; has_json: within an array. */
struct findings {
    struct json *json;
    bool is_good;
};

static void found(struct findings *findings, const char *what, const char *text)
{
    if (findings->json == NULL) {
        printf("      %s: %s\n", what, text);
        return;
    }
    json_open(findings->json, NULL, '{');
    json_text(findings->json, "name", what);
    json_bool(findings->json, "good", true);
    json_text(findings->json, "text", text);
    json_close(findings->json, '}');
}

/* text and remedy */
static void missing(struct findings *findings, const char *what, const char *const words[2])
{
    findings->is_good = false;
    if (findings->json == NULL) {
        printf("      %s: %s\n      remedy: %s\n", what, words[0], words[1]);
        return;
    }
    json_open(findings->json, NULL, '{');
    json_text(findings->json, "name", what);
    json_bool(findings->json, "good", false);
    json_text(findings->json, "text", words[0]);
    json_text(findings->json, "remedy", words[1]);
    json_close(findings->json, '}');
}

static bool is_loaded(const char *module)
{
    char path[CTL_PATH_SIZE];

    snprintf(path, sizeof(path), "%s/module/%s", ctl_places.sys, module);
    return access(path, F_OK) == 0;
}

/* A kernel that has libnvdimm but can't map its memory: region0 has no seed for device-DAX. */
static bool has_no_zone_device(void)
{
    char path[CTL_PATH_SIZE], seed[32] = "";

    snprintf(path, sizeof(path), "%s/bus/nd/devices/region0/dax_seed", ctl_places.sys);
    return access(path, F_OK) == 0 && (!find_line(path, seed, sizeof(seed)) || seed[0] == 0);
}

struct module_row {
    const char *module, *what;
};

/* In the order in which they are loaded. */
static const struct module_row modules[] = {
    { "libnvdimm", "modprobe libnvdimm" }, { "of_pmem", "modprobe of_pmem" },
    { "nd_pmem", "modprobe nd_pmem" },     { "device_dax", "modprobe device_dax" },
    { "dax_pmem", "modprobe dax_pmem" },
};

static void check_modules(struct findings *findings)
{
    struct utsname kernel;
    char text[TEXT_SIZE];

    uname(&kernel);
    if (has_no_zone_device()) {
        snprintf(text, sizeof(text), "kernel %.64s has no ZONE_DEVICE", kernel.release);
        missing(findings, "device-DAX",
                (const char *const[2]){ text, "boot Debian's 6.12 (linux-image-arm64 of trixie or "
                                              "bookworm-backports)" });
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(modules); i++) {
        if (!is_loaded(modules[i].module)) {
            snprintf(text, sizeof(text), "module %s is not loaded", modules[i].module);
            missing(findings, "device-DAX", (const char *const[2]){ text, modules[i].what });
            return;
        }
    }
    snprintf(text, sizeof(text), "kernel %.64s, all modules are there", kernel.release);
    found(findings, "device-DAX", text);
}

static void check_pools(struct findings *findings, const struct ctl_info *info)
{
    char text[TEXT_SIZE];
    uint32_t count = info->pool_count < ARRAY_COUNT(info->pool) ? info->pool_count
                                                                : ARRAY_COUNT(info->pool);

    for (uint32_t i = 0; i < count; i++) {
        struct find_dax dax;

        if (find_dax(&ctl_places, info->pool[i].gpa, info->pool[i].size, &dax)) {
            snprintf(text, sizeof(text), "%u: %s, %llu MiB", i, dax.path,
                     (unsigned long long)dax.size / (1024 * 1024));
            found(findings, "pool", text);
        } else {
            snprintf(text, sizeof(text), "%u: at 0x%llx, not there as device-DAX", i,
                     (unsigned long long)info->pool[i].gpa);
            missing(findings, "pool",
                    (const char *const[2]){ text, "unbind what else has its namespace; "
                                                  "`ls /sys/bus/nd/devices`" });
        }
    }
}

/* What the hypervisor says of itself. */
static void check_hypervisor(struct findings *findings)
{
    struct ctl_info info;
    struct ctl ctl;
    char text[TEXT_SIZE];
    int result = ctl_open(&ctl, &ctl_places);

    if (result == 0) {
        result = ctl_get_info(&ctl, &info);
        if (result == 0) {
            snprintf(text, sizeof(text), "version %u, build %s, %u zones, %u CPUs, features 0x%x",
                     info.version, info.build, info.zone_count, info.cpu_count, info.features);
            found(findings, "hypervisor", text);
            check_pools(findings, &info);
        }
        ctl_close(&ctl);
    }
    if (result != 0) {
        const char *text_of = result == CTL_SYSTEM ? strerror(errno) : ctl_text(result);

        missing(findings, "hypervisor", (const char *const[2]){ text_of, ctl_remedy(result) });
    }
}

/* Only the server of devices needs it: what is missing there does not make zone0 unusable. */
static void check_driver(struct findings *findings)
{
    bool was_good = findings->is_good;

    if (is_loaded("uio_pci_generic")) {
        found(findings, "interrupts", "uio_pci_generic is loaded");
        return;
    }
    missing(findings, "interrupts",
            (const char *const[2]){ "uio_pci_generic is not loaded; only devices need it",
                                    "modprobe uio_pci_generic" });
    findings->is_good = was_good;
}

bool doctor_zone0(struct json *json)
{
    struct findings findings = { json, true };
    char path[CTL_PATH_SIZE];
    bool has_device = find_control(&ctl_places, path);

    if (json != NULL) {
        json_open(json, "checks", '[');
    } else {
        printf("zone0%s\n", has_device ? "" : " not here: no control device (PCI 1209:7602)");
    }
    if (has_device) {
        found(&findings, "control device", path);
        check_modules(&findings);
        check_hypervisor(&findings);
        check_driver(&findings);
    } else if (json != NULL) {
        missing(&findings, "control device",
                (const char *const[2]){ ctl_text(CTL_NO_DEVICE), ctl_remedy(CTL_NO_DEVICE) });
    }
    if (json != NULL) {
        json_close(json, ']');
    }
    return has_device && findings.is_good;
}
