/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes shared by all parts: functions return 0 or one of these, never a global errno. */
#ifndef LIB_ERR_H
#define LIB_ERR_H

enum err {
    OK = 0,
    ERR_INVALID = -1, /* an argument or a field has a value that is not allowed */
    ERR_RANGE = -2,   /* outside of the object it belongs to */
    ERR_BUSY = -3,    /* valid, but not in this state */
    ERR_FULL = -4,    /* a fixed-size table or ring has no room */
    ERR_NONE = -5,    /* no such thing */
    ERR_DENIED = -6,  /* exists, but belongs to somebody else */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
