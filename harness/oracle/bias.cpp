#include "harness/oracle/bias.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "harness/problem/numbers.h"
#include "reference/budget.h"

namespace flashdiff::detail {
namespace {

using verdict::BiasTest;

/// The model has roundings independent of one another; where rows, or weights, are copies of one another they
/// are not. How far the roundings of the reference's own values, which are known, add up beyond a standard
/// deviation says by how much: the modelled variance grows by the square of it over this. At 2 ordinary data
/// lose next to nothing (one in twenty is beyond 2), and errors that are all the same are still no more than
/// 2 of the standard deviations that follow, of the 7 that it takes.
constexpr double kOrdinary = 2.0;
double crowding(double sum, double variance) {
  return variance > 0 ? std::max(1.0, sum * sum / variance / (kOrdinary * kOrdinary)) : 1.0;
}

/// A dtype whose roundings are looked at; f32: none are.
DType rounded_output(const Numerics& numerics, TensorRole output) {
  return output == TensorRole::lse ? DType::f32 : numerics.out;
}

/// One row, summed up for one test: `a` is its vector of weights, of which sum a_c e_c is asked.
struct RowSums {
  double size = 0;            ///< sum a b, b: what the effect is a share of
  double error = 0;           ///< sum a e
  double lean = 0;            ///< sum |a| lean
  double of_output = 0;       ///< variance of sum a r, r: rounding of the output
  double norm = 0;            ///< sum a^2
  double known = 0;           ///< sum a r of the reference's own values
  double known_variance = 0;  ///< as modelled
};

/// What the tests of one scope add up over rows.
struct Sums {
  // Of the row's weighted error, and what it is a share of.
  double size = 0, error = 0, lean = 0, variance = 0;
  // What crowding is told by.
  double known_variance = 0, p_variance = 0, p_sample = 0;
  std::vector<double> known;  ///< by columns
  // Of the squares of the rows' errors.
  double rows = 0, squared_errors = 0, squared_leans = 0, variances = 0;
  double excess = 0;  ///< beyond their leans, in their variances

  explicit Sums(int width) : known(static_cast<std::size_t>(width), 0.0) {}

  void add(const Sums& other) {
    for (double Sums::*part : {&Sums::size, &Sums::error, &Sums::lean, &Sums::variance, &Sums::known_variance,
                               &Sums::p_variance, &Sums::p_sample, &Sums::rows, &Sums::squared_errors,
                               &Sums::squared_leans, &Sums::variances, &Sums::excess})
      this->*part += other.*part;
    for (std::size_t c = 0; c < known.size(); ++c) known[c] += other.known[c];
  }

  /// How much larger the variance is than that of independent roundings: rows that are copies add up column
  /// by column; P that rounds up everywhere adds up over all.
  [[nodiscard]] double crowded() const {
    double total = 0, squares = 0;
    for (double column : known) {
      total += column;
      squares += column * column;
    }
    return std::max({crowding(total, known_variance), crowding(std::sqrt(squares), known_variance),
                     crowding(p_sample, p_variance)});
  }
};

/// 2^e of |x| in [2^e, 2^(e+1)), but at least `least`.
double binade(float x, double least) {
  const auto power = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7f80'0000u);
  return std::max(static_cast<double>(power), least);
}

/// The rows of one output, as the two linear tests weigh them.
class RowsOf {
 public:
  RowsOf(const Numerics& numerics, const WantedTensor& wanted)
      : wanted_(wanted), width_(static_cast<std::size_t>(wanted.want.width())) {
    output_ = rounded_output(numerics, wanted.role);
    const bool of_double = numerics.pv == Accumulation::f64 && wanted.role != TensorRole::lse;
    rounds_ = output_ != DType::f32 || of_double;
    // Copies of rows are found in 16 bits even where the output is not rounded to them.
    watched_ = output_ != DType::f32 ? output_ : DType::bf16;
    target_ = format_of(rounds_ ? output_ : watched_).unit_roundoff / 2;
  }

