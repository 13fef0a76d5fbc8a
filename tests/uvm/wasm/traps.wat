;; SPDX-License-Identifier: Apache-2.0
;; Every load and store at three offsets, every other trap, growth: a table of functions (i32) ->
;; i64, of which run() calls one. tests/uvm/wasm_test.c knows their order.
(module $traps
  (type $op (func (param i32) (result i64)))
  (memory 1 70)
  (data $text "abcd")
  ;; loads, then stores; each with offset 0, 1 and the largest
  (func $i32.load (type $op) (i64.extend_i32_u (i32.load (local.get 0))))
  (func $i64.load (type $op) (i64.load (local.get 0)))
  (func $f32.load (type $op) (i64.trunc_sat_f32_u (f32.load (local.get 0))))
  (func $f64.load (type $op) (i64.trunc_sat_f64_u (f64.load (local.get 0))))
  (func $i32.load8_s (type $op) (i64.extend_i32_u (i32.load8_s (local.get 0))))
  (func $i32.load8_u (type $op) (i64.extend_i32_u (i32.load8_u (local.get 0))))
  (func $i32.load16_s (type $op) (i64.extend_i32_u (i32.load16_s (local.get 0))))
  (func $i32.load16_u (type $op) (i64.extend_i32_u (i32.load16_u (local.get 0))))
  (func $i64.load8_s (type $op) (i64.load8_s (local.get 0)))
  (func $i64.load8_u (type $op) (i64.load8_u (local.get 0)))
  (func $i64.load16_s (type $op) (i64.load16_s (local.get 0)))
  (func $i64.load16_u (type $op) (i64.load16_u (local.get 0)))
  (func $i64.load32_s (type $op) (i64.load32_s (local.get 0)))
  (func $i64.load32_u (type $op) (i64.load32_u (local.get 0)))
  (func $i32.store (type $op) (i32.store (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i64.store (type $op) (i64.store (local.get 0) (i64.const -1)) (i64.const 0))
  (func $f32.store (type $op) (f32.store (local.get 0) (f32.const -1)) (i64.const 0))
  (func $f64.store (type $op) (f64.store (local.get 0) (f64.const -1)) (i64.const 0))
  (func $i32.store8 (type $op) (i32.store8 (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i32.store16 (type $op) (i32.store16 (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i64.store8 (type $op) (i64.store8 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i64.store16 (type $op) (i64.store16 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i64.store32 (type $op) (i64.store32 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i32.load.1 (type $op) (i64.extend_i32_u (i32.load offset=1 (local.get 0))))
  (func $i64.load.1 (type $op) (i64.load offset=1 (local.get 0)))
  (func $f32.load.1 (type $op) (i64.trunc_sat_f32_u (f32.load offset=1 (local.get 0))))
  (func $f64.load.1 (type $op) (i64.trunc_sat_f64_u (f64.load offset=1 (local.get 0))))
  (func $i32.load8_s.1 (type $op) (i64.extend_i32_u (i32.load8_s offset=1 (local.get 0))))
  (func $i32.load8_u.1 (type $op) (i64.extend_i32_u (i32.load8_u offset=1 (local.get 0))))
  (func $i32.load16_s.1 (type $op) (i64.extend_i32_u (i32.load16_s offset=1 (local.get 0))))
  (func $i32.load16_u.1 (type $op) (i64.extend_i32_u (i32.load16_u offset=1 (local.get 0))))
  (func $i64.load8_s.1 (type $op) (i64.load8_s offset=1 (local.get 0)))
  (func $i64.load8_u.1 (type $op) (i64.load8_u offset=1 (local.get 0)))
  (func $i64.load16_s.1 (type $op) (i64.load16_s offset=1 (local.get 0)))
  (func $i64.load16_u.1 (type $op) (i64.load16_u offset=1 (local.get 0)))
  (func $i64.load32_s.1 (type $op) (i64.load32_s offset=1 (local.get 0)))
  (func $i64.load32_u.1 (type $op) (i64.load32_u offset=1 (local.get 0)))
  (func $i32.store.1 (type $op) (i32.store offset=1 (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i64.store.1 (type $op) (i64.store offset=1 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $f32.store.1 (type $op) (f32.store offset=1 (local.get 0) (f32.const -1)) (i64.const 0))
  (func $f64.store.1 (type $op) (f64.store offset=1 (local.get 0) (f64.const -1)) (i64.const 0))
  (func $i32.store8.1 (type $op) (i32.store8 offset=1 (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i32.store16.1 (type $op) (i32.store16 offset=1 (local.get 0) (i32.const -1)) (i64.const 0))
  (func $i64.store8.1 (type $op) (i64.store8 offset=1 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i64.store16.1 (type $op) (i64.store16 offset=1 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i64.store32.1 (type $op) (i64.store32 offset=1 (local.get 0) (i64.const -1)) (i64.const 0))
  (func $i32.load.max (type $op) (i64.extend_i32_u (i32.load offset=4294967295 (local.get 0))))
  (func $i64.load.max (type $op) (i64.load offset=4294967295 (local.get 0)))
  (func $f32.load.max (type $op) (i64.trunc_sat_f32_u (f32.load offset=4294967295 (local.get 0))))
  (func $f64.load.max (type $op) (i64.trunc_sat_f64_u (f64.load offset=4294967295 (local.get 0))))
  (func $i32.load8_s.max (type $op) (i64.extend_i32_u (i32.load8_s offset=4294967295
      (local.get 0))))
  (func $i32.load8_u.max (type $op) (i64.extend_i32_u (i32.load8_u offset=4294967295
      (local.get 0))))
  (func $i32.load16_s.max (type $op) (i64.extend_i32_u (i32.load16_s offset=4294967295
      (local.get 0))))
  (func $i32.load16_u.max (type $op) (i64.extend_i32_u (i32.load16_u offset=4294967295
      (local.get 0))))
  (func $i64.load8_s.max (type $op) (i64.load8_s offset=4294967295 (local.get 0)))
  (func $i64.load8_u.max (type $op) (i64.load8_u offset=4294967295 (local.get 0)))
  (func $i64.load16_s.max (type $op) (i64.load16_s offset=4294967295 (local.get 0)))
  (func $i64.load16_u.max (type $op) (i64.load16_u offset=4294967295 (local.get 0)))
  (func $i64.load32_s.max (type $op) (i64.load32_s offset=4294967295 (local.get 0)))
  (func $i64.load32_u.max (type $op) (i64.load32_u offset=4294967295 (local.get 0)))
  (func $i32.store.max (type $op) (i32.store offset=4294967295 (local.get 0) (i32.const -1))
      (i64.const 0))
  (func $i64.store.max (type $op) (i64.store offset=4294967295 (local.get 0) (i64.const -1))
      (i64.const 0))
  (func $f32.store.max (type $op) (f32.store offset=4294967295 (local.get 0) (f32.const -1))
      (i64.const 0))
  (func $f64.store.max (type $op) (f64.store offset=4294967295 (local.get 0) (f64.const -1))
      (i64.const 0))
  (func $i32.store8.max (type $op) (i32.store8 offset=4294967295 (local.get 0)
      (i32.const -1)) (i64.const 0))
  (func $i32.store16.max (type $op) (i32.store16 offset=4294967295 (local.get 0)
      (i32.const -1)) (i64.const 0))
  (func $i64.store8.max (type $op) (i64.store8 offset=4294967295 (local.get 0)
      (i64.const -1)) (i64.const 0))
  (func $i64.store16.max (type $op) (i64.store16 offset=4294967295 (local.get 0)
      (i64.const -1)) (i64.const 0))
  (func $i64.store32.max (type $op) (i64.store32 offset=4294967295 (local.get 0)
      (i64.const -1)) (i64.const 0))
  ;; traps of other kinds, some by the argument
  (func $div_s (type $op) (i64.extend_i32_s (i32.div_s (i32.const 0x80000000) (local.get 0))))
  (func $div_u (type $op) (i64.extend_i32_s (i32.div_u (i32.const 7) (local.get 0))))
  (func $rem_s (type $op) (i64.extend_i32_s (i32.rem_s (i32.const 0x80000000) (local.get 0))))
  (func $rem_u (type $op) (i64.extend_i32_s (i32.rem_u (i32.const 7) (local.get 0))))
  (func $div64_s (type $op) (i64.div_s (i64.const 0x8000000000000000) (i64.extend_i32_s
      (local.get 0))))
  (func $div64_u (type $op) (i64.div_u (i64.const 7) (i64.extend_i32_s (local.get 0))))
  (func $rem64_s (type $op) (i64.rem_s (i64.const 0x8000000000000000) (i64.extend_i32_s
      (local.get 0))))
  (func $rem64_u (type $op) (i64.rem_u (i64.const 7) (i64.extend_i32_s (local.get 0))))
  (func $trunc_i32_f32_s (type $op) (i64.extend_i32_s (i32.trunc_f32_s (f32.reinterpret_i32
      (local.get 0)))))
  (func $trunc_i32_f32_u (type $op) (i64.extend_i32_s (i32.trunc_f32_u (f32.reinterpret_i32
      (local.get 0)))))
  (func $trunc_i64_f32_s (type $op) (i64.trunc_f32_s (f32.reinterpret_i32 (local.get 0))))
  (func $trunc_i64_f32_u (type $op) (i64.trunc_f32_u (f32.reinterpret_i32 (local.get 0))))
  (func $trunc_i32_f64_s (type $op) (i64.extend_i32_s (i32.trunc_f64_s (f64.promote_f32
      (f32.reinterpret_i32 (local.get 0))))))
  (func $trunc_i32_f64_u (type $op) (i64.extend_i32_s (i32.trunc_f64_u (f64.promote_f32
      (f32.reinterpret_i32 (local.get 0))))))
  (func $trunc_i64_f64_s (type $op) (i64.trunc_f64_s (f64.promote_f32 (f32.reinterpret_i32
      (local.get 0)))))
  (func $trunc_i64_f64_u (type $op) (i64.trunc_f64_u (f64.promote_f32 (f32.reinterpret_i32
      (local.get 0)))))
  (func $unreachable (type $op) (unreachable))
  (func $recurse (type $op) (i64.add (i64.const 1) (call $recurse (i32.add (local.get 0)
      (i32.const 1)))))
  (func $tail (type $op) (call $tail (local.get 0)))
  (func $fill (type $op) (memory.fill (local.get 0) (i32.const 255) (i32.const 16)) (i64.const 0))
  (func $copy (type $op) (memory.copy (local.get 0) (i32.const 0) (i32.const 16)) (i64.const 0))
  (func $init (type $op) (memory.init $text (local.get 0) (i32.const 0) (i32.const 4))
      (i64.const 0))
  (func $copy_from (type $op) (memory.copy (i32.const 0) (local.get 0) (i32.const 16))
      (i64.const 0))
  (func $copy_size (type $op) (memory.copy (i32.const 1) (i32.const 0) (local.get 0))
      (i64.const 0))
  (func $fill_size (type $op) (memory.fill (i32.const 1) (i32.const 255) (local.get 0))
      (i64.const 0))
  (func $init_size (type $op) (memory.init $text (i32.const 0) (i32.const 1) (local.get 0))
      (i64.const 0))
  (func $nothing (type $op)
      (memory.fill (local.get 0) (i32.const 255) (i32.const 0))
      (memory.copy (local.get 0) (i32.const 0) (i32.const 0))
      (memory.copy (i32.const 0) (local.get 0) (i32.const 0))
      (i64.const 0))
  (func $table_get (type $op) (i64.extend_i32_s (ref.is_null (table.get $t (local.get 0)))))
  (func $grow (type $op) (i64.extend_i32_s (memory.grow (local.get 0))))
  (func $size (type $op) (i64.extend_i32_s (memory.size)))
  (func $table_grow (type $op) (i64.extend_i32_s (table.grow $t (ref.null func) (local.get 0))))
  (func $round (type $op)
    (i64.add
      (i64.trunc_f64_s (f64.floor (f64.const -1.5)))
      (i64.add
        (i64.trunc_f32_s (f32.nearest (f32.const 2.5)))
        (i64.trunc_f64_s
          (f64.sqrt (f64.ceil (f64.max (f64.const 80.2) (f64.convert_i32_u (local.get 0)))))))))
  (func $bits (type $op) (i64.popcnt (i64.extend_i32_u (local.get 0))))
  ;; of another type; behind it the table is null
  (func $other (result i32) (i32.const 1))
  (table $t 104 1000 funcref)
  (elem (i32.const 0)
    $i32.load $i64.load $f32.load $f64.load $i32.load8_s $i32.load8_u $i32.load16_s
    $i32.load16_u $i64.load8_s $i64.load8_u $i64.load16_s $i64.load16_u $i64.load32_s
    $i64.load32_u $i32.store $i64.store $f32.store $f64.store $i32.store8 $i32.store16
    $i64.store8 $i64.store16 $i64.store32 $i32.load.1 $i64.load.1 $f32.load.1 $f64.load.1
    $i32.load8_s.1 $i32.load8_u.1 $i32.load16_s.1 $i32.load16_u.1 $i64.load8_s.1 $i64.load8_u.1
    $i64.load16_s.1 $i64.load16_u.1 $i64.load32_s.1 $i64.load32_u.1 $i32.store.1 $i64.store.1
    $f32.store.1 $f64.store.1 $i32.store8.1 $i32.store16.1 $i64.store8.1 $i64.store16.1
    $i64.store32.1 $i32.load.max $i64.load.max $f32.load.max $f64.load.max $i32.load8_s.max
    $i32.load8_u.max $i32.load16_s.max $i32.load16_u.max $i64.load8_s.max $i64.load8_u.max
    $i64.load16_s.max $i64.load16_u.max $i64.load32_s.max $i64.load32_u.max $i32.store.max
    $i64.store.max $f32.store.max $f64.store.max $i32.store8.max $i32.store16.max
    $i64.store8.max $i64.store16.max $i64.store32.max $div_s $div_u $rem_s $rem_u $div64_s
    $div64_u $rem64_s $rem64_u $trunc_i32_f32_s $trunc_i32_f32_u $trunc_i64_f32_s
    $trunc_i64_f32_u $trunc_i32_f64_s $trunc_i32_f64_u $trunc_i64_f64_s $trunc_i64_f64_u
    $unreachable $recurse $tail $fill $copy $init $copy_from $copy_size $fill_size
    $init_size $nothing $table_get $grow $size $table_grow $round $bits
    $other)
  (func (export "run") (param $which i32) (param $arg i32) (result i64)
    (call_indirect (type $op) (local.get $arg) (local.get $which))))
