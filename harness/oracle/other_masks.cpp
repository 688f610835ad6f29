#include "harness/oracle/other_masks.h"

#include <fmt/format.h>

namespace flashdiff::detail {

std::vector<MaskInstead> masks_instead_of(const Mask& asked) {
  std::vector<MaskInstead> masks;
  const auto add = [&](const Mask& mask, std::string words) {
    if (mask != asked) masks.push_back({mask, std::move(words)});
  };
  add({MaskKind::causal_top_left}, "the causal mask were aligned top-left");
  add({MaskKind::causal_bottom_right}, "the causal mask were aligned bottom-right");
  add({MaskKind::none}, "there were no mask");
  if (asked.kind != MaskKind::window) return masks;
  for (int step : {1, -1}) {
    const char* how = step > 0 ? "one key wider" : "one key narrower";
    if (asked.left != Mask::unbounded && asked.left + step >= 0)
      add({asked.kind, asked.left + step, asked.right}, fmt::format("the window were {} on its left", how));
    if (asked.right != Mask::unbounded && asked.right + step >= 0)
      add({asked.kind, asked.left, asked.right + step}, fmt::format("the window were {} on its right", how));
  }
  return masks;
}

}  // namespace flashdiff::detail
