#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace flashdiff::cudnn {

/// The tensors of a graph by name; a number each, the same in every graph, so that a plan that was saved can
/// be handed its tensors without the graph that it was made from.
inline constexpr std::array<std::string_view, 24> slots{"q",
                                                        "k",
                                                        "v",
                                                        "o",
                                                        "stats",
                                                        "d_o",
                                                        "dq",
                                                        "dk",
                                                        "dv",
                                                        "q_offset",
                                                        "k_offset",
                                                        "v_offset",
                                                        "o_offset",
                                                        "d_o_offset",
                                                        "dq_offset",
                                                        "dk_offset",
                                                        "dv_offset",
                                                        "seq_len_q",
                                                        "seq_len_kv",
                                                        "bias",
                                                        "page_table_k",
                                                        "page_table_v",
                                                        "sink",
                                                        "dsink"};

/// 0 where no tensor is called so.
[[nodiscard]] constexpr std::int64_t slot_of(std::string_view name) {
  const auto found = std::find(slots.begin(), slots.end(), name);
  return found == slots.end() ? 0 : 1 + (found - slots.begin());
}

}  // namespace flashdiff::cudnn
