# SPDX-License-Identifier: Apache-2.0
# The `vitrine` command.

CLI_OBJS := $(patsubst %.c,$(O)/host/%.o,$(wildcard cli/*.c))

CLI_LIBS  = $(PLAN_LIBS) $(shell pkg-config --libs libseccomp) -lpthread

$(O)/bin/vitrine: $(CLI_OBJS) $(PLAN_OBJS) $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ $(CLI_LIBS) -o $@

DEPS += $(CLI_OBJS:.o=.d)
ALL  += $(O)/bin/vitrine
