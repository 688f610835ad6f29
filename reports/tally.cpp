#include "reports/tally.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <variant>

namespace flashdiff {

void Tally::add(const Verdict& verdict) {
  if (is_failure(verdict))
    ++failed;
  else if (std::holds_alternative<verdict::PassWeak>(verdict))
    ++weak;
  else if (std::holds_alternative<verdict::Unsupported>(verdict))
    ++unsupported;
  else if (std::holds_alternative<verdict::NotExecuted>(verdict))
    ++not_executed;
  else
    ++passed;
}

Tally& Tally::operator+=(const Tally& other) {
  passed += other.passed;
  weak += other.weak;
  failed += other.failed;
  unsupported += other.unsupported;
  not_executed += other.not_executed;
  return *this;
}

Tally Tally::operator-(const Tally& part) const {
  return {passed - part.passed, weak - part.weak, failed - part.failed, unsupported - part.unsupported,
          not_executed - part.not_executed};
}

bool worse(const Tally& a, const Tally& b) {
  const auto share = [](const Tally& t, std::int64_t of) {
    return t.judged() == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(t.judged());
  };
  return std::tuple(share(a, a.failed), a.failed, share(a, a.weak)) >
         std::tuple(share(b, b.failed), b.failed, share(b, b.weak));
}

std::optional<BudgetUse> use_of(const Verdict& verdict) {
  if (const auto* pass = std::get_if<verdict::Pass>(&verdict)) return pass->use;
  if (const auto* weak = std::get_if<verdict::PassWeak>(&verdict)) return weak->use;
  if (const auto* mismatch = std::get_if<verdict::Mismatch>(&verdict)) return mismatch->use;
  return std::nullopt;
}

void keep_most(BudgetUse& most, const BudgetUse& use) {
  for (const TensorUse& one : use.outputs) {
    const auto known = std::ranges::find(most.outputs, one.tensor, &TensorUse::tensor);
    if (known == most.outputs.end())
      most.outputs.push_back(one);
    else if (uses_more(one.use, known->use))
      known->use = one.use;
  }
}

bool uses_more(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

}  // namespace flashdiff
