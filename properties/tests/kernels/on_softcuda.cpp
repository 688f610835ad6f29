#include "properties/tests/kernels/on_softcuda.h"

#include <memory>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/backend/answerers/registry.h"
#include "harness/driver/driver.h"
#include "harness/oracle/judge.h"
#include "kernels/ptxas.h"
#include "reference/given.h"

namespace flashdiff::test {

Case read_case(const std::string& line) {
  auto c = parse_case("fd1 " + line);
  if (!c) throw std::runtime_error(c.error().what);
  return *c;
}

const kernels::Kernel& kernel_named(const std::string& name) {
  for (const kernels::Kernel& kernel : kernels::all_kernels())
    if (kernel.name == name) return kernel;
  throw std::runtime_error("no kernel " + name);
}

Backend& kernel(const std::string& name, const Settings& settings) {
  static std::map<std::string, std::unique_ptr<Backend>> opened;
  static Settings current;
  if (settings != current) opened.clear();
  current = settings;
  std::unique_ptr<Backend>& backend = opened[name];
  if (!backend) {
    BackendOptions options;
    options.device = DeviceChoice::soft;
    options.soft_settings = settings;
    const Settings defaults{{"check", "memory,sync"},  {"warp-order", "round-robin"},
                            {"block-order", "rising"}, {"late-copies", "off"},
                            {"tensor", "fused"},       {"approx", "rounded"}};
    options.soft_settings.insert(defaults.begin(), defaults.end());
    auto made = open_backend(name, options);
    if (!made) throw std::runtime_error(made.error().what);
    backend = std::move(*made);
  }
  return *backend;
}

void expect_pass(const std::string& kernel_name, const std::string& line, const Settings& settings) {
  const Verdict verdict = examine(kernel(kernel_name, settings), read_case(line)).verdict;
  EXPECT_THAT(name_of(verdict), ::testing::StartsWith("pass"))
      << kernel_name << " " << line << " " << ::testing::PrintToString(settings) << "\n"
      << explain(verdict);
}

Settings every_detector(const std::string& warp_order) {
  return {{"check", "all"}, {"warp-order", warp_order}, {"late-copies", "on"}, {"block-order", "random"}};
}

void expect_within(const LogicalTensor<double>& expected, const LogicalTensor<double>& budget,
                   const LogicalTensor<float>& got, const char* name, const std::string& line) {
  ASSERT_EQ(got.values().size(), expected.values().size()) << name << " " << line;
  for (std::size_t x = 0; x < got.values().size(); ++x) {
    if (std::isinf(budget.values()[x])) continue;
    ASSERT_LE(std::abs(got.values()[x] - expected.values()[x]), budget.values()[x])
        << "element " << x << " of " << name << " is " << got.values()[x] << ", expected "
        << expected.values()[x] << "\n"
        << line;
  }
}

double warp_instructions(const std::string& kernel_name, const std::string& line) {
  static const auto driver = driver::Driver::load(DeviceChoice::soft).value();
  const Case c = read_case(line);
  const LaidOut io = lay_out(c, make_given(c.problem).value());
  Backend& backend = kernel(kernel_name);
  driver->soft().reset_counters();
  if (!backend.run(io)) throw std::runtime_error("not run: " + line);
  SoftcudaCounters counters;
  driver->soft().counters(&counters);
  return static_cast<double>(counters.warp_instructions);
}

void expect_no_spills(const std::string& kernel_name, std::size_t entries) {
  const std::vector<kernels::PtxasRow> rows = kernels::parse_ptxas(kernel_named(kernel_name).ptxas);
  EXPECT_EQ(rows.size(), 2 * entries) << "entries for sm_80 and sm_90";
  for (const kernels::PtxasRow& row : rows) {
    EXPECT_GT(row.registers, 0) << row.entry;
    EXPECT_EQ(row.spill_store_bytes + row.spill_load_bytes + row.stack_bytes, 0)
        << row.entry << " for " << row.architecture;
  }
}

}  // namespace flashdiff::test
