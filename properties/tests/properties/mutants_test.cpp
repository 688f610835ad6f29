#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/backend/answerers/registry.h"
#include "harness/oracle/judge.h"
#include "properties/mutants/mutant.h"
#include "properties/power/cases.h"
#include "properties/random_cases.h"
#include "properties/tests/properties/shrunk.h"

// Testing the tests: each planted bug of properties/mutants is run on the software driver against random
// cases of one seed, until one fails; the failure is shrunk and must be small and say what is wrong.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kMostCases = 400;  // a sink over several splits is the 183rd
constexpr int kMostExecutions = 400;

std::vector<std::string> names_of_mutants() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(FLASHDIFF_SOURCE_DIR "/properties/mutants"))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<Backend> opened(const std::string& kernel, const std::string& image,
                                const std::string& soft) {
  BackendOptions options;
  options.device = DeviceChoice::soft;
  options.soft_threads = 2;
  if (!image.empty()) options.images[kernel] = image;
  // The software driver is one for the whole process: what one mutant asked for is taken back.
  options.soft_settings["late-copies"] = "off";
  if (const auto equals = soft.find('='); equals != std::string::npos)
    options.soft_settings[soft.substr(0, equals)] = soft.substr(equals + 1);
  auto backend = open_backend(kernel, options);
  if (!backend) throw std::runtime_error(backend.error().what);
  return std::move(*backend);
}

/// A kernel's image, opened again where a fault has broken its context.
class Runner {
 public:
  Runner(const Mutant& mutant, std::string image)
      : kernel_(mutant.kernel), image_(std::move(image)), soft_(mutant.soft) {}
  Verdict operator()(const Case& c) {
    if (!backend_) backend_ = opened(kernel_, image_, soft_);
    Verdict verdict = examine(*backend_, c).verdict;
    if (std::holds_alternative<verdict::Fault>(verdict)) backend_.reset();
    return verdict;
  }

 private:
  std::string kernel_, image_, soft_;
  std::unique_ptr<Backend> backend_;
};

class Mutants : public ::testing::TestWithParam<std::string> {};

TEST_P(Mutants, IsFoundShrunkAndExplained) {
  const auto mutant = read_mutant(FLASHDIFF_SOURCE_DIR "/properties/mutants/" + GetParam() + ".toml");
  ASSERT_TRUE(mutant.has_value()) << mutant.error().what;
  Runner wrong(*mutant, FLASHDIFF_BINARY_DIR "/mutants/" + GetParam() + ".ptx");
  Runner right(*mutant, "");

  auto options = power::cases_for(*mutant);
  ASSERT_TRUE(options.has_value()) << options.error().what;
  for (const BackendEntry& entry : backend_registry())  // as `check --backend` has them
    if (entry.name == mutant->kernel) options->most_queries = entry.most_queries;
  std::uint64_t index = 0;
  auto tree = draw_case(kSeed, index, *options);
  // Shrinking keeps the failure's kind: the layouts of a wrong kernel disagree too, but that names no cause.
  const auto as_expected = [&](const Case& c) { return name_of(wrong(c)) == mutant->expected; };
  while (!as_expected(tree.value())) {
    const Verdict clean = right(tree.value());
    ASSERT_FALSE(is_failure(clean)) << print(tree.value()) << "\n" << explain(clean);
    ASSERT_LT(++index, kMostCases) << "nothing found: " << mutant->title;
    tree = draw_case(kSeed, index, *options);
  }
  const Verdict clean = right(tree.value());
  EXPECT_FALSE(is_failure(clean)) << print(tree.value()) << "\n" << explain(clean);

  const auto end = testing::shrunk(tree, as_expected, kMostExecutions);
  const Verdict verdict = wrong(end.smallest);
  std::cout << "planted: " << mutant->title << "\nfound by case " << index << " of seed " << kSeed
            << ", shrunk in " << end.executions << " executions to\n  " << print(end.smallest) << "\n"
            << name_of(verdict) << ": " << explain(verdict) << "\n";

  EXPECT_EQ(name_of(verdict), mutant->expected);
  EXPECT_THAT(explain(verdict), HasSubstr(mutant->says));
  EXPECT_LT(end.executions, kMostExecutions) << "shrinking came to an end of its own";
  const Problem& smallest = end.smallest.problem;
  EXPECT_LE(smallest.batch(), 2);
  EXPECT_EQ(smallest.h_q, 1);
  EXPECT_LE(smallest.d_qk + smallest.d_v, mutant->columns);
  for (const SequenceLengths& one : smallest.sequences) EXPECT_LE(one.q_len + one.kv_len, mutant->rows);
  const Verdict still_clean = right(end.smallest);
  EXPECT_FALSE(is_failure(still_clean)) << explain(still_clean);
}

INSTANTIATE_TEST_SUITE_P(Planted, Mutants, ::testing::ValuesIn(names_of_mutants()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace flashdiff
