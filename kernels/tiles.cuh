#pragma once
#include <cstdint>
#include <utility>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/params.h"

/// Data movement of the tensor-core kernels (sm_80 and newer): small functions, each the PTX it stands for.
/// 16-bit elements throughout; a shared-memory address is 32 bits in the shared window, a global one 64 bits.
namespace flashdiff::kernels {

template <int kValue>
struct Constant {
  __device__ constexpr operator int() const { return kValue; }
};
/// body(0), ..., body(kCount - 1) with constants, so that offsets end up in instructions and not in
/// registers.
template <int kCount, class Body>
__device__ __forceinline__ void unrolled(Body&& body) {
  [&]<int... i>(std::integer_sequence<int, i...>) { (body(Constant<i>{}), ...); }
  (std::make_integer_sequence<int, kCount>{});
}

/// Address of a row's first element, of `bytes` bytes.
__device__ __forceinline__ std::uint64_t address(const TensorView& view, int sequence, std::int64_t row,
                                                 int head, int bytes) {
  return view.base + bytes * (sequence * view.batch_stride + row * view.row_stride + head * view.head_stride);
}

extern __shared__ __align__(128) unsigned char shared[];
__device__ inline unsigned shared_memory() { return static_cast<unsigned>(__cvta_generic_to_shared(shared)); }

// --- Rows in shared memory ------------------------------------------------------------------------------
//
// A tile lies in rows of kDim elements, in chunks of 16 bytes. ldmatrix reads the same chunk of 8 rows that
// follow each other, and these must lie in 8 different groups of 4 banks (128 bytes are all banks):
//
//   kDim a multiple of 64: a row starts at bank 0, so row r keeps chunk c at c ^ (r % 8);
//   32 and 96: two rows of 4 (12) chunks are 1 (3) times 128 bytes, so c ^ (r / 2 % 4) is enough;
//   16: four rows of 2 chunks are 128 bytes, so c ^ (r / 4 % 2).
//
//   kDim 64   row 0: 0 1 2 3 4 5 6 7       kDim 32   rows 0, 1: 0 1 2 3 | 0 1 2 3
//             row 1: 1 0 3 2 5 4 7 6                 rows 2, 3: 1 0 3 2 | 1 0 3 2
//             row 2: 2 3 0 1 6 7 4 5                 rows 4, 5: 2 3 0 1 | 2 3 0 1

template <int kDim>
struct Swizzle {
  static_assert(kDim % 32 == 0 || kDim == 16);
  static constexpr int kRowBytes = 2 * kDim;
  static constexpr int kWidth = kDim % 64 == 0 ? 8 : kDim % 32 == 0 ? 4 : 2;  ///< chunks that change places
  static constexpr int kGroups = kDim / 8 / kWidth;                           ///< of such chunks a row
  __device__ static unsigned key(unsigned row) { return row / (8 / kWidth) % kWidth; }
  /// Byte offset of a chunk of the first group.
  __device__ static unsigned offset(unsigned row, unsigned chunk) {
    return row * kRowBytes + ((chunk ^ key(row)) << 4);
  }
};

/// Address of chunk kChunk + (lane's own chunk) in row kRow + (lane's own row), where `at` is the one for 0
/// and 0. kRow is a multiple of 8 and kChunk is even, so neither changes the key: one exclusive-or at most,
/// and the rest is an immediate offset.
template <int kDim, int kRow, int kChunk>
struct Step {
  static constexpr unsigned kFlip = kChunk % Swizzle<kDim>::kWidth * 16;
  static constexpr int kOffset =
      kRow * Swizzle<kDim>::kRowBytes + kChunk / Swizzle<kDim>::kWidth * Swizzle<kDim>::kWidth * 16;
};

// PTX ISA, "Warp-level Matrix Load Instruction: ldmatrix": four 8 x 8 matrices; lane i has the address of row
// i % 8 of matrix i / 8, and gets elements 2 (i % 4) and 2 (i % 4) + 1 of row i / 4 of each.
template <int kOffset>
__device__ __forceinline__ void ldmatrix(unsigned (&d)[4], unsigned at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4 + %5];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(at), "n"(kOffset)
               : "memory");
}
template <int kOffset>
__device__ __forceinline__ void ldmatrix_transposed(unsigned (&d)[4], unsigned at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4 + %5];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(at), "n"(kOffset)
               : "memory");
}

