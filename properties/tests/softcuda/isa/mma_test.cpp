#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include "properties/tests/softcuda/exec/on_machine.h"

/// mma and ldmatrix through parser, decoder and machine, against computations on matrices.
namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// A warp's fragments as the tests lay them out, straight from the ISA's formulas: element i of lane l.
struct At {
  int row, column;
};
At a_at(int depth, int each, int lane, int i) {
  const int r = i / each;
  (void)depth;
  return {lane / 4 + 8 * (r % 2), each * (lane % 4) + i % each + 4 * each * (r / 2)};
}
At b_at(int each, int lane, int i) {
  return {each * (lane % 4) + i % each + 4 * each * (i / each), lane / 4};
}
At c_at(int lane, int i) { return {lane / 4 + 8 * (i / 2), 2 * (lane % 4) + i % 2}; }

std::string braces(const std::string& prefix, int first, int count) {
  std::string text = "{";
  for (int k = 0; k < count; ++k) text += (k == 0 ? "" : ", ") + prefix + std::to_string(first + k);
  return text + "}";
}

/// d = instruction(a, b, c), 32-bit registers, one warp: words are [register][lane].
std::vector<u32> run_mma(const std::string& instruction, int d, int a, int b, int c,
                         const std::vector<u32>& words) {
  std::string loads;
  for (int r = 0; r < a + b + c; ++r)
    loads += "ld.global.b32 %r" + std::to_string(20 + r) + ", [%rd1+" + std::to_string(128 * r) + "];\n";
  std::string stores;
  for (int r = 0; r < d; ++r)
    stores += "st.global.b32 [%rd1+" + std::to_string(128 * r) + "], %r" + std::to_string(10 + r) + ";\n";
  const std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 out) {\n"
      ".reg .b32 %r<64>; .reg .b64 %rd<4>;\nld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 "
      "%rd2, %r1, 4;"
      "add.u64 %rd1, %rd1, %rd2;\n" +
      loads + instruction + " " + braces("%r", 10, d) + ", " + braces("%r", 20, a) + ", " +
      braces("%r", 20 + a, b) + ", " + braces("%r", 20 + a + b, c) + ";\n" + stores + "ret;\n}\n";
  auto out = run_kernel<u32>(text, words);
  out.resize(static_cast<std::size_t>(d) * 32);
  return out;
}

float of_f16(u16 h) {
  const int e = h >> 10 & 31, m = h & 1023;
  const float sign = (h >> 15) != 0 ? -1.0f : 1.0f;
  if (e == 31) return m != 0 ? NAN : sign * INFINITY;
  return sign *
         (e == 0 ? std::ldexp(static_cast<float>(m), -24) : std::ldexp(static_cast<float>(1024 + m), e - 25));
}
float of_bf16(u16 h) {
  const u32 bits = u32{h} << 16;
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}
u16 f16_of(float x) {  // exact values only
  const auto h = static_cast<_Float16>(x);
  u16 bits;
  std::memcpy(&bits, &h, 2);
  return bits;
}
u32 bits_of(float x) {
  u32 bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}

struct Golden {
  u16 a[16][16], b[8][16];
  u32 c[16][8], d80[16][8], d90[16][8];
};
std::vector<Golden> golden(const std::string& name) {
  std::ifstream file(FLASHDIFF_SOURCE_DIR "/properties/tests/softcuda/golden/" + name, std::ios::binary);
  std::array<u32, 6> head{};
  file.read(reinterpret_cast<char*>(head.data()), sizeof head);
  std::vector<Golden> tiles(file ? head[3] : 0);
  for (Golden& tile : tiles) {
    u32 kind = 0;
    file.read(reinterpret_cast<char*>(&kind), 4);
    file.read(reinterpret_cast<char*>(&tile), sizeof tile);
  }
  EXPECT_EQ(tiles.size(), 180u) << name;
  EXPECT_TRUE(file) << name;
  return tiles;
}
std::vector<u32> fragments(const Golden& tile) {
  std::vector<u32> words(10 * 32);
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 8; ++i) {
      const At at = a_at(16, 2, lane, i);
      words[static_cast<std::size_t>(32 * (i / 2) + lane)] |= u32{tile.a[at.row][at.column]} << 16 * (i % 2);
    }
    for (int i = 0; i < 4; ++i) {
      const At at = b_at(2, lane, i);
      words[static_cast<std::size_t>(32 * (4 + i / 2) + lane)] |= u32{tile.b[at.column][at.row]}
                                                                  << 16 * (i % 2);
    }
    for (int i = 0; i < 4; ++i) {
      const At at = c_at(lane, i);
      words[static_cast<std::size_t>(32 * (6 + i) + lane)] = tile.c[at.row][at.column];
    }
  }
  return words;
}

