#include "harness/oracle/bias.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

using verdict::BiasTest;

/// The model has roundings independent of one another; where rows, or weights, are copies of one another they
/// are not. How the roundings of the reference's own values add up, which are known, says how far: the
/// variance grows by what their squared sum is of it. One sum says so vaguely, so only what is beyond two
/// deviations of it counts (one in twenty of independent ones is), and errors that are all the same are then
/// still no more than 2 of the deviations that follow, of the 7 that it takes.
constexpr double kOrdinary = 2.0;
double crowding(double sum, double variance) {
  return variance > 0 ? std::max(1.0, sum * sum / variance / (kOrdinary * kOrdinary)) : 1.0;
}
/// Of the squares of many sums, which say it as they stand.
double crowding_of_squares(double squares, double variance) {
  return variance > 0 ? std::max(1.0, squares / variance) : 1.0;
}

/// Of the squares of `count` sums, few or many: an average of so many squares is seldom further above 1.
double crowding_of_blocks(double squares, double variance, double count) {
  constexpr double kSpread = kOrdinary * kOrdinary - 1;
  return count > 0 ? crowding_of_squares(squares / (1 + kSpread / std::sqrt(count)), variance) : 1.0;
}

/// variance * crowding(sum, variance), without its divisions.
double crowded_variance(double sum, double variance) {
  return variance > 0 ? std::max(variance, sum * sum / (kOrdinary * kOrdinary)) : variance;
}

/// One row, summed up for one of the linear tests, whose weights are a: 1, or want.
struct RowSums {
  double size = 0;       ///< sum a b, where the effect is a share of b: 1, or want
  double error = 0;      ///< sum a e
  double lean = 0;       ///< of that, at most, what is not random
  double norm = 0;       ///< sum a^2
  double of_output = 0;  ///< variance of sum a r, r: rounding of the output, or what stands for it
  double known = 0;      ///< sum a r of the reference's own values
  double shifted = 0;    ///< sum a r of values half an ulp away from those
};

/// What the tests of one scope add up over rows.
struct Sums {
  // Of the row's weighted error, and what it is a share of.
  double size = 0, error = 0, lean = 0, variance = 0;
  // What crowding is told by.
  double known_variance = 0, p_variance = 0, p_sample = 0, p_squares = 0;
  std::vector<double> known, shifted;  ///< by columns
  // Of the squares of the rows' errors.
  double rows = 0, squared_errors = 0, squared_leans = 0, variances = 0;
  double excess = 0;  ///< beyond their leans, in their variances
  /// Of one (sequence, head), and the squares of all: rows are copies of one another within those, and what
  /// they add up to may cancel between them in the reference where it does not in a kernel.
  std::vector<double> block_known, block_shifted;  ///< by columns
  double block_p_sample = 0, blocks = 0, block_rows = 0;
  double known_squares = 0, shifted_squares = 0, p_sample_squares = 0;

  explicit Sums(int width)
      : known(static_cast<std::size_t>(width), 0.0),
        shifted(known),
        block_known(known),
        block_shifted(known) {}

  void end_block() {
    if (rows > block_rows) blocks += 1;
    block_rows = rows;
    for (std::size_t c = 0; c < known.size(); ++c) {
      known_squares += block_known[c] * block_known[c];
      shifted_squares += block_shifted[c] * block_shifted[c];
      known[c] += block_known[c];
      shifted[c] += block_shifted[c];
      block_known[c] = block_shifted[c] = 0;
    }
    p_sample_squares += block_p_sample * block_p_sample;
    p_sample += block_p_sample;
    block_p_sample = 0;
  }

  void add(const Sums& other) {
    for (double Sums::*part :
         {&Sums::size, &Sums::error, &Sums::lean, &Sums::variance, &Sums::known_variance, &Sums::p_variance,
          &Sums::p_sample, &Sums::p_squares, &Sums::rows, &Sums::squared_errors, &Sums::squared_leans,
          &Sums::variances, &Sums::excess, &Sums::blocks, &Sums::known_squares, &Sums::shifted_squares,
          &Sums::p_sample_squares})
      this->*part += other.*part;
    for (std::size_t c = 0; c < known.size(); ++c) {
      known[c] += other.known[c];
      shifted[c] += other.shifted[c];
    }
  }

