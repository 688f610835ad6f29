/// "Matrix Multiply-and-Accumulate Operation using mma instruction" (PTX ISA 9.7.15.4).
#include "harness/softcuda/isa/mma.h"

#include <cstring>
#include <type_traits>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;

/// Rows beyond the eighth stand in the next slot.
u32 row_at(const Op* op, int k) { return k < 8 ? op->rows[k] : reinterpret_cast<const u32*>(op + 1)[k - 8]; }
constexpr int slots(int rows) { return rows <= 8 ? 1 : 1 + (rows - 8 + 15) / 16; }

/// How elements of A and B lie in registers, and what they are worth.
struct F16Elements {
  static constexpr int kBits = 16, kMinimum = -14, kSignificand = 11;
  static float value(u32 bits) { return to_float(F16{static_cast<u16>(bits)}); }
};
struct Bf16Elements {
  static constexpr int kBits = 16, kMinimum = -126, kSignificand = 8;
  static float value(u32 bits) { return to_float(Bf16{static_cast<u16>(bits)}); }
};
/// "the lower 13 bits are ignored".
struct Tf32Elements {
  static constexpr int kBits = 32, kMinimum = -126, kSignificand = 11;
  static float value(u32 bits) { return float_of(bits & 0xffffe000u); }
};
template <int kWidth, bool kSigned>
struct IntegerElements {
  static constexpr int kBits = kWidth;
  static std::int32_t value(u32 bits) {
    if constexpr (kSigned) return static_cast<std::int32_t>(bits << (32 - kWidth)) >> (32 - kWidth);
    return static_cast<std::int32_t>(bits);
  }
};

template <class Elements>
u32 field(u32 word, int i) {
  if constexpr (Elements::kBits == 32)
    return word;
  else
    return word >> i * Elements::kBits & ((1u << Elements::kBits) - 1);
}

/// Fragments into matrices; `first` is A's first row of the op.
template <class A, class B, class T, class Accumulator>
void gather(Warp& w, const Op* op, int first, mma::Tiles<T, Accumulator>& tiles) {
  constexpr int kEach = 32 / A::kBits;
  const int a_registers = tiles.rows / 8 * (tiles.depth / (4 * kEach)),
            b_registers = tiles.depth / (4 * kEach);
  for (int r = 0; r < a_registers; ++r) {
    const u32* words = w.row<u32>(row_at(op, first + r));
    const int row = tiles.rows == 16 ? 8 * (r % 2) : 0, column = 4 * kEach * (tiles.rows == 16 ? r / 2 : r);
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int i = 0; i < kEach; ++i)
        tiles.a[lane / 4 + row][kEach * (lane % 4) + i + column] = A::value(field<A>(words[lane], i));
    }
  }
  for (int r = 0; r < b_registers; ++r) {
    const u32* words = w.row<u32>(row_at(op, first + a_registers + r));
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int i = 0; i < kEach; ++i)
        tiles.b[kEach * (lane % 4) + i + 4 * kEach * r][lane / 4] = B::value(field<B>(words[lane], i));
    }
  }
}

/// 32-bit accumulators: registers [first, first + rows / 4) of the op.
template <class T, class Tiles>
void gather_c(Warp& w, const Op* op, int first, Tiles& tiles) {
  for (int r = 0; r < tiles.rows / 4; ++r) {
    const T* values = w.row<T>(row_at(op, first + r));
    for (int lane = 0; lane < kLanes; ++lane)
      tiles.c[lane / 4 + 8 * (r / 2)][2 * (lane % 4) + r % 2] = values[lane];
  }
}
template <class T, class Tiles>
void scatter_d(Warp& w, const Op* op, const Tiles& tiles) {
  for (int r = 0; r < tiles.rows / 4; ++r) {
    T* values = w.row<T>(row_at(op, r));
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((w.active >> lane & 1u) != 0)
        values[lane] = tiles.c[lane / 4 + 8 * (r / 2)][2 * (lane % 4) + r % 2];
    }
  }
}
/// f16 accumulators: two a register.
void gather_c16(Warp& w, const Op* op, int first, mma::FloatTiles& tiles) {
  for (int r = 0; r < tiles.rows / 8; ++r) {
    const u32* words = w.row<u32>(row_at(op, first + r));
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int i = 0; i < 2; ++i)
        tiles.c[lane / 4 + 8 * r][2 * (lane % 4) + i] = F16Elements::value(words[lane] >> 16 * i & 0xffffu);
    }
  }
}
void scatter_d16(Warp& w, const Op* op, const mma::FloatTiles& tiles) {
  for (int r = 0; r < tiles.rows / 8; ++r) {
    u32* words = w.row<u32>(row_at(op, r));
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((w.active >> lane & 1u) == 0) continue;
      const u32 low = to_f16(tiles.c[lane / 4 + 8 * r][2 * (lane % 4)]).bits;
      const u32 high = to_f16(tiles.c[lane / 4 + 8 * r][2 * (lane % 4) + 1]).bits;
      words[lane] = low | high << 16;
    }
  }
}

