#include "harness/oracle/cross.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "harness/backend/answerers/registry.h"
#include "harness/run/store.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/cli/wrong_image.h"
#include "properties/tests/oracle/fake_backend.h"
#include "properties/tests/run/temporary_folder.h"
#include "reports/html.h"
#include "reports/summarise.h"

// The self-test of cross-examination with those who really answer: the SIMT kernel on the software driver,
// OpenVINO on the processor, the reference. An error is planted in one of them at a time, and the report has
// to name him.

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::AllOf;
using ::testing::HasSubstr;

const char* const kKernel = "flash_forward_simt";
const std::string kCrossed = print(
    parse_case("fd1 b=2 hq=4 hk=2 d=32 dv=32 dt=f32 lay=left q=5,17 kv=70,66 mask=none data=normal seed=0x7")
        .value());

std::unique_ptr<Backend> opened(const std::string& name, const BackendOptions& options = {}) {
  return open_backend(name, options).value();
}

/// Another backend, handed the last key of kv-head 1 in sequence 1 as it is not.
class WithWrongInputs : public Backend {
 public:
  explicit WithWrongInputs(std::unique_ptr<Backend> whose)
      : Backend(whose->name()), whose_(std::move(whose)) {}
  [[nodiscard]] Support supports(const Case& c) const override { return whose_->supports(c); }
  [[nodiscard]] Numerics numerics(const Problem& problem) const override { return whose_->numerics(problem); }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    LaidOut wrong = io;
    const auto at = static_cast<std::size_t>(wrong.k.place.address(1, 65, 1) + 3) * bytes_of(wrong.k.dtype);
    store_element(wrong.k.dtype, wrong.k.body() + at, load_element(wrong.k.dtype, wrong.k.body() + at) + 1);
    return whose_->run(wrong).map([&io](const Answer& answer) { testing::write_rows(io.o, answer.o); });
  }
  std::unique_ptr<Backend> whose_;
};

/// What the report says of a case, page and all, where these have answered it.
std::string told(Backend& kernel, Backend& vendor, bool reference_is_wrong = false) {
  const Case c = parse_case(kCrossed).value();
  std::vector<Testimony> said = testimonies_of(c, {&kernel, &vendor}).value();
  if (reference_is_wrong) {
    LogicalData data = make_given(c.problem).value();
    data.k.row(1, 1, 65)[3] += 1;
    said[0].o = attention_forward(c.problem, data).o;
  }
  Told told;
  told.runs.emplace_back();
  CaseRecord& record = told.records.emplace_back();
  record.id = 1;
  record.line = kCrossed;
  record.backend = kernel.name();
  record.verdict = verdict::Mismatch{};
  told.crossed[kCrossed] = without_answers(cross_examine(std::move(said)));
  return html_page(summarise(std::move(told)));
}

std::string names(const std::string& who) {
  return "<b>" + who + " alone is contradicted by all who agree with each other.</b>";
}

TEST(CrossSelfTest, NamesNobodyWhereAllAreRight) {
  EXPECT_THAT(told(*opened(kKernel), *opened("openvino")), HasSubstr("<b>all agree within their budgets"));
}
TEST(CrossSelfTest, NamesTheReference) {
  EXPECT_THAT(told(*opened(kKernel), *opened("openvino"), true), HasSubstr(names("reference")));
}
TEST(CrossSelfTest, NamesOpenVinoWhereItsInputsAreWrong) {
  WithWrongInputs wrong(opened("openvino"));
  EXPECT_THAT(told(*opened(kKernel), wrong), HasSubstr(names("openvino")));
}
TEST(CrossSelfTest, NamesTheKernel) {
  BackendOptions options;
  options.images[kKernel] = test::wrong_image();
  EXPECT_THAT(told(*opened(kKernel, options), *opened("openvino")), HasSubstr(names(kKernel)));
}

/// And through the program: what `check` keeps, the report tells.
TEST(CrossSelfTest, ACheckWithThreeAnswersNamesTheKernelInItsReport) {
  const test::TemporaryFolder folder;
  const std::string store = (folder.path() / "run.db").string(), site = (folder.path() / "site").string();
  const auto checked = flashdiff({"check", "--corpus", "none", "--cases", "30", "--seed", "3", "--dtype",
                                  "f32", "--backend", std::string(kKernel) + ",openvino", "--image",
                                  test::wrong_image_option(), "--store", store});
  EXPECT_EQ(checked.code, 1) << checked.err;
  EXPECT_EQ(flashdiff({"report", store, "-o", site}).code, 0);
  std::ifstream page(site + "/failures.html");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  EXPECT_THAT(text, AllOf(HasSubstr("Who agrees with whom"),
                          HasSubstr(std::string("<b>") + kKernel + " alone is contradicted")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("<b>openvino alone")));
}

}  // namespace
}  // namespace flashdiff
