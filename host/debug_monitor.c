/* SPDX-License-Identifier: Apache-2.0 */
/* What a debugger's user asks of the micro-VM itself: `monitor COMMAND`. */
#include "host/debug.h"

#include <string.h>

#include "lib/field.h"

struct command {
    const char *name, *help;
    void (*fn)(struct debug *d, struct wire_out *out);
};

static void number(struct wire_out *out, const char *name, uint64_t value)
{
    wire_str(out, name);
    wire_str(out, ": ");
    wire_dec(out, value);
    wire_byte(out, '\n');
}

static void show_caps(struct debug *d, struct wire_out *out)
{
    const struct be_caps *caps = d->vm->ops->caps(d->vm->backend->host);

    wire_str(out, "back end: ");
    wire_str(out, d->vm->ops->name);
    wire_str(out, caps->native ? ", supervisor code runs natively\n"
                               : ", supervisor code is emulated\n");
    wire_str(out, "software breakpoints: by int3 and the guest's own vectors\n"
                  "hardware breakpoints: by int3, too; debug registers are not used\n"
                  "watchpoints: writes, up to 8 bytes, by single steps\n"
                  "steps: by the trap flag\n"
                  "conditions and commands: evaluated here, 10000 steps at most\n"
                  "non-stop mode: no\n");
}

static void show_stats(struct debug *d, struct wire_out *out)
{
    const struct vt_metrics *m = &d->vm->metrics;

    number(out, "calls", m->calls);
    number(out, "host calls", m->host_calls);
    number(out, "exits", m->exits);
    number(out, "faults", m->faults);
    number(out, "faults resumed", m->faults_resumed);
    number(out, "restores", m->restores);
    number(out, "ns in the guest", m->run_ns);
    number(out, "stops", d->stops);
    number(out, "breakpoint hits", d->hits);
}

static void show_points(struct debug *d, struct wire_out *out)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        const struct point *p = &d->engine.points.point[i];

        if (p->used) {
            wire_str(out, "0x");
            wire_hex(out, p->key.address);
            number(out, " hits", p->hits);
        }
    }
}

static void show_map(struct debug *d, struct wire_out *out)
{
    struct dbg_region r = { 0 };
    uint64_t at = 0;

    do {
        if (!debug_ops.region(d, at, &r)) {
            return;
        }
        if (r.mapped) {
            wire_str(out, "0x");
            wire_hex(out, r.start);
            wire_str(out, " 0x");
            wire_hex(out, r.start + r.size);
            wire_str(out, r.write ? " rw" : " r-");
            wire_str(out, r.execute ? "x " : "- ");
            wire_str(out, r.name);
            wire_byte(out, '\n');
        }
        at = r.start + r.size;
    } while (r.size != 0 && !out->full);
}

static void show_help(struct debug *d, struct wire_out *out);

static const struct command commands[] = {
    { "help", "this list", show_help },
    { "caps", "how breakpoints and the like work on this machine", show_caps },
    { "stats", "what the micro-VM has done so far", show_stats },
    { "points", "how often each breakpoint was hit", show_points },
    { "map", "what is mapped in the guest, and how", show_map },
};

static void show_help(struct debug *d, struct wire_out *out)
{
    (void)d;
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        wire_str(out, commands[i].name);
        wire_str(out, ": ");
        wire_str(out, commands[i].help);
        wire_byte(out, '\n');
    }
}

bool debug_monitor(void *ctx, const char *text, struct wire_out *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        if (strcmp(commands[i].name, text) == 0) {
            commands[i].fn(ctx, out);
            return true;
        }
    }
    return false;
}
