;; SPDX-License-Identifier: Apache-2.0
;; Traps by its argument: 0 none, 1 unreachable, an address beyond the memory.
(module $trap
  (memory 1 1)
  (func (export "run") (param i32) (result i64)
    (if (i32.eq (local.get 0) (i32.const 1)) (then unreachable))
    (i64.load (local.get 0))))
