#include "reports/colours.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace flashdiff {
namespace {

using Rgb = std::array<double, 3>;

constexpr std::array<Rgb, 3> within{{{0x17, 0x1f, 0x3a}, {0x1f, 0x55, 0x7d}, {0x4f, 0xa9, 0xa6}}};
constexpr std::array<Rgb, 4> outside{
    {{0xff, 0xdc, 0x5e}, {0xf8, 0x8c, 0x3a}, {0xd6, 0x28, 0x28}, {0x7a, 0x0a, 0x2a}}};
constexpr const char* magenta = "#e05cff";

/// The colour at `at` in [0, 1] along equally spaced stops.
std::string along(const auto& stops, double at) {
  const double where = at * static_cast<double>(stops.size() - 1);
  const auto from = std::min(static_cast<std::size_t>(where), stops.size() - 2);
  const double share = where - static_cast<double>(from);
  const auto mixed = [&](std::size_t channel) {
    return static_cast<int>(
        std::lround((1 - share) * stops[from][channel] + share * stops[from + 1][channel]));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2));
}

}  // namespace

int colour_step(double use) {
  if (std::isnan(use)) return not_a_number_step;
  // As in the histogram, a step holds its upper end: a use of 1 is within the budget.
  const double step = std::ceil((std::log10(use) - first_use_decade) * steps_per_decade) - 1;
  return static_cast<int>(std::clamp(step, 0.0, static_cast<double>(colour_steps - 1)));
}

std::string colour_of_step(int step) {
  if (step == not_a_number_step) return magenta;
  constexpr int budget = -first_use_decade * steps_per_decade;
  if (step < budget) return along(within, static_cast<double>(step) / (budget - 1));
  return along(outside, static_cast<double>(step - budget) / (colour_steps - budget - 1));
}

}  // namespace flashdiff
