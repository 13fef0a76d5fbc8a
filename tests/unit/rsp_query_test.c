/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debugger's engine, continued: queries, objects, non-stop mode, LLDB's packets, and whether
 * its tables are complete. Expectations are GDB's and LLDB's manuals'.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "gdb/command.h"
#include "rsp_talk.h"

static struct dbg_engine *const e = &rsp_engine;

/* ---- E.4 General Query Packets ---- */

static void queries(void **state)
{
    static const struct exchange list[] = {
        { "qC", "QC1" },
        { "qfThreadInfo", "m1,2,3" },
        { "qsThreadInfo", "l" },
        { "T2", "OK" },
        { "T4", "E03" },
        { "qThreadExtraInfo,2", "6f74686572" },
        { "qAttached", "1" },
        { "qAttached:1", "1" },
        { "qOffsets", "TextSeg=200000" },
        { "QPassSignals:e;10;14", "OK" },
        { "QPassSignals:zz", "E16" },
        { "QPassSignals:100", "E16" },
        { "qRcmd,6162", "68656172643a206162" },
        { "qRcmd,7175696574", "OK" },
        { "qRcmd,616", "E16" },
        { "vMustReplyEmpty", "" },
        { "qCRC:1000,10", "" },
        { "qTStatus", "" },
        { "!", "" },
        { "vRun;", "" },
        { "bs", "" },
        { "QNonStop:2", "E16" },
    };

    (void)state;
    TALK(list);
    assert_false(dbg_wants(e, 0xe) && dbg_wants(e, 0x14));
    assert_true(dbg_wants(e, DBG_SIGSEGV));
}

static bool supports(const char *word)
{
    return strstr(rsp_ask(e, "qSupported:multiprocess+"), word) != NULL;
}

/* What a target has not is not advertised, and its packets are unknown. */
static void features_follow_operations(void **state)
{
    struct dbg_ops bare = { .arch = rsp_double_ops.arch, .threads = rsp_double_ops.threads };

    (void)state;
    assert_memory_equal(rsp_ask(e, "qSupported"), "PacketSize=20000;", 17);
    assert_true(supports("ConditionalBreakpoints+") && supports("QNonStop+"));
    assert_true(supports("qXfer:exec-file:read+") && supports("binary-upload+"));
    dbg_init(e, &bare, NULL);
    assert_false(supports("ConditionalBreakpoints+") || supports("QNonStop+"));
    assert_false(supports("qXfer:exec-file:read+") || supports("binary-upload+"));
    assert_string_equal(rsp_ask(e, "Z0,1000,1"), "");
    assert_string_equal(rsp_ask(e, "m1000,4"), "");
    assert_string_equal(rsp_ask(e, "g"), "");
    assert_string_equal(rsp_ask(e, "vCont;c"), "");
    assert_string_equal(rsp_ask(e, "k"), "");
    assert_string_equal(rsp_ask(e, "?"), "T05thread:1;core:0;");
}

/* E.6: 'm' as long as there is more, 'l' at the end; any pieces make the same whole. */
static void pieces(void **state)
{
    static char whole[0x8000], sum[0x8000];
    char packet[80];

    (void)state;
    (void)snprintf(whole, sizeof(whole), "%s", rsp_ask(e, "qXfer:features:read:core.xml:0,8000"));
    assert_int_equal(whole[0], 'l');
    sum[0] = 0;
    for (unsigned at = 0; at < strlen(whole) - 1; at += 100) {
        const char *reply;

        (void)snprintf(packet, sizeof(packet), "qXfer:features:read:core.xml:%x,64", at);
        reply = rsp_ask(e, packet);
        assert_int_equal(reply[0], at + 100 < strlen(whole) - 1 ? 'm' : 'l');
        (void)strncat(sum, reply + 1, sizeof(sum) - strlen(sum) - 1);
    }
    assert_string_equal(sum, whole + 1);
    assert_string_equal(rsp_ask(e, "qXfer:features:read:core.xml:ffffff,64"), "l");
    assert_string_equal(rsp_ask(e, "qXfer:features:read:none.xml:0,64"), "E16");
    assert_string_equal(rsp_ask(e, "qXfer:features:read:core.xml:0"), "E16");
    assert_string_equal(rsp_ask(e, "qXfer:features:write:core.xml:0,1"), "");
    assert_string_equal(rsp_ask(e, "qXfer:exec-file:read::0,64"), "l/tmp/a}]b.elf");
}

/* G.5: the features have the registers that GDB asks for, numbered as in g. */
static void target_description(void **state)
{
    const char *xml;

    (void)state;
    xml = rsp_ask(e, "qXfer:features:read:target.xml:0,4000");
    assert_non_null(strstr(xml, "<architecture>i386:x86-64</architecture>"));
    assert_non_null(strstr(xml, "href=\"sse.xml\""));
    xml = rsp_ask(e, "qXfer:features:read:core.xml:0,4000");
    assert_non_null(strstr(xml, "<feature name=\"org.gnu.gdb.i386.core\">"));
    assert_non_null(
        strstr(xml, "<reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\" regnum=\"16\""));
    assert_non_null(strstr(xml, "<reg name=\"st7\" bitsize=\"80\" type=\"i387_ext\""));
    xml = rsp_ask(e, "qXfer:threads:read::0,4000");
    assert_non_null(
        strstr(xml, "<thread id=\"1\" core=\"0\" name=\"first &lt;&quot;&amp;&gt;\"/>"));
    xml = rsp_ask(e, "qXfer:memory-map:read::0,4000");
    assert_non_null(strstr(xml, "<memory type=\"ram\" start=\"0x1000\" length=\"0x10000\"/>"));
}

/* ---- E.9, E.10: notifications and non-stop mode ---- */

