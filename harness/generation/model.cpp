#include "harness/generation/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "harness/problem/activations.h"
#include "harness/problem/numbers.h"

namespace flashdiff::generation {
namespace {

constexpr int kHidden = 128;
constexpr double kGain = 1.5;  // of Q and K each: scores q.k / sqrt(d) then have a standard deviation of 2.25

/// Sums of uniform numbers instead of std::normal_distribution, whose numbers are the library's choice: the
/// same weights everywhere. Variance 1, tails end at 3.5.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : bits_(seed) {}
  double operator()() {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += std::ldexp(static_cast<double>(bits_() >> 11), -53) - 0.5;
    return sum * std::sqrt(3.0);
  }
  /// One of [0, count), where there is any.
  int below(int count) {
    return static_cast<int>(bits_() % std::max<std::uint64_t>(1, static_cast<std::uint64_t>(count)));
  }

 private:
  std::mt19937_64 bits_;
};

/// Embeddings times a random projection: [token][heads][d].
LogicalTensor<float> projected(const std::vector<double>& embeddings, int vocabulary, int heads, int d,
                               double gain, DType dtype, Normal& normal) {
  std::vector<double> weights(static_cast<std::size_t>(heads * d) * kHidden);
  for (double& w : weights) w = normal() * gain / std::sqrt(static_cast<double>(kHidden));
  LogicalTensor<float> rows({vocabulary}, heads, d);
  for (int head = 0; head < heads; ++head)
    for (int token = 0; token < vocabulary; ++token)
      for (int column = 0; column < d; ++column) {
        const double* weight = weights.data() + static_cast<std::size_t>(head * d + column) * kHidden;
        const double* embedding = embeddings.data() + static_cast<std::size_t>(token) * kHidden;
        double sum = 0;
        for (int i = 0; i < kHidden; ++i) sum += weight[i] * embedding[i];
        rows.row(0, head, token)[column] = rounded(dtype, static_cast<float>(sum));
      }
  return rows;
}

std::vector<float> unembedding_of(const Model& model, Normal& normal) {
  std::vector<float> weights(static_cast<std::size_t>(model.vocabulary()) *
                             static_cast<std::size_t>(model.outputs()));
  for (float& w : weights) w = static_cast<float>(normal());
  return weights;
}

/// All texts of a capture one behind the other, behind a row for padding, which is the first text's first.
LogicalTensor<float> rows_of(const LogicalTensor<float>& texts, int total) {
  LogicalTensor<float> rows({total + 1}, texts.heads(), texts.width());
  for (int head = 0; head < texts.heads(); ++head) {
    int token = 0;
    const auto put = [&](const float* row) { std::copy_n(row, texts.width(), rows.row(0, head, token++)); };
    put(texts.row(0, head, 0));
    for (int text = 0; text < texts.sequences(); ++text)
      for (int row = 0; row < texts.rows(text); ++row) put(texts.row(text, head, row));
  }
  return rows;
}

}  // namespace

Model::Next Model::next(const std::vector<double>& o) const {
  Next best{0, 0};
  double first = -std::numeric_limits<double>::infinity(), second = first;
  for (int token = 1; token < vocabulary(); ++token) {
    double logit = 0;
    for (std::size_t i = 0; i < o.size(); ++i)
      logit += o[i] * static_cast<double>(unembedding[static_cast<std::size_t>(token) * o.size() + i]);
    if (logit > first) {
      second = first;
      first = logit;
      best.token = token;
    } else if (logit > second) {
      second = logit;
    }
  }
  best.lead = first - second;
  return best;
}

Problem Model::problem() const {
  Problem p;
  p.h_q = q.heads();
  p.h_kv = k.heads();
  p.d_qk = q.width();
  p.d_v = v.width();
  p.dtype = dtype;
  p.scale = scale;
  return p;
}

Asked seeded(const Dims& dims, const std::vector<int>& lengths, std::uint64_t seed) {
  Normal normal(seed);
  std::vector<double> embeddings(static_cast<std::size_t>(dims.vocabulary) * kHidden);
  for (double& x : embeddings) x = normal();
  Asked asked;
  Model& model = asked.model;
  model.dtype = dims.dtype;
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(dims.d)));
  model.rope = Rope{};
  model.q = projected(embeddings, dims.vocabulary, dims.h_q, dims.d, kGain, dims.dtype, normal);
  model.k = projected(embeddings, dims.vocabulary, dims.h_kv, dims.d, kGain, dims.dtype, normal);
  model.v = projected(embeddings, dims.vocabulary, dims.h_kv, dims.d, 1, dims.dtype, normal);
  model.unembedding = unembedding_of(model, normal);
  for (const int length : lengths) {
    auto& prompt = asked.prompts.emplace_back();
    for (int i = 0; i < length; ++i) prompt.push_back(1 + normal.below(dims.vocabulary - 1));
  }
  return asked;
}

Outcome<Asked> captured(const std::string& path, std::uint64_t seed) {
  const auto capture = load_activations(path);
  if (!capture) return tl::unexpected<Error>(capture.error());
  const Activations& from = **capture;
  int total = 0;
  Asked asked;
  for (const int length : from.lengths) {
    if (length < 1) return bad_input(path + ": a text without tokens, expected at least one in each");
    auto& prompt = asked.prompts.emplace_back();
    for (int row = 0; row < length; ++row) prompt.push_back(++total);
  }
  Normal normal(seed);
  Model& model = asked.model;
  model.dtype = from.dtype;
  model.scale = from.scale;
  model.q = rows_of(from.data.q, total);
  model.k = rows_of(from.data.k, total);
  model.v = rows_of(from.data.v, total);
  model.unembedding = unembedding_of(model, normal);
  return asked;
}

}  // namespace flashdiff::generation