  /// How much larger the variance is than that of independent roundings: rows that are copies add up column
  /// by column; P that rounds up everywhere adds up over all. What a kernel rounds is not what the reference
  /// has: a P that was rounded before moves it by up to an ulp, copies all alike. So copies are looked for at
  /// the reference's values and half an ulp away: at one of the two they are a quarter of an ulp off at
  /// least.
  [[nodiscard]] double crowded() const {
    double most = std::max(crowding(p_sample, p_variance), crowding_of_squares(p_squares, p_variance));
    for (const std::vector<double>* columns : {&known, &shifted}) {
      double total = 0, squares = 0;
      for (double column : *columns) {
        total += column;
        squares += column * column;
      }
      most = std::max({most, crowding(total, known_variance), crowding_of_squares(squares, known_variance)});
    }
    const double sums = blocks * static_cast<double>(known.size());
    return std::max({most, crowding_of_blocks(known_squares, known_variance, sums),
                     crowding_of_blocks(shifted_squares, known_variance, sums),
                     crowding_of_blocks(p_sample_squares, p_variance, blocks)});
  }
};

/// Whether copies among roundings are looked for, which costs more than all else. Without them variances are
/// smaller, and no test shows less.
enum class Copies : bool { ignored, found };

/// The rows of one output, as the linear tests weigh them.
class RowsOf {
 public:
  RowsOf(const Numerics& numerics, const WantedTensor& wanted, Copies copies)
      : wanted_(wanted), copies_(copies), width_(static_cast<std::size_t>(wanted.want.width())) {
    // LSE is f32, whose rounding is counted among what may lean; f32 from f32 does not round at all.
    const DType output = wanted.role == TensorRole::lse ? DType::f32 : numerics.out;
    const bool rounds =
        output != DType::f32 || (numerics.pv == Accumulation::f64 && wanted.role != TensorRole::lse);
    // Copies of rows are found by their rounding to 16 bits even where the output is not rounded to them.
    watched_ = output != DType::f32 ? output : DType::bf16;
    format_ = format_of(watched_);
    target_ = (rounds ? format_of(output) : format_).unit_roundoff / 2;
    const double finer = format_of(output).unit_roundoff / format_.unit_roundoff;
    of_output_ = rounds ? finer * finer : 0.0;
    rounded_.resize(width_);
    want_.resize(width_);
    known_.resize(width_);
    shifted_.resize(width_);
  }

  [[nodiscard]] bool has_random() const {
    return of_output_ > 0 || std::ranges::any_of(wanted_.errors.values(),
                                                 [](const RowErrors& one) { return one.variance > 0; });
  }

  /// Adds a row to the tests of its head; a row with an infinite budget, or with none at all, tells nothing.
  void add(int sequence, int head, int row, const float* got, Sums& gain, Sums& mean) {
    const double* const want = wanted_.want.row(sequence, head, row);
    const double* const budget = wanted_.budget.row(sequence, head, row);
    const RowErrors& errors = *wanted_.errors.row(sequence, head, row);
    if (copies_ == Copies::found) round(want);
    const ColumnSums sums = copies_ == Copies::found ? sum_columns<Copies::found>(want, budget, got)
                                                     : sum_columns<Copies::ignored>(want, budget, got);
    if (!(sums.largest < std::numeric_limits<double>::infinity()) || sums.count == 0) return;
    const double by_gain = weigh({sums.size, sums.gain_error, errors.weighted_lean, sums.size,
                                  sums.gain_variance, sums.gain_known, sums.gain_shifted},
                                 errors, target_, gain);
    const double by_mean =
        weigh({sums.count, sums.error, errors.lean, sums.count, sums.variance, sums.known, sums.shifted},
              errors, target_ * std::sqrt(sums.size / sums.count), mean);
    if (copies_ == Copies::found) add_columns(by_gain, by_mean, gain, mean);
  }

 private:
  void round(const double* want) {
    float* __restrict const rounded = rounded_.data();
    for (std::size_t c = 0; c < width_; ++c) rounded[c] = static_cast<float>(want[c]);
    round_all(watched_, rounded_);
  }

