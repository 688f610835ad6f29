/// "wmma.mma" (PTX ISA 9.7.15.3.5). A's and B's rows and columns may be given in any order of memory; the
/// fragments know nothing of it.
#include "harness/softcuda/isa/wmma.h"

#include <cfenv>
#include <type_traits>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"
#include "harness/softcuda/isa/mma.h"

namespace softcuda::isa {
namespace {

using namespace wmma;
using ptx::Type;
using u16 = std::uint16_t;

struct F16Element {
  static constexpr int kBytes = 2, kMinimum = -14, kSignificand = 11;
  static float value(u64 bits) { return to_float(F16{static_cast<u16>(bits)}); }
};
struct Bf16Element {
  static constexpr int kBytes = 2, kMinimum = -126, kSignificand = 8;
  static float value(u64 bits) { return to_float(Bf16{static_cast<u16>(bits)}); }
};
struct Tf32Element {
  static constexpr int kBytes = 4, kMinimum = -126, kSignificand = 11;
  static float value(u64 bits) { return float_of(static_cast<u32>(bits) & 0xffffe000u); }
};
struct F32Accumulator {
  static constexpr int kBytes = 4;
  static float value(u64 bits) { return float_of(static_cast<u32>(bits)); }
  static u64 bits(float x) { return bits_of(x); }
};
struct F16Accumulator {
  static constexpr int kBytes = 2;
  static float value(u64 bits) { return F16Element::value(bits); }
  static u64 bits(float x) { return to_f16(x).bits; }
};

/// E: elements of A and B. `narrow`: C and D are f16; of other pairs the sum is made in f32.
template <class E>
void multiply(const Modes& modes, mma::FloatTiles& tiles, bool narrow) {
  using enum TensorModel;
  switch (modes.tensor) {
    case exact: return mma::exact(tiles);
    case truncating_sm80:
    case truncating_sm90: {
      mma::Truncation how = modes.tensor == truncating_sm80 ? mma::kSm80 : mma::kSm90;
      how.step /= E::kBytes / 2;
      return mma::truncating(tiles, narrow ? mma::narrow(how) : how, E::kMinimum, E::kSignificand);
    }
    default: return mma::fused(tiles);
  }
}

/// How many registers a fragment of A or B has: f16 ones are as large as on sm_70, where elements came twice.
template <class E>
constexpr int registers(int elements) {
  const int unique = elements / kLanes * E::kBytes / 4;
  return std::is_same_v<E, F16Element> ? 8 : unique < 1 ? 1 : unique;
}

/// Rows: d, a, b, c. By tiles of 16 (or 8) rows and 8 columns, each as mma would make it.
template <class E, class D, class C, int kM, int kN, int kK>
const Op* multiply_floats(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kD = kM * kN / kLanes * D::kBytes / 4, kC = kM * kN / kLanes * C::kBytes / 4;
  constexpr int kA = registers<E>(kM * kK), kB = registers<E>(kK * kN);
  constexpr int kRows = kM < 16 ? 8 : 16;
  float a[kM][kK], b[kK][kN], c[kM][kN];
  const auto gather = [&](auto& matrix, int rows, int columns, int first, auto read) {
    const int unique = rows * columns / kLanes;
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int u = 0; u < unique; ++u)
        matrix[(lane * unique + u) / columns][(lane * unique + u) % columns] = read(first, lane, u);
    }
  };
  const auto element = [&](int first, int lane, int u) {
    return E::value(element_of<E::kBytes>(w, op, first, lane, u));
  };
  gather(a, kM, kK, kD, element);
  gather(b, kK, kN, kD + kA, element);
  gather(c, kM, kN, kD + kA + kB,
         [&](int first, int lane, int u) { return C::value(element_of<C::kBytes>(w, op, first, lane, u)); });
  for (int m = 0; m < kM; m += kRows) {
    for (int n = 0; n < kN; n += mma::kColumns) {
      mma::FloatTiles tiles;
      tiles.rows = kRows;
      tiles.depth = kK;
      for (int r = 0; r < kRows; ++r) {
        for (int k = 0; k < kK; ++k) tiles.a[r][k] = a[m + r][k];
        for (int j = 0; j < mma::kColumns; ++j) tiles.c[r][j] = c[m + r][n + j];
      }
      for (int k = 0; k < kK; ++k) {
        for (int j = 0; j < mma::kColumns; ++j) tiles.b[k][j] = b[k][n + j];
      }
      multiply<E>(*w.modes, tiles, C::kBytes == 2 && D::kBytes == 2);
      for (int r = 0; r < kRows; ++r) {
        for (int j = 0; j < mma::kColumns; ++j) c[m + r][n + j] = tiles.c[r][j];
      }
    }
  }
  constexpr int kUnique = kM * kN / kLanes;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    for (int u = 0; u < kUnique; ++u)
      put_element<D::kBytes>(w, op, 0, lane, u,
                             D::bits(c[(lane * kUnique + u) / kN][(lane * kUnique + u) % kN]));
  }
  return op + slots(kD + kA + kB + kC);
}
template <class E, class D, class C, int kM, int kN, int kK>
Handlers bind_floats(const Form&) {
  return {&multiply_floats<E, D, C, kM, kN, kK>, &multiply_floats<E, D, C, kM, kN, kK>};
}