/// A tile as one lane sees it: 16 rows of 16 columns a load, of which lane i addresses row i % 16, columns
/// 8 (i / 16) on. In the terms of "Matrix Fragments for mma.m16n8k16" this gives
///   load              {f[0], f[1], f[2], f[3]} of the first factor (Q), where rows are its rows;
///                     {f[0], f[2]} and {f[1], f[3]}, two of the second factor (K: S = Q K^T), where rows are
///                     its columns
///   load_transposed   {f[0], f[1]} and {f[2], f[3]}, two of the second factor (V: O = P V), where rows are
///   its rows.
template <int kDim>
struct SharedTile {
  unsigned at;  ///< shared address of the tile, and lane_offset

  /// `chunk`: of the first column that is read, where that is no constant: an even one of the first group
  /// whose bits those of kColumn / 8 leave alone.
  __device__ static unsigned lane_offset(unsigned chunk = 0) {
    return Swizzle<kDim>::offset(threadIdx.x % 16, threadIdx.x % 32 / 16 + chunk);
  }

  /// Rows from kRow on, columns from kColumn on.
  template <int kRow, int kColumn>
  __device__ __forceinline__ void load(unsigned (&fragment)[4]) const {
    using At = Step<kDim, kRow, kColumn / 8>;
    ldmatrix<At::kOffset>(fragment, at ^ At::kFlip);
  }
  template <int kRow, int kColumn>
  __device__ __forceinline__ void load_transposed(unsigned (&fragment)[4]) const {
    using At = Step<kDim, kRow, kColumn / 8>;
    ldmatrix_transposed<At::kOffset>(fragment, at ^ At::kFlip);
  }
};

/// The value in a register of its own: the compiler would rather make it again, in the loop, from what it
/// came of.
template <class Value>
__device__ __forceinline__ Value kept(Value value) {
  if constexpr (sizeof(Value) == 8)
    asm volatile("" : "+l"(value));
  else
    asm volatile("" : "+r"(value));
  return value;
}

// --- From global to shared memory -----------------------------------------------------------------------

// PTX ISA, "cp.async": 16 bytes past L1; with a size, only that many are read and the rest are zeros.
template <int kTo, int kFrom>
__device__ __forceinline__ void copy_16(unsigned to, std::uint64_t from) {
  asm volatile("cp.async.cg.shared.global [%0 + %2], [%1 + %3], 16;" ::"r"(to), "l"(from), "n"(kTo),
               "n"(kFrom)
               : "memory");
}
template <int kTo, int kFrom>
__device__ __forceinline__ void copy_16(unsigned to, std::uint64_t from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0 + %2], [%1 + %3], 16, %4;" ::"r"(to), "l"(from), "n"(kTo),
               "n"(kFrom), "r"(bytes)
               : "memory");
}
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int kUnderWay>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kUnderWay) : "memory");
}
__device__ __forceinline__ void store_shared_16(unsigned to, const unsigned (&x)[4]) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(x[0]), "r"(x[1]), "r"(x[2]),
               "r"(x[3])
               : "memory");
}
__device__ __forceinline__ void store_shared_4(unsigned to, unsigned x) {
  asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(x) : "memory");
}
__device__ __forceinline__ float2 load_shared_f32x2(unsigned from) {
  float2 x;
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(x.x), "=f"(x.y) : "r"(from) : "memory");
  return x;
}
/// To the number in global memory, in one operation; nobody waits for the sum.
template <int kTo>
__device__ __forceinline__ void add_global(std::uint64_t to, float x) {
  asm volatile("red.global.add.f32 [%0 + %1], %2;" ::"l"(to), "n"(kTo), "f"(x) : "memory");
}
__device__ __forceinline__ void load_shared_16(unsigned (&x)[4], unsigned from) {
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
               : "r"(from)
               : "memory");
}

