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
    fresh->machine.set_threads(static_cast<unsigned>(number_from("SOFTCUDA_THREADS", 0)));
    if (const auto limit = number_from("SOFTCUDA_INSTRUCTION_LIMIT", 0); limit != 0)
      fresh->machine.set_instruction_limit(limit);
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
SOFTCUDA_EXPORT void softcudaSetThreads(unsigned threads) { state().machine.set_threads(threads); }
SOFTCUDA_EXPORT void softcudaSetInstructionLimit(unsigned long long limit) {
  state().machine.set_instruction_limit(limit);
}