TEST(Mma, TruncatingModelsEqualTheGoldenTablesBitForBit) {
  for (const char* type : {"f16", "bf16"}) {
    const std::string instruction =
        std::string("mma.sync.aligned.m16n8k16.row.col.f32.") + type + "." + type + ".f32";
    for (const bool hopper : {false, true}) {
      const WithSettings model([&](auto& s) {
        s.modes.tensor = hopper ? isa::TensorModel::truncating_sm90 : isa::TensorModel::truncating_sm80;
      });
      int wrong = 0;
      for (const Golden& tile : golden(std::string("golden_") + type + "_small.bin")) {
        const auto out = run_mma(instruction, 4, 4, 2, 4, fragments(tile));
        for (int lane = 0; lane < 32; ++lane) {
          for (int i = 0; i < 4; ++i) {
            const At at = c_at(lane, i);
            const u32 wanted = hopper ? tile.d90[at.row][at.column] : tile.d80[at.row][at.column];
            wrong += static_cast<int>(out[static_cast<std::size_t>(32 * i + lane)] != wanted);
          }
        }
      }
      EXPECT_EQ(wrong, 0) << type << (hopper ? " sm_90" : " sm_80");
    }
  }
}

/// One step of the truncating model with f16 accumulators, in doubles, after mmasim 2.1.1's t_fdpa
/// (golden/README.md): terms of significand and exponent, cut off below 2^(largest exponent - fraction),
/// summed, rounded to nearest.
struct Term {
  double value;
  int exponent;
};
Term term(u16 h) {
  const double x = of_f16(h);
  return {x, x == 0 || !std::isfinite(x) ? -14 : std::max(std::ilogb(x), -14)};
}
u16 narrow_step(const u16* a, const u16* b, u16 c, int length, int fraction, int zero) {
  double straight = of_f16(c);  // of use where it is no number
  std::vector<Term> terms = {{straight, straight == 0 ? zero : term(c).exponent}};
  for (int k = 0; k < length; ++k) {
    const Term x = term(a[k]), y = term(b[k]);
    terms.push_back({x.value * y.value, x.value == 0 || y.value == 0 ? zero : x.exponent + y.exponent});
    straight += x.value * y.value;
  }
  if (!std::isfinite(straight)) return std::isnan(straight) ? 0x7fff : straight > 0 ? 0x7c00 : 0xfc00;
  const int top = std::ranges::max_element(terms, {}, &Term::exponent)->exponent;
  double sum = 0;
  for (const Term& t : terms)
    sum += std::ldexp(std::trunc(std::ldexp(t.value, fraction - top)), top - fraction);
  const auto rounded = static_cast<_Float16>(sum + 0.0);
  u16 bits;
  std::memcpy(&bits, &rounded, 2);
  return bits;
}

