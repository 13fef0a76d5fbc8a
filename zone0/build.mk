# SPDX-License-Identifier: Apache-2.0
# Zone0's way to the hypervisor, for programs of Linux in zone0.

ZONE0_SRCS := $(sort $(wildcard zone0/*.c))
ZONE0_OBJS := $(ZONE0_SRCS:%.c=$(O)/host/%.o)

DEPS += $(ZONE0_OBJS:.o=.d)
ALL  += $(ZONE0_OBJS)
