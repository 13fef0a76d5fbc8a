/* SPDX-License-Identifier: Apache-2.0 */
/* Storage in place of a target, and a client that knows framing only; see the header. */
#include "rsp_double.h"

#include <stdio.h>
#include <string.h>

#include "lib/field.h"

struct rsp_double rsp_double;

void rsp_double_reset(void)
{
    memset(&rsp_double, 0, sizeof(rsp_double));
    for (unsigned i = 0; i < RSP_MEMORY_SIZE; i++) {
        rsp_double.memory[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (unsigned t = 0; t < RSP_THREADS; t++) {
        for (unsigned r = 0; r < X86_REG_COUNT; r++) {
            rsp_double.reg[t][r][0] = (uint8_t)r;
            rsp_double.reg[t][r][1] = (uint8_t)(t + 1);
        }
    }
}

static unsigned threads(void *ctx, unsigned ids[DBG_THREADS_MAX])
{
    (void)ctx;
    for (unsigned i = 0; i < RSP_THREADS; i++) {
        ids[i] = i + 1;
    }
    return RSP_THREADS;
}

static const char *thread_name(void *ctx, unsigned thread)
{
    (void)ctx;
    return thread == 1 ? "first <\"&>" : "other";
}

/* The upper halves of vector registers are not there. */
static bool has_reg(unsigned reg)
{
    return reg < X86_YMM0H || reg >= X86_FS_BASE;
}

static bool read_reg(void *ctx, unsigned thread, unsigned reg, uint8_t *bytes)
{
    (void)ctx;
    memcpy(bytes, rsp_double.reg[thread - 1][reg], dbg_reg_bytes(&dbg_x86_64.reg[reg]));
    return has_reg(reg);
}

static bool write_reg(void *ctx, unsigned thread, unsigned reg, const uint8_t *bytes)
{
    (void)ctx;
    memcpy(rsp_double.reg[thread - 1][reg], bytes, dbg_reg_bytes(&dbg_x86_64.reg[reg]));
    return has_reg(reg);
}

static size_t piece(uint64_t address, size_t len)
{
    uint64_t at = address - RSP_MEMORY_AT;

    if (at >= RSP_MEMORY_SIZE) {
        return 0;
    }
    return len < RSP_MEMORY_SIZE - at ? len : (size_t)(RSP_MEMORY_SIZE - at);
}

static size_t read_mem(void *ctx, uint64_t address, uint8_t *bytes, size_t len)
{
    size_t some = piece(address, len);

    (void)ctx;
    if (some > 0) {
        memcpy(bytes, rsp_double.memory + (address - RSP_MEMORY_AT), some);
    }
    return some;
}

static size_t write_mem(void *ctx, uint64_t address, const uint8_t *bytes, size_t len)
{
    size_t some = piece(address, len);

    (void)ctx;
    if (some > 0) {
        memcpy(rsp_double.memory + (address - RSP_MEMORY_AT), bytes, some);
    }
    return some;
}

static bool region(void *ctx, uint64_t address, struct dbg_region *out)
{
    (void)ctx;
    memset(out, 0, sizeof(*out));
    if (address < RSP_MEMORY_AT) {
        out->size = RSP_MEMORY_AT;
    } else if (address < RSP_MEMORY_AT + RSP_MEMORY_SIZE) {
        *out = (struct dbg_region){ .start = RSP_MEMORY_AT,
                                    .size = RSP_MEMORY_SIZE,
                                    .mapped = true,
                                    .read = true,
                                    .execute = true,
                                    .name = "text" };
    } else {
        out->start = RSP_MEMORY_AT + RSP_MEMORY_SIZE;
    }
    return true;
}

static bool can_point(void *ctx, enum dbg_point_kind kind)
{
    (void)ctx;
    return kind != DBG_READ;
}

static bool insert(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size)
{
    (void)ctx;
    (void)kind;
    (void)size;
    if (rsp_double.point_count == RSP_POINTS || piece(address, 1) == 0) {
        return false;
    }
    rsp_double.point_count++;
    return true;
}

static bool take_out(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size)
{
    (void)ctx;
    (void)kind;
    (void)address;
    (void)size;
    rsp_double.point_count--;
    return true;
}

static unsigned watch_count(void *ctx)
{
    (void)ctx;
    return 4;
}

static void resume(void *ctx, unsigned thread, const struct dbg_resume *how)
{
    (void)ctx;
    rsp_double.waiting[thread - 1] = *how;
}

static void go(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < RSP_THREADS; i++) {
        rsp_double.runs[i] = rsp_double.runs[i] || rsp_double.waiting[i].action != DBG_KEEP;
        rsp_double.resumed[i] = rsp_double.waiting[i];
    }
    memset(rsp_double.waiting, 0, sizeof(rsp_double.waiting));
    rsp_double.gone++;
}

static void interrupt(void *ctx, unsigned thread)
{
    (void)ctx;
    (void)thread;
    rsp_double.interrupts++;
}

static void set_nonstop(void *ctx, bool on)
{
    (void)ctx;
    rsp_double.nonstop = on;
}

static void detach(void *ctx)
{
    (void)ctx;
    rsp_double.detaches++;
}

static void end(void *ctx)
{
    (void)ctx;
    rsp_double.kills++;
}

static bool monitor(void *ctx, const char *text, struct wire_out *out)
{
    (void)ctx;
    if (strcmp(text, "quiet") == 0) {
        return true;
    }
    wire_str(out, "heard: ");
    wire_str(out, text);
    return strncmp(text, "no", 2) != 0;
}

static const char *exec_file(void *ctx)
{
    (void)ctx;
    return "/tmp/a}b.elf";
}

static bool text_base(void *ctx, uint64_t *address, uint64_t *moved)
{
    (void)ctx;
    *address = 0x200000;
    *moved = 0x1000;
    return true;
}

static void print(void *ctx, const char *text)
{
    (void)ctx;
    (void)snprintf(rsp_double.printed, sizeof(rsp_double.printed), "%s", text);
}

const struct dbg_ops rsp_double_ops = {
    .arch = &dbg_x86_64,
    .threads = threads,
    .thread_name = thread_name,
    .read_reg = read_reg,
    .write_reg = write_reg,
    .read_mem = read_mem,
    .write_mem = write_mem,
    .region = region,
    .can_point = can_point,
    .insert = insert,
    .remove = take_out,
    .watch_count = watch_count,
    .resume = resume,
    .go = go,
    .interrupt = interrupt,
    .set_nonstop = set_nonstop,
    .detach = detach,
    .kill = end,
    .monitor = monitor,
    .exec_file = exec_file,
    .text_base = text_base,
    .print = print,
};

/* ---- The client ---- */

/* Run lengths as GDB's manual says: X*c is X, and c - 29 times more. */
static size_t expand(const uint8_t *from, size_t len, char *to, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned count = 1;
        uint8_t c = from[i];

        if (c == '*' && i > 0 && i + 1 < len) {
            c = from[i - 1];
            count = from[++i] - 29u;
        }
        while (count-- > 0 && at + 1 < size) {
            to[at++] = (char)c;
        }
    }
    to[at] = 0;
    return at;
}

