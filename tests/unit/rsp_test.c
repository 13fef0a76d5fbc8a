/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debugger's engine against a target of plain storage: frames, registers, memory, stops,
 * points. What is expected is what GDB's manual says of each packet (appendix E, sections named
 * below), never what the engine happened to answer.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "gdb/command.h"
#include "rsp_talk.h"

static struct dbg_engine *const e = &rsp_engine;

static size_t feed(const char *bytes)
{
    size_t len = strlen(bytes), used = 0, some;

    do {
        some = dbg_input(e, (const uint8_t *)bytes + used, len - used);
        used += some;
    } while (some > 0 && used < len);
    return used;
}

static const char *sent(void)
{
    static char text[256];
    size_t len;
    const uint8_t *out = dbg_output(e, &len);

    len = len < sizeof(text) - 1 ? len : sizeof(text) - 1;
    memcpy(text, out, len);
    text[len] = 0;
    dbg_sent(e, len);
    return text;
}

/* ---- E.1 Overview: frames ---- */

static void acks_and_checksums(void **state)
{
    (void)state;
    feed("$qC#b4");
    assert_string_equal(sent(), "+$QC1#c5");
    feed("$qC#b5");
    assert_string_equal(sent(), "-");
    feed("-"); /* the last packet again */
    assert_string_equal(sent(), "");
    feed("+$qC#b4");
    assert_string_equal(sent(), "+$QC1#c5");
    feed("-");
    assert_string_equal(sent(), "$QC1#c5");
    feed("$#00"); /* an empty packet is unknown */
    assert_string_equal(sent(), "+$#00");
}

static void no_ack_mode(void **state)
{
    (void)state;
    feed("$QStartNoAckMode#b0");
    assert_string_equal(sent(), "+$OK#9a");
    feed("$qC#b4");
    assert_string_equal(sent(), "$QC1#c5");
    feed("$qC#ff"); /* wrong: silence */
    assert_string_equal(sent(), "");
}

static void garbage_is_skipped(void **state)
{
    (void)state;
    feed("hello\r\n#00}}$q$qC#b4");
    assert_string_equal(sent(), "+$QC1#c5");
    feed("$qC#zz");
    assert_string_equal(sent(), "-");
    feed("$qC#b4");
    assert_string_equal(sent(), "+$QC1#c5");
}

/* A packet that is too long is refused as a whole, and the next one understood. */
static void too_long(void **state)
{
    static char bytes[PACKET_SIZE + 64];

    (void)state;
    memset(bytes, '0', sizeof(bytes) - 1);
    bytes[0] = '$';
    feed(bytes);
    feed("#00");
    assert_string_equal(sent(), "-");
    feed("$qC#b4");
    assert_string_equal(sent(), "+$QC1#c5");
}

/* One packet at a time: the second waits until the first's reply is on its way. */
static void one_at_a_time(void **state)
{
    static const char two[] = "$qC#b4$qC#b4";

    (void)state;
    assert_int_equal(dbg_input(e, (const uint8_t *)two, strlen(two)), 6);
    assert_int_equal(dbg_input(e, (const uint8_t *)two + 6, 6), 0);
    assert_string_equal(sent(), "+$QC1#c5");
    assert_int_equal(dbg_input(e, (const uint8_t *)two + 6, 6), 6);
}

/* Run lengths: '*' and a character that is the number of repeats plus 29; never # $ + -. */
static void run_lengths(void **state)
{
    static const struct {
        unsigned bytes;
        const char *frame;
    } cases[] = {
        { 1, "$00#60" },
        { 2, "$0* #7a" },
        { 4, "$0*\"00#dc" },
        { 5, "$0*&#80" },
    };

    (void)state;
    feed("$QStartNoAckMode#b0");
    (void)sent();
    memset(rsp_double.memory, 0, RSP_MEMORY_SIZE);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char packet[32];
        unsigned sum = 0;

        (void)snprintf(packet, sizeof(packet), "$m1000,%x", cases[i].bytes);
        for (const char *c = packet + 1; *c != 0; c++) {
            sum += (uint8_t)*c;
        }
        (void)snprintf(packet + strlen(packet), 4, "#%02x", sum % 256);
        feed(packet);
        assert_string_equal(sent(), cases[i].frame);
    }
    /* All lengths come back as they were. */
    for (unsigned n = 1; n < 300; n++) {
        char packet[32];

        (void)snprintf(packet, sizeof(packet), "m1000,%x", n);
        assert_int_equal(strlen(rsp_ask(e, packet)), 2 * n);
    }
}

