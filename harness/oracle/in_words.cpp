#include "harness/oracle/in_words.h"

#include <cmath>

#include <fmt/format.h>

namespace flashdiff {
namespace {

std::string three_digits(double use) {
  if (std::isnan(use)) return "NaN";
  return std::isinf(use) ? "infinite" : fmt::format("{:.3g}", use);
}

}  // namespace

std::string in_words(const BudgetUse& use) {
  std::string text;
  for (const TensorUse& one : use.outputs)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name_of(one.tensor), three_digits(one.use));
  return text;
}

std::string in_words(const ElementAt& at) { return fmt::format("{}, {}", name_of(at.tensor), place_of(at)); }

}  // namespace flashdiff
