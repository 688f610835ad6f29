#include <cmath>
#include <cstring>
#include <random>

#include "properties/tests/softcuda/exec/on_machine.h"

/// harness/bench/tensor_core.cu against attention in double: what the driver's speed is measured by has to be
/// right, and silent, under everything that a run may choose.
namespace softcuda::testing {
namespace {

constexpr int kN = 192, kHeads = 2;

std::vector<std::uint16_t> halves(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<std::uint16_t> out(count);
  for (auto& h : out) {
    const auto x = static_cast<_Float16>(normal(engine));
    std::memcpy(&h, &x, 2);
  }
  return out;
}
double value(std::uint16_t h) {
  _Float16 x;
  std::memcpy(&x, &h, 2);
  return static_cast<double>(x);
}

/// The largest error over all outputs.
double worst(int d, bool causal, const std::vector<std::uint16_t>& q, const std::vector<std::uint16_t>& k,
             const std::vector<std::uint16_t>& v, const std::vector<std::uint16_t>& o) {
  double most = 0;
  for (int head = 0; head < kHeads; ++head) {
    const auto at = [&](int row, int column) {
      return static_cast<std::size_t>((head * kN + row) * d + column);
    };
    for (int i = 0; i < kN; ++i) {
      std::vector<double> weight(static_cast<std::size_t>(causal ? i + 1 : kN));
      double sum = 0;
      for (std::size_t j = 0; j < weight.size(); ++j) {
        double score = 0;
        for (int c = 0; c < d; ++c) score += value(q[at(i, c)]) * value(k[at(static_cast<int>(j), c)]);
        weight[j] = std::exp(score / std::sqrt(d));
        sum += weight[j];
      }
      for (int c = 0; c < d; ++c) {
        double wanted = 0;
        for (std::size_t j = 0; j < weight.size(); ++j)
          wanted += weight[j] * value(v[at(static_cast<int>(j), c)]);
        most = std::max(most, std::abs(wanted / sum - value(o[at(i, c)])));
      }
    }
  }
  return most;
}

std::vector<std::uint16_t> run(int d, bool causal, const std::vector<std::uint16_t>& q,
                               const std::vector<std::uint16_t>& k, const std::vector<std::uint16_t>& v) {
  static const auto image = compiled("tensor_core");
  if (image == nullptr) return {};
  const OnDevice<std::uint16_t> dq(q), dk(k), dv(v), out(std::vector<std::uint16_t>(q.size()));
  machine().reset_reports();
  const std::string name = "forward_d" + std::to_string(d) + (causal ? "_causal" : "");
  const float scale = 1.44269504f / std::sqrt(static_cast<float>(d));
  const auto done = machine().launch(
      *image->kernel(name), {kN / 64, kHeads, 1}, {128, 1, 1}, static_cast<std::uint32_t>(640 * d),
      parameters(dq.address(), dk.address(), dv.address(), out.address(), kN, scale));
  if (!done) ADD_FAILURE() << done.error().fault.report << exec::name_of(done.error().refused);
  for (const check::Report& report : machine().reports()) ADD_FAILURE() << report.text;
  return out.values();
}

TEST(TensorCore, AttentionIsRightUnderEveryModelAndSilentUnderEveryDetector) {
  for (const int d : {64, 128}) {
    for (const bool causal : {false, true}) {
      const auto count = static_cast<std::size_t>(kHeads * kN * d);
      const auto q = halves(count, 1), k = halves(count, 2), v = halves(count, 3);
      for (const auto model : {isa::TensorModel::fused, isa::TensorModel::exact,
                               isa::TensorModel::truncating_sm80, isa::TensorModel::truncating_sm90}) {
        const WithSettings some([&](auto& s) {
          s.checks = {true, true, true, true, true};
          s.modes.tensor = model;
        });
        // P and O are rounded to f16: 2^-11 of values up to about 1, a few times.
        EXPECT_LT(worst(d, causal, q, k, v, run(d, causal, q, k, v)), 2e-3) << d << causal;
      }
    }
  }
}

TEST(TensorCore, BitsDoNotDependOnOrdersAndLateCopies) {
  const auto q = halves(kHeads * kN * 64, 1), k = halves(kHeads * kN * 64, 2),
             v = halves(kHeads * kN * 64, 3);
  const auto first = run(64, true, q, k, v);
  for (const auto order : {exec::WarpOrder::reversed, exec::WarpOrder::random, exec::WarpOrder::far_ahead}) {
    for (const bool late : {false, true}) {
      const WithSettings some([&](auto& s) {
        s.checks = {true, true, true, true, true};
        s.warp_order = order;
        s.modes.late_copies = late;
      });
      EXPECT_EQ(run(64, true, q, k, v), first);
    }
  }
}

}  // namespace
}  // namespace softcuda::testing