/* ---- E.2 Packets: registers and memory ---- */

static void general_registers(void **state)
{
    static const struct exchange list[] = {
        { "p0", "0001000000000000" },
        { "p10", "1001000000000000" },
        { "p11", "11010000" },
        { "p18", "18010000000000000000" },
        { "P0=8877665544332211", "OK" },
        { "p0", "8877665544332211" },
        { "P0=88", "E16" },
        { "P0=88776655443322zz", "E16" },
        { "p80000000", "E16" },
        { "pffffffffffffffff", "E16" },
        { "P80000000=00", "E16" },
        { "pzz", "E16" },
        { "p39", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }, /* ymm0h is not there */
        { "Hg2", "OK" },
        { "p0", "0002000000000000" },
        { "Hg4", "E03" },
        { "Hg-1", "OK" },
        { "Hg0", "OK" },
        { "p0;thread:3;", "0003000000000000" },
        { "G00", "E16" },
        { "Gzz", "E16" },
    };
    const char *all = rsp_ask(e, "g");

    (void)state;
    assert_int_equal(strlen(all), 2 * (17 * 8 + 7 * 4));
    assert_memory_equal(all, "00010000000000000101", 20);
    TALK(list);
}

static void set_all(void **state)
{
    char packet[2 * (17 * 8 + 7 * 4) + 2] = "G";

    (void)state;
    memset(packet + 1, '5', sizeof(packet) - 2);
    assert_string_equal(rsp_ask(e, packet), "OK");
    assert_string_equal(rsp_ask(e, "p7"), "5555555555555555");
    assert_string_equal(rsp_ask(e, "p17"), "55555555");
}

static void memory(void **state)
{
    static const struct exchange list[] = {
        { "m1000,4", "00070e15" },  { "m0,4", "E0e" },
        { "m10fff,4", "f8" }, /* what can be read */
        { "m11000,1", "E0e" },      { "mffffffffffffffff,ffffffff", "E0e" },
        { "m1000,0", "" },          { "m1000", "E16" },
        { "m1000,", "E16" },        { "m10000000000000000,4", "E16" },
        { "M1000,2:abcd", "OK" },   { "m1000,3", "abcd0e" },
        { "M1000,2:abc", "E16" },   { "M1000,2:abcdef", "E16" },
        { "M1000,2:abzz", "E16" },  { "M11000,1:00", "E0e" },
        { "M10fff,2:0102", "E0e" }, { "M1000,ffffffffffffffff:00", "E16" },
        { "X1000,0:", "OK" },       { "X1000,3:abc", "OK" },
        { "m1000,3", "616263" },    { "X1000,4:abc", "E16" },
    };
    size_t len;
    const char *reply;

    (void)state;
    TALK(list);
    assert_string_equal(rsp_ask_bytes(e, "X1000,3:}\x03}\x04}]", 14, &len), "OK");
    assert_string_equal(rsp_ask(e, "m1000,3"), "23247d");
    reply = rsp_ask_bytes(e, "x1000,3", 7, &len); /* E.2: data follows a 'b' */
    assert_int_equal(len, 7);
    assert_memory_equal(reply, "b}\x03}\x04}]", 7);
    assert_string_equal(rsp_ask(e, "x0,0"), "OK"); /* older LLDBs: without it from then on */
    assert_memory_equal(rsp_ask_bytes(e, "x1000,1", 7, &len), "}\x03", 2);
    assert_string_equal(rsp_ask(e, "x0,4"), "E0e");
}

/* A whole packet of memory, and more than there is. */
static void large_reads(void **state)
{
    size_t len;

    (void)state;
    assert_int_equal(strlen(rsp_ask(e, "m1000,8000")), 0x10000);
    assert_int_equal(strlen(rsp_ask(e, "m1000,ffffffff")), 0x20000);
    memset(rsp_double.memory, '#', RSP_MEMORY_SIZE);
    (void)rsp_ask_bytes(e, "x1000,ffffffff", 14, &len);
    assert_int_equal(len, 1 + 2 * 0xffff);
}

