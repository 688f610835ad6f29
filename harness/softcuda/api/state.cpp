#include "harness/softcuda/api/state.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "harness/softcuda/api/memory.h"
#include "harness/softcuda/softcuda.h"

namespace softcuda::api {
namespace {

/// SOFTCUDA_WARP_ORDER=random and its like: one variable a key of exec::Settings.
CUresult settings_from_environment(exec::Machine& machine) {
  exec::Settings settings;
  CUresult result = CUDA_SUCCESS;
  for (const std::string& key : exec::Settings::names()) {
    std::string variable = "SOFTCUDA_";
    for (const char c : key) variable += c == '-' ? '_' : static_cast<char>(std::toupper(c));
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    if (const auto set = settings.set(key, value); !set) {
      std::fprintf(stderr, "softcuda: %s: %s\n", variable.c_str(), set.error().c_str());
      result = CUDA_ERROR_INVALID_VALUE;
    }
  }
  machine.set(settings);
  return result;
}

}  // namespace

State& state() {
  static State* const made = [] {  // never destroyed: clients call from their own exit handlers
    auto* fresh = new State;
    fresh->settings_failed = settings_from_environment(fresh->machine);
    fresh->machine.set_printer([](const std::string& text) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fflush(stdout);
    });
    return fresh;
  }();
  return *made;
}

std::vector<CUcontext>& context_stack() {
  thread_local std::vector<CUcontext> stack;
  return stack;
}
Told& told() {
  thread_local Told texts;
  return texts;
}
CUcontext current_context() {
  if (!context_stack().empty()) return context_stack().back();
  return state().primary_uses != 0 ? &state().primary : nullptr;
}

std::shared_ptr<CUfunc_st> function_of(CUfunction handle) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().functions.find(handle);
  if (found == state().functions.end()) return nullptr;
  return {state().modules.at(found->second), handle};
}
std::shared_ptr<CUstream_st> stream_of(CUstream handle) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().streams.find(handle);
  return found != state().streams.end() ? found->second : nullptr;
}
std::shared_ptr<CUevent_st> event_of(CUevent handle) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().events.find(handle);
  return found != state().events.end() ? found->second : nullptr;
}
bool is_stream(CUstream handle) {
  return reinterpret_cast<std::uintptr_t>(handle) <= 2 || stream_of(handle) != nullptr;
}

bool& in_host_function() {
  thread_local bool inside = false;
  return inside;
}

void end_context(CUcontext context) {
  State& s = state();
  std::vector<CUdeviceptr> left;
  std::vector<std::shared_ptr<CUmod_st>> modules;  // their memory is freed when the lock is not held
  {
    const std::lock_guard lock(s.mutex);
    for (const auto& [address, one] : s.held) {
      if (one.context == context) left.push_back(address);
    }
    for (const auto& [handle, module] : s.modules) {
      if (module->context == context) modules.push_back(module);
    }
    for (const auto& module : modules) {
      for (const auto& function : module->functions) s.functions.erase(function.get());
      s.modules.erase(module.get());
    }
    std::erase_if(s.streams, [&](const auto& one) { return one.second->context == context; });
    std::erase_if(s.events, [&](const auto& one) { return one.second->context == context; });
  }
  for (const CUdeviceptr address : left) {
    s.machine.report_leak(address);
    (void)give_back(address);
  }
  {
    const std::lock_guard lock(s.mutex);
    context->sticky = CUDA_SUCCESS;
    context->limits.clear();
  }
  write_reports();
}

CUresult device_known(CUdevice device) {
  if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
  return device == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult usable() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (in_host_function()) return CUDA_ERROR_NOT_PERMITTED;
  if (!s.initialised) return CUDA_ERROR_NOT_INITIALIZED;
  const CUcontext context = current_context();
  if (context == nullptr || (context != &s.primary && !s.contexts.contains(context)))
    return CUDA_ERROR_INVALID_CONTEXT;
  return context->sticky;
}

}  // namespace softcuda::api

using softcuda::api::state;

SOFTCUDA_EXPORT const char* softcudaLastFault() {
  const std::lock_guard lock(state().mutex);
  return (softcuda::api::told().fault = state().last_fault).c_str();
}
SOFTCUDA_EXPORT void softcudaSetThreads(unsigned threads) {
  state().machine.change([&](softcuda::exec::Settings& settings) { settings.threads = threads; });
}
SOFTCUDA_EXPORT void softcudaSetInstructionLimit(unsigned long long limit) {
  state().machine.change([&](softcuda::exec::Settings& settings) { settings.instruction_limit = limit; });
}
