#include "reports/scale.h"

#include <algorithm>
#include <cmath>

namespace flashdiff {
namespace {

constexpr std::size_t most_ticks = 7;

/// 1, 2 or 5 times a power of ten, about as large.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (step <= digit * power * (1 + 1e-9)) return digit * power;
  return 10 * power;
}

std::vector<double> decades(double from, double to, const std::vector<double>& digits) {
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(from))); power <= std::ceil(std::log10(to));
       ++power)
    for (const double digit : digits) ticks.push_back(digit * std::pow(10, power));
  return ticks;
}

/// The ticks from the last one at or before `from` to the first one at or behind `to`.
std::vector<double> around(const std::vector<double>& ticks, double from, double to) {
  auto first = std::ranges::upper_bound(ticks, from * (1 + 1e-9));
  if (first != ticks.begin()) --first;
  auto last = std::ranges::lower_bound(ticks, to * (1 - 1e-9));
  if (last != ticks.end()) ++last;
  return {first, last};
}

}  // namespace

double Scale::at(double value) const {
  if (logarithmic) return std::log(value / from) / std::log(to / from);
  return (value - from) / (to - from);
}

Scale linear_scale(const std::vector<double>& values) {
  if (values.empty()) return {false, 0, 1, {0, 1}};
  auto [low, high] = std::ranges::minmax(values);
  if (low >= 0 && low < high / 2) low = 0;
  const double least = std::max(std::abs(high) / 20, 1e-12);
  if (high - low < least) {
    const double middle = (low + high) / 2;
    low = middle - least / 2;
    high = middle + least / 2;
  }
  const double step = round_step((high - low) / 5);
  Scale scale{false, step * std::floor(low / step + 1e-9), step * std::ceil(high / step - 1e-9), {}};
  const auto steps = std::lround((scale.to - scale.from) / step);
  for (long i = 0; i <= steps; ++i) scale.ticks.push_back(scale.from + step * static_cast<double>(i));
  return scale;
}

Scale logarithmic_scale(const std::vector<double>& values) {
  std::vector<double> good;
  std::ranges::copy_if(values, std::back_inserter(good), [](double value) { return value > 0; });
  if (good.empty()) return {true, 1, 10, {1, 10}};
  const auto [low, high] = std::ranges::minmax(good);
  Scale scale{true, 0, 0, around(decades(low, high, {1, 2, 5}), low, high)};
  if (scale.ticks.size() > most_ticks) scale.ticks = around(decades(low, high, {1}), low, high);
  if (scale.ticks.size() < 2) scale.ticks = {low / 2, low * 2};
  scale.from = scale.ticks.front();
  scale.to = scale.ticks.back();
  return scale;
}

Scale scale_of_steps(std::vector<double> values, bool logarithmic) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  if (values.empty()) values = {1};
  Scale scale{logarithmic, values.front(), values.back(), values};
  if (values.size() == 1) {
    scale.from = logarithmic ? values.front() / 2 : values.front() - 1;
    scale.to = logarithmic ? values.front() * 2 : values.front() + 1;
  }
  return scale;
}

}  // namespace flashdiff
