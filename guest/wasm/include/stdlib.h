/* SPDX-License-Identifier: Apache-2.0 */
/* Of the C library that guests have not: what wasm2c's output asks of <stdlib.h>. */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#endif
