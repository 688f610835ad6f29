#include "properties/random_cases.h"

#include <algorithm>

#include "properties/classify.h"
#include "properties/simpler.h"

namespace flashdiff {

rc::Shrinkable<Case> draw_case(std::uint64_t seed, std::uint64_t index, const CaseOptions& options) {
  // RapidCheck's generator is a block cipher of its key, so seed and index need no hash of our own.
  const rc::Random random(rc::Random::Key{seed, index, 0, 0});
  const int size = static_cast<int>(std::min<std::uint64_t>(rc::kNominalSize, 20 + index));
  return shrinkable(any_case(steered(options, seed, index))(random, size).value());
}

Drawn drawn(const rc::Shrinkable<Case>& tree) {
  Case value = tree.value();
  std::vector<std::string> labels = classify(value);
  return {std::move(value), std::move(labels), [tree] {
            std::vector<Drawn> smaller;
            auto shrinks = tree.shrinks();
            while (auto next = shrinks.next()) smaller.push_back(drawn(*next));
            return smaller;
          }};
}

}  // namespace flashdiff
