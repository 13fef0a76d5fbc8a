# SPDX-License-Identifier: Apache-2.0
# libvitrine, static and shared, of one set of position-independent objects. What is an
# architecture's own lies in its directory; all else is in each library.

HOST_ARCH := $(or $(firstword $(subst -, ,$(shell $(HOSTCC) -dumpmachine 2>/dev/null))),x86_64)
host_srcs = $(sort $(wildcard host/*.c host/$(1)/*.c)) lib/insn_x64.c lib/intc.c lib/irqctl.c \
            $(wildcard gdb/*.c)
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

# --- for aarch64 Linux: what the tests on KVM/arm64 run -------------------------------------------
# Debian's cross compilers bring libc; scripts/guests has fetched the other libraries.
LINUX_A64      := $(O)/aarch64-linux
LINUX_A64_CC   := aarch64-linux-gnu-gcc
LINUX_A64_ROOT := $(or $(VITRINE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/vitrine)
LINUX_A64_ROOT := $(LINUX_A64_ROOT)/guests/arm64-libs/root
LINUX_A64_INC  := -Ihost/include -Ihost/aarch64 -isystem $(LINUX_A64_ROOT)/usr/include
LINUX_A64_LIBS := -L$(LINUX_A64_ROOT)/usr/lib/aarch64-linux-gnu

linux_a64_objs = $(patsubst %.c,$(LINUX_A64)/obj/%.o,$(1))
LINUX_A64_OBJS := $(call linux_a64_objs,$(call host_srcs,aarch64))
LINUX_A64_LIB  := $(LINUX_A64)/lib/libvitrine.a

$(LINUX_A64)/obj/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(LINUX_A64_CC) $(CFLAGS_HOST) $(LINUX_A64_INC) $(CFLAGS_DEP) -c $< -o $@

$(LINUX_A64_LIB): $(LINUX_A64_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)aarch64-linux-gnu-ar rcsD $@ $^

DEPS += $(LINUX_A64_OBJS:.o=.d)
