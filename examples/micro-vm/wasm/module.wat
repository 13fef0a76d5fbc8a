;; SPDX-License-Identifier: Apache-2.0
;; A module with a memory of one page: a sum of what lies in it, a division, a poke anywhere.
(module $module
  (memory 1 2)
  (func (export "poke") (param $at i32) (param $value i32)
    (i32.store8 (local.get $at) (local.get $value)))
  (func (export "sum") (param $count i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $count))))
        (br $next)))
    (local.get $sum))
  (func (export "divide") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1))))
