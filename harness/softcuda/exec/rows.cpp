#include "harness/softcuda/exec/rows.h"

#include <array>
#include <utility>

namespace softcuda::exec {

int Rows::add(RowInfo info) {
  info_.push_back(info);
  return count() - 1;
}
int Rows::reg(int virtual_register, int bits) {
  const auto [at, fresh] = registers_.try_emplace(virtual_register, 0);
  if (fresh) at->second = add({RowKind::reg, bits, 0, Special::zero});
  return at->second;
}
int Rows::constant(std::uint64_t value, int bits) {
  if (bits == 1)
    value = value != 0 ? 1 : 0;
  else if (bits < 64)
    value &= (std::uint64_t{1} << bits) - 1;
  const auto [at, fresh] = constants_.try_emplace({bits, value}, 0);
  if (fresh) at->second = add({RowKind::constant, bits, value, Special::zero});
  return at->second;
}
int Rows::special(Special what, int bits) {
  const auto [at, fresh] = specials_.try_emplace({bits, static_cast<int>(what)}, 0);
  if (fresh) at->second = add({RowKind::special, bits, 0, what});
  return at->second;
}
int Rows::sink(int bits) {
  const auto [at, fresh] = sinks_.try_emplace(bits, 0);
  if (fresh) at->second = add({RowKind::sink, bits, 0, Special::zero});
  return at->second;
}
int Rows::scratch(int bits) { return add({RowKind::scratch, bits, 0, Special::zero}); }

std::optional<Special> special_named(std::string_view name) {
  using enum Special;
  // Without clusters, several GPUs or sub-partitions to tell apart, the rest is 0 or 1.
  static constexpr std::pair<std::string_view, Special> kNames[] = {
      {"%tid.x", tid_x},
      {"%tid.y", tid_y},
      {"%tid.z", tid_z},
      {"%ntid.x", ntid_x},
      {"%ntid.y", ntid_y},
      {"%ntid.z", ntid_z},
      {"%ctaid.x", ctaid_x},
      {"%ctaid.y", ctaid_y},
      {"%ctaid.z", ctaid_z},
      {"%nctaid.x", nctaid_x},
      {"%nctaid.y", nctaid_y},
      {"%nctaid.z", nctaid_z},
      {"%laneid", laneid},
      {"%warpid", warpid},
      {"%nwarpid", nwarpid},
      {"%smid", zero},
      {"%nsmid", one},
      {"%gridid", zero},
      {"%lanemask_eq", lanemask_eq},
      {"%lanemask_le", lanemask_le},
      {"%lanemask_lt", lanemask_lt},
      {"%lanemask_ge", lanemask_ge},
      {"%lanemask_gt", lanemask_gt},
      {"%dynamic_smem_size", dynamic_shared_bytes},
      {"%total_smem_size", total_shared_bytes},
      {"%aggr_smem_size", total_shared_bytes},
      {"%clock", clock},
      {"%clock_hi", clock_high},
      {"%clock64", clock},
      {"%globaltimer", clock},
      {"%globaltimer_lo", clock},
      {"%globaltimer_hi", clock_high},
      // "driver-defined": where cooperative_groups looks for its workspace, and traps if there is none.
      {"%envreg1", workspace_high},
      {"%envreg2", workspace_low},
  };
  for (const auto& [text, special] : kNames) {
    if (text == name) return special;
  }
  if (name.starts_with("%envreg")) return zero;    // "driver-defined": ours defines no other
  if (name.starts_with("%pm")) return zero;        // performance monitors: "behavior is currently undefined"
  if (name == "%current_graph_exec") return zero;  // "0 if the kernel is not executing in a graph"
  return std::nullopt;
}

}  // namespace softcuda::exec