  /// Adds a row to the tests of its head; a row without a finite budget, or none at all, tells nothing.
  void add(int sequence, int head, int row, const float* got, Sums& gain, Sums& mean) {
    const double* const want = wanted_.want.row(sequence, head, row);
    const double* const budget = wanted_.budget.row(sequence, head, row);
    const double* const lean = wanted_.lean.row(sequence, head, row);
    narrow_.resize(width_);
    rounded_.resize(width_);
    for (std::size_t c = 0; c < width_; ++c) narrow_[c] = rounded_[c] = static_cast<float>(want[c]);
    round_all(watched_, rounded_);
    const Format output = format_of(output_), watched = format_of(watched_);
    RowSums g, m;
    for (std::size_t c = 0; c < width_; ++c) {
      if (budget[c] == 0) continue;
      if (!(budget[c] < 1e300)) return;
      const double w = want[c], e = static_cast<double>(got[c]) - w;
      // An ulp is 2u of the power of two below the value; subnormals have that of the smallest normal number.
      const double ulp = rounds_ ? 2 * output.unit_roundoff *
                                       binade(narrow_[c] * (1 + static_cast<float>(output.unit_roundoff)),
                                              output.smallest_normal)
                                 : 0.0;
      const double seen = 2 * watched.unit_roundoff * binade(narrow_[c], watched.smallest_normal);
      const double variance = ulp * ulp / 12, seen_variance = seen * seen / 12;
      const double known = static_cast<double>(rounded_[c]) - w;
      g.size += w * w;
      g.error += w * e;
      g.lean += std::fabs(w) * lean[c];
      g.of_output += w * w * variance;
      g.known += w * known;
      g.known_variance += w * w * seen_variance;
      m.size += 1;
      m.error += e;
      m.lean += lean[c];
      m.of_output += variance;
      m.known += known;
      m.known_variance += seen_variance;
    }
    g.norm = g.size;
    m.norm = m.size;
    const RowRounding p =
        wanted_.rounding.width() == 0 ? RowRounding{} : *wanted_.rounding.row(sequence, head, row);
    const double scale = m.size > 0 ? std::sqrt(g.size / m.size) : 0;
    weigh(g, p, target_, want, budget, true, gain);
    weigh(m, p, target_ * scale, want, budget, false, mean);
  }

  [[nodiscard]] bool has_random() const {
    return rounds_ || std::ranges::any_of(wanted_.rounding.values(),
                                          [](const RowRounding& one) { return one.variance > 0; });
  }

 private:
  /// The weight that shows an effect of `target` (of the size of what is looked for: a 16-bit operand cut off
  /// instead of rounded is u / 2 to u too small) best beside errors of this variance; rows that may lean as
  /// far anyway count less.
  void weigh(const RowSums& row, const RowRounding& p, double target, const double* want,
             const double* budget, bool of_gain, Sums& to) {
    const double of_p = row.norm * p.variance;
    const double variance =
        row.of_output * crowding(row.known, row.known_variance) + of_p * crowding(p.sample, 1.0);
    if (!(variance > 0) || !std::isfinite(variance) || !(row.size > 0)) return;
    const double leaning = row.lean / row.size / target;
    const double a = row.size / variance / (1 + leaning * leaning);
    if (!std::isfinite(a) || !(a > 0)) return;
    to.rows += 1;
    to.size += a * row.size;
    to.error += a * row.error;
    to.lean += a * row.lean;
    to.variance += a * a * variance;
    to.known_variance += a * a * row.known_variance;
    to.p_variance += a * a * of_p;
    to.p_sample += a * std::sqrt(of_p) * p.sample;
    to.squared_errors += row.error * row.error;
    to.squared_leans += row.lean * row.lean;
    to.variances += variance;
    const double excess = std::max(std::fabs(row.error) - row.lean, 0.0);
    to.excess += excess * excess / variance;
    for (std::size_t c = 0; c < width_; ++c)
      if (budget[c] != 0)
        to.known[c] += a * (of_gain ? want[c] : 1.0) * (static_cast<double>(rounded_[c]) - want[c]);
  }

