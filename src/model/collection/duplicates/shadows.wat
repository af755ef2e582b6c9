;; Dot products of many vectors, those that may be large enough, with 128-bit instructions: for shadows.ts, which lays the memory out.
;; `npm run kernels` makes shadows-wasm.ts of it.
;;
;; All vectors are of single precision; `width` is their length in bytes, a multiple of 16.
(module
  (memory (export "memory") 1)

  ;; The dot products of `count` vectors, one after the other, and another one: `count` numbers.
  (func (export "products")
    (param $vectors i32) (param $count i32) (param $width i32) (param $other i32) (param $out i32)
    (local $end i32) (local $at i32) (local $first v128) (local $second v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (loop $vector
      (local.set $first (v128.const i32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $four
        (local.set $first (f32x4.add (local.get $first) (f32x4.mul
          (v128.load (i32.add (local.get $vectors) (local.get $at)))
          (v128.load (i32.add (local.get $other) (local.get $at))))))
        (br_if $four (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $width))))
      (local.set $second (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $first) (local.get $first)))
      (local.set $first (f32x4.add (local.get $first) (local.get $second)))
      (f32.store (local.get $out)
        (f32.add (f32x4.extract_lane 0 (local.get $first)) (f32x4.extract_lane 1 (local.get $first))))
      (local.set $vectors (i32.add (local.get $vectors) (local.get $width)))
      (br_if $vector (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 4))) (local.get $end)))))

  ;; The dot products of a vector and four others, which lie interleaved: 16 bytes of each in turn.
  (func $withFour (param $vector i32) (param $width i32) (param $four i32) (result v128)
    (local $end i32) (local $part v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $vector) (local.get $width)))
    (loop $parts
      (local.set $part (v128.load (local.get $vector)))
      (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $part) (v128.load (local.get $four)))))
      (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $part) (v128.load offset=16 (local.get $four)))))
      (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $part) (v128.load offset=32 (local.get $four)))))
      (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $part) (v128.load offset=48 (local.get $four)))))
      (local.set $four (i32.add (local.get $four) (i32.const 64)))
      (br_if $parts (i32.lt_u (local.tee $vector (i32.add (local.get $vector) (i32.const 16))) (local.get $end))))
    ;; The sums of the four lanes of each, side by side
    (local.set $a (f32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
    (local.set $c (f32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a) (local.get $c))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a) (local.get $c))))

  ;; Which of the vectors from number `from` to before `end` have a dot product of `least` or more with one of four others. Their shadows
  ;; are asked first: the dot products of these and of the rests must be as much together. `rests` has a number for each vector, `fourRests`
  ;; four. Writes 16 times the number and a bit for each of the four, for all vectors that are near any. Gives how many it wrote.
  (func (export "near")
    (param $from i32) (param $end i32) (param $least f32)
    (param $shadows i32) (param $shadowWidth i32) (param $fourShadows i32)
    (param $rests i32) (param $fourRests i32)
    (param $vectors i32) (param $width i32) (param $four i32)
    (param $out i32) (result i32)
    (local $first i32) (local $mask i32)
    (local.set $first (local.get $out))
    (block $none
      (br_if $none (i32.ge_u (local.get $from) (local.get $end)))
      (loop $next
        (local.set $mask (i32x4.bitmask (f32x4.ge
          (f32x4.add
            (f32x4.mul
              (v128.load32_splat (i32.add (local.get $rests) (i32.shl (local.get $from) (i32.const 2))))
              (v128.load (local.get $fourRests)))
            (call $withFour
              (i32.add (local.get $shadows) (i32.mul (local.get $from) (local.get $shadowWidth)))
              (local.get $shadowWidth) (local.get $fourShadows)))
          (f32x4.splat (local.get $least)))))
        (if (local.get $mask) (then
          (local.set $mask (i32.and (local.get $mask) (i32x4.bitmask (f32x4.ge
            (call $withFour
              (i32.add (local.get $vectors) (i32.mul (local.get $from) (local.get $width)))
              (local.get $width) (local.get $four))
            (f32x4.splat (local.get $least))))))
          (if (local.get $mask) (then
            (i32.store (local.get $out) (i32.or (i32.shl (local.get $from) (i32.const 4)) (local.get $mask)))
            (local.set $out (i32.add (local.get $out) (i32.const 4)))))))
        (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $end)))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $first)) (i32.const 2))))
