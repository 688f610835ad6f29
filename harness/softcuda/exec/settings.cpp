#include "harness/softcuda/exec/settings.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/core.h>

namespace softcuda::exec {
namespace {

using Result = tl::expected<void, std::string>;

template <class T>
struct Named {
  std::string_view name;
  T value;
};
template <class T>
std::optional<T> find(std::span<const Named<T>> all, std::string_view name) {
  for (const Named<T>& one : all) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

constexpr std::array<Named<bool>, 8> kSwitch{{{"1", true},
                                              {"on", true},
                                              {"yes", true},
                                              {"true", true},
                                              {"0", false},
                                              {"off", false},
                                              {"no", false},
                                              {"false", false}}};
constexpr std::array<Named<WarpOrder>, 4> kWarpOrders{{{"round-robin", WarpOrder::round_robin},
                                                       {"reversed", WarpOrder::reversed},
                                                       {"random", WarpOrder::random},
                                                       {"far-ahead", WarpOrder::far_ahead}}};
constexpr std::array<Named<BlockOrder>, 3> kBlockOrders{
    {{"rising", BlockOrder::rising}, {"falling", BlockOrder::falling}, {"random", BlockOrder::random}}};
constexpr std::array<Named<isa::TensorModel>, 4> kTensorModels{
    {{"fused", isa::TensorModel::fused},
     {"exact", isa::TensorModel::exact},
     {"truncating-sm80", isa::TensorModel::truncating_sm80},
     {"truncating-sm90", isa::TensorModel::truncating_sm90}}};

constexpr std::array<Named<bool>, 2> kApproximations{{{"rounded", false}, {"perturbed", true}}};

template <class T, class Into>
bool number(std::string_view text, Into& into) {
  const int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return false;
  into = value;
  return true;
}
template <class T, std::size_t kCount, class Into>
bool one_of(const std::array<Named<T>, kCount>& all, std::string_view text, Into& into) {
  const auto found = find<T>(all, text);
  if (found) into = *found;
  return found.has_value();
}

/// "memory", "race", "init", "sync", "leaks", "extents", joined by commas; "all", "none". Memory is always
/// checked.
bool checks(std::string_view text, Checks& into) {
  Checks made{false, false, false, false, false};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view name = text.substr(at, end - at);
    at = end + 1;
    if (name == "all")
      made = {true, true, true, true, true};
    else if (name == "race")
      made.race = true;
    else if (name == "init")
      made.init = true;
    else if (name == "sync")
      made.sync = true;
    else if (name == "leaks")
      made.leaks = true;
    else if (name == "extents")
      made.extents = true;
    else if (name != "memory" && name != "none")
      return false;
  }
  into = made;
  return true;
}

struct Key {
  std::string_view name;
  std::string_view values;
  std::string_view otherwise;
  std::string_view meaning;
  bool (*set)(Settings&, std::string_view);
};
constexpr Key kKeys[] = {
    {"device", "sm_80|sm_86|sm_89|sm_90|sm_100|sm_120", "sm_80",
     "which GPU programs see: its attributes and limits, and the PTX that it takes",
     [](Settings& s, std::string_view v) {
       const DeviceProfile* const found = profile_named(v);
       if (found != nullptr) s.device = found;
       return found != nullptr;
     }},
    {"threads", "0..1024", "0", "host threads of a launch; 0: one a processor",
     [](Settings& s, std::string_view v) { return number<unsigned>(v, s.threads) && s.threads <= 1024; }},
    {"instruction-limit", "0..2^63-1", "20000000000",
     "warp instructions of a launch before CUDA_ERROR_LAUNCH_TIMEOUT, a block counted as 100 at least; 0: "
     "none",
     [](Settings& s, std::string_view v) {
       return number<std::uint64_t>(v, s.instruction_limit) && s.instruction_limit >> 63 == 0;
     }},
    {"local-limit", "0..2^63-1", "1073741824",
     "bytes of local memory of a launch: fewer host threads where it is short, an error where it is less "
     "than a block's",
     [](Settings& s, std::string_view v) {
       return number<std::uint64_t>(v, s.local_limit) && s.local_limit >> 63 == 0;
     }},
    {"shadow-limit", "0..2^63-1", "17179869184",
     "bytes that detectors keep about global memory: race 2 and init 1/8 of each byte allocated",
     [](Settings& s, std::string_view v) {
       return number<std::uint64_t>(v, s.shadow_limit) && s.shadow_limit >> 63 == 0;
     }},
    {"check", "all|none|memory,race,init,sync,leaks,extents", "memory,sync",
     "detectors; memory is always checked",
     [](Settings& s, std::string_view v) { return checks(v, s.checks); }},
    {"warp-order", "round-robin|reversed|random|far-ahead", "round-robin", "turns of a block's warps",
     [](Settings& s, std::string_view v) { return one_of(kWarpOrders, v, s.warp_order); }},
    {"block-order", "rising|falling|random", "rising", "order in which blocks start",
     [](Settings& s, std::string_view v) { return one_of(kBlockOrders, v, s.block_order); }},
    {"late-copies", "on|off", "off", "cp.async data arrive at the wait, poison until then",
     [](Settings& s, std::string_view v) { return one_of(kSwitch, v, s.modes.late_copies); }},
    {"poison", "0..255", "255", "what shared and local memory hold before they are written",
     [](Settings& s, std::string_view v) { return number<std::uint8_t>(v, s.poison); }},
    {"tensor", "fused|exact|truncating-sm80|truncating-sm90", "fused", "arithmetic of mma and wmma",
     [](Settings& s, std::string_view v) { return one_of(kTensorModels, v, s.modes.tensor); }},
    {"approx", "rounded|perturbed", "rounded",
     "results of .approx and .full: perturbed, moved by seed within the ISA's bounds",
     [](Settings& s, std::string_view v) { return one_of(kApproximations, v, s.modes.perturbed); }},
    {"seed", "0..2^64-1", "0", "of random orders and perturbations",
     [](Settings& s, std::string_view v) { return number<std::uint64_t>(v, s.modes.seed); }},
};

}  // namespace

Result Settings::set(std::string_view key, std::string_view value) {
  for (const Key& one : kKeys) {
    if (one.name != key) continue;
    Settings changed = *this;
    if (!one.set(changed, value))
      return tl::unexpected(fmt::format("{}={}: one of {} is expected", key, value, one.values));
    *this = changed;
    return {};
  }
  std::string names;
  for (const Key& one : kKeys) names += (names.empty() ? "" : ", ") + std::string(one.name);
  return tl::unexpected(fmt::format("`{}` is no setting: one of {} is expected", key, names));
}

std::vector<std::string> Settings::names() {
  std::vector<std::string> names;
  for (const Key& one : kKeys) names.emplace_back(one.name);
  return names;
}

std::string Settings::keys() {
  std::string text;
  for (const Key& one : kKeys)
    text += fmt::format("{}={}  {} (default {})\n", one.name, one.values, one.meaning, one.otherwise);
  return text;
}

}  // namespace softcuda::exec