  const WantedTensor& wanted_;
  std::size_t width_;
  DType output_ = DType::f32, watched_ = DType::f32;
  bool rounds_ = false;
  double target_ = 0;
  std::vector<float> narrow_, rounded_;
};

/// 2 e^(-z^2 / 2) of a sum that is so far beyond its lean, in its deviations.
double chance_of_sum(double effect, double lean, double deviation) {
  const double z = std::max(std::fabs(effect) - lean, 0.0) / deviation;
  return std::min(1.0, 2 * std::exp(-z * z / 2));
}

/// The least t with sum <= n + 2 sqrt(n t) + 2 t has sqrt(t) = (sqrt(2 sum - n) - sqrt(n)) / 2.
double chance_of_squares(double sum, double n) {
  if (!(sum > n)) return 1;
  const double root = (std::sqrt(2 * sum - n) - std::sqrt(n)) / 2;
  return std::exp(-root * root);
}

void add_linear(const Sums& sums, BiasOf as, std::vector<BiasOf>& to) {
  if (!(sums.variance > 0) || !(sums.size > 0)) return;
  as.effect = sums.error / sums.size;
  as.lean = sums.lean / sums.size;
  as.deviation = std::sqrt(sums.variance * sums.crowded()) / sums.size;
  as.chance = chance_of_sum(as.effect, as.lean, as.deviation);
  to.push_back(as);
}

void add_row_sums(const Sums& sums, BiasOf as, std::vector<BiasOf>& to) {
  if (!(sums.variances > 0)) return;
  const double crowded = sums.crowded();
  as.effect = std::sqrt(sums.squared_errors / sums.rows);
  as.lean = std::sqrt(sums.squared_leans / sums.rows);
  as.deviation = std::sqrt(sums.variances * crowded / sums.rows);
  as.chance = chance_of_squares(sums.excess / crowded, sums.rows);
  to.push_back(as);
}

void add_tests(TensorRole tensor, int head, const Sums& gain, const Sums& mean, std::vector<BiasOf>& to) {
  add_linear(gain, {tensor, BiasTest::gain, head}, to);
  add_linear(mean, {tensor, BiasTest::mean, head}, to);
  add_row_sums(mean, {tensor, BiasTest::row_sum, head}, to);
}

}  // namespace

std::vector<BiasOf> biases(const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  std::vector<BiasOf> found;
  for (const WantedTensor& output : wanted.outputs) {
    if (output.lean.width() == 0) continue;
    RowsOf rows(numerics, output);
    if (!rows.has_random()) continue;
    const LogicalTensor<float>& got = answer.of(output.role);
    const int width = output.want.width();
    Sums all_gain(width), all_mean(width);
    for (int head = 0; head < output.want.heads(); ++head) {
      Sums gain(width), mean(width);
      for (int s = 0; s < output.want.sequences(); ++s)
        for (int row = 0; row < output.want.rows(s); ++row)
          rows.add(s, head, row, got.row(s, head, row), gain, mean);
      if (output.want.heads() > 1) add_tests(output.role, head, gain, mean, found);
      all_gain.add(gain);
      all_mean.add(mean);
    }
    add_tests(output.role, -1, all_gain, all_mean, found);
  }
  return found;
}

std::optional<verdict::Bias> bias(const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  const std::vector<BiasOf> found = biases(numerics, wanted, answer);
  const auto least = std::ranges::min_element(found, {}, &BiasOf::chance);
  if (least == found.end()) return std::nullopt;
  const double chance = std::min(1.0, least->chance * static_cast<double>(found.size()));
  if (!(chance < kAlarmsOfARun / kCasesOfARun)) return std::nullopt;
  return verdict::Bias{{},
                       least->tensor,
                       least->test,
                       least->head,
                       least->effect,
                       least->deviation,
                       chance,
                       bias_words(numerics, wanted, answer, *least)};
}

}  // namespace flashdiff::detail