TEST(Mma, TruncatingModelsWithF16AccumulatorsRoundToNearestOnceAStep) {
  std::mt19937 engine(5);
  for (const bool hopper : {false, true}) {
    const WithSettings model([&](auto& s) {
      s.modes.tensor = hopper ? isa::TensorModel::truncating_sm90 : isa::TensorModel::truncating_sm80;
    });
    int wrong = 0, subnormal = 0, no_number = 0;
    std::vector<Golden> tiles = golden("golden_f16_small.bin");
    // Ties at half of the smallest f16, 2^-12 2^-13, and a term of 2^-48, which zero's exponent cuts off.
    Golden ties{};
    for (auto& row : ties.a) row[0] = 0x0c00, row[1] = 0x0001;
    for (auto& column : ties.b) column[0] = 0x0800, column[1] = 0x0001;
    tiles.push_back(ties);
    for (const Golden& tile : tiles) {
      std::vector<u32> words = fragments(tile);
      words.resize(8 * 32);
      u16 c[16][8];
      for (auto& row : c) {
        for (u16& x : row) {  // zero, of A's size, or anything
          const u32 any = engine();
          x = any % 4 == 0   ? 0
              : any % 4 == 1 ? static_cast<u16>(any >> 16)
                             : tile.a[any >> 4 & 15][any >> 8 & 15];
        }
      }
      for (int lane = 0; lane < 32; ++lane) {
        for (int r = 0; r < 2; ++r) {
          const At at = c_at(lane, 2 * r);
          words[static_cast<std::size_t>(32 * (6 + r) + lane)] =
              u32{c[at.row][at.column]} | u32{c[at.row][at.column + 1]} << 16;
        }
      }
      const auto out = run_mma("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 2, 4, 2, 2, words);
      for (int lane = 0; lane < 32; ++lane) {
        for (int i = 0; i < 4; ++i) {
          const At at = c_at(lane, i);
          u16 wanted = c[at.row][at.column];
          const int step = hopper ? 16 : 8;
          for (int k = 0; k < 16; k += step)
            wanted = narrow_step(tile.a[at.row] + k, tile.b[at.column] + k, wanted, step, hopper ? 25 : 24,
                                 hopper ? -21 : -20);
          const auto got =
              static_cast<u16>(out[static_cast<std::size_t>(32 * (i / 2) + lane)] >> 16 * (i % 2));
          wrong += static_cast<int>(got != wanted);
          subnormal += static_cast<int>((wanted & 0x7c00u) == 0 && (wanted & 0x3ffu) != 0);
          no_number += static_cast<int>((wanted & 0x7c00u) == 0x7c00u);
        }
      }
    }
    EXPECT_EQ(wrong, 0) << (hopper ? "sm_90" : "sm_80");
    EXPECT_GT(subnormal, 100);
    EXPECT_GT(no_number, 100);
  }
}

/// fused: std::fma in k order; exact: a sum of doubles, rounded once. On the golden tables' adversarial
/// tiles.
TEST(Mma, FusedAndExactModelsAreWhatTheySay) {
  for (const bool bf16 : {false, true}) {
    const std::string type = bf16 ? "bf16" : "f16";
    const auto value = [&](u16 h) { return bf16 ? of_bf16(h) : of_f16(h); };
    for (const bool exact : {false, true}) {
      const WithSettings model(
          [&](auto& s) { s.modes.tensor = exact ? isa::TensorModel::exact : isa::TensorModel::fused; });
      int wrong = 0;
      for (const Golden& tile : golden("golden_" + type + "_small.bin")) {
        const auto out = run_mma("mma.sync.aligned.m16n8k16.row.col.f32." + type + "." + type + ".f32", 4, 4,
                                 2, 4, fragments(tile));
        for (int lane = 0; lane < 32; ++lane) {
          for (int i = 0; i < 4; ++i) {
            const At at = c_at(lane, i);
            float c;
            std::memcpy(&c, &tile.c[at.row][at.column], 4);
            double sum = c;
            for (int k = 0; k < 16; ++k) {
              const float a = value(tile.a[at.row][k]), b = value(tile.b[at.column][k]);
              if (exact)
                sum += double{a} * double{b};
              else
                sum = std::fma(a, b, static_cast<float>(sum));
            }
            const auto result = static_cast<float>(sum);
            const u32 wanted = std::isnan(result) ? 0x7fffffffu : bits_of(result);
            wrong += static_cast<int>(out[static_cast<std::size_t>(32 * i + lane)] != wanted);
          }
        }
      }
      EXPECT_EQ(wrong, 0) << type << exact;
    }
  }
}

/// Small whole numbers: every model and every order of summation gives the same.
template <class Fill>
void expect_whole(const std::string& instruction, int rows, int depth, int each, int bits, bool narrow,
                  Fill encode) {
  std::mt19937 engine(7);
  std::uniform_int_distribution<int> small(0, 3), c_value(-8, 8);
  const int a_words = rows / 8 * depth / (4 * each), b_words = depth / (4 * each);
  const int d_words = narrow ? rows / 8 : rows / 4;
  std::vector<std::vector<int>> a(static_cast<std::size_t>(rows),
                                  std::vector<int>(static_cast<std::size_t>(depth)));
  std::vector<std::vector<int>> b(static_cast<std::size_t>(depth), std::vector<int>(8)),
      c(static_cast<std::size_t>(rows), std::vector<int>(8));
  for (auto& row : a)
    for (int& x : row) x = small(engine);
  for (auto& row : b)
    for (int& x : row) x = small(engine);
  for (auto& row : c)
    for (int& x : row) x = c_value(engine);
  std::vector<u32> words(static_cast<std::size_t>(std::max(a_words + b_words + d_words, d_words)) * 32);
  const auto put = [&](int word, int lane, u32 value, int shift) {
    words[static_cast<std::size_t>(32 * word + lane)] |= value << shift;
  };
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < a_words * each; ++i) {
      At at = a_at(depth, each, lane, i);
      if (rows == 8) at = {lane / 4, each * (lane % 4) + i};
      put(i / each, lane, encode(a[static_cast<std::size_t>(at.row)][static_cast<std::size_t>(at.column)]),
          bits * (i % each));
    }
    for (int i = 0; i < b_words * each; ++i) {
      const At at = b_at(each, lane, i);
      put(a_words + i / each, lane,
          encode(b[static_cast<std::size_t>(at.row)][static_cast<std::size_t>(at.column)]),
          bits * (i % each));
    }
    for (int i = 0; i < rows / 4; ++i) {
      const At at = c_at(lane, i);
      const int x = c[static_cast<std::size_t>(at.row)][static_cast<std::size_t>(at.column)];
      if (narrow)
        put(a_words + b_words + i / 2, lane, f16_of(static_cast<float>(x)), 16 * (i % 2));
      else
        put(a_words + b_words + i, lane,
            instruction.find(".s32") != std::string::npos ? static_cast<u32>(x)
                                                          : bits_of(static_cast<float>(x)),
            0);
    }
  }
  const auto out = run_mma(instruction, d_words, a_words, b_words, d_words, words);
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < rows / 4; ++i) {
      const At at = c_at(lane, i);
      int wanted = c[static_cast<std::size_t>(at.row)][static_cast<std::size_t>(at.column)];
      for (int k = 0; k < depth; ++k)
        wanted += a[static_cast<std::size_t>(at.row)][static_cast<std::size_t>(k)] *
                  b[static_cast<std::size_t>(k)][static_cast<std::size_t>(at.column)];
      const u32 word = out[static_cast<std::size_t>(32 * (narrow ? i / 2 : i) + lane)];
      float got = 0;
      if (narrow)
        got = of_f16(static_cast<u16>(word >> 16 * (i % 2)));
      else if (instruction.find(".s32") != std::string::npos)
        got = static_cast<float>(static_cast<std::int32_t>(word));
      else
        std::memcpy(&got, &word, 4);
      ASSERT_EQ(got, static_cast<float>(wanted)) << instruction << " lane " << lane << " element " << i;
    }
  }
}

