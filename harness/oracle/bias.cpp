#include "harness/oracle/bias.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "harness/problem/numbers.h"
#include "reference/lanes.h"

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
  const double by_sum = sum * sum * (1 / (kOrdinary * kOrdinary));
  const double crowded = larger(variance, by_sum);
  return variance > 0 ? crowded : variance;
}
/// crowding(sum, 1).
double crowding_of_one(double sum) { return larger(1.0, sum * sum * (1 / (kOrdinary * kOrdinary))); }

/// Rows, summed up for one of the linear tests, whose weights are a: 1, or want. As many as are weighed
/// together: a loop over rows vectorises, where the divisions of one row wait for one another.
struct RowsSummed {
  static constexpr std::size_t kMost = 32;
  using Each = std::array<double, kMost>;
  Each size;       ///< sum a b, where the effect is a share of b, which is a: sum a^2
  Each error;      ///< sum a e
  Each lean;       ///< of that, at most, what is not random
  Each of_output;  ///< variance of sum a r, r: rounding of the output, or what stands for it
  Each known;      ///< sum a r of the reference's own values
  Each shifted;    ///< sum a r of values half an ulp away from those
  Each target;     ///< effect that is looked for, as a share of b
  Each weight;     ///< what `weigh` finds
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

  /// Adds a row to the tests of its head, by the next `weigh_rows` at the latest; a row with an infinite
  /// budget, or with none at all, tells nothing.
  void add(int sequence, int head, int row, const float* got, Sums& gain, Sums& mean) {
    const double* const want = wanted_.want.row(sequence, head, row);
    const double* const budget = wanted_.budget.row(sequence, head, row);
    const RowErrors& errors = *wanted_.errors.row(sequence, head, row);
    if (copies_ == Copies::found) round(want);
    const ColumnSums sums = copies_ == Copies::found ? sum_columns<Copies::found>(want, budget, got)
                                                     : sum_columns<Copies::ignored>(want, budget, got);
    if (!(sums.largest < std::numeric_limits<double>::infinity()) || sums.count == 0) return;
    const std::size_t at = waiting_++;
    p_variance_[at] = errors.variance;
    p_sample_[at] = errors.sample;
    gain_.size[at] = sums.size;
    gain_.error[at] = sums.gain_error;
    gain_.lean[at] = errors.weighted_lean;
    gain_.of_output[at] = sums.gain_variance;
    gain_.known[at] = sums.gain_known;
    gain_.shifted[at] = sums.gain_shifted;
    gain_.target[at] = target_;
    mean_.size[at] = sums.count;
    mean_.error[at] = sums.error;
    mean_.lean[at] = errors.lean;
    mean_.of_output[at] = sums.variance;
    mean_.known[at] = sums.known;
    mean_.shifted[at] = sums.shifted;
    mean_.target[at] = target_ * std::sqrt(sums.size / sums.count);
    // Columns are kept of one row.
    if (copies_ == Copies::found || waiting_ == RowsSummed::kMost) weigh_rows(gain, mean);
  }

  /// Adds the rows that still wait.
  void weigh_rows(Sums& gain, Sums& mean) {
    if (waiting_ == 0) return;
    weigh(gain_, gain);
    weigh(mean_, mean);
    waiting_ = 0;
    if (copies_ == Copies::found) add_columns(gain_.weight[0], mean_.weight[0], gain, mean);
  }

 private:
  void round(const double* want) {
    float* __restrict const rounded = rounded_.data();
    for (std::size_t c = 0; c < width_; ++c) rounded[c] = static_cast<float>(want[c]);
    round_all(watched_, rounded_);
  }

  /// Sums over the columns of a row that are not fixed; the plain ones, and those with the weight want.
  template <class Value>
  struct SumsOfColumns {
    Value count{}, error{}, variance{}, known{}, shifted{};
    Value size{}, gain_error{}, gain_variance{}, gain_known{}, gain_shifted{};
    Value largest{};  ///< budget
  };
  using ColumnSums = SumsOfColumns<double>;

  /// Leaves want_, known_ and shifted_ for add_columns, if anybody asks for copies.
  template <Copies kCopies>
  ColumnSums sum_columns(const double* want, const double* budget, const float* got) {
    SumsOfColumns<Lanes> four;
    ColumnSums sums;
    std::size_t c = 0;
    for (; c + kLanes <= width_; c += kLanes) sum_column<kCopies>(want, budget, got, c, four);
    for (; c < width_; ++c) sum_column<kCopies>(want, budget, got, c, sums);
    const auto add = [&](auto sum) { sums.*sum.first += sum_of(four.*sum.second); };
    using Four = SumsOfColumns<Lanes>;
    add(std::pair(&ColumnSums::count, &Four::count));
    add(std::pair(&ColumnSums::error, &Four::error));
    add(std::pair(&ColumnSums::variance, &Four::variance));
    add(std::pair(&ColumnSums::size, &Four::size));
    add(std::pair(&ColumnSums::gain_error, &Four::gain_error));
    add(std::pair(&ColumnSums::gain_variance, &Four::gain_variance));
    sums.largest = larger(sums.largest, largest_of(four.largest));
    if constexpr (kCopies == Copies::found) {
      add(std::pair(&ColumnSums::known, &Four::known));
      add(std::pair(&ColumnSums::shifted, &Four::shifted));
      add(std::pair(&ColumnSums::gain_known, &Four::gain_known));
      add(std::pair(&ColumnSums::gain_shifted, &Four::gain_shifted));
    }
    return sums;
  }