template <class Elements, bool kNarrow>
void multiply(const Modes& modes, mma::FloatTiles& tiles) {
  using enum TensorModel;
  switch (modes.tensor) {
    case exact: return mma::exact(tiles);
    case truncating_sm80:
    case truncating_sm90: {
      mma::Truncation how = modes.tensor == truncating_sm80 ? mma::kSm80 : mma::kSm90;
      if (Elements::kBits == 32) how.step /= 2;  // elements of 32 bits go through half as many at once
      return mma::truncating(tiles, kNarrow ? narrow(how) : how, Elements::kMinimum, Elements::kSignificand);
    }
    default: return mma::fused(tiles);
  }
}

/// Rows: d, a, b, c.
template <class Elements, int kDepth, bool kNarrow>
const Op* multiply_floats(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kEach = 32 / Elements::kBits;
  constexpr int kD = kNarrow ? 2 : 4, kA = 2 * kDepth / (4 * kEach), kB = kDepth / (4 * kEach);
  mma::FloatTiles tiles;
  tiles.depth = kDepth;
  gather<Elements, Elements>(w, op, kD, tiles);
  if constexpr (kNarrow)
    gather_c16(w, op, kD + kA + kB, tiles);
  else
    gather_c<float>(w, op, kD + kA + kB, tiles);
  multiply<Elements, kNarrow>(*w.modes, tiles);
  if constexpr (kNarrow)
    scatter_d16(w, op, tiles);
  else
    scatter_d<float>(w, op, tiles);
  return op + slots(2 * kD + kA + kB);
}

/// The form that attention kernels live on.
template <class Elements, mma::Half kHalf>
const Op* multiply_16_8_16(Warp& w, const Op* op) {
  const TensorModel model = w.modes->tensor;
  if (model == TensorModel::exact || w.active != kAllLanes)
    return multiply_floats<Elements, 16, false>(w, op);
  const u32* rest = reinterpret_cast<const u32*>(op + 1);
  const u32* a[4] = {w.row<u32>(op->rows[4]), w.row<u32>(op->rows[5]), w.row<u32>(op->rows[6]),
                     w.row<u32>(op->rows[7])};
  const u32* b[2] = {w.row<u32>(rest[0]), w.row<u32>(rest[1])};
  const float* c[4] = {w.row<float>(rest[2]), w.row<float>(rest[3]), w.row<float>(rest[4]),
                       w.row<float>(rest[5])};
  float* d[4] = {w.row<float>(op->rows[0]), w.row<float>(op->rows[1]), w.row<float>(op->rows[2]),
                 w.row<float>(op->rows[3])};
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  if (model == TensorModel::fused) {
    mma::fused_16_8_16<kHalf>(a, b, c, d);
    return op + 2;
  }
  const mma::Truncation how = model == TensorModel::truncating_sm80 ? mma::kSm80 : mma::kSm90;
  if (!mma::truncating_16_8_16<kHalf>(a, b, c, d, how)) return multiply_floats<Elements, 16, false>(w, op);
  return op + 2;
}

/// m8n8k4 of f64: IEEE fused multiply-adds, k rising, by any model. Rows: d[2], a, b, c[2].
const Op* multiply_doubles(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  const double* a = w.row<double>(op->rows[2]);
  const double* b = w.row<double>(op->rows[3]);
  double result[2][kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int r = 0; r < 2; ++r) {
      const int row = lane / 4, column = 2 * (lane % 4) + r;
      double sum = w.row<double>(op->rows[4 + r])[lane];
      for (int k = 0; k < 4; ++k) sum = __builtin_fma(a[4 * row + k], b[4 * column + k], sum);
      result[r][lane] = sum;
    }
  }
  for (int r = 0; r < 2; ++r) {
    double* d = w.row<double>(op->rows[r]);
    for (int lane = 0; lane < kLanes; ++lane)
      d[lane] = (w.active >> lane & 1u) != 0 ? result[r][lane] : d[lane];
  }
  return op + 1;
}

