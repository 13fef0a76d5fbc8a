# SPDX-License-Identifier: Apache-2.0
# Zone0's way to the hypervisor, for programs of Linux in zone0.

# The server of devices needs dev/, too.
SERVE_SRCS := $(sort $(wildcard zone0/serve*.c)) zone0/ready.c zone0/tap.c
SERVE_OBJS := $(SERVE_SRCS:%.c=$(O)/host/%.o)

ZONE0_SRCS := $(filter-out $(SERVE_SRCS),$(sort $(wildcard zone0/*.c)))
ZONE0_OBJS := $(ZONE0_SRCS:%.c=$(O)/host/%.o)

DEPS += $(ZONE0_OBJS:.o=.d) $(SERVE_OBJS:.o=.d)
ALL  += $(ZONE0_OBJS) $(SERVE_OBJS)