static void nonstop(void **state)
{
    (void)state;
    assert_string_equal(rsp_ask(e, "QNonStop:1"), "OK");
    assert_true(rsp_double.nonstop);
    /* `?` tells of all stopped threads, one a vStopped. */
    assert_string_equal(rsp_ask(e, "?"), "T00" EXPEDITED "thread:1;core:0;");
    assert_string_equal(rsp_ask(e, "vStopped"), "T00" EXPEDITED_2 "thread:2;core:1;");
    assert_int_equal(strncmp(rsp_ask(e, "vStopped"), "T00", 3), 0);
    assert_string_equal(rsp_ask(e, "vStopped"), "OK");
    /* A resume is answered at once. */
    assert_string_equal(rsp_ask(e, "vCont;c:1;c:2"), "OK");
    assert_string_equal(rsp_ask(e, "Hg1"), "OK");
    assert_string_equal(rsp_ask(e, "g"), "E10");
    assert_string_equal(rsp_ask(e, "Hg3"), "OK");
    assert_string_equal(rsp_ask(e, "p0"), "0003000000000000");
    rsp_stop_at(2, DBG_STOP_SIGNAL, 0);
    rsp_stop_at(1, DBG_STOP_SIGNAL, 0);
    assert_string_equal(rsp_told(), "Stop:T05" EXPEDITED_2 "thread:2;core:1;");
    assert_string_equal(rsp_told(), ""); /* the other waits to be asked for */
    assert_int_equal(strncmp(rsp_ask(e, "vStopped"), "T05", 3), 0);
    assert_string_equal(rsp_ask(e, "vStopped"), "OK");
    assert_string_equal(rsp_ask(e, "vCont;c:1"), "OK");
    assert_string_equal(rsp_ask(e, "vCont;t:1"), "OK");
    assert_int_equal(rsp_double.interrupts, 1);
    dbg_disconnect(e);
    assert_false(rsp_double.nonstop);
}

/* ---- LLDB's extensions ---- */

static void lldb_packets(void **state)
{
    static const struct exchange list[] = {
        { "QThreadSuffixSupported", "OK" },
        { "QListThreadsInStopReply", "OK" },
        { "?", "T05" EXPEDITED "thread:1;core:0;threads:1,2,3;reason:trace;" },
        { "qMemoryRegionInfo:1234", "start:1000;size:10000;permissions:rx;name:74657874;" },
        { "qMemoryRegionInfo:0", "start:0;size:1000;" },
        { "qMemoryRegionInfo:11000", "start:11000;size:fffffffffffef000;" },
        { "qWatchpointSupportInfo:", "num:4;" },
        { "qOffsets", "Text=1000;Data=1000" },
        { "qThreadStopInfo9", "E03" },
        { "qProcessInfo",
          "pid:1;triple:7838365f36342d756e6b6e6f776e2d756e6b6e6f776e;endian:little;ptrsize:8;" },
    };
    const char *json;

    (void)state;
    TALK(list);
    assert_non_null(strstr(rsp_ask(e, "qHostInfo"), "ptrsize:8;endian:little;"));
    json = rsp_ask(e, "jThreadsInfo");
    assert_non_null(strstr(json, "{\"tid\":1,\"name\":\"first <\\\"&>\""));
    assert_non_null(strstr(json, "\"16\":\"1001000000000000\""));
}

/* ---- Tables ---- */

static void each_row_can_be_reached(void **state)
{
    (void)state;
    for (unsigned t = 0; t < COMMAND_TABLES; t++) {
        for (unsigned i = 0; i < command_tables[t]->count; i++) {
            const struct command *row = &command_tables[t]->rows[i];
            const struct command *found;
            struct request r = { 0 };
            char packet[128];
            size_t at = (size_t)snprintf(packet, sizeof(packet), "%s", row->name);

            assert_non_null(row->fn);
            assert_true(row->cap < CAP_COUNT && cap_has(&rsp_double_ops, row->cap));
            for (const char *s = row->shape; *s != 0 && *s != '?'; s++) {
                packet[at++] = *s == 'h' || *s == 't' ? '1' : *s == 'w' || *s == '*' ? '.' : *s;
            }
            assert_int_equal(command_parse((struct wire_in){ (uint8_t *)packet, at }, &found, &r),
                             COMMAND_FOUND);
            assert_ptr_equal(found, row);
        }
    }
}

static void each_register_has_a_feature(void **state)
{
    const struct dbg_arch *arch = &dbg_x86_64;
    unsigned next_reg = 0;

    (void)state;
    for (unsigned f = 0; f < arch->feature_count; f++) {
        assert_int_equal(arch->feature[f].first, next_reg);
        next_reg += arch->feature[f].count;
    }
    assert_int_equal(next_reg, arch->reg_count);
    for (unsigned i = 0; i < arch->reg_count; i++) {
        assert_non_null(arch->reg[i].name);
        assert_true(dbg_reg_bytes(&arch->reg[i]) > 0);
        assert_true(dbg_reg_bytes(&arch->reg[i]) <= DBG_REG_BYTES_MAX);
        assert_true(arch->reg[i].type < DBG_REG_TYPES);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(arch->reg[i].name, arch->reg[k].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(queries, rsp_setup),
        cmocka_unit_test_setup(features_follow_operations, rsp_setup),
        cmocka_unit_test_setup(pieces, rsp_setup),
        cmocka_unit_test_setup(target_description, rsp_setup),
        cmocka_unit_test_setup(nonstop, rsp_setup),
        cmocka_unit_test_setup(lldb_packets, rsp_setup),
        cmocka_unit_test_setup(each_row_can_be_reached, rsp_setup),
        cmocka_unit_test_setup(each_register_has_a_feature, rsp_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
