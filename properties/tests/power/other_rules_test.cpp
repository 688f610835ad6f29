#include "properties/power/other_rules.h"

#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>

#include "properties/tests/oracle/fake_backend.h"

// Each rule at its edges, on answers that are the reference but for one element.

namespace flashdiff::power {
namespace {

using testing::FakeBackend;
using ::testing::IsEmpty;
using Names = std::set<std::string>;

const std::string forward =
    "fd1 b=2 hq=2 hk=1 d=32 dv=32 dt={} lay=left q=7,40 kv=64,40 mask=causal_br data=normal seed=0x5";

Case case_of(const std::string& dtype, const std::string& more = "") {
  std::string line = forward;
  return parse_case(line.replace(line.find("{}"), 2, dtype) + more).value();
}

/// The names of those that reject, and with `silent` of those that say nothing.
Names rejecting(const Case& c, FakeBackend::Plant plant, char said = '-') {
  FakeBackend backend(std::move(plant));
  const std::string words = ask_other_rules(backend, c);
  Names names;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == said) names.insert(other_rules()[i].name);
  return names;
}

/// Adds to an element of the first row that sees a key.
FakeBackend::Plant plus(TensorRole role, float what) {
  return [=](LaidOut& io) -> Outcome<void> {
    LaidOutTensor& tensor = io.of(role);
    std::byte* at =
        tensor.body() + static_cast<std::size_t>(tensor.place.address(0, 0, 0)) * bytes_of(tensor.dtype);
    store_element(tensor.dtype, at, load_element(tensor.dtype, at) + what);
    return {};
  };
}

TEST(OtherRules, TheReferenceItselfIsAcceptedByAllThatSaySomething) {
  for (const char* dtype : {"f16", "bf16", "f32"})
    EXPECT_THAT(rejecting(case_of(dtype), {}), IsEmpty()) << dtype;
  for (const char* dtype : {"f16", "f32"})
    EXPECT_THAT(rejecting(case_of(dtype, " pass=backward"), {}), IsEmpty()) << dtype;
  // Rounding to bf16 alone moves a gradient by more than its absolute tolerance.
  EXPECT_EQ(rejecting(case_of("bf16", " pass=backward"), {}), (Names{"CUTLASS 77 and 88"}));
  EXPECT_EQ(rejecting(case_of("f32"), {}, '.'), (Names{"FlashInfer and CK", "xFormers"}));
  EXPECT_EQ(rejecting(case_of("bf16", " pass=backward"), {}, '.'), (Names{"FlashInfer and CK"}));
}

TEST(OtherRules, ANotANumberIsAcceptedByNone) {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(rejecting(case_of("bf16"), plus(TensorRole::o, nan)).size(), other_rules().size());
}

TEST(OtherRules, EachHasItsTolerance) {
  // What the plain implementation errs by in f16, and so the relative rules, is below 1e-3 here.
  const Names relative{"FlashAttention 2", "FlashAttention 3 and 4", "PyTorch SDPA"};
  Names expected = relative;
  expected.insert({"FlashInfer and CK", "xFormers"});
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 0.008f)), expected);
  expected.insert({"CUTLASS 77 and 88", "flashinfer-bench"});
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 0.0112f)), expected);
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 1.0f)).count("cuDNN frontend"), 1u);
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 1.0f)).count("tritonbench"), 1u);
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 1.0f)).count("flashinfer-bench"), 1u);
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::o, 1.0f)).count("PyTorch FlexAttention"), 1u);
}

TEST(OtherRules, FewLookAtTheLse) {
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::lse, 0.001f)), (Names{"xFormers"}));
  EXPECT_EQ(rejecting(case_of("f16"), plus(TensorRole::lse, 1.0f)),
            (Names{"xFormers", "CUTLASS 77 and 88", "cuDNN frontend", "flashinfer-bench"}));
}

TEST(OtherRules, AFaultAndAnAppendHaveNoAnswerToShow) {
  FakeBackend broken([](LaidOut&) -> Outcome<void> { return fail(ErrorKind::device_fault, "x", ""); });
  EXPECT_EQ(ask_other_rules(broken, case_of("f16")), "");
  FakeBackend refuses;
  refuses.refuses = [](const Case&) { return true; };
  EXPECT_EQ(ask_other_rules(refuses, case_of("f16")), "");
  std::vector<RuleCount> counts;
  add_to(counts, "");
  EXPECT_THAT(counts, IsEmpty());
  FakeBackend sound;
  add_to(counts, ask_other_rules(sound, case_of("f32")));
  ASSERT_EQ(counts.size(), other_rules().size());
  EXPECT_EQ(counts[0].asked, 1);
  EXPECT_EQ(counts[3].asked, 0) << counts[3].name << " says nothing of f32";
}

}  // namespace
}  // namespace flashdiff::power