/// Integers: products and sum are exact; "wraps around", or is clamped with .satfinite.
template <class A, class B, int kRows, int kDepth, bool kSaturates>
const Op* multiply_integers(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kEach = 32 / A::kBits;
  constexpr int kD = kRows / 4, kA = kRows / 8 * kDepth / (4 * kEach), kB = kDepth / (4 * kEach);
  mma::Tiles<std::int32_t, std::int64_t> tiles;
  tiles.rows = kRows;
  tiles.depth = kDepth;
  gather<A, B>(w, op, kD, tiles);
  gather_c<std::int32_t>(w, op, kD + kA + kB, tiles);
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < mma::kColumns; ++n) {
      std::int64_t& sum = tiles.c[m][n];
      for (int k = 0; k < kDepth; ++k) sum += std::int64_t{tiles.a[m][k]} * tiles.b[k][n];
      if (kSaturates) sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
      sum = static_cast<std::int32_t>(static_cast<u32>(sum));
    }
  }
  for (int r = 0; r < kD; ++r) {
    auto* values = w.row<std::int32_t>(row_at(op, r));
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((w.active >> lane & 1u) != 0)
        values[lane] = static_cast<std::int32_t>(tiles.c[lane / 4 + 8 * (r / 2)][2 * (lane % 4) + r % 2]);
    }
  }
  return op + slots(2 * kD + kA + kB);
}

Handlers same(Handler handler) { return {handler, handler}; }

template <class Elements, int kDepth, bool kNarrow>
Handlers bind_floats(const Form&) {
  return same(&multiply_floats<Elements, kDepth, kNarrow>);
}
template <int kWidth, int kRows, int kDepth>
Handlers bind_integers(const Form& f) {
  const bool a_signed = ptx::name_of(f.type(1))[0] == 's', b_signed = ptx::name_of(f.type(2))[0] == 's';
  return choose(
      []<bool kA, bool kB, bool kSaturates>() {
        return same(&multiply_integers<IntegerElements<kWidth, kA>, IntegerElements<kWidth, kB>, kRows,
                                       kDepth, kSaturates>);
      },
      a_signed, b_signed, f.has("satfinite"));
}

}  // namespace

std::span<const Entry> mma_family() {
  static const Entry entries[] = {
      {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 d{4}, a{4}:b32, b{2}:b32, c{4}",
       [](const Form&) { return same(&multiply_16_8_16<F16Elements, mma::Half::f16>); }, Flow::meeting},
      {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 d{4}, a{4}:b32, b{2}:b32, c{4}",
       [](const Form&) { return same(&multiply_16_8_16<Bf16Elements, mma::Half::bf16>); }, Flow::meeting},
      {"mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 d{2}:b32, a{4}:b32, b{2}:b32, c{2}:b32",
       bind_floats<F16Elements, 16, true>, Flow::meeting},
      {"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 d{4}, a{2}:b32, b{1}:b32, c{4}",
       bind_floats<F16Elements, 8, false>, Flow::meeting},
      {"mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 d{2}:b32, a{2}:b32, b{1}:b32, c{2}:b32",
       bind_floats<F16Elements, 8, true>, Flow::meeting},
      {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 d{4}, a{2}:b32, b{1}:b32, c{4}",
       bind_floats<Bf16Elements, 8, false>, Flow::meeting},
      {"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 d{4}, a{2}:b32, b{1}:b32, c{4}",
       bind_floats<Tf32Elements, 4, false>, Flow::meeting},
      {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 d{4}, a{4}:b32, b{2}:b32, c{4}",
       bind_floats<Tf32Elements, 8, false>, Flow::meeting},
      {"mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64[.rn] d{2}, a{1}, b{1}, c{2}",
       [](const Form&) { return same(&multiply_doubles); }, Flow::meeting},
      {"mma.sync.aligned.m8n8k16.row.col[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{2}, a{1}:b32, b{1}:b32, c{2}",
       bind_integers<8, 8, 16>, Flow::meeting},
      {"mma.sync.aligned.m16n8k16.row.col[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{4}, a{2}:b32, b{1}:b32, c{4}",
       bind_integers<8, 16, 16>, Flow::meeting},
      {"mma.sync.aligned.m16n8k32.row.col[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{4}, a{4}:b32, b{2}:b32, c{4}",
       bind_integers<8, 16, 32>, Flow::meeting},
  };
  return entries;
}

}  // namespace softcuda::isa
