# SPDX-License-Identifier: Apache-2.0
# The separation kernel: $(O)/hyp/<arch>/hyp.elf, and hyp.bin for boot images.

HYP_CORE := console console_cmd console_line exits load lock log main mmio pool reg run s2 setup \
            string trap uart vuart zone
HYP_aarch64 := boot cpu crash decode dma early fast fetch gic idreg inject mmu mmu_boot pirq psci \
               stage2 sysreg vcpu_regs vgic vgic_table vgicd vgicr vlr vlr_state vspill vword
HYP_ASM_aarch64 := entry start
HYP_LIB := insn_a64 plan_check plan_driver plan_rule_channel plan_rule_machine plan_rule_zone

# Drivers, each a bit of enum plan_driver: its files, and the file that has its functions in a build
# without it. What a plan needs and this build does not have is refused by boot.c and `vitrine`.
HYP_WITH_channels := hyp/core/channel.c hyp/core/vbus.c lib/vpci.c
HYP_SANS_channels := hyp/none/channel.c
HYP_WITH_control  := $(addprefix hyp/core/control,.c _op.c _ring.c) hyp/core/pause.c lib/dax.c
HYP_SANS_control  := hyp/none/control.c
HYP_WITH_gicv2    := $(addprefix hyp/arch/aarch64/,gicv2.c vgicv2.c vlr2.c)
HYP_SANS_gicv2    := hyp/none/gicv2.c
HYP_WITH_gicv3    :=
HYP_WITH_hypcalls := hyp/core/hypcall.c lib/fault_check.c
HYP_SANS_hypcalls := hyp/none/hypcall.c
HYP_WITH_its      := $(addprefix hyp/arch/aarch64/,its.c lpi.c vits.c)
HYP_SANS_its      := hyp/none/its.c
HYP_WITH_pci      := hyp/core/pcihost.c
HYP_SANS_pci      := hyp/none/pcihost.c
HYP_WITH_smmuv3   := hyp/arch/aarch64/smmu.c
HYP_SANS_smmuv3   := hyp/none/smmu.c
HYP_WITH_virtio   := hyp/core/vio.c hyp/core/vio_server.c lib/vmmio.c
HYP_SANS_virtio   := hyp/none/vio.c

HYP_DRIVERS_ALL := $(sort $(patsubst HYP_WITH_%,%,$(filter HYP_WITH_%,$(.VARIABLES))))
HYP_BUILT       := $(or $(HYP_DRIVERS),$(HYP_DRIVERS_ALL))
ifneq ($(filter-out $(HYP_DRIVERS_ALL),$(HYP_BUILT)),)
$(error HYP_DRIVERS: $(filter-out $(HYP_DRIVERS_ALL),$(HYP_BUILT)) is not one of $(HYP_DRIVERS_ALL))
endif
ifeq ($(filter gicv%,$(HYP_BUILT)),)
$(error HYP_DRIVERS=$(HYP_DRIVERS) has no interrupt controller, such as gicv3)
endif
ifeq ($(filter control,$(HYP_BUILT))/$(filter channels,$(HYP_BUILT)),control/)
$(error HYP_DRIVERS=$(HYP_DRIVERS): control needs channels, whose PCI bus it is on)
endif
ifeq ($(filter virtio,$(HYP_BUILT))/$(filter control,$(HYP_BUILT)),virtio/)
$(error HYP_DRIVERS=$(HYP_DRIVERS): virtio needs control, by which zone0 serves the devices)
endif
HYP_DRIVER_SRC := $(foreach d,$(HYP_BUILT),$(HYP_WITH_$d)) \
                  $(foreach d,$(filter-out $(HYP_BUILT),$(HYP_DRIVERS_ALL)),$(HYP_SANS_$d)) \
                  $(if $(filter its pci smmuv3,$(HYP_BUILT)),lib,hyp/none)/plan_rule_pci.c \
                  $(if $(filter control,$(HYP_BUILT)),lib,hyp/none)/plan_rule_control.c \
                  $(if $(filter virtio,$(HYP_BUILT)),lib,hyp/none)/plan_rule_virtio.c

