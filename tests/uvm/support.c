/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of micro-VMs share. Tests nothing itself. */
#include "tests/uvm/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { PATH_LEN = 512, LINE_LEN = 256 };

static void log_line(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    if (getenv("UVM_VERBOSE") != NULL) {
        fprintf(stderr, "[%d] %s\n", (int)level, text);
    }
}

struct vt_image *uvm_image(const char *name)
{
    const char *directory = getenv("UVM_GUESTS");
    struct vt_image_cfg cfg = { .size = sizeof(cfg), .log = log_line };
    struct vt_image *image = NULL;
    char path[PATH_LEN];

    snprintf(path, sizeof(path), "%s/%s.elf", directory == NULL ? "." : directory, name);
    assert_int_equal(vt_image_load_file(path, &cfg, &image), VT_OK);
    return image;
}

struct vt_vm *uvm_vm(const struct vt_image *image)
{
    struct vt_vm *vm = NULL;

    assert_int_equal(vt_create(image, NULL, &vm), VT_OK);
    return vm;
}

int uvm_try(struct vt_vm *vm, const char *function, uint64_t arg, uint64_t *result)
{
    struct vt_value value = { .u = arg };
    struct vt_value answer = { 0 };
    unsigned index;
    unsigned count = 0;
    int err = vt_find(vm, function, &index);

    if (err == VT_OK) {
        value.type = (uint32_t)get(UVM_SIG_ARG0, vt_export(vm, index, NULL));
        count = value.type == CALL_VOID ? 0 : 1;
        err = vt_call_index(vm, index, &value, count, &answer);
    }
    if (err == VT_OK && result != NULL) {
        *result = answer.u;
    }
    return err;
}

uint64_t uvm_call(struct vt_vm *vm, const char *function, uint64_t arg)
{
    uint64_t result = 0;

    assert_int_equal(uvm_try(vm, function, arg, &result), VT_OK);
    return result;
}

void uvm_check_alive(struct vt_vm *vm)
{
    assert_int_equal(uvm_call(vm, "ok", 0), 42);
}

void uvm_check_restored(struct vt_vm *vm)
{
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    uvm_check_alive(vm);
}

bool uvm_on(const char *platform)
{
    const char *here = getenv("UVM_PLATFORM");

    return strcmp(here == NULL ? "native" : here, platform) == 0;
}

bool uvm_emulated(void)
{
    return !uvm_on("native");
}

void uvm_keep(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (kvm >= 0) {
        (void)!ioctl(kvm, KVM_CREATE_VM, 0);
    }
}

void uvm_skip(const char *reason)
{
    printf("skip: %s\n", reason);
    fflush(stdout);
    skip();
}

unsigned uvm_fd_count(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

/* Lines of a file; with a key, the number behind it in its line. */
static uint64_t scan(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    char line[LINE_LEN];
    uint64_t lines = 0;
    unsigned long value = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        lines += strchr(line, '\n') != NULL;
        if (key != NULL && strncmp(line, key, strlen(key)) == 0) {
            assert_int_equal(sscanf(line + strlen(key), ": %lu", &value), 1);
        }
    }
    fclose(file);
    return key == NULL ? lines : value;
}

unsigned uvm_mapping_count(void)
{
    return (unsigned)scan("/proc/self/maps", NULL);
}

uint64_t uvm_memory_kib(void)
{
    return scan("/proc/self/smaps_rollup", "Private_Dirty") +
           scan("/proc/self/smaps_rollup", "Private_Clean");
}

uint64_t uvm_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void uvm_sleep_ms(unsigned ms)
{
    struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

    nanosleep(&time, NULL);
}

static void *cancel_often(void *arg)
{
    struct uvm_canceller *c = arg;

    while (!atomic_load(&c->is_ended)) {
        uvm_sleep_ms(c->ms);
        assert_int_equal(vt_cancel(c->vm), VT_OK);
    }
    return NULL;
}

void uvm_cancel_begin(struct uvm_canceller *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, cancel_often, c), 0);
}

void uvm_cancel_end(struct uvm_canceller *c)
{
    atomic_store(&c->is_ended, true);
    assert_int_equal(pthread_join(c->thread, NULL), 0);
}
