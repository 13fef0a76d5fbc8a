/* SPDX-License-Identifier: Apache-2.0 */
/* Of the C library that guests have not: what wasm2c's output asks of <setjmp.h>. */
#ifndef SETJMP_H
#define SETJMP_H

#include <stdint.h>

/* Callee-saved registers, stack pointer, return address, control of floating point. */
typedef uint64_t jmp_buf[9];

int setjmp(jmp_buf at) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf at, int value);

/* Guests have no signals. */
#define sigsetjmp(at, save) setjmp(at)

#endif