TEST(Mma, EveryShapeAndTypeMultipliesWholeNumbers) {
  const auto f16 = [](int x) { return u32{f16_of(static_cast<float>(x))}; };
  const auto bf16 = [](int x) { return bits_of(static_cast<float>(x)) >> 16; };
  const auto tf32 = [](int x) { return bits_of(static_cast<float>(x)) | 0x1234u; };  // low bits are ignored
  const auto byte = [](int x) { return static_cast<u32>(x); };
  for (const auto model : {isa::TensorModel::fused, isa::TensorModel::exact,
                           isa::TensorModel::truncating_sm80, isa::TensorModel::truncating_sm90}) {
    const WithSettings some([&](auto& s) { s.modes.tensor = model; });
    const std::string m = "mma.sync.aligned.";
    expect_whole(m + "m16n8k16.row.col.f32.f16.f16.f32", 16, 16, 2, 16, false, f16);
    expect_whole(m + "m16n8k16.row.col.f16.f16.f16.f16", 16, 16, 2, 16, true, f16);
    expect_whole(m + "m16n8k8.row.col.f32.f16.f16.f32", 16, 8, 2, 16, false, f16);
    expect_whole(m + "m16n8k8.row.col.f16.f16.f16.f16", 16, 8, 2, 16, true, f16);
    expect_whole(m + "m16n8k16.row.col.f32.bf16.bf16.f32", 16, 16, 2, 16, false, bf16);
    expect_whole(m + "m16n8k8.row.col.f32.bf16.bf16.f32", 16, 8, 2, 16, false, bf16);
    expect_whole(m + "m16n8k4.row.col.f32.tf32.tf32.f32", 16, 4, 1, 32, false, tf32);
    expect_whole(m + "m16n8k8.row.col.f32.tf32.tf32.f32", 16, 8, 1, 32, false, tf32);
    expect_whole(m + "m16n8k16.row.col.s32.u8.s8.s32", 16, 16, 4, 8, false, byte);
    expect_whole(m + "m16n8k32.row.col.s32.s8.u8.s32", 16, 32, 4, 8, false, byte);
    expect_whole(m + "m8n8k16.row.col.satfinite.s32.s8.s8.s32", 8, 16, 4, 8, false, byte);
  }
}

