/* SPDX-License-Identifier: Apache-2.0 */
/* What isolation needs of a plan that was accepted, computed in another way than by plan_check. */
#ifndef TESTS_FUZZ_PLAN_INVARIANT_H
#define TESTS_FUZZ_PLAN_INVARIANT_H

#include "abi/plan.h"

/* Ends the run when the plan breaks one; `plan` was accepted by plan_check(). */
void plan_invariant(const struct plan *plan);

#endif