/* ---- E.2 Packets: stops and going on; E.3 Stop Reply Packets ---- */

static void stop_replies(void **state)
{
    (void)state;
    assert_string_equal(rsp_ask(e, "?"), "T05" EXPEDITED "thread:1;core:0;");
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    rsp_stop_at(2, DBG_STOP_SWBREAK, 0);
    assert_string_equal(rsp_told(), "T05" EXPEDITED_2 "thread:2;core:1;");
    (void)rsp_ask(e, "qSupported:swbreak+;hwbreak+;xmlRegisters=i386");
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    rsp_stop_at(2, DBG_STOP_SWBREAK, 0);
    assert_string_equal(rsp_told(), "T05" EXPEDITED_2 "thread:2;core:1;swbreak:;");
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    rsp_stop_at(1, DBG_STOP_WATCH, 0x1234);
    assert_string_equal(rsp_told(), "T05" EXPEDITED "thread:1;core:0;watch:1234;");
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    dbg_exited(e, 3, false);
    assert_string_equal(rsp_told(), "W03");
    assert_string_equal(rsp_ask(e, "?"), "W03");
}

static void resuming(void **state)
{
    static const struct exchange wrong[] = {
        { "vCont;", "E16" },     { "vCont;q", "E16" },
        { "vCont;c;", "E16" },   { "vCont;C", "E16" },
        { "vCont;C100", "E16" }, { "vCont;r1000", "E16" },
        { "vCont;c:9", "E03" },  { "vCont;s:zz", "E16" },
        { "vCont", "" },         { "vCont?", "vCont;c;C;s;S;t;r" },
    };

    (void)state;
    TALK(wrong);
    assert_int_equal(rsp_double.gone, 0);
    /* The leftmost action with a thread's number, or without one, is its own. */
    assert_string_equal(rsp_ask(e, "vCont;s:2;c"), "");
    assert_int_equal(rsp_double.resumed[0].action, DBG_CONTINUE);
    assert_int_equal(rsp_double.resumed[1].action, DBG_STEP);
    assert_int_equal(rsp_double.resumed[2].action, DBG_CONTINUE);
    assert_string_equal(rsp_ask(e, "g"), "E10"); /* runs */
    rsp_stop_at(2, DBG_STOP_SIGNAL, 0);
    assert_string_equal(rsp_told(), "T05" EXPEDITED_2 "thread:2;core:1;");
    assert_string_equal(rsp_ask(e, "p0"), "0002000000000000"); /* chosen by its stop */
    assert_string_equal(rsp_ask(e, "vCont;r1000,1010:3"), "");
    assert_int_equal(rsp_double.resumed[0].action, DBG_KEEP);
    assert_int_equal(rsp_double.resumed[2].action, DBG_RANGE);
    assert_int_equal(rsp_double.resumed[2].start, 0x1000);
    assert_int_equal(rsp_double.resumed[2].end, 0x1010);
    rsp_stop_at(3, DBG_STOP_SIGNAL, 0);
    (void)rsp_told();
    assert_string_equal(rsp_ask(e, "vCont;C0b:p1.1"), "");
    assert_int_equal(rsp_double.resumed[0].signal, DBG_SIGSEGV);
}

static void old_resuming(void **state)
{
    (void)state;
    assert_string_equal(rsp_ask(e, "s"), "");
    assert_int_equal(rsp_double.resumed[0].action, DBG_STEP);
    assert_int_equal(rsp_double.resumed[1].action, DBG_KEEP);
    rsp_stop_at(1, DBG_STOP_SIGNAL, 0);
    (void)rsp_told();
    assert_string_equal(rsp_ask(e, "c1234"), "");
    assert_int_equal(rsp_double.resumed[2].action, DBG_CONTINUE);
    rsp_stop_at(1, DBG_STOP_SIGNAL, 0);
    (void)rsp_told();
    assert_string_equal(rsp_ask(e, "p10"), "3412000000000000");
    assert_string_equal(rsp_ask(e, "Hc2"), "OK");
    assert_string_equal(rsp_ask(e, "S0b;2000"), "");
    assert_int_equal(rsp_double.resumed[1].action, DBG_STEP);
    assert_int_equal(rsp_double.resumed[1].signal, DBG_SIGSEGV);
}

