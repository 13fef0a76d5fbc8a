/* SPDX-License-Identifier: Apache-2.0 */
/* Of the C library that guests have not: what wasm2c's output asks of <alloca.h>. */
#ifndef ALLOCA_H
#define ALLOCA_H

#include <stddef.h>

#define alloca(size) __builtin_alloca(size)

#endif
