#include <nlohmann/json.hpp>

#include "harness/softcuda/api/state.h"
#include "harness/softcuda/softcuda.h"

/// What was counted, for whoever asks: sums by softcudaCounters, all of it by softcudaCountersJson; what
/// memory the last launch took.
namespace softcuda::api {
namespace {

using nlohmann::json;

json as_json(const count::Instructions& instructions) {
  return {{"warp", instructions.warp}, {"thread", instructions.thread}};
}
json as_json(const count::Traffic& traffic, count::Space space) {
  const char* units = space == count::Space::shared ? "wavefronts" : "sectors";
  return {{"requests", traffic.requests},
          {units, traffic.units},
          {"ideal", traffic.ideal},
          {"bytes", traffic.bytes}};
}

constexpr std::pair<count::Space, const char*> kSpaces[] = {
    {count::Space::global, "global"}, {count::Space::shared, "shared"}, {count::Space::local, "local"}};

json as_json(const count::Place& place, const count::Line& line) {
  json told{{"file", place.first},
            {"line", place.second},
            {"instructions", as_json(line.instructions)},
            {"divergences", line.divergences}};
  for (const auto& [space, name] : kSpaces) {
    const count::Traffic& traffic = line.traffic[static_cast<std::size_t>(space)];
    if (traffic.requests != 0) told[name] = as_json(traffic, space);
  }
  return told;
}

json memory_of(const count::KernelCounters& kernel) {
  json told = json::object();
  for (const auto& [space, name] : kSpaces) {
    told[name] = {{"all", as_json(kernel.of(space), space)}};
    for (std::size_t access = 0; access < count::kAccesses; ++access) {
      const count::Traffic& traffic = kernel.traffic[static_cast<std::size_t>(space)][access];
      if (traffic.requests != 0)
        told[name][count::name_of(static_cast<count::Access>(access))] = as_json(traffic, space);
    }
  }
  return told;
}

json as_json(const count::KernelCounters& kernel) {
  json classes = json::object(), flops = json::object(), lines = json::array();
  for (std::size_t of = 0; of < count::kClasses; ++of) {
    if (kernel.by_class[of].warp != 0)
      classes[count::name_of(static_cast<count::Class>(of))] = as_json(kernel.by_class[of]);
  }
  for (std::size_t type = 0; type < count::kFlops; ++type) {
    if (kernel.flops[type] != 0) flops[count::name_of(static_cast<count::Flops>(type))] = kernel.flops[type];
  }
  for (const auto& [place, line] : kernel.lines) lines.push_back(as_json(place, line));
  return {{"kernel", kernel.kernel},
          {"launches", kernel.launches},
          {"instructions", as_json(kernel.instructions)},
          {"classes", classes},
          {"tensor", kernel.tensor},
          {"flops", flops},
          {"memory", memory_of(kernel)},
          {"branches", kernel.branches},
          {"divergences", kernel.divergences},
          {"barriers", kernel.barriers},
          {"lines", lines}};
}

}  // namespace
}  // namespace softcuda::api

using softcuda::api::state;

SOFTCUDA_EXPORT void softcudaCounters(SoftcudaCounters* out) {
  if (out == nullptr) return;
  const softcuda::count::Counters c = state().machine.counters();
  *out = {c.launches,        c.warp_instructions, c.thread_instructions,
          c.global_requests, c.shared_requests,   c.barriers};
}
SOFTCUDA_EXPORT void softcudaCountersReset() { state().machine.reset_counters(); }
SOFTCUDA_EXPORT void softcudaLastFootprint(SoftcudaFootprint* out) {
  if (out == nullptr) return;
  const softcuda::exec::Footprint f = state().machine.footprint();
  *out = {f.global,        f.shared,        f.local,        f.registers,
          f.shadow.global, f.shadow.shared, f.shadow.local, f.shadow.registers};
}

SOFTCUDA_EXPORT const char* softcudaCountersJson() {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& kernel : state().machine.kernel_counters()) all.push_back(softcuda::api::as_json(kernel));
  // A hostile module's names may be no UTF-8: replaced.
  std::string text = all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return (softcuda::api::told().counters = std::move(text)).c_str();
}
