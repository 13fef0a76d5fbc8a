/* SPDX-License-Identifier: Apache-2.0 */
/* The library's version and the texts of its errors; holds no state. */
#include "host/include/vitrine.h"

#include "lib/field.h"

FIELD(VERSION_MINOR, 0, 16);
FIELD(VERSION_MAJOR, 16, 16);

/* By the negated number; a test holds this against enum vt_err. */
static const char *const texts[] = {
    [0] = "success",
    [-VT_ERR_INVALID] = "an argument or a config field is not valid",
    [-VT_ERR_NO_MEMORY] = "the host is out of memory",
    [-VT_ERR_NO_BACKEND] = "no usable hypervisor device",
    [-VT_ERR_SYSTEM] = "a system call failed",
    [-VT_ERR_IMAGE] = "the ELF file is damaged or no Vitrine guest",
    [-VT_ERR_TOO_BIG] = "does not fit in the memory it is meant for",
    [-VT_ERR_NO_FUNCTION] = "the guest exports no such function",
    [-VT_ERR_SIGNATURE] = "arguments do not fit the function's types",
    [-VT_ERR_BUSY] = "the micro-VM is in use",
    [-VT_ERR_POISONED] = "the micro-VM must be restored first",
    [-VT_ERR_FAULT] = "the guest faulted and was terminated",
    [-VT_ERR_BUDGET] = "the call used up its time",
    [-VT_ERR_CANCELLED] = "the call was cancelled",
    [-VT_ERR_HOST_FUNCTION] = "a host function failed or is not registered",
    [-VT_ERR_GUEST] = "the guest reported failure or broke the protocol",
    [-VT_ERR_MISMATCH] = "the snapshot is of another image or size",
    [-VT_ERR_UNSUPPORTED] = "not possible with this back end or machine",
    [-VT_ERR_STOPPED] = "stopped for a debugger",
};

const char *vt_strerror(int err)
{
    /* No negation of what may be INT_MIN. */
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (err == -(int)i && texts[i] != NULL) {
            return texts[i];
        }
    }
    return "unknown error";
}

uint32_t vt_version(void)
{
    return (uint32_t)(put(VERSION_MAJOR, VT_VERSION_MAJOR) | put(VERSION_MINOR, VT_VERSION_MINOR));
}
