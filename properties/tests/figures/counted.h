#pragma once
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "harness/backend/answerers/registry.h"
#include "harness/figures/figures.h"
#include "kernels/kernel.h"
#include "reference/given.h"

/// A kernel of the registry, and what it executes on the software driver.
namespace flashdiff::figures {

/// Throws std::runtime_error where there is none of that name.
inline const kernels::Kernel& kernel_named(const std::string& name) {
  for (const kernels::Kernel& kernel : kernels::all_kernels())
    if (kernel.name == name) return kernel;
  throw std::runtime_error("no kernel " + name);
}

/// Counters of one answer of it, by entry.
inline nlohmann::json counted_by_entry(const std::string& kernel, const Case& c) {
  static std::map<std::string, std::unique_ptr<Backend>> opened;
  std::unique_ptr<Backend>& backend = opened[kernel];
  if (!backend) backend = open_backend(kernel, {DeviceChoice::soft, {}, {}, 0}).value();
  auto by_entry = count_kernels(*backend, lay_out(c, make_given(c.problem).value()));
  if (!by_entry) throw std::runtime_error(by_entry.error().what);
  return std::move(*by_entry);
}
/// Their sum.
inline Figures counted(const std::string& kernel, const Case& c) {
  return summed(counted_by_entry(kernel, c));
}

}  // namespace flashdiff::figures
