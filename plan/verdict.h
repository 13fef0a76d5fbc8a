/* SPDX-License-Identifier: Apache-2.0 */
/* What each rule of plan_check means to the plan's author. */
#ifndef PLAN_VERDICT_H
#define PLAN_VERDICT_H

#include <stdint.h>

#include "lib/plan_check.h"

/* "<object> <wrong> [<other object>]; remedy: <remedy>" */
struct verdict_text {
    const char *rule, *wrong, *remedy;
};

extern const struct verdict_text verdict_texts[];
extern const uint32_t verdict_text_count;

#endif
