#include "properties/masks.h"

#include <algorithm>
#include <set>

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<int> any_window_side() {
  return rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)},
                                      {1, rc::gen::just(1)},
                                      {4, whole(2, 40)},
                                      {2, whole(62, 67)},
                                      {1, rc::gen::just(1000)},
                                      {3, rc::gen::just(Mask::unbounded)}});
}

rc::Gen<Mask> any_mask(const std::vector<MaskKind>& allowed) {
  return rc::gen::exec([allowed] {
    Mask mask;
    mask.kind = *one_of_weighted<MaskKind>({{4, MaskKind::none},
                                            {5, MaskKind::causal_bottom_right},
                                            {3, MaskKind::causal_top_left},
                                            {5, MaskKind::window}},
                                           allowed);
    if (mask.kind != MaskKind::window) return mask;
    mask.left = *any_window_side();
    mask.right = *any_window_side();
    return mask;
  });
}

namespace {

std::vector<std::string> kinds_of_side(const Case& c) {
  if (c.problem.mask.kind != MaskKind::window) return {"no-window"};
  int longest = 0;
  for (const SequenceLengths& lengths : c.problem.sequences) longest = std::max(longest, lengths.kv_len);
  std::set<std::string> kinds;
  for (int side : {c.problem.mask.left, c.problem.mask.right}) {
    if (side == Mask::unbounded)
      kinds.insert("unbounded");
    else if (side == 0)
      kinds.insert("0");
    else
      kinds.insert(side >= longest ? "beyond-all-keys" : "inside");
  }
  return {kinds.begin(), kinds.end()};
}

/// Whether there are queries without a key, and queries that see all of them.
std::vector<std::string> kinds_of_rows(const Case& c) {
  bool none = false, some = false, all = false;
  for (const SequenceLengths& lengths : c.problem.sequences)
    for (int row = 0; row < lengths.q_len; ++row) {
      const int seen = visible_keys(c.problem.mask, lengths, row).size();
      (seen == 0 ? none : seen == lengths.kv_len ? all : some) = true;
    }
  std::vector<std::string> kinds;
  if (none) kinds.emplace_back("no-key");
  if (some) kinds.emplace_back("some-keys");
  if (all) kinds.emplace_back("all-keys");
  if (kinds.empty()) kinds.emplace_back("no-rows");
  return kinds;
}

}  // namespace

std::vector<Axis> mask_axes() {
  return {
      axis_of_names<MaskKind>("mask", [](const Case& c) { return c.problem.mask.kind; }),
      {"window", {"no-window", "0", "inside", "beyond-all-keys", "unbounded"}, kinds_of_side},
      {"rows-see", {"no-key", "some-keys", "all-keys", "no-rows"}, kinds_of_rows},
  };
}

}  // namespace flashdiff
