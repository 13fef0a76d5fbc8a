/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of the rules on PCI functions, SMMU and ITS in a build without a driver for any of
 * them: boot.c refuses plans with one before it looks at rules; nothing else reads their fields.
 */
#include "hyp/none/holds.h"

HOLDS(smmu)
HOLDS(irq_smmu)
HOLDS(function_place)
HOLDS(function_unique)
HOLDS(function_device)
HOLDS(function_first)
HOLDS(function_dma)
HOLDS(function_window)
HOLDS(zone_functions)
HOLDS(its)
HOLDS(function_msi)
HOLDS(device_unique)
HOLDS(zone_its)
