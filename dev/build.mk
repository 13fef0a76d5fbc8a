# SPDX-License-Identifier: Apache-2.0
# Virtio devices without transport, one set of objects for programs of the host.

DEV_OBJS := $(patsubst %.c,$(O)/host/%.o,$(sort $(wildcard dev/*.c)))
DEV_LIB  := $(O)/lib/libvitrine-dev.a

$(DEV_LIB): $(DEV_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcsD $@ $^

DEPS += $(DEV_OBJS:.o=.d)
ALL  += $(DEV_LIB)