TEST(Mma, IntegersAreSignedOrNotAndSaturateOrWrap) {
  std::vector<u32> words(10 * 32, 0);
  for (int lane = 0; lane < 32; ++lane) {
    for (int r = 0; r < 6; ++r) words[static_cast<std::size_t>(32 * r + lane)] = 0xffffffffu;
    for (int r = 6; r < 10; ++r) words[static_cast<std::size_t>(32 * r + lane)] = 0x7fffffffu;
  }
  const auto first = [&](const std::string& types) {
    return run_mma("mma.sync.aligned.m16n8k32.row.col" + types + ".s32", 4, 4, 2, 4, words)[0];
  };
  EXPECT_EQ(first(".s32.u8.u8"), 0x7fffffffu + 32u * 255u * 255u);
  EXPECT_EQ(first(".s32.s8.u8"), 0x7fffffffu - 32u * 255u);
  EXPECT_EQ(first(".s32.s8.s8"), 0x7fffffffu + 32u);
  EXPECT_EQ(first(".satfinite.s32.s8.s8"), 0x7fffffffu);
}

TEST(Mma, DoublesFuseInOrder) {
  const std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 out) {\n"
      ".reg .b32 %r<4>; .reg .f64 %f<8>; .reg .b64 %rd<4>;\nld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x;"
      "mul.wide.u32 %rd2, %r1, 8; add.u64 %rd1, %rd1, %rd2;\nld.global.f64 %f0, [%rd1]; ld.global.f64 %f1, "
      "[%rd1+256];"
      "ld.global.f64 %f2, [%rd1+512]; ld.global.f64 %f3, [%rd1+768];\n"
      "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%f4, %f5}, {%f0}, {%f1}, {%f2, %f3};\n"
      "st.global.f64 [%rd1], %f4; st.global.f64 [%rd1+256], %f5; ret;\n}\n";
  std::mt19937_64 engine(3);
  std::normal_distribution<double> normal;
  std::vector<double> in(128);
  for (double& x : in) x = normal(engine);
  const auto out = run_kernel<double>(text, in);
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 2; ++i) {
      double wanted = in[static_cast<std::size_t>(64 + 32 * i + lane)];
      for (int k = 0; k < 4; ++k)
        wanted = std::fma(in[static_cast<std::size_t>(lane / 4 * 4 + k)],
                          in[static_cast<std::size_t>(32 + (2 * (lane % 4) + i) * 4 + k)], wanted);
      EXPECT_EQ(out[static_cast<std::size_t>(32 * i + lane)], wanted);
    }
  }
}