/* E.8 Interrupts: a byte 3 outside of a packet, and nothing while nothing runs. */
static void interrupting(void **state)
{
    (void)state;
    feed("\x03");
    assert_int_equal(rsp_double.interrupts, 0);
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    feed("\x03");
    assert_int_equal(rsp_double.interrupts, 1);
    dbg_stopped(e, &(struct dbg_stop){ .thread = 1, .signal = DBG_SIGINT });
    assert_string_equal(rsp_told(), "T02" EXPEDITED "thread:1;core:0;");
    dbg_running(e); /* as when a client comes to what runs */
    assert_string_equal(rsp_ask(e, "?"), "");
    assert_int_equal(rsp_double.interrupts, 2);
    dbg_stopped(e, &(struct dbg_stop){ .thread = 2, .signal = DBG_SIGTRAP });
    assert_string_equal(rsp_told(), "T05" EXPEDITED_2 "thread:2;core:1;");
}

static void stop_at_once(void *ctx, unsigned thread)
{
    (void)ctx;
    (void)thread;
    dbg_stopped(e, &(struct dbg_stop){ .thread = 1, .signal = DBG_SIGINT });
}

/* vCtrlC of a target that stops before it is answered: none of both packets is in the other. */
static void stopping_at_once(void **state)
{
    static struct dbg_ops ops;
    size_t len;

    (void)state;
    ops = *e->ops;
    ops.interrupt = stop_at_once;
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    e->ops = &ops;
    assert_string_equal(rsp_ask(e, "vCtrlC"), "T02" EXPEDITED "thread:1;core:0;");
    assert_string_equal(rsp_next(e, &len), "OK");
}

static void leaving(void **state)
{
    (void)state;
    (void)rsp_ask(e, "Z0,1000,1");
    assert_string_equal(rsp_ask(e, "D"), "OK");
    assert_int_equal(rsp_double.detaches, 1);
    assert_int_equal(rsp_double.point_count, 0);
    assert_true(e->closing);
    rsp_setup(NULL);
    assert_string_equal(rsp_ask(e, "vKill;a410"), "OK");
    assert_int_equal(rsp_double.kills, 1);
    rsp_setup(NULL);
    assert_string_equal(rsp_ask(e, "k"), "");
    assert_int_equal(rsp_double.kills, 1);
}

/* ---- E.2 Packets: Z and z ---- */

static void points(void **state)
{
    static const struct exchange list[] = {
        { "Z0,1000,1", "OK" },  { "Z0,1000,1", "OK" }, /* once and again: idempotent */
        { "Z1,1000,1", "OK" },  { "Z2,1000,8", "OK" },       { "Z3,1000,8", "" },
        { "Z4,1000,8", "OK" },  { "Z5,1000,1", "" },         { "Z0,0,1", "E0e" },
        { "Z2,1000,0", "E16" }, { "Z2,1000,ffffff", "E16" }, { "Z0,1000", "E16" },
        { "Z0", "E16" },        { "Zz,1000,1", "E16" },      { "z0,2000,1", "OK" },
        { "z0,1000,1", "OK" },  { "z0,1000,1", "OK" },
    };

    (void)state;
    TALK(list);
    assert_int_equal(rsp_double.point_count, 3);
    dbg_disconnect(e);
    assert_int_equal(rsp_double.point_count, 0);
    for (unsigned i = 0; i < RSP_POINTS; i++) {
        char packet[32];

        (void)snprintf(packet, sizeof(packet), "Z0,%x,1", 0x1000 + i);
        assert_string_equal(rsp_ask(e, packet), "OK");
    }
    assert_string_equal(rsp_ask(e, "Z0,1fff,1"), "E0e");
}

static bool hit(uint64_t address)
{
    const struct point_key key = { DBG_SOFTWARE, address, 1 };

    return dbg_hit(e, 2, &key);
}

