# SPDX-License-Identifier: Apache-2.0
# libvitrine, static and shared, of one set of position-independent objects. What is an
# architecture's own lies in its directory; all else is in each library.

HOST_ARCH := $(or $(firstword $(subst -, ,$(shell $(HOSTCC) -dumpmachine 2>/dev/null))),x86_64)
host_srcs = $(sort $(wildcard host/*.c host/$(1)/*.c)) lib/insn_x64.c
HOST_SRCS := $(call host_srcs,$(HOST_ARCH))
HOST_OBJS := $(HOST_SRCS:%.c=$(O)/pic/%.o)
HOST_LIB  := $(O)/lib/libvitrine.a
HOST_SO   := $(O)/lib/libvitrine.so.0
HOST_INC  := -Ihost/include -Ihost/$(HOST_ARCH)

$(O)/pic/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_HOST) $(HOST_INC) -fPIC -fvisibility=hidden $(CFLAGS_DEP) -c $< -o $@

$(HOST_LIB): $(HOST_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcsD $@ $^

$(HOST_SO): $(HOST_OBJS) host/vitrine.map
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -shared -Wl,-soname,$(@F) -Wl,--version-script=host/vitrine.map -Wl,-z,defs \
	    -Wl,-z,relro,-z,now -Wl,--build-id=none $(HOST_OBJS) -lpthread -o $@
	@ln -sf $(@F) $(O)/lib/libvitrine.so

ifneq ($(HOST_SRCS),)
DEPS += $(HOST_OBJS:.o=.d)
ALL  += $(HOST_LIB) $(HOST_SO)
endif
