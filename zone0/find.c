/* SPDX-License-Identifier: Apache-2.0 */
/* Walks sysfs for the control device and for device-DAX; changes nothing there. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone0/find.h"

#define ALIGN_DEFAULT UINT64_C(0x200000)

bool find_line(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    bool got;

    if (file == NULL) {
        return false;
    }
    got = fgets(text, (int)size, file) != NULL;
    fclose(file);
    if (got) {
        text[strcspn(text, "\n")] = 0;
    }
    return got;
}

bool find_number(const char *path, uint64_t *value)
{
    char text[32], *end;

    if (!find_line(path, text, sizeof(text))) {
        return false;
    }
    *value = strtoull(text, &end, 0);
    return end != text && *end == 0;
}

/* A number in a file of a directory. */
static bool number_in(const char *dir, const char *file, uint64_t *value)
{
    char path[CTL_PATH_SIZE + 32];

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    return find_number(path, value);
}

/* The next entry of a directory that is none of its own, as a path; false: there are no more. */
static bool next_in(DIR *dir, const char *where, char *path)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        int length = entry->d_name[0] == '.'
                         ? -1
                         : snprintf(path, CTL_PATH_SIZE, "%s/%s", where, entry->d_name);

        if (length > 0 && length < (int)CTL_PATH_SIZE) {
            return true;
        }
    }
    return false;
}

bool find_control(const struct ctl_places *places, char *path)
{
    char where[CTL_PATH_SIZE];
    uint64_t vendor, device;
    bool found = false;
    DIR *dir;

    snprintf(where, sizeof(where), "%s/bus/pci/devices", places->sys);
    dir = opendir(where);
    while (dir != NULL && !found && next_in(dir, where, path)) {
        found = number_in(path, "vendor", &vendor) && vendor == CTL_PCI_VENDOR &&
                number_in(path, "device", &device) && device == CTL_PCI_DEVICE;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

bool find_dax(const struct ctl_places *places, uint64_t gpa, uint64_t size, struct find_dax *dax)
{
    char where[CTL_PATH_SIZE], path[CTL_PATH_SIZE];
    bool found = false;
    DIR *dir;

    snprintf(where, sizeof(where), "%s/bus/dax/devices", places->sys);
    dir = opendir(where);
    while (dir != NULL && !found && next_in(dir, where, path)) {
        found = number_in(path, "resource", &dax->gpa) && dax->gpa >= gpa &&
                dax->gpa - gpa < size && number_in(path, "size", &dax->size) &&
                dax->size <= size - (dax->gpa - gpa);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (found) {
        if (!number_in(path, "align", &dax->align)) {
            dax->align = ALIGN_DEFAULT;
        }
        snprintf(dax->path, sizeof(dax->path), "%s%s", places->dev, strrchr(path, '/'));
    }
    return found;
}