/// Rows of 8 elements, number 8 row + column + 64 matrix, at addresses that are not in order.
TEST(Ldmatrix, GivesEachLaneItsElements) {
  for (const int count : {1, 2, 4}) {
    for (const bool transposed : {false, true}) {
      for (const char* order : {".m8n8.xN", ".xN.m8n8"}) {
        std::string modifiers = order;
        modifiers.replace(modifiers.find('N'), 1, std::to_string(count));
        const std::string text =
            ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 out) {\n"
            ".reg .b32 %r<32>; .reg .b64 %rd<4>;\n.shared .align 16 .b8 tile[1024];\nld.param.u64 %rd1, "
            "[out];"
            "mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 16; add.u64 %rd1, %rd1, %rd2;\n"
            "mul.lo.u32 %r2, %r1, 5; and.b32 %r2, %r2, 31; shl.b32 %r2, %r2, 4; mov.u32 %r3, tile; add.u32 "
            "%r2, %r2, %r3;\n"
            "ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%rd1]; st.shared.v4.b32 [%r2+16], {%r4, %r5, %r6, %r7};"
            "bar.warp.sync -1;\nldmatrix.sync.aligned" +
            modifiers + (transposed ? ".trans" : "") + ".shared.b16 " + braces("%r", 10, count) +
            ", [%r2+16];\nst.global.v4.b32 [%rd1], {%r10, %r11, %r12, %r13};\nret;\n}\n";
        std::vector<u16> in(256), got(256);
        for (std::size_t k = 0; k < in.size(); ++k) in[k] = static_cast<u16>(k + 1);
        std::vector<u32> words(128);
        std::memcpy(words.data(), in.data(), 512);
        const auto out = run_kernel<u32>(text, words);
        std::memcpy(got.data(), out.data(), 512);
        for (int lane = 0; lane < 32; ++lane) {
          for (int j = 0; j < count; ++j) {
            for (int i = 0; i < 2; ++i) {
              const int across = 2 * (lane % 4) + i, along = lane / 4;
              const int row = transposed ? across : along, column = transposed ? along : across;
              ASSERT_EQ(got[static_cast<std::size_t>(8 * lane + 2 * j + i)], 64 * j + 8 * row + column + 1)
                  << modifiers << transposed << " lane " << lane;
            }
          }
        }
      }
    }
  }
}

TEST(Ldmatrix, MisalignedAndOutsideAreFaultsOfTheLaneThatGaveTheAddress) {
  const auto text = [](const std::string& shift) {
    return ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 out) {\n"
           ".reg .b32 %r<32>;\n.shared .align 16 .b8 tile[512];\nmov.u32 %r1, %tid.x; mul.lo.u32 %r2, %r1, " +
           shift +
           "; mov.u32 %r3, tile; add.u32 %r2, %r2, %r3;\n"
           "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r10, %r11}, [%r2];\nret;\n}\n";
  };
  check::Fault fault;
  run_kernel<u32>(text("8"), std::vector<u32>(1), 1, 32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::misaligned);
  EXPECT_NE(fault.what.find("lane 1,"), std::string::npos) << fault.what;
  run_kernel<u32>(text("48"), std::vector<u32>(1), 1, 32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::out_of_bounds);
  EXPECT_NE(fault.what.find("lane 11,"), std::string::npos) << fault.what;
  // Lanes 16 to 31 give no addresses: what they hold does not matter.
  EXPECT_EQ(run_kernel<u32>(text("32"), std::vector<u32>(1), 1, 32).size(), 1u);
}

}  // namespace
}  // namespace softcuda::testing
