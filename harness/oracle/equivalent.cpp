#include <bit>

#include <fmt/format.h>

#include "harness/oracle/judge.h"

namespace flashdiff {
namespace {

/// Counts what differs in one output and remembers the first.
void compare(TensorRole role, const LogicalTensor<float>& a, const LogicalTensor<float>& b,
             verdict::NotEquivalent& found) {
  for (int s = 0; s < a.sequences(); ++s)
    for (int head = 0; head < a.heads(); ++head)
      for (int row = 0; row < a.rows(s); ++row)
        for (int column = 0; column < a.width(); ++column) {
          const float one = a.row(s, head, row)[column], other = b.row(s, head, row)[column];
          if (std::bit_cast<std::uint32_t>(one) == std::bit_cast<std::uint32_t>(other)) continue;
          if (found.differing++ > 0) continue;
          found.at = {role, s, head, row, column};
          found.one = one;
          found.other = other;
        }
}

/// Layout and poison as the case line says them.
std::string layout_words(const Case& c) {
  return fmt::format("lay={} mem={}{} pad={}{} poison={}", name_of(c.layout.padding), name_of(c.layout.order),
                     c.layout.view ? ".view" : "", c.layout.pad,
                     c.layout.page > 0 ? fmt::format(" page={}", c.layout.page) : "", name_of(c.poison));
}

}  // namespace

bool keeps_bits(const Numerics& numerics, TensorRole output) {
  if (output == TensorRole::lse && !numerics.gives_lse) return false;
  return numerics.deterministic && !(numerics.dq_in_any_order && output == TensorRole::dq);
}

Verdict judge_equivalent(const Numerics& numerics, const Answer& a, const Case& other, const Answer& b) {
  // The outputs' values stand for their bits: widening f16 and bf16 to float is injective, payloads included.
  verdict::NotEquivalent found;
  for (TensorRole output : outputs_of(other.problem.pass))
    if (keeps_bits(numerics, output)) compare(output, a.of(output), b.of(output), found);
  if (found.differing == 0) return verdict::Pass{};
  found.against = layout_words(other);
  return found;
}

}  // namespace flashdiff