  /// Column `c`, or as many from it on as a Value holds.
  template <Copies kCopies, class Value>
  void sum_column(const double* want, const double* budget, const float* got, std::size_t c,
                  SumsOfColumns<Value>& to) {
    // An ulp is 2u of the power of two below the value, and at least a subnormal; uniform: ulp^2 / 12.
    const double of_ulp = 4 * format_.unit_roundoff * format_.unit_roundoff / 12;
    const Value none{}, least = none + format_.smallest_normal;
    const double more = 1 + format_.unit_roundoff;  // what rounds up to a power of two
    const Value b = load<Value>(budget + c), in_want = load<Value>(want + c), in_got = load<Value>(got + c);
    const auto counts = b > none;
    const Value w = counts ? in_want : none;
    const Value e = counts ? in_got - in_want : none;
    const Value power = counts ? larger(power_of_two_of(in_want * more), least) : none;
    const Value v = of_ulp * power * power;
    to.largest = larger(b, to.largest);
    to.count += counts ? none + 1.0 : none;
    to.error += e;
    to.variance += v;
    to.size += w * w;
    to.gain_error += w * e;
    to.gain_variance += w * w * v;
    if constexpr (kCopies == Copies::found) {
      const Value k = counts ? load<Value>(rounded_.data() + c) - in_want : none;
      const Value h = format_.unit_roundoff * power;  // half an ulp
      const Value further = k + (k > none ? -h : h);
      store(want_.data() + c, w);
      store(known_.data() + c, k);
      store(shifted_.data() + c, further);
      to.known += k;
      to.shifted += further;
      to.gain_known += w * k;
      to.gain_shifted += w * further;
    }
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

  /// Adds rows, each with the weight that shows an effect of `target` (of the size of what is looked for: a
  /// 16-bit operand cut off instead of rounded is u / 2 to u too small) best beside errors of its variance
  /// without copies; rows that may lean as far anyway count less. Leaves the weight, 0 where a row tells
  /// nothing.
  void weigh(RowsSummed& rows, Sums& to) const {
    const double per_output = of_output_;
    double size = 0, error = 0, lean = 0, all_variance = 0, known_variance = 0, p_variance = 0, p_sample = 0;
    double p_squares = 0, telling = 0, squared_errors = 0, squared_leans = 0, variances = 0, excesses = 0;
#pragma omp simd reduction(+ : size, error, lean, all_variance, known_variance, p_variance, p_sample) \
    reduction(+ : p_squares, telling, squared_errors, squared_leans, variances, excesses)
    for (std::size_t i = 0; i < waiting_; ++i) {
      const double in_size = rows.size[i], in_error = rows.error[i], in_lean = rows.lean[i];
      const double of_output = rows.of_output[i], known = rows.known[i], shifted = rows.shifted[i];
      const double sample = p_sample_[i], of_p = in_size * p_variance_[i];
      const double of_these_p = of_p * crowding_of_one(sample);
      const double without_copies = per_output * of_output + of_these_p;
      const double most = larger(crowded_variance(known, of_output), crowded_variance(shifted, of_output));
      const double variance = per_output * most + of_these_p;
      const double leaning = in_lean / (in_size * rows.target[i]);
      const double weight = in_size / (without_copies * (1 + leaning * leaning));
      constexpr double kLargest = std::numeric_limits<double>::max();
      // Bits and not bools: a chain of && is a chain of branches. NaN is in no range.
      const bool tells =
          (without_copies > 0) & (variance <= kLargest) & (in_size > 0) & (weight > 0) & (weight <= kLargest);
      const double one = tells ? 1.0 : 0.0, a = tells ? weight : 0.0;
      const double e = tells ? in_error : 0.0, l = tells ? in_lean : 0.0, v = tells ? variance : 0.0;
      const double of_p_alone = tells ? of_p : 0.0, random = tells ? of_output : 0.0;
      const double b = tells ? in_size : 0.0, of_sample = tells ? sample : 0.0;  // 0 times infinity is no 0
      const double squares_of_p = a * a * of_p_alone;
      rows.weight[i] = a;
      size += a * b;
      error += a * e;
      lean += a * l;
      all_variance += a * a * v;
      known_variance += a * a * random;
      p_variance += squares_of_p;
      p_sample += std::sqrt(squares_of_p) * of_sample;
      p_squares += squares_of_p * of_sample * of_sample;
      telling += one;
      squared_errors += e * e;
      squared_leans += l * l;
      variances += v;
      const double excess = larger(std::fabs(e) - l, 0.0);
      excesses += tells ? excess * excess / variance : 0.0;
    }
    to.size += size;
    to.error += error;
    to.lean += lean;
    to.variance += all_variance;
    to.known_variance += known_variance;
    to.p_variance += p_variance;
    to.block_p_sample += p_sample;
    to.p_squares += p_squares;
    to.rows += telling;
    to.squared_errors += squared_errors;
    to.squared_leans += squared_leans;
    to.variances += variances;
    to.excess += excesses;
  }

  const WantedTensor& wanted_;
  const Copies copies_;
  std::size_t width_;
  DType watched_ = DType::f32;
  Format format_{};
  double target_ = 0;
  double of_output_ = 0;  ///< variance of the output's rounding, in units of that to `watched_`
  // Rows that are not weighed yet.
  std::size_t waiting_ = 0;
  RowsSummed gain_, mean_;
  RowsSummed::Each p_variance_, p_sample_;  ///< of RowErrors
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

/// The tests of one output.
class TestsOf {
 public:
  TestsOf(const Numerics& numerics, const WantedTensor& output, const LogicalTensor<float>& got,
          Copies copies)
      : output_(output), got_(got), width_(copies == Copies::found ? output.want.width() : 0) {
    if (output.errors.width() == 0) return;
    rows_.emplace(numerics, output, copies);
    if (!rows_->has_random()) rows_.reset();
    if (!rows_) return;
    gain_.assign(static_cast<std::size_t>(output.want.heads()), Sums(width_));
    mean_ = gain_;
  }

  /// Adds the rows of one head of a sequence; sequences in order, once each.
  void add(int sequence, int head) {
    if (!rows_) return;
    Sums &gain = gain_[static_cast<std::size_t>(head)], &mean = mean_[static_cast<std::size_t>(head)];
    for (int row = 0; row < output_.want.rows(sequence); ++row)
      rows_->add(sequence, head, row, got_.row(sequence, head, row), gain, mean);
    rows_->weigh_rows(gain, mean);
    gain.end_block();
    mean.end_block();
  }

  void finish(std::vector<BiasOf>& found) const {
    if (!rows_) return;
    Sums all_gain(width_), all_mean(width_);
    for (std::size_t head = 0; head < gain_.size(); ++head) {
      if (gain_.size() > 1) add_tests(output_.role, static_cast<int>(head), gain_[head], mean_[head], found);
      all_gain.add(gain_[head]);
      all_mean.add(mean_[head]);
    }
    add_tests(output_.role, -1, all_gain, all_mean, found);
  }

 private:
  const WantedTensor& output_;
  const LogicalTensor<float>& got_;
  const int width_;
  std::optional<RowsOf> rows_;  ///< none: nothing is asked here
  std::vector<Sums> gain_, mean_;
};

std::vector<BiasOf> tests(const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                          Copies copies) {
  std::vector<BiasOf> found;
  for (const WantedTensor& output : wanted.outputs) {
    TestsOf tests(numerics, output, answer.of(output.role), copies);
    for (int s = 0; s < output.want.sequences(); ++s)
      for (int head = 0; head < output.want.heads(); ++head) tests.add(s, head);
    tests.finish(found);
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

// Copies only make variances larger: what is no alarm without them is none with them.
struct BiasAtFirstSight::Tests {
  std::vector<TestsOf> of_outputs;
};

BiasAtFirstSight::BiasAtFirstSight(const Numerics& numerics, const Wanted& wanted, const Answer& answer)
    : tests_(std::make_unique<Tests>()) {
  for (const WantedTensor& output : wanted.outputs)
    tests_->of_outputs.emplace_back(numerics, output, answer.of(output.role), Copies::ignored);
}
BiasAtFirstSight::~BiasAtFirstSight() = default;

void BiasAtFirstSight::add(std::size_t output, int sequence, int head) {
  tests_->of_outputs[output].add(sequence, head);
}

bool BiasAtFirstSight::is_possible() const {
  std::vector<BiasOf> found;
  for (const TestsOf& tests : tests_->of_outputs) tests.finish(found);
  return is_alarm(chance_of_any(found));
}

std::optional<verdict::Bias> bias(const Numerics& numerics, const Wanted& wanted, const Answer& answer) {
  const std::vector<BiasOf> found = biases(numerics, wanted, answer);
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