  /// Sums over the columns of a row that are not fixed; the plain ones, and those with the weight want.
  struct ColumnSums {
    double count = 0, error = 0, variance = 0, known = 0, shifted = 0;
    double size = 0, gain_error = 0, gain_variance = 0, gain_known = 0, gain_shifted = 0;
    double largest = 0;  ///< budget
  };
  /// Leaves want_, known_ and shifted_ for add_columns, if anybody asks for copies. Pointers that do not
  /// alias, and values that are loaded before they are chosen: else the loop is not vectorised.
  template <Copies kCopies>
  ColumnSums sum_columns(const double* __restrict want, const double* __restrict budget,
                         const float* __restrict got) {
    [[maybe_unused]] const float* __restrict const rounded = rounded_.data();
    [[maybe_unused]] double* __restrict const kept_want = want_.data();
    [[maybe_unused]] double* __restrict const kept_known = known_.data();
    [[maybe_unused]] double* __restrict const kept_shifted = shifted_.data();
    // An ulp is 2u of the power of two below the value, and at least a subnormal; uniform: ulp^2 / 12.
    const double of_ulp = 4 * format_.unit_roundoff * format_.unit_roundoff / 12;
    const double least = format_.smallest_normal;
    [[maybe_unused]] const double half_ulp = format_.unit_roundoff;  // of a power of two
    const double more = 1 + format_.unit_roundoff;                   // what rounds up to a power of two
    constexpr std::uint64_t exponent = 0x7ff0'0000'0000'0000u;
    double count = 0, error = 0, variance = 0, known = 0, shifted = 0;
    double size = 0, gain_error = 0, gain_variance = 0, gain_known = 0, gain_shifted = 0, largest = 0;
#pragma omp simd reduction(+ : count, error, variance, known, shifted, size, gain_error, gain_variance) \
    reduction(+ : gain_known, gain_shifted) reduction(max : largest)
    for (std::size_t c = 0; c < width_; ++c) {
      const double b = budget[c], in_want = want[c], in_got = got[c];
      const double below = std::bit_cast<double>(std::bit_cast<std::uint64_t>(in_want * more) & exponent);
      const bool counts = b > 0;
      const double one = counts ? 1.0 : 0.0;
      const double w = counts ? in_want : 0.0;
      const double g = counts ? in_got : 0.0, e = g - w;
      const double power = one * (below > least ? below : least);
      const double v = of_ulp * power * power;
      largest = b > largest ? b : largest;
      count += one;
      error += e;
      variance += v;
      size += w * w;
      gain_error += w * e;
      gain_variance += w * w * v;
      if constexpr (kCopies == Copies::found) {
        const double in_rounded = rounded[c];
        const double nearest = counts ? in_rounded : 0.0, k = nearest - w;
        const double h = half_ulp * power, further = k + (k > 0 ? -h : h);
        kept_want[c] = w;
        kept_known[c] = k;
        kept_shifted[c] = further;
        known += k;
        shifted += further;
        gain_known += w * k;
        gain_shifted += w * further;
      }
    }
    return {count,      error,         variance,   known,        shifted, size,
            gain_error, gain_variance, gain_known, gain_shifted, largest};
  }

  void add_columns(double by_gain, double by_mean, Sums& gain, Sums& mean) const {
    const double* __restrict const want = want_.data();
    const double* __restrict const known = known_.data();
    const double* __restrict const shifted = shifted_.data();
    double* __restrict const gain_known = gain.block_known.data();
    double* __restrict const mean_known = mean.block_known.data();
    double* __restrict const gain_shifted = gain.block_shifted.data();
    double* __restrict const mean_shifted = mean.block_shifted.data();
#pragma omp simd
    for (std::size_t c = 0; c < width_; ++c) {
      const double by_want = by_gain * want[c], k = known[c], s = shifted[c];
      gain_known[c] += by_want * k;
      mean_known[c] += by_mean * k;
      gain_shifted[c] += by_want * s;
      mean_shifted[c] += by_mean * s;
    }
  }

