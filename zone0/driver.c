/* SPDX-License-Identifier: Apache-2.0 */
/* Binds uio_pci_generic by driver_override, so that no other device of the kind is touched. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/field.h"
#include "zone0/driver.h"

#define DRIVER "uio_pci_generic"

/* PCI configuration space: the command register. */
#define PCI_COMMAND 4
FIELD(COMMAND_MASTER, 2, 1);
FIELD(COMMAND_NO_INTX, 10, 1);

static int write_text(const char *dir, const char *file, const char *text)
{
    char path[2 * CTL_PATH_SIZE];
    int fd, result = 0;

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == EACCES ? CTL_NO_RIGHTS : CTL_NO_DRIVER;
    }
    if (write(fd, text, strlen(text)) < 0 && errno != EBUSY) {
        result = CTL_NO_DRIVER;
    }
    close(fd);
    return result;
}

/* N of the directory uio/uioN below the device; negative: no driver has made one. */
static int uio_number(const char *pci)
{
    char path[CTL_PATH_SIZE + 8];
    const struct dirent *entry;
    int number = CTL_NO_DRIVER;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/uio", pci);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, "uio", 3) == 0) {
            number = atoi(entry->d_name + 3);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return number;
}

int driver_bind(const struct ctl_places *places, const char *pci)
{
    char where[CTL_PATH_SIZE + 64];
    int number = uio_number(pci), result;

    if (number >= 0) {
        return number;
    }
    result = write_text(pci, "driver_override", DRIVER "\n");
    if (result != 0) {
        return result;
    }
    snprintf(where, sizeof(where), "%s/bus/pci/drivers/" DRIVER, places->sys);
    result = write_text(where, "bind", strrchr(pci, '/') + 1);
    return result != 0 ? result : uio_number(pci);
}

/* Bits of the command register off and on. */
static int set_command(const char *pci, uint16_t off, uint16_t on)
{
    char path[CTL_PATH_SIZE + 8];
    uint16_t command;
    int fd, result = CTL_SYSTEM;

    snprintf(path, sizeof(path), "%s/config", pci);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return CTL_SYSTEM;
    }
    if (pread(fd, &command, sizeof(command), PCI_COMMAND) == (ssize_t)sizeof(command)) {
        command = (uint16_t)((command & ~(unsigned)off) | on);
        if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) == (ssize_t)sizeof(command)) {
            result = 0;
        }
    }
    close(fd);
    return result;
}

int driver_open(const struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    int number = driver_bind(&ctl->places, ctl->pci), fd, result;

    if (number < 0) {
        return number;
    }
    snprintf(path, sizeof(path), "%s/uio%d", ctl->places.dev, number);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return errno == EACCES ? CTL_NO_RIGHTS : CTL_SYSTEM;
    }
    result = set_command(ctl->pci, 0, field_mask(COMMAND_MASTER));
    if (result != 0) {
        close(fd);
        return result;
    }
    return fd;
}

int driver_unmask(const struct ctl *ctl)
{
    return set_command(ctl->pci, field_mask(COMMAND_NO_INTX), 0);
}
