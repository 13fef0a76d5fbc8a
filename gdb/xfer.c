/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are read piece by piece (GDB's manual, E.6): made anew for each piece, no buffer. */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

typedef bool object_fn(struct dbg_engine *e, struct wire_in annex, struct wire_out *out);

static bool object_features(struct dbg_engine *e, struct wire_in annex, struct wire_out *out)
{
    return xml_features(e, annex, out);
}

static bool object_threads(struct dbg_engine *e, struct wire_in annex, struct wire_out *out)
{
    xml_threads(e, out);
    return annex.left == 0;
}

static bool object_memory_map(struct dbg_engine *e, struct wire_in annex, struct wire_out *out)
{
    xml_memory_map(e, out);
    return annex.left == 0;
}

/* The annex names a process: there is one. */
static bool object_exec_file(struct dbg_engine *e, struct wire_in annex, struct wire_out *out)
{
    const char *path = e->ops->exec_file(e->ctx);

    (void)annex;
    wire_str(out, path == NULL ? "" : path);
    return path != NULL;
}

/* num: offset and length; word: the annex. The first letter says whether there is more. */
static bool transfer(struct dbg_engine *e, const struct request *r, object_fn *object)
{
    size_t most = sizeof(e->scratch) - 1; /* each byte may become two */
    struct wire_out out = {
        .data = e->scratch,
        .size = r->num[1] < most ? (size_t)r->num[1] : most,
        .skip = r->num[0] < SIZE_MAX ? (size_t)r->num[0] : SIZE_MAX,
    };

    if (!object(e, r->word, &out)) {
        return reply_error(e, REPLY_INVALID);
    }
    wire_byte(&e->reply, out.full ? 'm' : 'l');
    wire_escaped(&e->reply, out.data, out.len);
    return true;
}

static bool read_features(struct dbg_engine *e, const struct request *r)
{
    return transfer(e, r, object_features);
}

static bool read_threads(struct dbg_engine *e, const struct request *r)
{
    return transfer(e, r, object_threads);
}

static bool read_memory_map(struct dbg_engine *e, const struct request *r)
{
    return transfer(e, r, object_memory_map);
}

static bool read_exec_file(struct dbg_engine *e, const struct request *r)
{
    return transfer(e, r, object_exec_file);
}

static const struct command rows[] = {
    { "qXfer:features:read:", "w:h,h", CAP_READ_REG, true, read_features },
    { "qXfer:threads:read:", "w:h,h", CAP_NONE, true, read_threads },
    { "qXfer:memory-map:read:", "w:h,h", CAP_REGION, true, read_memory_map },
    { "qXfer:exec-file:read:", "w:h,h", CAP_EXEC_FILE, true, read_exec_file },
};

const struct command_table commands_xfer = { rows, ARRAY_COUNT(rows) };
