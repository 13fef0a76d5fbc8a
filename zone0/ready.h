/* SPDX-License-Identifier: Apache-2.0 */
/* Tells systemd of a service's state (sd_notify(3)), if systemd asked for it by NOTIFY_SOCKET. */
#ifndef ZONE0_READY_H
#define ZONE0_READY_H

/* "READY=1", "STOPPING=1"; without a listener nothing happens. */
void ready_tell(const char *state);

#endif
