/* SPDX-License-Identifier: Apache-2.0 */
/* Debug endpoints: opening, serving between calls, closing. */
#include "host/debug.h"

#include <errno.h>
#include <string.h>

#include "host/arch.h"
#include "host/config.h"
#include "host/sys.h"

static int make_program(struct debug *d, const char *program)
{
    size_t size = program == NULL ? 0 : strlen(program) + 1;

    if (size == 0) {
        return VT_OK;
    }
    d->program = sys_alloc(size);
    if (d->program == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    memcpy(d->program, program, size);
    return VT_OK;
}

static int open_socket(struct debug *d, const struct vt_debug_cfg *cfg)
{
    size_t len = cfg->path == NULL ? 0 : strlen(cfg->path);

    if (cfg->path != NULL) {
        d->listen = sys_listen_unix(cfg->path);
    } else {
        d->listen = sys_listen_tcp(cfg->tcp_port);
    }
    if (d->listen < 0) {
        return log_errno(&d->vm->log, "the debug socket");
    }
    if (len != 0 && len < sizeof(d->path)) {
        memcpy(d->path, cfg->path, len);
    }
    d->wake = sys_event_fd();
    return d->wake < 0 ? log_errno(&d->vm->log, "eventfd") : VT_OK;
}

static void destroy(struct debug *d)
{
    if (d->client >= 0) {
        sys_close(d->client);
    }
    if (d->refused >= 0) {
        sys_close(d->refused);
    }
    if (d->listen >= 0) {
        sys_close(d->listen);
    }
    if (d->path[0] != 0) {
        sys_unlink(d->path);
    }
    if (d->wake >= 0) {
        budget_set_wake(&d->vm->budget, -1);
        sys_close(d->wake);
    }
    sys_free(d->program);
    sys_free(d);
}

static int make(struct vt_vm *vm, const struct vt_debug_cfg *cfg)
{
    struct debug *d = sys_alloc(sizeof(*d));
    int err;

    if (d == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    d->vm = vm;
    d->listen = -1;
    d->client = -1;
    d->refused = -1;
    d->notify_client = -1;
    d->notify_refused = -1;
    d->wake = -1;
    dbg_init(&d->engine, &debug_ops, d);
    if (!cfg->wait) {
        dbg_running(&d->engine);
    }
    err = make_program(d, cfg->program);
    err = err == VT_OK ? open_socket(d, cfg) : err;
    if (err != VT_OK) {
        destroy(d);
        return err;
    }
    budget_set_wake(&vm->budget, d->wake);
    vm->debug = d;
    return VT_OK;
}

int vt_debug_open(struct vt_vm *vm, const struct vt_debug_cfg *cfg)
{
    struct vt_debug_cfg copy;
    int err = config_copy(&copy, sizeof(copy), cfg);

    if (err != VT_OK || vm == NULL || (copy.path == NULL) == (copy.tcp_port == 0)) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    err = vm_enter(vm);
    if (err != VT_OK) {
        return err;
    }
    if (vm->program->elf.arch->machine != FAULT_ARCH_X86_64) {
        err = VT_ERR_UNSUPPORTED;
    } else if (vm->debug != NULL) {
        err = VT_ERR_INVALID;
    } else {
        err = make(vm, &copy);
    }
    vm_leave(vm);
    return err;
}

/* The client is told how the program ended; what it does not take at once is lost. */
int vt_debug_close(struct vt_vm *vm, int exit_code)
{
    struct debug *d;
    int err = vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    d = vm->debug;
    if (d == NULL) {
        err = VT_ERR_INVALID;
    } else {
        if (debug_has_client(d)) {
            dbg_exited(&d->engine, (unsigned)exit_code, false);
            debug_pump(d, false);
        }
        debug_destroy(vm);
    }
    vm_leave(vm);
    return err;
}

int vt_debug_serve(struct vt_vm *vm, bool wait)
{
    int err = vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    if (vm->debug == NULL) {
        err = VT_ERR_INVALID;
    } else {
        debug_pump(vm->debug, wait);
    }
    vm_leave(vm);
    return err;
}

int vt_debug_fds(const struct vt_vm *vm, int fds[VT_DEBUG_FDS])
{
    if (vm == NULL || fds == NULL || vm->debug == NULL) {
        return VT_ERR_INVALID;
    }
    fds[0] = vm->debug->listen;
    fds[1] = vm->debug->client;
    return VT_OK;
}

void debug_destroy(struct vt_vm *vm)
{
    if (vm->debug != NULL) {
        destroy(vm->debug);
        vm->debug = NULL;
    }
}
