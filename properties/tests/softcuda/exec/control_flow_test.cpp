#include <random>

#include "properties/tests/softcuda/exec/on_machine.h"
#include "properties/tests/softcuda/exec/torture.h"

/// The same functions compiled by nvcc and run on the machine, and by the host's compiler: lane by lane.
namespace softcuda::testing {
namespace {

struct Case {
  const char* name;
  unsigned (*on_host)(unsigned);
};
class Torture : public ::testing::TestWithParam<Case> {};

TEST_P(Torture, LaneByLaneAsOnTheHost) {
  const auto image = compiled("torture");
  ASSERT_TRUE(image);
  std::mt19937 engine(11);
  const std::size_t count = 32 * 300 - 5;  // the last warp is not full
  std::vector<unsigned> in(count);
  for (unsigned& x : in) x = engine() >> (engine() % 24);
  const OnDevice<unsigned> input(in), output(std::vector<unsigned>(2 * count)),
      meet{std::vector<unsigned>(count)};
  const auto done = machine().launch(
      *image->kernel(GetParam().name), {75, 1, 1}, {128, 1, 1}, 0,
      parameters(input.address(), output.address(), meet.address(), static_cast<int>(count)));
  ASSERT_TRUE(done) << done.error().fault.report;
  const auto out = output.values(), together = meet.values();
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(out[i], GetParam().on_host(in[i])) << "input " << in[i] << " at " << i;
    const std::size_t warp = i / 32 * 32;
    const unsigned whole = warp + 32 <= count ? ~0u : (1u << (count - warp)) - 1;
    ASSERT_EQ(together[i], whole) << "the warp is not whole again at " << i;
    if ((i ^ 1) < count) {
      ASSERT_EQ(out[count + i], out[i ^ 1]);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(
    , Torture,
    ::testing::Values(Case{"nested_loops", torture::nested_loops}, Case{"switches", torture::switches},
                      Case{"irregular", torture::irregular}, Case{"early", torture::early},
                      Case{"conditions", torture::conditions}, Case{"long_loop", torture::long_loop},
                      Case{"calls", torture::calls}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace softcuda::testing