/// How the threads of a block copy tiles of kRows rows: kWidth neighbours a row, each a chunk of every group,
/// so that a warp reads whole sectors of whole lines and writes to all banks.
template <int kThreads, int kRows, int kDim, bool kAligned>
struct TileCopy {
  using Rows = Swizzle<kDim>;
  static constexpr int kRowsAtOnce = kThreads / Rows::kWidth;
  static constexpr int kPasses = kRows / kRowsAtOnce;
  static_assert(kRows % kRowsAtOnce == 0 && kRowsAtOnce % 8 == 0);

  __device__ static int row() { return static_cast<int>(threadIdx.x) / Rows::kWidth; }
  __device__ static int chunk() { return static_cast<int>(threadIdx.x) % Rows::kWidth; }
  /// This thread's first source, given the address of the tile's first row.
  __device__ static std::uint64_t from(std::uint64_t tile, std::int64_t row_bytes) {
    return tile + row() * row_bytes + chunk() * 16;
  }
  __device__ static unsigned to() { return Rows::offset(row(), chunk()); }

  /// From a thread's row to its next one.
  __device__ static std::int64_t step(std::int64_t row_bytes) { return kRowsAtOnce * row_bytes; }

  /// A tile of which every element is there. `from` goes on to the next tile.
  __device__ static __forceinline__ void whole(unsigned to, std::uint64_t& from, std::int64_t step) {
    unrolled<kPasses>([&](auto pass) {
      unrolled<Rows::kGroups>([&](auto group) {
        copy_16<pass * kRowsAtOnce * Rows::kRowBytes + group * Rows::kWidth * 16, group * Rows::kWidth * 16>(
            to, from);
      });
      from += step;
    });
  }

  /// A tile of which `rows` rows of `columns` elements are there: nothing else is read, the rest are zeros
  /// (padding may hold NaN, and 0 * NaN is NaN).
  __device__ static __forceinline__ void part(unsigned to, std::uint64_t& from, std::int64_t step, int rows,
                                              int columns) {
    columns = kept(columns);  // else what follows is made before the caller's loop, and kept in registers
    for_each_pass([&](auto pass) {
      copy_row(pass, to, from, row() + pass * kRowsAtOnce < rows ? columns : 0);
      from += step;
    });
  }

  /// This thread's chunks of its row of one pass of for_each_pass, of which `columns` elements are there (0:
  /// the row is not). `to` is of the first pass.
  template <class Pass>
  __device__ static __forceinline__ void copy_row(Pass pass, unsigned to, std::uint64_t from, int columns) {
    if constexpr (kAligned) {
      unrolled<Rows::kGroups>([&](auto group) {
        constexpr int kTo = pass * kRowsAtOnce * Rows::kRowBytes + group * Rows::kWidth * 16;
        constexpr int kFrom = group * Rows::kWidth * 16;
        copy_16<kTo, kFrom>(to, from, 2 * elements_of(group, columns));
      });
    } else {
      gather_row(to + pass * kRowsAtOnce * Rows::kRowBytes, from, columns);
    }
  }
  /// body(pass) for each: constants and straight code, or a loop around rows at any address.
  template <class Body>
  __device__ static __forceinline__ void for_each_pass(Body&& body) {
    if constexpr (kAligned) {
      unrolled<kPasses>(body);
    } else {
#pragma unroll 1
      for (int pass = 0; pass < kPasses; ++pass) body(pass);
    }
  }

