# SPDX-License-Identifier: Apache-2.0
# The `vitrine` command.

CLI_OBJS := $(patsubst %.c,$(O)/host/%.o,$(wildcard cli/*.c cli/$(HOST_ARCH)/*.c))

CLI_LIBS  = $(PLAN_LIBS) $(shell pkg-config --libs libseccomp) -lpthread

$(O)/bin/vitrine: $(CLI_OBJS) $(PLAN_OBJS) $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ $(CLI_LIBS) -o $@

DEPS += $(CLI_OBJS:.o=.d)
ALL  += $(O)/bin/vitrine

# For aarch64 Linux, with libraries of the cache; not part of `all`.
CLI_A64_OBJS := $(call linux_a64_objs,$(wildcard cli/*.c cli/aarch64/*.c) $(PLAN_SRCS))
$(LINUX_A64)/bin/vitrine: $(CLI_A64_OBJS) $(LINUX_A64_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINUX_A64_CC) $^ $(LINUX_A64_LIBS) -Wl,-rpath-link,$(LINUX_A64_ROOT)/lib/aarch64-linux-gnu \
	    -lcyaml -lyaml -lelf -lfdt -lseccomp -lpthread -o $@
DEPS += $(CLI_A64_OBJS:.o=.d)
