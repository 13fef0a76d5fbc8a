/* SPDX-License-Identifier: Apache-2.0 */
/* Of the C library that guests have not: what wasm2c's output asks of <math.h>. Compilers make
 * instructions of these, or calls of guest/wasm/math.c. */
#ifndef MATH_H
#define MATH_H

#define NAN      __builtin_nanf("")
#define INFINITY __builtin_inff()

#define ceil(x)         __builtin_ceil(x)
#define ceilf(x)        __builtin_ceilf(x)
#define fabs(x)         __builtin_fabs(x)
#define fabsf(x)        __builtin_fabsf(x)
#define floor(x)        __builtin_floor(x)
#define floorf(x)       __builtin_floorf(x)
#define isnan(x)        __builtin_isnan(x)
#define nearbyint(x)    __builtin_nearbyint(x)
#define nearbyintf(x)   __builtin_nearbyintf(x)
#define signbit(x)      __builtin_signbit(x)
#define sqrt(x)         __builtin_sqrt(x)
#define sqrtf(x)        __builtin_sqrtf(x)
#define trunc(x)        __builtin_trunc(x)
#define truncf(x)       __builtin_truncf(x)
#define copysign(x, y)  __builtin_copysign(x, y)
#define copysignf(x, y) __builtin_copysignf(x, y)

#endif
