#include "properties/activation_cases.h"

#include <array>
#include <numeric>

#include "harness/problem/names.h"
#include "harness/problem/random_bits.h"
#include "properties/random_cases.h"
#include "properties/simpler.h"

namespace flashdiff {
namespace {

constexpr std::size_t kRandomBatches = 5;
constexpr std::array kMasks{MaskKind::none, MaskKind::causal_bottom_right};

std::vector<std::vector<int>> batches_of(int texts) {
  std::vector<int> all(static_cast<std::size_t>(texts));
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::vector<int>> batches{all};
  if (texts == 1) return batches;
  for (int text : all) batches.push_back({text});
  // Subsets in any order, a text possibly twice: a batch of requests is not sorted.
  for (std::uint64_t batch = 0; batch < kRandomBatches; ++batch) {
    const std::uint64_t key = detail::folded(0x61637469u, batch);
    std::vector<int> some(2 + detail::folded(key, 0) % 3);
    for (std::size_t i = 0; i < some.size(); ++i)
      some[i] = static_cast<int>(detail::folded(key, i + 1) % static_cast<std::uint64_t>(texts));
    batches.push_back(some);
  }
  return batches;
}

/// Takes the next digit of a number in mixed radix.
template <class Values>
const auto& pick(std::uint64_t& digits, const Values& values) {
  const auto& value = values[digits % values.size()];
  digits /= values.size();
  return value;
}

}  // namespace

Outcome<ActivationCases> ActivationCases::open(const std::string& path) {
  const auto capture = load_activations(path);
  if (!capture) return tl::unexpected(capture.error());
  return ActivationCases(path, **capture);
}

ActivationCases::ActivationCases(std::string path, const Activations& capture)
    : path_(std::move(path)),
      capture_(&capture),
      batches_(batches_of(static_cast<int>(capture.lengths.size()))) {}

std::uint64_t ActivationCases::size() const {
  return batches_.size() * all_of<Padding>.size() * all_of<Order>.size() * kMasks.size() *
         all_of<DType>.size();
}

std::optional<Drawn> ActivationCases::draw(std::uint64_t index) {
  if (index >= size()) return std::nullopt;
  // A step without a common divisor visits every case once; near the golden section it mixes them well.
  std::uint64_t stride = size() * 618 / 1000;
  while (std::gcd(stride, size()) != 1) ++stride;
  std::uint64_t digits = index * stride % size();

  Case c;
  c.layout.padding = pick(digits, all_of<Padding>);
  c.layout.order = pick(digits, all_of<Order>);
  c.layout.pad = static_cast<int>(index % 3);
  c.layout.view = index % 5 == 4;
  c.poison = all_of<Poison>[index % all_of<Poison>.size()];
  Problem& p = c.problem;
  p.mask.kind = pick(digits, kMasks);
  p.dtype = pick(digits, all_of<DType>);
  p.data = DataFamily::file;
  p.data_file = path_;
  p.data_rows = pick(digits, batches_);
  for (int text : p.data_rows) {
    const int rows = capture_->lengths[static_cast<std::size_t>(text)];
    p.sequences.push_back({rows, rows});
  }
  p.h_q = capture_->h_q;
  p.h_kv = capture_->h_kv;
  p.d_qk = capture_->d_qk;
  p.d_v = capture_->d_v;
  if (static_cast<double>(capture_->scale) != p.softmax_scale()) p.scale = capture_->scale;
  return drawn(shrinkable(std::move(c)));
}

}  // namespace flashdiff
