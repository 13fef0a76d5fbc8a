# SPDX-License-Identifier: Apache-2.0
# Virtio devices without transport, one set of objects for programs of the host.

DEV_SRCS := $(sort $(wildcard dev/*.c))
DEV_OBJS := $(DEV_SRCS:%.c=$(O)/host/%.o)
DEV_LIB  := $(O)/lib/libvitrine-dev.a

$(DEV_LIB): $(DEV_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcsD $@ $^

DEPS += $(DEV_OBJS:.o=.d)
ALL  += $(DEV_LIB)
