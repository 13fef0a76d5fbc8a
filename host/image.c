/* SPDX-License-Identifier: Apache-2.0 */
/* Loads an ELF file into prepared memory; after that nothing reads the file again. */
#include "host/program.h"

#include <string.h>

#include "host/arch.h"
#include "host/config.h"
#include "host/private.h"
#include "host/signature.h"
#include "host/sys.h"

struct program *program_get(struct program *program)
{
    atomic_fetch_add(&program->refs, 1);
    return program;
}

void program_put(struct program *program)
{
    if (program == NULL || atomic_fetch_sub(&program->refs, 1) != 1) {
        return;
    }
    for (unsigned i = 0; i < PROGRAM_BACKEND_MAX && program->backend[i].ops != NULL; i++) {
        program->backend[i].ops->state_free(program->backend[i].start);
        program->backend[i].ops->close(program->backend[i].host);
    }
    template_put(program->memory);
    if (program->pagemap >= 0) {
        sys_close(program->pagemap);
    }
    sys_free(program->exports);
    sys_free(program->imports);
    (void)pthread_mutex_destroy(&program->lock);
    sys_free(program);
}

unsigned program_find(const struct function *table, unsigned count, const char *name)
{
    unsigned i = 0;

    while (i < count && strcmp(table[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* ---- Tables of functions ---- */

static int image_error(const struct log *log, const char *why)
{
    log_print(log, VT_LOG_ERROR, "image: %s", why);
    return VT_ERR_IMAGE;
}

/* The name at gva, bounded by its segment and CALL_NAME_MAX; printable, not empty. */
static bool copy_name(const struct program *p, uint64_t gva, char *name)
{
    size_t len = 0;

    while (len < CALL_NAME_MAX && elf_find(&p->elf, gva + len, 1) != NULL) {
        char c = (char)p->memory->draft[gva + len];

        name[len] = c;
        if (c == 0) {
            return len != 0;
        }
        if (c <= ' ' || c > '~') {
            return false;
        }
        len++;
    }
    return false;
}

static int add_function(const struct program *p, const struct log *log,
                        const struct call_import *row, struct function *out)
{
    out->signature = row->signature;
    if (!copy_name(p, row->name, out->name)) {
        return image_error(log, "a function's name is missing, too long, or not printable");
    }
    return signature_is_valid(row->signature) ? VT_OK
                                              : image_error(log, "a function has unknown types");
}

static int load_exports(struct program *p, const struct log *log)
{
    const uint8_t *table = p->memory->draft + p->elf.exports.gva;
    int err = VT_OK;

    for (unsigned i = 0; i < p->export_count && err == VT_OK; i++) {
        struct call_export e;
        struct call_import row;

        memcpy(&e, table + i * sizeof(e), sizeof(e));
        row.name = e.name;
        row.signature = e.signature;
        err = add_function(p, log, &row, &p->exports[i]);
    }
    return err;
}

static int load_functions(struct program *p, const struct log *log)
{
    const uint8_t *table = p->memory->draft + p->elf.imports.gva;
    int err;

    if (p->elf.exports.count > PROGRAM_FUNCTION_MAX ||
        p->elf.imports.count > PROGRAM_FUNCTION_MAX) {
        return image_error(log, "more functions than are supported");
    }
    p->export_count = (unsigned)p->elf.exports.count;
    p->import_count = (unsigned)p->elf.imports.count;
    p->exports = sys_alloc((p->export_count + 1) * sizeof(struct function));
    p->imports = sys_alloc((p->import_count + 1) * sizeof(struct function));
    if (p->exports == NULL || p->imports == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    err = load_exports(p, log);
    for (unsigned i = 0; i < p->import_count && err == VT_OK; i++) {
        struct call_import row;

        memcpy(&row, table + i * sizeof(row), sizeof(row));
        err = add_function(p, log, &row, &p->imports[i]);
    }
    return err;
}

/* ---- Loading ---- */

static int elf_error(const struct log *log, const struct elf_image *elf, int err)
{
    log_print(log, VT_LOG_ERROR, "image: %s", elf->error);
    return err == ERR_RANGE ? VT_ERR_TOO_BIG : VT_ERR_IMAGE;
}

/* What is not zero in a loaded image; reading all of it to see would fill the holes. */
static void mark(struct program *p)
{
    template_mark(p->memory, UVM_GATE_GVA, p->elf.arch->gate_size);
    template_mark(p->memory, UVM_CPU_GVA, UVM_CPU_SIZE);
    template_mark(p->memory, LAYOUT_TABLES_GVA, p->paging.next - LAYOUT_TABLES_GVA);
    for (unsigned i = 0; i < p->elf.segment_count; i++) {
        template_mark(p->memory, p->elf.segment[i].gva, p->elf.segment[i].file_size);
    }
}

static int build(struct program *p, const struct log *log, struct elf_file file)
{
    int err = elf_load(file, &p->elf, p->memory->draft);

    if (err != OK) {
        return elf_error(log, &p->elf, err);
    }
    err = load_functions(p, log);
    if (err != VT_OK) {
        return err;
    }
    memcpy(p->memory->draft + UVM_GATE_GVA, p->elf.arch->gate, p->elf.arch->gate_size);
    if (paging_build(&p->paging, &p->layout, p->memory->draft) != OK) {
        return image_error(log, "needs more page tables than there is room for");
    }
    if (p->elf.arch->build != NULL) {
        p->elf.arch->build(&p->elf, p->memory->draft);
    }
    mark(p);
    return template_seal(log, p->memory);
}

static int load(struct program *p, const struct log *log, struct elf_file file,
                struct layout_cfg *cfg)
{
    int err = elf_parse(file, layout_window(cfg), &p->elf);

    if (err != OK) {
        return elf_error(log, &p->elf, err);
    }
    if (!be_runs(p->elf.arch->machine)) {
        return image_error(log, "for another architecture than this machine's");
    }
    layout_build(cfg, &p->elf, &p->layout);
    err = template_begin(log, cfg->ram_size, true, &p->memory);
    return err == VT_OK ? build(p, log, file) : err;
}

static int take_config(const struct vt_image_cfg *in, struct vt_image_cfg *cfg,
                       struct layout_cfg *layout)
{
    int err = config_copy(cfg, sizeof(*cfg), in);

    if (err != VT_OK) {
        return err;
    }
    layout->ram_size = cfg->mem_size;
    layout->stack_size = cfg->stack_size;
    layout->call_size = cfg->call_size;
    err = layout_cfg_check(layout);
    return err == OK ? VT_OK : err == ERR_RANGE ? VT_ERR_TOO_BIG : VT_ERR_INVALID;
}

int vt_image_load(const void *bytes, size_t len, const struct vt_image_cfg *cfg_in,
                  struct vt_image **out)
{
    struct layout_cfg layout = { 0 };
    struct vt_image_cfg cfg;
    struct vt_image *image;
    int err = take_config(cfg_in, &cfg, &layout);

    if (err != VT_OK || bytes == NULL || out == NULL) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    image = sys_alloc(sizeof(*image));
    if (image == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    image->log.fn = cfg.log;
    image->log.ctx = cfg.log_ctx;
    image->program = sys_alloc(sizeof(*image->program));
    if (image->program == NULL) {
        sys_free(image);
        return VT_ERR_NO_MEMORY;
    }
    atomic_init(&image->program->refs, 1);
    (void)pthread_mutex_init(&image->program->lock, NULL);
    image->program->pagemap = private_open(&image->log);
    image->program->pagemap_pid = sys_pid();
    err = load(image->program, &image->log, (struct elf_file){ bytes, len }, &layout);
    if (err != VT_OK) {
        vt_image_free(image);
        return err;
    }
    *out = image;
    return VT_OK;
}

int vt_image_load_file(const char *path, const struct vt_image_cfg *cfg, struct vt_image **out)
{
    struct log log = { 0 };
    struct vt_image_cfg copy;
    struct sys_map map = { .kind = SYS_MAP_FRESH };
    int64_t size;
    void *bytes = NULL;
    int fd = -1;
    int err = config_copy(&copy, sizeof(copy), cfg);

    if (err != VT_OK || path == NULL) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    log.fn = copy.log;
    log.ctx = copy.log_ctx;
    fd = sys_open(path, false);
    size = fd < 0 ? -1 : sys_file_size(fd);
    if (size < 0) {
        err = log_errno(&log, path);
        goto out;
    }
    /* Read, not mapped: a file that is cut off meanwhile must not raise SIGBUS here. */
    map.len = size == 0 ? 1 : (size_t)size;
    bytes = sys_mmap(&map);
    if (bytes == NULL || sys_pread(fd, bytes, (size_t)size, 0) != 0) {
        err = log_errno(&log, path);
        goto out;
    }
    err = vt_image_load(bytes, (size_t)size, cfg, out);
out:
    if (bytes != NULL) {
        sys_munmap(bytes, map.len);
    }
    if (fd >= 0) {
        sys_close(fd);
    }
    return err;
}

void vt_image_free(struct vt_image *image)
{
    if (image != NULL) {
        program_put(image->program);
        sys_free(image);
    }
}

/* ---- Back ends ---- */

static int open_backend(struct program *p, const struct log *log, const struct be_ops *ops,
                        struct program_backend *b)
{
    struct program_backend made = { .ops = ops };
    int err = ops->open(log, &made.host);

    if (err != VT_OK) {
        return err;
    }
    err = ops->start(made.host, &p->elf, &made.start);
    if (err != VT_OK) {
        ops->close(made.host);
        return err;
    }
    *b = made;
    return VT_OK;
}

int program_backend(struct program *program, const struct log *log, const char *name,
                    const struct program_backend **out)
{
    const struct be_ops *ops = be_find(name);
    int err = VT_ERR_NO_BACKEND;
    unsigned i = 0;

    if (ops == NULL) {
        log_print(log, VT_LOG_ERROR, "no back end is called %s", name == NULL ? "" : name);
        return VT_ERR_NO_BACKEND;
    }
    (void)pthread_mutex_lock(&program->lock);
    while (i < PROGRAM_BACKEND_MAX && program->backend[i].ops != NULL &&
           program->backend[i].ops != ops) {
        i++;
    }
    if (i < PROGRAM_BACKEND_MAX) {
        err = program->backend[i].ops == NULL
                  ? open_backend(program, log, ops, &program->backend[i])
                  : VT_OK;
    }
    (void)pthread_mutex_unlock(&program->lock);
    if (err == VT_OK) {
        *out = &program->backend[i];
    }
    return err;
}
