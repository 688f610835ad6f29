#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/problem/names.h"
#include "harness/problem/numbers.h"
#include "properties/tests/kernels/on_softcuda.h"
#include "properties/tests/kernels/placed.h"
#include "reference/given.h"

// Tensors where no layout of the harness puts them, because no case may be so large or two tensors share no
// buffer there: offsets beyond 32 bits, and Q, K and V of one projection side by side. A kernel is given the
// same rows, so it must answer the same bits.

namespace flashdiff {
namespace {

using test::Placed;
using test::TensorsAt;

/// One host thread: atomic additions to dQ then end in the same order.
Backend& plainly(const std::string& kernel) {
  return test::kernel(kernel, {{"threads", "1"}, {"check", "memory,sync"}});
}

std::vector<TensorRole> tensors_of(Pass pass) {
  std::vector<TensorRole> tensors;
  for (const auto roles : {inputs_of(pass), outputs_of(pass)})
    tensors.insert(tensors.end(), roles.begin(), roles.end());
  return tensors;
}

struct Asked {
  std::string kernel, line;
};

/// Rows that start at multiples of 16 bytes, and others (an odd d), which have entries of their own.
std::vector<Asked> asked_of_every_kernel() {
  std::vector<Asked> all;
  for (const auto& [d, dv] : {std::pair{64, 64}, {63, 65}}) {
    const std::string of_all =
        fmt::format("b=3 hq=4 hk=2 d={} dv={} dt=f16 lay=left data=normal seed=0x1 ", d, dv);
    const std::string trained = of_all + "q=37,5,20 kv=70,33,64 mask=causal_br";
    for (const char* kernel : {"flash_forward", "flash_forward_simt"}) all.push_back({kernel, trained});
    for (const char* kernel : {"flash_backward", "flash_backward_deterministic"})
      all.push_back({kernel, trained + " pass=backward"});
    for (const char* page : {"", " page=16"}) {
      all.push_back({"flash_decode", of_all + "q=3,1,2 kv=300,33,64 mask=causal_br" + page});
      all.push_back({"append_kv", of_all + "q=3,1,20 kv=40,17,33 mask=none rope=half pass=append" + page});
    }
  }
  return all;
}

// --- Far apart
// ------------------------------------------------------------------------------------------------------

enum class Axis { batch, row, head };
constexpr std::array kAxes{Axis::batch, Axis::row, Axis::head};
constexpr std::array kAxisNames{"batch", "row", "head"};

/// From the first to the last element of an axis: beyond 2^32 elements of 16 bits, and 2^31 of 32.
constexpr std::int64_t kSpan = std::int64_t{9} << 30;

/// Steps between the first and the last of the axis.
int steps_of(const Placement& place, Axis axis) {
  switch (axis) {
    case Axis::batch: return (place.page > 0 ? place.pages : static_cast<int>(place.rows.size())) - 1;
    case Axis::row: {
      if (place.page > 0) return place.page - 1;
      std::int64_t last = 0;
      for (std::size_t s = 0; s < place.rows.size(); ++s)
        last = std::max(last, place.first_row[s] + place.rows[s] - 1);
      return static_cast<int>(last);
    }
    case Axis::head: return place.heads - 1;
  }
  return 0;
}

/// The tensor's axis drawn out over kSpan bytes. Rows that started at multiples of 16 bytes still do, others
/// do not. False where the axis has one element.
bool draw_out(LaidOutTensor& tensor, Axis axis) {
  Placement& place = tensor.place;
  const int steps = steps_of(place, axis);
  if (steps < 1) return false;
  const std::int64_t elements = kSpan / static_cast<std::int64_t>(bytes_of(tensor.dtype));
  const std::int64_t stride = (elements / steps + 7) / 8 * 8 + (place.row_stride % 8 == 0 ? 0 : 1);
  EXPECT_GT(steps * stride, std::int64_t{1} << 31);
  (axis == Axis::batch ? place.batch_stride
   : axis == Axis::row ? place.row_stride
                       : place.head_stride) = stride;
  return true;
}

TEST(Views, OffsetsBeyond32Bits) {
  const driver::DeviceBuffer far =  // one for all: only its rows are ever touched
      Placed::of("append_kv").allocate(kSpan + (std::size_t{16} << 20));
  for (const auto& [kernel, line] : asked_of_every_kernel()) {
    const Case c = test::read_case(line);
    const LaidOut sent = lay_out(c, make_given(c.problem).value());
    const auto plain = plainly(kernel).run(sent);
    ASSERT_TRUE(plain) << kernel << " " << line << "\n" << plain.error().what;
    Placed& placed = Placed::of(kernel);
    const std::vector<TensorRole> tensors = tensors_of(c.problem.pass);
    for (const TensorRole moved : tensors)
      for (const Axis axis : kAxes) {
        LaidOut there = sent;
        if (!draw_out(there.of(moved), axis)) continue;
        TensorsAt at;
        std::vector<driver::DeviceBuffer> near;
        for (const TensorRole role : tensors) {
          if (role != moved) near.push_back(placed.allocate(sent.of(role).body_bytes()));
          at[role] = role == moved ? far.address() : near.back().address();
        }
        EXPECT_EQ(placed.answer(sent, there, at), plain->bytes_of_rows)
            << kernel << ": " << name_of(moved) << ", stride of "
            << kAxisNames.at(static_cast<std::size_t>(axis)) << "\n"
            << line;
      }
  }
}

// --- In one buffer
// ------------------------------------------------------------------------------------------------------

/// [token][heads of Q, of K, of V][column], as one projection gives them; or [token][head][Q, K, V][column].
enum class Fused { side_by_side, interleaved };

constexpr std::int64_t kFront = 24;  // elements in front of the first token

/// The three tensors in one buffer; its elements.
std::int64_t fuse(LaidOut& io, std::array<TensorRole, 3> roles, Fused form) {
  const Problem& p = io.question.problem;
  const std::int64_t d = p.d_qk, heads = p.h_q + 2 * p.h_kv;
  const std::array<std::int64_t, 3> first{0, p.h_q, p.h_q + p.h_kv};
  std::int64_t tokens = 0;
  for (std::size_t of = 0; of < 3; ++of) {
    Placement& place = io.of(roles.at(of)).place;
    const bool packed = place.batch_stride == 0;
    const std::int64_t depth = packed ? 0 : place.elements / place.heads / place.width / p.batch();
    tokens = packed ? place.elements / place.heads / place.width : depth * p.batch();
    place.origin = kFront + (form == Fused::side_by_side ? first.at(of) : static_cast<std::int64_t>(of)) * d;
    place.row_stride = heads * d;
    place.head_stride = form == Fused::side_by_side ? d : 3 * d;
    place.batch_stride = depth * place.row_stride;
  }
  return kFront + tokens * heads * d;
}

/// Bytes of the buffer that none of the three tensors has a row at.
std::vector<bool> outside_of_rows(const LaidOut& io, std::array<TensorRole, 3> roles, std::size_t bytes) {
  std::vector<bool> outside(bytes, true);
  for (const TensorRole role : roles) {
    const Placement& place = io.of(role).place;
    for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
      for (int row = 0; row < place.rows[static_cast<std::size_t>(s)]; ++row)
        for (int head = 0; head < place.heads; ++head)
          std::fill_n(outside.begin() + 2 * place.address(s, row, head), 2 * place.width, false);
  }
  return outside;
}

class FusedBuffer {
 public:
  FusedBuffer(const Placed& placed, LaidOut& io, std::array<TensorRole, 3> roles, Fused form)
      : roles_(roles),
        poison_(2 * static_cast<std::size_t>(fuse(io, roles, form)), std::byte{0xff}),  // NaN
        buffer_(placed.allocate(poison_.size())) {
    EXPECT_TRUE(buffer_.upload(poison_));
  }
  void enter(TensorsAt& at) const {
    for (const TensorRole role : roles_) at[role] = buffer_.address();
  }
  /// How many bytes outside of rows are not what they were.
  [[nodiscard]] int touched(const LaidOut& io) const {
    std::vector<std::byte> now(poison_.size());
    EXPECT_TRUE(buffer_.download(now));
    const std::vector<bool> outside = outside_of_rows(io, roles_, now.size());
    int touched = 0;
    for (std::size_t x = 0; x < now.size(); ++x) touched += outside[x] && now[x] != poison_[x];
    return touched;
  }

