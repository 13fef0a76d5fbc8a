/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A QEMU plugin (API version 1, QEMU 7.2) that counts how often each instruction address runs:
 * -plugin histogram.so,out=FILE. At exit FILE holds lines "address count". Needs one TCG thread, as
 * with -icount: the inline additions are not atomic.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of qemu-plugin.h, which Debian does not ship, that is used here. */
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
typedef void translated_fn(plugin_id id, struct qemu_plugin_tb *tb);
typedef void exit_fn(plugin_id id, void *data);
enum { INLINE_ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translated_fn *fn);
void qemu_plugin_register_atexit_cb(plugin_id id, exit_fn *fn, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *count,
                                                uint64_t amount);

#define EXPORT __attribute__((visibility("default")))
EXPORT extern int qemu_plugin_version;
int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv);

#define BUCKETS 65536u

struct slot {
    uint64_t address, count;
    struct slot *next;
};

static struct slot *table[BUCKETS];
static const char *out;

static struct slot *slot_of(uint64_t address)
{
    struct slot **at = &table[address / 4 % BUCKETS];

    for (; *at; at = &(*at)->next) {
        if ((*at)->address == address) {
            return *at;
        }
    }
    *at = calloc(1, sizeof(**at));
    if (!*at) {
        abort();
    }
    (*at)->address = address;
    return *at;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct slot *slot = slot_of(qemu_plugin_insn_vaddr(insn));

        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &slot->count, 1);
    }
}

static void at_exit(plugin_id id, void *data)
{
    FILE *file = fopen(out, "w");

    (void)id;
    (void)data;
    if (!file) {
        perror(out);
        return;
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (const struct slot *slot = table[i]; slot; slot = slot->next) {
            fprintf(file, "%016" PRIx64 " %" PRIu64 "\n", slot->address, slot->count);
        }
    }
    fclose(file);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        return -1;
    }
    out = strdup(argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
