#include <set>

#include <gtest/gtest.h>

#include "harness/oracle/judge.h"
#include "harness/oracle/verdict.h"
#include "kernels/kernel.h"
#include "properties/corpus_cases.h"
#include "properties/tests/kernels/on_softcuda.h"

namespace flashdiff {
namespace {

/// The whole corpus through every kernel that takes the case, and each case is taken by one at least.
TEST(Corpus, EveryKernelAnswersItRightly) {
  CorpusCases corpus = CorpusCases::built_in();
  std::set<std::string> judged;
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    Backend& backend = test::kernel(std::string(kernel.name));
    for (std::uint64_t i = 0; i < corpus.size(); ++i) {
      const Case c = corpus.draw(i)->value;
      const Verdict verdict = examine(backend, c).verdict;
      EXPECT_FALSE(is_failure(verdict)) << kernel.name << ": " << print(c) << '\n' << explain(verdict);
      if (!std::holds_alternative<verdict::Unsupported>(verdict)) judged.insert(print(c));
    }
  }
  for (std::uint64_t i = 0; i < corpus.size(); ++i)
    EXPECT_TRUE(judged.contains(print(corpus.draw(i)->value)))
        << "no kernel takes " << print(corpus.draw(i)->value);
}

}  // namespace
}  // namespace flashdiff