 private:
  /// Of this thread's chunk of a group, those that are there.
  __device__ static __forceinline__ int elements_of(int group, int columns) {
    return min(8, max(0, columns - group * Rows::kWidth * 8 - chunk() * 8));
  }
  /// A row at any address, by a loop: straight code took a compiler three times as long as the rest of a
  /// kernel. `to`: of its pass.
  __device__ static __forceinline__ void gather_row(unsigned to, std::uint64_t from, int columns) {
#pragma unroll 1
    for (int group = 0; group < Rows::kGroups; ++group)
      store_shared_16(to + group * Rows::kWidth * 16,
                      gathered(from + group * Rows::kWidth * 16, elements_of(group, columns)).x);
  }
  struct Chunk {
    unsigned x[4];
  };
  __device__ static __forceinline__ Chunk gathered(std::uint64_t from, int elements) {
    const auto* source = reinterpret_cast<const std::uint16_t*>(from);
    Chunk chunk;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const unsigned low = 2 * i < elements ? source[2 * i] : 0u;
      const unsigned high = 2 * i + 1 < elements ? source[2 * i + 1] : 0u;
      chunk.x[i] = low | high << 16;
    }
    return chunk;
  }
};

// --- Fragments ------------------------------------------------------------------------------------------

__device__ __forceinline__ float2 to_float2(__half2 pair) { return __half22float2(pair); }
__device__ __forceinline__ float2 to_float2(__nv_bfloat162 pair) { return __bfloat1622float2(pair); }

/// What depends on the dtype: the product and the rounding.
template <class Element>
struct Fragments;

#define FLASHDIFF_FRAGMENTS(Element, name)                                                                 \
  template <>                                                                                              \
  struct Fragments<Element> {                                                                              \
    /* d = a b + c: a 16 x 16, b 16 x 8; lane i has rows i / 4 and i / 4 + 8 of d, columns 2 (i % 4) and   \
     * next */                                                                                             \
    __device__ static __forceinline__ void mma(float (&d)[4], const unsigned (&a)[4], unsigned b0,         \
                                               unsigned b1, const float* c) {                              \
      asm("mma.sync.aligned.m16n8k16.row.col.f32." name "." name                                           \
          ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"                       \
          : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])                                                 \
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(c[0]), "f"(c[1]), "f"(c[2]), \
            "f"(c[3]));                                                                                    \
    }                                                                                                      \
    __device__ static __forceinline__ float2 widened(unsigned pair) {                                      \
      return to_float2(reinterpret_cast<const Element##2 &>(pair));                                        \
    }                                                                                                      \
    /* to nearest, `low` in the low half */                                                                \
    __device__ static __forceinline__ unsigned rounded(float low, float high) {                            \
      unsigned pair;                                                                                       \
      asm("cvt.rn." name "x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));                         \
      return pair;                                                                                         \
    }                                                                                                      \
  }
FLASHDIFF_FRAGMENTS(__half, "f16");
FLASHDIFF_FRAGMENTS(__nv_bfloat16, "bf16");
#undef FLASHDIFF_FRAGMENTS

__device__ __forceinline__ float exp2_approx(float x) {  // PTX ISA, ex2.approx.ftz.f32: 2 ulp; ex2(-inf) = 0
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float log2_approx(float x) {  // PTX ISA, lg2.approx.ftz.f32: 2^-22 absolute near 1
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// The lane whose number differs in the bits of kLanes; no lane of the warp may be missing.
template <int kLanes>
__device__ __forceinline__ float exchanged(float x) {
  float y;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=f"(y) : "f"(x), "n"(kLanes));
  return y;
}
/// Over the four lanes that share a row of a fragment.
__device__ __forceinline__ float quad_max(float x) {
  x = fmaxf(x, exchanged<1>(x));
  return fmaxf(x, exchanged<2>(x));
}
__device__ __forceinline__ float quad_sum(float x) {
  x += exchanged<1>(x);
  return x + exchanged<2>(x);
}

}  // namespace flashdiff::kernels
