#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/on_machine.h"

namespace softcuda::testing {
namespace {

using ::testing::HasSubstr;

struct Said {
  std::string text;
  check::Fault fault;
  std::vector<int> out;
};
Said run_says(const std::string& name, std::uint32_t blocks, std::uint32_t threads) {
  static const auto image = compiled("says");
  Said said;
  if (image == nullptr) return said;
  const OnDevice<int> out(std::vector<int>(64));
  machine().set_printer([&](const std::string& text) { said.text += text; });
  const auto done =
      machine().launch(*image->kernel(name), {blocks, 1, 1}, {threads, 1, 1}, 0, parameters(out.address()));
  machine().set_printer({});
  if (!done) said.fault = done.error().fault;
  said.out = out.values();
  return said;
}

/// The host's own printf says what is expected; blocks are in order for any number of host threads.
TEST(Printf, FormatsAsTheHostDoesInTheOrderOfBlocks) {
  std::string wanted;
  for (int block = 0; block < 3; ++block) {
    for (unsigned warp = 0; warp < 2; ++warp) {
      char line[128];
      std::snprintf(line, sizeof line, "block %d warp %u: %5.2f|%-6s|%c|%#x|%lld|%%\n", block, warp,
                    2.5 + block, "text", 'x', 255u, -5ll);
      wanted += line;
    }
  }
  for (const unsigned threads : {1u, 4u}) {
    const WithSettings some([&](auto& s) { s.threads = threads; });
    EXPECT_EQ(run_says("prints", 3, 64).text, wanted);
  }
}

TEST(Printf, GivesTheNumberOfArguments) {
  const WithSettings checked([](auto& s) { s.checks = {true, true, true, true, true}; });
  machine().reset_reports();
  EXPECT_EQ(run_says("counts", 1, 2).out[1], 2);
  EXPECT_TRUE(machine().reports().empty()) << machine().reports().front().text;
}

TEST(Printf, AStringThatIsNotThereIsAFault) {
  EXPECT_EQ(run_says("bad_string", 1, 1).fault.kind, check::FaultKind::out_of_bounds);
}

TEST(Assert, SaysCudasSentenceAndStopsTheLaunch) {
  const auto said = run_says("asserts", 1, 64);
  EXPECT_EQ(said.fault.kind, check::FaultKind::assertion);
  EXPECT_EQ(check::code_of(said.fault.kind), check::Code::assert_failed);
  EXPECT_THAT(said.fault.what,
              HasSubstr("says.cu:14: void asserts(int *): block: [0,0,0], thread: [40,0,0] Assertion "
                        "`threadIdx.x < 40 && \"too many\"` failed."));
}

}  // namespace
}  // namespace softcuda::testing