/* Appendix F: reg 0 (rax of thread 2 is 0x0200) == const. */
static void conditions(void **state)
{
    (void)state;
    assert_string_equal(rsp_ask(e, "Z0,1000,1;X8,260000230200"
                                   "1327"),
                        "OK");
    assert_true(hit(0x1000));
    assert_string_equal(rsp_ask(e, "Z0,1000,1;X8,2600002302011327"), "OK");
    assert_false(hit(0x1000));
    /* Any of several; one that can't be evaluated stops. */
    assert_string_equal(rsp_ask(e, "Z0,1000,1;X3,220027X3,220127"), "OK");
    assert_true(hit(0x1000));
    assert_string_equal(rsp_ask(e, "Z0,1000,1;X4,22001a27"), "OK");
    assert_true(hit(0x1000));
    assert_false(hit(0x1001));
    assert_int_equal(rsp_double.point_count, 1);
    /* Malformed: no length, no such opcode, a jump to nowhere, an operand cut off. */
    assert_string_equal(rsp_ask(e, "Z0,1001,1;X,27"), "E16");
    assert_string_equal(rsp_ask(e, "Z0,1001,1;X1,ff"), "E16");
    assert_string_equal(rsp_ask(e, "Z0,1001,1;X4,21000927"), "E16");
    assert_string_equal(rsp_ask(e, "Z0,1001,1;X2,2300"), "E16");
    assert_string_equal(rsp_ask(e, "Z0,1001,1;X200,27"), "E16");
    assert_int_equal(rsp_double.point_count, 1);
}

static void endless_condition(void **state)
{
    (void)state;
    assert_string_equal(rsp_ask(e, "Z0,1000,1;X3,210000"), "OK"); /* goto 0 */
    assert_true(hit(0x1000));
}

/* ";cmds:persist,X..." with printf: 2 arguments, first on top, below channel and function. */
static void commands(void **state)
{
    static const char packet[] = "Z0,1000,1;cmds:0,X17,2205"
                                 "2207"
                                 "2200"
                                 "2200"
                                 "34"
                                 "02"
                                 "0009"
                                 "25642d25780a00"
                                 "00"
                                 "00"
                                 "27";
    static const char good[] = "Z0,1000,1;cmds:0,X16,2205"
                               "2207"
                               "2200"
                               "2200"
                               "34"
                               "02"
                               "0009"
                               "25642d25785c6e00"
                               "00"
                               "27";

    (void)state;
    assert_string_equal(rsp_ask(e, packet), "E16"); /* opcode 0 */
    assert_string_equal(rsp_ask(e, good), "OK");
    assert_false(hit(0x1000));
    assert_string_equal(rsp_double.printed, "7-5\n"); /* nobody waits who could be told */
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    assert_false(hit(0x1000));
    assert_string_equal(rsp_told(), "O372d350a"); /* 7-5 and a newline */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(acks_and_checksums, rsp_setup),
        cmocka_unit_test_setup(no_ack_mode, rsp_setup),
        cmocka_unit_test_setup(garbage_is_skipped, rsp_setup),
        cmocka_unit_test_setup(too_long, rsp_setup),
        cmocka_unit_test_setup(one_at_a_time, rsp_setup),
        cmocka_unit_test_setup(run_lengths, rsp_setup),
        cmocka_unit_test_setup(general_registers, rsp_setup),
        cmocka_unit_test_setup(set_all, rsp_setup),
        cmocka_unit_test_setup(memory, rsp_setup),
        cmocka_unit_test_setup(large_reads, rsp_setup),
        cmocka_unit_test_setup(stop_replies, rsp_setup),
        cmocka_unit_test_setup(resuming, rsp_setup),
        cmocka_unit_test_setup(old_resuming, rsp_setup),
        cmocka_unit_test_setup(interrupting, rsp_setup),
        cmocka_unit_test_setup(stopping_at_once, rsp_setup),
        cmocka_unit_test_setup(leaving, rsp_setup),
        cmocka_unit_test_setup(points, rsp_setup),
        cmocka_unit_test_setup(conditions, rsp_setup),
        cmocka_unit_test_setup(endless_condition, rsp_setup),
        cmocka_unit_test_setup(commands, rsp_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
