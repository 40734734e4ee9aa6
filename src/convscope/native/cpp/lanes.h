// The lane type: one vector holds the same number of LANES pictures. GCC's and Clang's vector extensions only.
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define CONVSCOPE_LANES 16
#define CONVSCOPE_REGISTERS 32
#elif defined(__AVX2__)
#define CONVSCOPE_LANES 8
#define CONVSCOPE_REGISTERS 16
#elif defined(__aarch64__)
#define CONVSCOPE_LANES 4
#define CONVSCOPE_REGISTERS 32
#else
#define CONVSCOPE_LANES 4
#define CONVSCOPE_REGISTERS 16
#endif

#define INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define UNROLL _Pragma("GCC unroll 32")

namespace convscope {
namespace LANES_ISA {  // one copy of everything per instruction set

constexpr int LANES = CONVSCOPE_LANES;
constexpr int ACCUMULATORS = CONVSCOPE_REGISTERS * 3 / 4;  // of a register tile; the rest holds operands

typedef float Vec __attribute__((vector_size(4 * LANES)));
typedef int32_t Int __attribute__((vector_size(4 * LANES)));  // also the result of a comparison: 0 or -1
typedef uint8_t Bytes __attribute__((vector_size(LANES)));
typedef float UnalignedVec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE Vec splat(float x) { return x - Vec{}; }
INLINE Int splat_int(int32_t x) { return x - Int{}; }
INLINE Vec select(Int mask, Vec a, Vec b) { return mask ? a : b; }
INLINE Vec keep(Int mask, Vec a) { return (Vec)((Int)a & mask); }  // 0 where the mask is 0
INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }   // b where one is NaN
INLINE Vec smaller(Vec a, Vec b) { return a < b ? a : b; }  // b where one is NaN
INLINE Vec relu(Vec x) { return larger(Vec{}, x); }         // so that a NaN stays one
INLINE Vec load_unaligned(const float* p) { return (Vec) * (const UnalignedVec*)p; }
INLINE void store_unaligned(float* p, Vec v) { *(UnalignedVec*)p = (UnalignedVec)v; }

// Each byte as a lane of 32 bits. GCC 12 takes the conversion apart byte by byte, so the instructions are named.
INLINE Int widen(Bytes b) {
#if CONVSCOPE_LANES == 16
  return (Int)_mm512_maskz_cvtepu8_epi32(0xffff, (__m128i)b);
#elif CONVSCOPE_LANES == 8
  return (Int)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)b));
#else
  return __builtin_convertvector(b, Int);
#endif
}

// The low byte of each lane. As a choice of bytes, because GCC 12 takes a conversion apart lane by lane.
INLINE Bytes narrow(Int i) {
  typedef uint8_t Whole __attribute__((vector_size(4 * LANES)));
  const Whole b = (Whole)i;
#if CONVSCOPE_LANES == 4
  return __builtin_shufflevector(b, b, 0, 4, 8, 12);
#elif CONVSCOPE_LANES == 8
  return __builtin_shufflevector(b, b, 0, 4, 8, 12, 16, 20, 24, 28);
#else
  return (void)b, __builtin_convertvector(i, Bytes);
#endif
}

// -1 in the first `count` lanes, 0 in the others.
INLINE Int first_lanes(int count) {
  Int number;
  for (int i = 0; i < LANES; i++) number[i] = i;
  return number < splat_int(count);
}

// One stage of a transposition: of each pair of vectors `distance` apart, lanes trade places across the diagonal.
template <int DISTANCE, size_t... LANE>
INLINE void trade(Vec& a, Vec& b, std::index_sequence<LANE...>) {
  const Vec first = __builtin_shufflevector(a, b, (LANE & DISTANCE ? LANES + LANE - DISTANCE : LANE)...);
  b = __builtin_shufflevector(a, b, (LANE & DISTANCE ? LANES + LANE : LANE + DISTANCE)...);
  a = first;
}

// Lane j of v[i] and lane i of v[j] change places.
template <int DISTANCE = 1>
INLINE void transpose(Vec (&v)[LANES]) {
  if constexpr (DISTANCE < LANES) {
    UNROLL for (int i = 0; i < LANES; i++)
      if (!(i & DISTANCE)) trade<DISTANCE>(v[i], v[i + DISTANCE], std::make_index_sequence<LANES>{});
    transpose<2 * DISTANCE>(v);
  }
}

INLINE float sum_of_lanes(Vec v) {
  float total = 0;
  for (int i = 0; i < LANES; i++) total += v[i];
  return total;
}

// Lane i of the result is the sum of the lanes of v[i]: a tree of shuffles and additions.
INLINE Vec sums_of_lanes(const Vec (&v)[LANES]) {
#define PAIR(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#if CONVSCOPE_LANES == 4
  Vec ab = PAIR(v[0], v[1], 0, 4, 1, 5) + PAIR(v[0], v[1], 2, 6, 3, 7);
  Vec cd = PAIR(v[2], v[3], 0, 4, 1, 5) + PAIR(v[2], v[3], 2, 6, 3, 7);
  return PAIR(ab, cd, 0, 1, 4, 5) + PAIR(ab, cd, 2, 3, 6, 7);
#elif CONVSCOPE_LANES == 8
  Vec two[4], four[2];
  UNROLL for (int i = 0; i < 4; i++) {
    Vec a = v[2 * i], b = v[2 * i + 1];
    two[i] = PAIR(a, b, 0, 8, 1, 9, 4, 12, 5, 13) + PAIR(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  UNROLL for (int i = 0; i < 2; i++) {
    Vec a = two[2 * i], b = two[2 * i + 1];
    four[i] = PAIR(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + PAIR(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  return PAIR(four[0], four[1], 0, 1, 2, 3, 8, 9, 10, 11) + PAIR(four[0], four[1], 4, 5, 6, 7, 12, 13, 14, 15);
#else
  Vec two[8], four[4], eight[2];
  UNROLL for (int i = 0; i < 8; i++) {
    Vec a = v[2 * i], b = v[2 * i + 1];
    two[i] = PAIR(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
             PAIR(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    Vec a = two[2 * i], b = two[2 * i + 1];
    four[i] = PAIR(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
              PAIR(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  UNROLL for (int i = 0; i < 2; i++) {
    Vec a = four[2 * i], b = four[2 * i + 1];
    eight[i] = PAIR(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
               PAIR(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  }
  return PAIR(eight[0], eight[1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
         PAIR(eight[0], eight[1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#endif
#undef PAIR
}

}  // namespace LANES_ISA
}  // namespace convscope
