/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASSERT states an invariant of our own; it never checks what a guest or the outside can choose.
 * It stays in release builds: a failure stops the machine with a crash record.
 */
#ifndef HYP_CORE_ASSERT_H
#define HYP_CORE_ASSERT_H

#include "hyp/arch.h"

#define ASSERT_TEXT2(line) #line
#define ASSERT_TEXT(line)  ASSERT_TEXT2(line)
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            arch_crash(__FILE__ ":" ASSERT_TEXT(__LINE__) ": " #condition);                        \
        }                                                                                          \
    } while (0)

#endif