HYP_OUT := $(O)/hyp/aarch64
HYP_SRC := $(HYP_CORE:%=hyp/core/%.c) $(HYP_aarch64:%=hyp/arch/aarch64/%.c) $(HYP_LIB:%=lib/%.c) \
           $(HYP_DRIVER_SRC)
HYP_OBJ := $(HYP_SRC:%.c=$(HYP_OUT)/%.o) $(HYP_ASM_aarch64:%=$(HYP_OUT)/hyp/arch/aarch64/%.o)
# hw.h has a directory of its own, so that tests can put the fake one in its place.
HYP_INC := -Ihyp/arch/aarch64 -Ihyp/arch/aarch64/machine
HYP_LD  := hyp/arch/aarch64/link.ld

# The image is far smaller than the 1 MiB that one instruction reaches; code is not padded.
HYP_MODEL := -mcmodel=tiny -falign-functions=4 \
             $(if $(filter gcc,$(TOOLCHAIN)),-falign-jumps=1 -falign-loops=1)

# One unit: calls between files cost nothing, and what nobody uses is gone.
HYP_LTO := $(if $(filter gcc,$(TOOLCHAIN)),-flto -fno-fat-lto-objects -flto-partition=one)

$(HYP_OUT)/%.o: %.c $(FLAGS_STAMP) hyp/build.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(CFLAGS_FREE_aarch64) $(HYP_MODEL) $(HYP_INC) $(HYP_LTO) $(HYP_CFLAGS) \
	    $(CFLAGS_DEP) -c $< -o $@

$(HYP_OUT)/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(ASFLAGS_FREE_aarch64) $(HYP_INC) $(CFLAGS_DEP) -c $< -o $@

# The compiler must not turn memset's own loop into a call of memset.
$(HYP_OUT)/hyp/core/string.o: HYP_CFLAGS := -fno-lto -fno-builtin \
    $(if $(filter gcc,$(TOOLCHAIN)),-fno-tree-loop-distribute-patterns)

# Fast: what guests' exits run through. All else is small rather than fast.
HYP_HOT := $(addprefix hyp/core/,lock mmio reg run string) \
           $(addprefix hyp/arch/aarch64/,fast pirq psci vcpu_regs vgic_table vgicd vgicr vlr) \
           hyp/arch/aarch64/vword
HYP_COLD := $(filter-out $(HYP_HOT:%=$(HYP_OUT)/%.o),$(HYP_SRC:%.c=$(HYP_OUT)/%.o))
$(HYP_COLD): HYP_CFLAGS := $(if $(filter -O2,$(OPT)),-Os)

# The driver bits, for the image's header and for the refusal.
$(HYP_OUT)/hyp/arch/aarch64/boot.o: HYP_CFLAGS += \
    '-DHYP_DRIVERS=(0$(foreach d,$(HYP_BUILT), | BIT64(PLAN_DRIVER_$(shell echo $d | tr a-z A-Z))))'

$(HYP_OUT)/hyp.elf: $(HYP_OBJ) $(HYP_LD)
	$(call say,LINK,$@)
	$(Q)$(CC_aarch64) $(CFLAGS_FREE_aarch64) $(HYP_MODEL) $(HYP_LTO) $(LDFLAGS_FREE_aarch64) \
	    -Wl,-T,$(HYP_LD) -Wl,-z,max-page-size=4096 $(HYP_OBJ) -o $@

$(HYP_OUT)/hyp.bin: $(HYP_OUT)/hyp.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY_aarch64) -O binary $< $@

ALL   += $(HYP_OUT)/hyp.elf $(HYP_OUT)/hyp.bin
DEPS  += $(HYP_OBJ:.o=.d)
SIZES += $(HYP_OUT)/hyp.elf
