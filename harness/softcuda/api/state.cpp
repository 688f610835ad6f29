#include "harness/softcuda/api/state.h"

#include <cstdlib>

#include "harness/softcuda/softcuda.h"

namespace softcuda::api {
namespace {

unsigned long long number_from(const char* variable, unsigned long long otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

State& state() {
  static State* const made = [] {  // never destroyed: clients call from their own exit handlers
    auto* fresh = new State;
    exec::Settings settings;
    settings.threads = static_cast<unsigned>(number_from("SOFTCUDA_THREADS", 0));
    settings.instruction_limit = number_from("SOFTCUDA_INSTRUCTION_LIMIT", settings.instruction_limit);
    fresh->machine.set(settings);
    return fresh;
  }();
  return *made;
}

CUresult usable() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.initialised) return CUDA_ERROR_NOT_INITIALIZED;
  if (s.primary_uses == 0) return CUDA_ERROR_INVALID_CONTEXT;
  return s.sticky;
}

}  // namespace softcuda::api

using softcuda::api::state;

SOFTCUDA_EXPORT void softcudaCounters(SoftcudaCounters* out) {
  if (out == nullptr) return;
  const softcuda::count::Counters c = state().machine.counters();
  *out = {c.launches,        c.warp_instructions, c.thread_instructions,
          c.global_requests, c.shared_requests,   c.barriers};
}
SOFTCUDA_EXPORT void softcudaCountersReset() { state().machine.reset_counters(); }
SOFTCUDA_EXPORT const char* softcudaLastFault() { return state().last_fault.c_str(); }
SOFTCUDA_EXPORT void softcudaSetThreads(unsigned threads) {
  auto settings = state().machine.settings();
  settings.threads = threads;
  state().machine.set(settings);
}
SOFTCUDA_EXPORT void softcudaSetInstructionLimit(unsigned long long limit) {
  auto settings = state().machine.settings();
  settings.instruction_limit = limit;
  state().machine.set(settings);
}