const char *rsp_next(struct dbg_engine *e, size_t *len)
{
    static char text[2 * PACKET_SIZE];
    size_t left, start = 0, end;
    const uint8_t *out = dbg_output(e, &left);
    unsigned sum = 0, told = 0;

    while (start < left && (out[start] == '+' || out[start] == '-')) {
        start++;
    }
    end = start;
    while (end < left && out[end] != '#') {
        end++;
    }
    *len = 0;
    text[0] = 0;
    if (end + 2 < left && (out[start] == '$' || out[start] == '%')) {
        for (size_t i = start + 1; i < end; i++) {
            sum += out[i];
        }
        (void)sscanf((const char *)out + end + 1, "%2x", &told);
        if (told != sum % 256) {
            return "wrong checksum";
        }
        *len = expand(out + start + 1, end - start - 1, text, sizeof(text));
        end += 3;
    }
    dbg_sent(e, end);
    return text;
}

const char *rsp_ask_bytes(struct dbg_engine *e, const char *packet, size_t size, size_t *len)
{
    static uint8_t frame[PACKET_SIZE + 8];
    unsigned sum = 0;
    size_t used = 0;

    frame[0] = '$';
    memcpy(frame + 1, packet, size);
    for (size_t i = 0; i < size; i++) {
        sum += (uint8_t)packet[i];
    }
    (void)snprintf((char *)frame + 1 + size, 4, "#%02x", sum % 256);
    while (used < size + 4) {
        size_t some = dbg_input(e, frame + used, size + 4 - used);

        if (some == 0) {
            return "stuck";
        }
        used += some;
    }
    return rsp_next(e, len);
}

const char *rsp_ask(struct dbg_engine *e, const char *packet)
{
    size_t len;

    return rsp_ask_bytes(e, packet, strlen(packet), &len);
}
