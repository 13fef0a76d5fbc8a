/* SPDX-License-Identifier: Apache-2.0 */
/* `doctor` on micro-VMs: each back end, whether it works here, and what to do if not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "host/include/vitrine.h"
#include "lib/field.h"

#define PROBES_MAX 8u
#define LINE_LEN   4096

struct device_row {
    const char *backend, *path;
    const char *group;      /* that may open it, or NULL: only root may */
    const char *modules[4]; /* of /sys/module, any of them; the first that fits is suggested */
    const char *package;    /* what to do when nothing is there */
};

static const struct device_row devices[] = {
    { "kvm",
      "/dev/kvm",
      "kvm",
      { "kvm_intel", "kvm_amd", "kvm_pvm", NULL },
      "enable virtualization in the firmware, or nested virtualization in the machine around" },
    { "mshv",
      "/dev/mshv",
      NULL,
      { "mshv_root", "mshv", NULL, NULL },
      "it exists in the root partition of Microsoft's hypervisor, kernel 6.15 and later" },
};

/* Whether a word stands in the first line of /proc/cpuinfo that begins with "flags". */
static bool cpu_has(const char *flag)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[LINE_LEN];
    bool found = false;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "flags", 5) == 0) {
            for (char *word = strtok(line, " \t\n"); word != NULL && !found;
                 word = strtok(NULL, " \t\n")) {
                found = strcmp(word, flag) == 0;
            }
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static const char *loaded_module(const struct device_row *row)
{
    char path[64];

    for (size_t i = 0; i < ARRAY_COUNT(row->modules) && row->modules[i] != NULL; i++) {
        snprintf(path, sizeof(path), "/sys/module/%s", row->modules[i]);
        if (access(path, F_OK) == 0) {
            return row->modules[i];
        }
    }
    return NULL;
}

static void advise_missing(const struct device_row *row)
{
    const char *module = cpu_has("vmx") ? "kvm_intel" : cpu_has("svm") ? "kvm_amd" : NULL;

    if (strcmp(row->backend, "kvm") == 0 && module != NULL) {
        printf("      remedy: modprobe %s, as root\n", module);
    } else {
        printf("      remedy: %s\n", row->package);
    }
}

/* The device file: there, and open to this user. */
static void show_device(const struct device_row *row)
{
    struct stat about;
    const char *module = loaded_module(row);
    int fd = open(row->path, O_RDWR | O_CLOEXEC);
    int why = errno;

    if (module != NULL) {
        printf("      module: %s\n", module);
    }
    if (fd >= 0) {
        printf("      device: %s can be opened\n", row->path);
        close(fd);
        return;
    }
    printf("      device: %s: %s\n", row->path, strerror(why));
    if (why == EACCES && row->group == NULL) {
        printf("      remedy: run it as root\n");
    } else if (why == EACCES && stat(row->path, &about) == 0) {
        printf("      remedy: adduser USER %s, and log in again (mode %03o, group %u)\n",
               row->group, (unsigned)about.st_mode & 0777u, (unsigned)about.st_gid);
    } else if (why == ENOENT || why == ENODEV || why == ENXIO) {
        advise_missing(row);
    }
}

static const struct vt_probe *find_probe(const struct vt_probe *probes, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(probes[i].backend, name) == 0) {
            return &probes[i];
        }
    }
    return NULL;
}

static void show_probe(const char *name, const struct vt_probe *probe)
{
    if (probe == NULL) {
        printf("%-5s not usable: this libvitrine was built without it\n", name);
        return;
    }
    printf("%-5s %s%s%s\n", name, probe->usable ? "works" : "not usable",
           probe->why[0] != 0 ? ": " : "", probe->why);
    if (probe->usable) {
        printf("      virtual CPUs: up to %u in a micro-VM\n", probe->vcpus);
        printf("      supervisor mode: %s, %s XSAVE; log of written pages: %s\n",
               probe->native_supervisor ? "native" : "emulated, about 1 us an instruction",
               probe->xsave ? "with" : "without", probe->dirty_log ? "yes" : "no");
    }
}

static void probe_json(struct json *json, const char *name, const struct vt_probe *probe)
{
    json_open(json, NULL, '{');
    json_text(json, "name", name);
    json_bool(json, "usable", probe != NULL && probe->usable);
    json_text(json, "why", probe != NULL ? probe->why : "not built in");
    json_close(json, '}');
}

bool doctor_uvm(struct json *json)
{
    struct vt_probe probes[PROBES_MAX];
    int count;
    bool usable = false;

    memset(probes, 0, sizeof(probes));
    probes[0].size = sizeof(probes[0]);
    count = vt_probe(probes, PROBES_MAX);
    if (count < 0) {
        fprintf(stderr, "vitrine: %s\n", vt_strerror(count));
        return false;
    }
    if (json != NULL) {
        json_open(json, "backends", '[');
    }
    for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
        const struct vt_probe *probe = find_probe(probes, count, devices[i].backend);

        if (json != NULL) {
            probe_json(json, devices[i].backend, probe);
        } else {
            show_probe(devices[i].backend, probe);
            show_device(&devices[i]);
        }
        usable = usable || (probe != NULL && probe->usable);
    }
    if (json != NULL) {
        json_close(json, ']');
    }
    return usable;
}
