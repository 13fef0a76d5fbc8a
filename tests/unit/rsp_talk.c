/* SPDX-License-Identifier: Apache-2.0 */
/* Packets and replies of the debugger's engine, compared; see the header. */
#include "rsp_talk.h"

#include <string.h>

#include "unit.h"

struct dbg_engine rsp_engine;

int rsp_setup(void **state)
{
    (void)state;
    rsp_double_reset();
    dbg_init(&rsp_engine, &rsp_double_ops, NULL);
    dbg_connect(&rsp_engine);
    return 0;
}

void rsp_talk(const struct exchange *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *reply = rsp_ask(&rsp_engine, list[i].packet);

        if (strcmp(reply, list[i].reply) != 0) {
            fail_msg("%s: got %.200s, want %.200s", list[i].packet, reply, list[i].reply);
        }
    }
}

void rsp_stop_at(unsigned thread, enum dbg_stop_reason reason, uint64_t address)
{
    const struct dbg_stop stop = { thread, DBG_SIGTRAP, reason, address };

    dbg_stopped(&rsp_engine, &stop);
}

const char *rsp_told(void)
{
    size_t len;

    return rsp_next(&rsp_engine, &len);
}