  /// Adds a row with the weight that shows an effect of `target` (of the size of what is looked for: a 16-bit
  /// operand cut off instead of rounded is u / 2 to u too small) best beside errors of its variance without
  /// copies; rows that may lean as far anyway count less. Returns the weight, 0 where the row tells nothing.
  double weigh(const RowSums& row, const RowErrors& errors, double target, Sums& to) const {
    const double of_p = row.norm * errors.variance, of_these_p = of_p * crowding(errors.sample, 1.0);
    const double without_copies = of_output_ * row.of_output + of_these_p;
    const double variance = of_output_ * std::max(crowded_variance(row.known, row.of_output),
                                                  crowded_variance(row.shifted, row.of_output)) +
                            of_these_p;
    if (!(without_copies > 0) || !std::isfinite(variance) || !(row.size > 0)) return 0;
    const double leaning = row.lean / (row.size * target);
    const double a = row.size / (without_copies * (1 + leaning * leaning));
    if (!std::isfinite(a) || !(a > 0)) return 0;
    to.size += a * row.size;
    to.error += a * row.error;
    to.lean += a * row.lean;
    to.variance += a * a * variance;
    to.known_variance += a * a * row.of_output;
    to.p_variance += a * a * of_p;
    to.block_p_sample += a * std::sqrt(of_p) * errors.sample;
    to.p_squares += a * a * of_p * errors.sample * errors.sample;
    to.rows += 1;
    to.squared_errors += row.error * row.error;
    to.squared_leans += row.lean * row.lean;
    to.variances += variance;
    const double excess = std::max(std::fabs(row.error) - row.lean, 0.0);
    to.excess += excess * excess / variance;
    return a;
  }

  const WantedTensor& wanted_;
  const Copies copies_;
  std::size_t width_;
  DType watched_ = DType::f32;
  Format format_{};
  double target_ = 0;
  double of_output_ = 0;  ///< variance of the output's rounding, in units of that to `watched_`
  // Of one row.
  std::vector<float> rounded_;
  std::vector<double> want_, known_, shifted_;  ///< 0 where an element's value is fixed
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

std::vector<BiasOf> tests(const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                          Copies copies) {
  std::vector<BiasOf> found;
  for (const WantedTensor& output : wanted.outputs) {
    if (output.errors.width() == 0) continue;
    RowsOf rows(numerics, output, copies);
    if (!rows.has_random()) continue;
    const LogicalTensor<float>& got = answer.of(output.role);
    const int width = copies == Copies::found ? output.want.width() : 0;
    Sums all_gain(width), all_mean(width);
    for (int head = 0; head < output.want.heads(); ++head) {
      Sums gain(width), mean(width);
      for (int s = 0; s < output.want.sequences(); ++s) {
        for (int row = 0; row < output.want.rows(s); ++row)
          rows.add(s, head, row, got.row(s, head, row), gain, mean);
        gain.end_block();
        mean.end_block();
      }
      if (output.want.heads() > 1) add_tests(output.role, head, gain, mean, found);
      all_gain.add(gain);
      all_mean.add(mean);
    }
    add_tests(output.role, -1, all_gain, all_mean, found);
  }
  return found;
}

const BiasOf* least_likely(const std::vector<BiasOf>& found) {
  const auto least = std::ranges::min_element(found, {}, &BiasOf::chance);
  return least == found.end() ? nullptr : &*least;
}

/// That a correct kernel shows as much as the least likely of them, in one of all of them.
double chance_of_any(const std::vector<BiasOf>& found) {
  const BiasOf* const least = least_likely(found);
  return least == nullptr ? 1.0 : std::min(1.0, least->chance * static_cast<double>(found.size()));
}

bool is_alarm(double chance) { return chance < kAlarmsOfARun / kCasesOfARun; }

}  // namespace

std::vector<BiasOf> biases(const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  return tests(numerics, wanted, answer, Copies::found);
}

std::optional<verdict::Bias> bias(const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  // Copies only make variances larger: what is no alarm without them is none with them.
  if (!is_alarm(chance_of_any(tests(numerics, wanted, answer, Copies::ignored)))) return std::nullopt;
  const std::vector<BiasOf> found = tests(numerics, wanted, answer, Copies::found);
  const double chance = chance_of_any(found);
  if (!is_alarm(chance)) return std::nullopt;
  const BiasOf* const least = least_likely(found);
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
