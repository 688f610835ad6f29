#include "harness/oracle/cross.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/backend/openvino/openvino.h"
#include "properties/tests/oracle/fake_backend.h"

namespace flashdiff {
namespace {

using testing::FakeBackend;

Case asked() {
  return parse_case(
             "fd1 b=2 hq=4 hk=2 d=32 dv=32 dt=f32 lay=left q=5,17 kv=20,17 mask=causal_br data=normal "
             "seed=0x7")
      .value();
}

enum class Planted { nowhere, in_the_reference, in_openvino, in_the_kernel };

/// Somebody else's arithmetic, a kernel's answer (the reference's, rounded), and the reference, an error
/// planted in one of them: the last key of kv-head 1 in sequence 1 is not what it was.
std::vector<std::string> alone_with(Planted planted) {
  const Case c = asked();
  LogicalData data = make_given(c.problem).value();
  data.k.row(1, 1, 16)[3] += 0.05f;
  const Attention wrong = attention_forward(c.problem, data);

  auto openvino = openvino_backend().value();
  FakeBackend kernel([&](LaidOut& io) -> Outcome<void> {
    if (planted == Planted::in_the_kernel) testing::write_rows(io.o, wrong.o);
    return {};
  });
  std::vector<Testimony> said = testimonies_of(c, {openvino.get(), &kernel}).value();
  if (planted == Planted::in_the_reference) said[0].o = wrong.o;
  if (planted == Planted::in_openvino) {
    const Answer answer = openvino->run(lay_out(c, data)).value();
    std::ranges::copy(answer.o.values(), said[1].o.values().begin());
  }
  const CrossExamination examined = cross_examine(std::move(said));
  std::vector<std::string> names;
  for (const std::size_t i : examined.alone) names.push_back(examined.testimonies[i].by);
  return names;
}

TEST(OpenVinoCross, ItIsToldWhoIsWrongTheReferenceOpenVinoOrTheKernel) {
  using ::testing::ElementsAre;
  EXPECT_THAT(alone_with(Planted::nowhere), ::testing::IsEmpty());
  EXPECT_THAT(alone_with(Planted::in_the_reference), ElementsAre("reference"));
  EXPECT_THAT(alone_with(Planted::in_openvino), ElementsAre("openvino"));
  EXPECT_THAT(alone_with(Planted::in_the_kernel), ElementsAre("fake"));
}

}  // namespace
}  // namespace flashdiff
