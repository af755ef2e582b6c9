;; Resampling of RGB bytes along one side of a picture, with 128-bit instructions: for kernel.ts, which lays the memory out.
;; `npm run kernels` makes resampling-wasm.ts of it.
;;
;; Pillow's weights are 22-bit fixed point, too wide for products of 16 bits. So each is split, w = 2048 high + low with 0 <= low < 2048,
;; and bytes are multiplied by both halves, two taps at a time (i32x4.dot_i16x8_s). Sums wrap around at 32 bits as they do everywhere, so
;; that the result is the same to the bit. A pair of taps takes eight bytes: two high halves of 16 bits, then two low ones. Taps that only
;; fill up a group have the weight 0; the pixels that they meet lie in the memory, but perhaps not in the picture.
(module
  (memory (export "memory") 1)

  ;; rows x stride bytes -> rows x count x 3 bytes; one byte behind them is written, too. For each of the `count` output pixels, `starts`
  ;; has where its first source pixel begins in a row, and `weights` has `fours` times two pairs of taps. `rows` is 1 at least.
  (func (export "alongRows")
    (param $source i32) (param $rows i32) (param $stride i32)
    (param $count i32) (param $starts i32) (param $weights i32) (param $fours i32) (param $out i32)
    (local $i i32) (local $k i32) (local $from i32) (local $pair i32)
    (local $pixels v128) (local $two v128) (local $high v128) (local $low v128)
    (loop $row
      (local.set $i (i32.const 0))
      (local.set $pair (local.get $weights))
      (loop $pixel
        (local.set $from (i32.add (local.get $source)
          (i32.load (i32.add (local.get $starts) (i32.shl (local.get $i) (i32.const 2))))))
        (local.set $high (v128.const i32x4 0 0 0 0))
        (local.set $low (v128.const i32x4 0x200000 0x200000 0x200000 0x200000)) ;; a half, to round
        (local.set $k (local.get $fours))
        (loop $four
          (local.set $pixels (v128.load align=1 (local.get $from)))
          ;; red, red, green, green, blue, blue of two pixels, as words of 16 bits
          (local.set $two (i8x16.shuffle 0 16 3 16 1 16 4 16 2 16 5 16 16 16 16 16
            (local.get $pixels) (v128.const i32x4 0 0 0 0)))
          (local.set $high (i32x4.add (local.get $high)
            (i32x4.dot_i16x8_s (local.get $two) (v128.load32_splat (local.get $pair)))))
          (local.set $low (i32x4.add (local.get $low)
            (i32x4.dot_i16x8_s (local.get $two) (v128.load32_splat offset=4 (local.get $pair)))))
          (local.set $two (i8x16.shuffle 6 16 9 16 7 16 10 16 8 16 11 16 16 16 16 16
            (local.get $pixels) (v128.const i32x4 0 0 0 0)))
          (local.set $high (i32x4.add (local.get $high)
            (i32x4.dot_i16x8_s (local.get $two) (v128.load32_splat offset=8 (local.get $pair)))))
          (local.set $low (i32x4.add (local.get $low)
            (i32x4.dot_i16x8_s (local.get $two) (v128.load32_splat offset=12 (local.get $pair)))))
          (local.set $pair (i32.add (local.get $pair) (i32.const 16)))
          (local.set $from (i32.add (local.get $from) (i32.const 12)))
          (br_if $four (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (local.set $high (i32x4.shr_s
          (i32x4.add (i32x4.shl (local.get $high) (i32.const 11)) (local.get $low)) (i32.const 22)))
        ;; Narrowing clips to a byte.
        (local.set $high (i16x8.narrow_i32x4_s (local.get $high) (local.get $high)))
        (v128.store32_lane align=1 0 (local.get $out) (i8x16.narrow_i16x8_u (local.get $high) (local.get $high)))
        (local.set $out (i32.add (local.get $out) (i32.const 3)))
        (br_if $pixel (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
      (local.set $source (i32.add (local.get $source) (local.get $stride)))
      (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  ;; 2 x `pairs` rows of `stride` bytes -> one; up to seven bytes behind it are written, too.
  (func (export "acrossRows")
    (param $source i32) (param $stride i32) (param $weights i32) (param $pairs i32) (param $out i32)
    (local $x i32) (local $k i32) (local $from i32) (local $pair i32)
    (local $both v128) (local $two v128) (local $highs v128) (local $lows v128)
    (local $high v128) (local $low v128) (local $highRight v128) (local $lowRight v128)
    (loop $eight
      (local.set $from (i32.add (local.get $source) (local.get $x)))
      (local.set $pair (local.get $weights))
      (local.set $high (v128.const i32x4 0 0 0 0))
      (local.set $highRight (local.get $high))
      (local.set $low (v128.const i32x4 0x200000 0x200000 0x200000 0x200000)) ;; a half, to round
      (local.set $lowRight (local.get $low))
      (local.set $k (local.get $pairs))
      (loop $rows
        ;; The bytes of two rows, in turn
        (local.set $both (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23
          (v128.load64_zero align=1 (local.get $from))
          (v128.load64_zero align=1 (i32.add (local.get $from) (local.get $stride)))))
        (local.set $highs (v128.load32_splat (local.get $pair)))
        (local.set $lows (v128.load32_splat offset=4 (local.get $pair)))
        (local.set $two (i16x8.extend_low_i8x16_u (local.get $both)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $two) (local.get $highs))))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $two) (local.get $lows))))
        (local.set $two (i16x8.extend_high_i8x16_u (local.get $both)))
        (local.set $highRight (i32x4.add (local.get $highRight) (i32x4.dot_i16x8_s (local.get $two) (local.get $highs))))
        (local.set $lowRight (i32x4.add (local.get $lowRight) (i32x4.dot_i16x8_s (local.get $two) (local.get $lows))))
        (local.set $pair (i32.add (local.get $pair) (i32.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $stride) (i32.const 1))))
        (br_if $rows (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      ;; Narrowing clips to a byte.
      (local.set $two (i16x8.narrow_i32x4_s
        (i32x4.shr_s (i32x4.add (i32x4.shl (local.get $high) (i32.const 11)) (local.get $low)) (i32.const 22))
        (i32x4.shr_s (i32x4.add (i32x4.shl (local.get $highRight) (i32.const 11)) (local.get $lowRight)) (i32.const 22))))
      (v128.store64_lane align=1 0 (i32.add (local.get $out) (local.get $x))
        (i8x16.narrow_i16x8_u (local.get $two) (local.get $two)))
      (br_if $eight (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 8))) (local.get $stride))))))