 private:
  std::array<TensorRole, 3> roles_;
  std::vector<std::byte> poison_;
  driver::DeviceBuffer buffer_;
};

void expect_the_same_of_one_buffer(const std::string& kernel, const std::string& line, Fused form) {
  using enum TensorRole;
  const Case c = test::read_case(line);
  const LaidOut sent = lay_out(c, make_given(c.problem).value());
  const auto plain = plainly(kernel).run(sent);
  ASSERT_TRUE(plain) << kernel << " " << line << "\n" << plain.error().what;
  Placed& placed = Placed::of(kernel);
  LaidOut there = sent;
  TensorsAt at;
  std::vector<FusedBuffer> fused;
  fused.emplace_back(placed, there, std::array{q, k, v}, form);
  if (c.problem.pass == Pass::backward) fused.emplace_back(placed, there, std::array{dq, dk, dv}, form);
  for (const FusedBuffer& one : fused) one.enter(at);
  std::vector<driver::DeviceBuffer> others;
  for (const TensorRole role : tensors_of(c.problem.pass)) {
    if (at.contains(role)) continue;
    others.push_back(placed.allocate(sent.of(role).body_bytes()));
    at[role] = others.back().address();
  }
  EXPECT_EQ(placed.answer(sent, there, at), plain->bytes_of_rows) << kernel << " " << line;
  for (const FusedBuffer& one : fused) EXPECT_EQ(one.touched(there), 0) << kernel << " " << line;
}

/// A padding row of Q lies among those of K and V, and poison beside every row.
TEST(Views, QueriesKeysAndValuesInOneBuffer) {
  for (const char* layout : {"left", "right pad=3", "packed"})
    for (const char* heads : {"hq=6 hk=2", "hq=3 hk=3"})
      for (const char* d : {"d=64 dv=64", "d=40 dv=40", "d=33 dv=33"}) {
        const auto line = [&](const char* lengths, const char* rest) {
          return fmt::format("b=3 {} {} dt=bf16 lay={} {} mask=causal_br data=normal seed=0x3 {}", heads, d,
                             layout, lengths, rest);
        };
        constexpr const char* kLong = "q=70,3,129 kv=70,3,129";
        for (const Fused form : {Fused::side_by_side, Fused::interleaved}) {
          if (form == Fused::interleaved && std::string(heads) == "hq=6 hk=2") continue;
          for (const char* kernel : {"flash_forward", "flash_forward_simt"})
            expect_the_same_of_one_buffer(kernel, line(kLong, ""), form);
          expect_the_same_of_one_buffer("flash_decode", line("q=16,3,9 kv=16,3,9", ""), form);
          for (const char* kernel : {"flash_backward", "flash_backward_deterministic"})
            expect_the_same_of_one_buffer(kernel, line(kLong, "pass=backward"), form);
        }
      }
}

}  // namespace
}  // namespace flashdiff