/// 8-bit integers. Rows: d, a, b, c.
template <int kM, int kN, bool kSignedA, bool kSignedB, bool kSaturates>
const Op* multiply_bytes(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kK = 16, kD = kM * kN / kLanes, kA = kM * kK / kLanes / 4, kB = kK * kN / kLanes / 4;
  const auto byte = [&](int first, int linear, int unique, bool is_signed) -> std::int64_t {
    const u64 bits = element_of<1>(w, op, first, linear / unique, linear % unique);
    return is_signed ? std::int64_t{static_cast<std::int8_t>(bits)} : static_cast<std::int64_t>(bits);
  };
  std::int32_t result[kM * kN];
  for (int linear = 0; linear < kM * kN; ++linear) {
    const int row = linear / kN, column = linear % kN;
    std::int64_t sum =
        static_cast<std::int32_t>(element_of<4>(w, op, kD + kA + kB, linear / kD, linear % kD));
    for (int k = 0; k < kK; ++k)
      sum += byte(kD, row * kK + k, 4 * kA, kSignedA) * byte(kD + kA, k * kN + column, 4 * kB, kSignedB);
    if (kSaturates) sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
    result[linear] = static_cast<std::int32_t>(static_cast<u32>(sum));
  }
  for (int linear = 0; linear < kM * kN; ++linear) {
    if ((w.active >> (linear / kD) & 1u) != 0)
      put_element<4>(w, op, 0, linear / kD, linear % kD, static_cast<u32>(result[linear]));
  }
  return op + slots(kD + kA + kB + kD);
}
template <int kM, int kN>
Handlers bind_bytes(const Form& f) {
  return choose(
      []<bool kSignedA, bool kSignedB, bool kSaturates>() {
        constexpr Handler kHandler = &multiply_bytes<kM, kN, kSignedA, kSignedB, kSaturates>;
        return Handlers{kHandler, kHandler};
      },
      f.type(1) == Type::s8, f.type(2) == Type::s8, f.has("satfinite"));
}

/// m8n8k4 of f64: IEEE fused multiply-adds, k rising, by any model. Rows: d[2], a, b, c[2]. The rounding is
/// the processor's; operands pass through volatiles, so that nothing is computed outside of its scope.
template <int kMode>
const Op* multiply_doubles(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  double result[64];
  const int before = std::fegetround();
  std::fesetround(kMode);
  for (int linear = 0; linear < 64; ++linear) {
    volatile double sum = w.row<double>(op->rows[4 + linear % 2])[linear / 2];
    for (int k = 0; k < 4; ++k) {
      volatile double a = w.row<double>(op->rows[2])[linear / 8 * 4 + k];
      volatile double b = w.row<double>(op->rows[3])[8 * k + linear % 8];
      sum = __builtin_fma(a, b, sum);
    }
    result[linear] = sum;
  }
  std::fesetround(before);
  for (int linear = 0; linear < 64; ++linear) {
    if ((w.active >> (linear / 2) & 1u) != 0)
      w.row<double>(op->rows[linear % 2])[linear / 2] = canonical(result[linear]);
  }
  return op + 1;
}
Handlers bind_doubles(const Form& f) {
  const Handler h = f.has("rz")   ? &multiply_doubles<FE_TOWARDZERO>
                    : f.has("rm") ? &multiply_doubles<FE_DOWNWARD>
                    : f.has("rp") ? &multiply_doubles<FE_UPWARD>
                                  : &multiply_doubles<FE_TONEAREST>;
  return {h, h};
}

}  // namespace

std::span<const Entry> wmma_family() {
  static const Entry entries[] = {
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f16.f16 d{4}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F16Accumulator, F16Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.f16 d{8}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F32Accumulator, F16Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f16.f32 d{4}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F16Accumulator, F32Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f16.f16 d{4}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F16Accumulator, F16Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f32.f16 d{8}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F32Accumulator, F16Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f16.f32 d{4}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F16Accumulator, F32Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f16.f16 d{4}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F16Accumulator, F16Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f32.f16 d{8}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F32Accumulator, F16Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f16.f32 d{4}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F16Accumulator, F32Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.bf16.bf16.f32 d{8}:b32, a{4}:b32, b{4}:b32, "
       "c{8}:b32",
       bind_floats<Bf16Element, F32Accumulator, F32Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f32.bf16.bf16.f32 d{8}:b32, a{8}:b32, b{2}:b32, "
       "c{8}:b32",
       bind_floats<Bf16Element, F32Accumulator, F32Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f32.bf16.bf16.f32 d{8}:b32, a{2}:b32, b{8}:b32, "
       "c{8}:b32",
       bind_floats<Bf16Element, F32Accumulator, F32Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k8.f32.tf32.tf32.f32 d{8}:b32, a{4}:b32, b{4}:b32, "
       "c{8}:b32",
       bind_floats<Tf32Element, F32Accumulator, F32Accumulator, 16, 16, 8>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{8}:b32, "
       "a{2}:b32, b{2}:b32, c{8}:b32",
       bind_bytes<16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{8}:b32, "
       "a{4}:b32, b{1}:b32, c{8}:b32",
       bind_bytes<32, 8>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{8}:b32, "
       "a{1}:b32, b{4}:b32, c{8}:b32",
       bind_bytes<8, 32>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n8k4.f64.f64.f64.f64[.{rn|rz|rm|rp}] d{2}:b64, a{1}:b64, "
       "b{1}:b64, c{2}:b64",
       bind_doubles, Flow::meeting},
  };
  return entries;
}

}  // namespace softcuda::isa
