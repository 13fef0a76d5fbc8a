/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of a compiled plan as text. Only prints. */
#include "plan/compile.h"

void show_plan(const struct compile *c, FILE *out)
{
    fprintf(out, "%u zones\n", c->plan.zone_count);
}
