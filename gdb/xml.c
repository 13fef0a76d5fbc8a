/* SPDX-License-Identifier: Apache-2.0 */
/* XML that debuggers read (GDB's manual, appendix G), written from tables and from the target. */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

#define REGIONS_MAX 512u

static const struct {
    const char *name; /* before the number of bits, where there is one */
    bool with_bits;
} types[DBG_REG_TYPES] = {
    [DBG_INT] = { "int", true },
    [DBG_UINT] = { "uint", true },
    [DBG_CODE_PTR] = { "code_ptr", false },
    [DBG_DATA_PTR] = { "data_ptr", false },
    [DBG_I387_EXT] = { "i387_ext", false },
    [DBG_VEC128] = { "v128", false },
    [DBG_X86_FLAGS] = { "x86_flags", false },
};

static void write_attribute(struct wire_out *out, const char *name, const char *value)
{
    wire_byte(out, ' ');
    wire_str(out, name);
    wire_str(out, "=\"");
    wire_xml(out, value);
    wire_byte(out, '"');
}

static void write_number(struct wire_out *out, const char *name, uint64_t value)
{
    wire_byte(out, ' ');
    wire_str(out, name);
    wire_str(out, "=\"");
    wire_dec(out, value);
    wire_byte(out, '"');
}

static void write_address(struct wire_out *out, const char *name, uint64_t value)
{
    wire_byte(out, ' ');
    wire_str(out, name);
    wire_str(out, "=\"0x");
    wire_hex(out, value);
    wire_byte(out, '"');
}

/* ---- Registers ---- */

static void write_reg(struct wire_out *out, const struct dbg_reg *reg, unsigned number)
{
    wire_str(out, "<reg");
    write_attribute(out, "name", reg->name);
    write_number(out, "bitsize", reg->bits);
    wire_str(out, " type=\"");
    wire_str(out, types[reg->type].name);
    if (types[reg->type].with_bits) {
        wire_dec(out, reg->bits);
    }
    wire_byte(out, '"');
    write_number(out, "regnum", number);
    if (reg->group != NULL) {
        write_attribute(out, "group", reg->group);
    }
    wire_str(out, "/>");
}

static void write_feature(const struct dbg_arch *arch, const struct dbg_feature *feature,
                          struct wire_out *out)
{
    wire_str(out, "<?xml version=\"1.0\"?><!DOCTYPE feature SYSTEM \"gdb-target.dtd\"><feature");
    write_attribute(out, "name", feature->name);
    wire_byte(out, '>');
    wire_str(out, feature->types == NULL ? "" : feature->types);
    for (unsigned i = feature->first; i < feature->first + feature->count; i++) {
        write_reg(out, &arch->reg[i], i);
    }
    wire_str(out, "</feature>");
}

static void write_target(const struct dbg_arch *arch, struct wire_out *out)
{
    wire_str(out, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                  "<target version=\"1.0\"><architecture>");
    wire_xml(out, arch->name);
    wire_str(out, "</architecture><osabi>none</osabi>");
    for (unsigned i = 0; i < arch->feature_count; i++) {
        wire_str(out, "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\"");
        write_attribute(out, "href", arch->feature[i].annex);
        wire_str(out, "/>");
    }
    wire_str(out, "</target>");
}

static bool is_word(struct wire_in in, const char *word)
{
    return wire_take_str(&in, word) && in.left == 0;
}

bool xml_features(const struct dbg_engine *e, struct wire_in annex, struct wire_out *out)
{
    const struct dbg_arch *arch = e->ops->arch;

    if (is_word(annex, "target.xml")) {
        write_target(arch, out);
        return true;
    }
    for (unsigned i = 0; i < arch->feature_count; i++) {
        if (is_word(annex, arch->feature[i].annex)) {
            write_feature(arch, &arch->feature[i], out);
            return true;
        }
    }
    return false;
}

/* ---- Threads and memory ---- */

void xml_threads(struct dbg_engine *e, struct wire_out *out)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    wire_str(out, "<?xml version=\"1.0\"?><threads>");
    for (unsigned i = 0; i < count; i++) {
        const char *name = e->ops->thread_name == NULL ? NULL : e->ops->thread_name(e->ctx, ids[i]);

        wire_str(out, "<thread id=\"");
        wire_hex(out, ids[i]);
        wire_byte(out, '"');
        write_number(out, "core", ids[i] - 1);
        if (name != NULL) {
            write_attribute(out, "name", name);
        }
        wire_str(out, "/>");
    }
    wire_str(out, "</threads>");
}

/* All of it is RAM for a debugger: it may write text that the guest may not. */
void xml_memory_map(struct dbg_engine *e, struct wire_out *out)
{
    struct dbg_region region;
    uint64_t at = 0;

    wire_str(out, "<?xml version=\"1.0\"?><memory-map>");
    for (unsigned n = 0; n < REGIONS_MAX && e->ops->region(e->ctx, at, &region); n++) {
        if (region.mapped && region.size != 0) {
            wire_str(out, "<memory type=\"ram\"");
            write_address(out, "start", region.start);
            write_address(out, "length", region.size);
            wire_str(out, "/>");
        }
        at = region.start + region.size;
        if (region.size == 0 || at == 0) {
            break;
        }
    }
    wire_str(out, "</memory-map>");
}
