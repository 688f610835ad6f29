#include <map>

#include <gmock/gmock.h>

#include "harness/generation/writers.h"
#include "harness/problem/numbers.h"
#include "properties/tests/generation/small.h"

namespace flashdiff::generation {
namespace {

using ::testing::HasSubstr;

/// A line a convention, a letter a cell: s safe, d differs, w wrong (the next token is another one); left,
/// right, both, and in each prefill, chunked, decode.
std::map<std::string, std::string> letters(const Table& table) {
  std::map<std::string, std::string> lines;
  for (const Cell& cell : table.cells) {
    std::string& line = lines[std::string(cell.how->name)];
    if (line.size() % 4 == 3) line += ' ';
    line += !cell.not_run.empty() ? '-' : cell.safe() ? 's' : cell.token ? 'w' : 'd';
  }
  return lines;
}

Table by_kernels(const Asked& asked) {
  const auto append = test::opened("append_kv"), forward = test::opened("flash_forward"),
             decode = test::opened("flash_decode");
  return run_scenario(asked, {}, {append.get(), forward.get(), decode.get()});
}
Table by_reference(const Asked& asked) {
  const auto reference = test::opened("reference");
  return run_scenario(asked, {}, {reference.get(), reference.get(), reference.get()});
}

/// The answer to the question in the project's README, by both who can give it.
TEST(Scenario, WhichSideIsSafe) {
  const std::map<std::string, std::string> wanted{
      {"unpadded by the mask", "sss sss sss"},
      {"packed, pages", "sss sss sss"},
      {"lengths, slots by row", "sss sss sss"},
      {"lengths, slots by column", "www ssw www"},
      {"lengths and first rows", "sss www www"},
      {"mask not handed on", "www ssw www"},  // a causal prefill does not see what lies behind
      {"query mask sliced, slots by column", "sss sss sss"},
      {"query mask sliced, slots by row", "sww sww sww"},
      {"positions by column", "sss ssw ssw"},  // on the left all are shifted alike
      {"positions by column, then by token", "ssw sss ssw"},
      {"positions by token, then by column", "ssw ssw ssw"},
      {"logits of the last column", "sss wws wws"},
  };
  for (const auto& run : {by_kernels, by_reference}) {
    const Table table = run(test::small());
    EXPECT_TRUE(table.complete());
    EXPECT_FALSE(table.kernels_wrong());
    EXPECT_EQ(letters(table), wanted) << as_text(table, false);
  }
}

/// What is not safe is far outside the budget, and what is, inside it: no cell hangs on the last digit.
TEST(Scenario, CellsAreClear) {
  const Table table = by_kernels(test::small());
  for (const Cell& cell : table.cells) {
    EXPECT_GT(cell.outputs, 0);
    if (cell.safe())
      EXPECT_LT(cell.worst, 1) << cell.how->name;
    else
      EXPECT_GT(cell.worst, 5) << cell.how->name << ", " << name_of(cell.side) << ", " << name_of(cell.stage);
  }
}

TEST(Scenario, CapturedTextsAnswerAlike) {
  auto asked = captured(FLASHDIFF_SOURCE_DIR "/properties/data/minilm_layer0.safetensors", 1);
  ASSERT_TRUE(asked.has_value()) << asked.error().what;
  asked->prompts.resize(3);
  const auto got = letters(by_reference(*asked));
  EXPECT_EQ(got.at("unpadded by the mask"), "sss sss sss");
  EXPECT_EQ(got.at("mask not handed on").substr(0, 3).find('s'), std::string::npos);
  // Positions are inside what was captured, so nobody can count them wrongly.
  EXPECT_EQ(got.at("positions by token, then by column"), "sss sss sss");
}

/// The reference, but for one thing.
class Wrong : public Backend {
 public:
  explicit Wrong(TensorRole spoilt) : Backend("wrong"), right_(test::opened("reference")), spoilt_(spoilt) {}
  [[nodiscard]] Support supports(const Case& c) const override { return right_->supports(c); }
  [[nodiscard]] Numerics numerics(const Problem& p) const override { return right_->numerics(p); }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    const auto answer = right_->run(io);
    if (!answer) return tl::unexpected<Error>(answer.error());
    for (const TensorRole role : outputs_of(io.question.problem.pass)) {
      LaidOutTensor& to = io.of(role);
      const LogicalTensor<float>& from = answer->of(role);
      for (int s = 0; s < from.sequences(); ++s)
        for (int h = 0; h < from.heads(); ++h)
          for (int r = 0; r < from.rows(s); ++r)
            for (int c = 0; c < from.width(); ++c) {
              const bool here = role == spoilt_ && c == 0 && r + 1 == from.rows(s);
              const auto at = static_cast<std::size_t>(to.place.address(s, r, h) + c);
              store_element(to.dtype, to.body() + at * bytes_of(to.dtype),
                            from.row(s, h, r)[c] + (here ? 4.0F : 0.0F));
            }
    }
    return {};
  }
  std::unique_ptr<Backend> right_;
  TensorRole spoilt_;
};

TEST(Scenario, AWrongKernelIsNoCallersFault) {
  const auto reference = test::opened("reference");
  Settings settings;
  settings.only = {"unpadded by the mask"};
  for (const TensorRole role : {TensorRole::o, TensorRole::k}) {
    Wrong wrong(role);
    Backend* const attention = role == TensorRole::o ? &wrong : reference.get();
    Backend* const append = role == TensorRole::k ? &wrong : reference.get();
    const Table table = run_scenario(test::small(), settings, {append, attention, attention});
    EXPECT_TRUE(table.kernels_wrong());
    EXPECT_THAT(in_words(table.cells[0]), HasSubstr("keys and positions are right: the kernels are wrong"));
  }
}

TEST(Scenario, AKernelThatRefusesIsNoVerdict) {
  const auto reference = test::opened("reference"), backward = test::opened("flash_backward");
  Settings settings;
  settings.only = {"unpadded by the mask"};
  const Table table =
      run_scenario(test::small(), settings, {reference.get(), backward.get(), backward.get()});
  EXPECT_FALSE(table.complete());
  EXPECT_FALSE(table.cells[0].safe());
  EXPECT_THAT(in_words(table.cells[0]), HasSubstr("not run: flash_backward: "));
}

}  // namespace
}  // namespace flashdiff::generation
