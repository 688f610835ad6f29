#include "properties/tests/run/any_verdict.h"

#include <cmath>
#include <limits>

#include "harness/problem/case.h"
#include "properties/random_cases.h"

namespace flashdiff::test {
namespace {

namespace gen = rc::gen;

rc::Gen<double> any_number() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return gen::weightedOneOf<double>(
      {{6, gen::arbitrary<double>()},
       {1, gen::elementOf(std::vector<double>{0.0, infinity, -infinity, std::nan("")})}});
}

/// Quotes, line feeds, control characters and letters beyond ASCII.
rc::Gen<std::string> any_text() {
  const std::vector<std::string> pieces{"a",  "O",    " ",        "\"",           "'", "\\", "\n",
                                        "\t", "\x01", "\xc3\xa9", "\xe2\x86\x92", "7"};
  return gen::map(gen::container<std::vector<std::string>>(gen::elementOf(pieces)), [](const auto& some) {
    std::string text;
    for (const std::string& piece : some) text += piece;
    return text;
  });
}

rc::Gen<TensorRole> any_output() {
  return gen::element(TensorRole::o, TensorRole::lse, TensorRole::dq, TensorRole::dk, TensorRole::dv,
                      TensorRole::q_rot, TensorRole::k, TensorRole::v);
}

rc::Gen<ElementAt> any_element() {
  const auto small = gen::inRange(0, 1000);
  return gen::construct<ElementAt>(any_output(), small, small, small, small);
}

rc::Gen<BudgetUse> any_use() {
  return gen::exec([] {
    BudgetUse use;
    for (TensorRole output : outputs_of(*gen::element(Pass::forward, Pass::backward, Pass::append)))
      use.outputs.push_back({output, *any_number()});
    return use;
  });
}

rc::Gen<ErrorMap> any_map() {
  return gen::exec([] {
    ErrorMap map;
    map.tensor = *any_output();
    map.sequence = *gen::inRange(0, 9);
    map.rows = *gen::inRange(0, 8);
    map.columns = *gen::inRange(0, 8);
    for (int i = 0; i < map.rows * map.columns; ++i) map.use.push_back(static_cast<float>(*any_number()));
    return map;
  });
}

rc::Gen<Verdict> any_mismatch() {
  return gen::exec([] {
    verdict::Mismatch wrong;
    wrong.use = *any_use();
    wrong.worst = {*any_element(), *any_number(), *any_number(), *any_number()};
    wrong.wrong = *gen::inRange<std::int64_t>(1, 1'000'000'000'000);
    wrong.total = *gen::inRange<std::int64_t>(1, 1'000'000'000'000);
    wrong.words = *any_text();
    wrong.map = *any_map();
    return Verdict(wrong);
  });
}

rc::Gen<Verdict> any_bias() {
  return gen::exec([] {
    using enum verdict::BiasTest;
    return Verdict(verdict::Bias{*any_use(), *any_output(), *gen::element(gain, mean, row_sum),
                                 *gen::inRange(-1, 8), *any_number(), *any_number(), *any_number(),
                                 *any_text()});
  });
}

rc::Gen<Verdict> any_broken_relation() {
  return gen::exec([] {
    return Verdict(verdict::BrokenRelation{*any_text(), *any_text(), *any_element(), *any_number(),
                                           *any_number(), *any_number(), *gen::inRange<std::int64_t>(1, 99),
                                           *gen::inRange<std::int64_t>(1, 1'000'000'000'000)});
  });
}

template <class Kind, class... Fields>
rc::Gen<Verdict> kind_of(rc::Gen<Fields>... fields) {
  return gen::map(gen::construct<Kind>(std::move(fields)...),
                  [](Kind kind) { return Verdict(std::move(kind)); });
}

}  // namespace

rc::Gen<Verdict> any_verdict() {
  const auto count = gen::inRange<std::int64_t>(0, 1'000'000);
  return gen::oneOf(
      kind_of<verdict::Pass>(any_use()), kind_of<verdict::PassWeak>(any_use(), any_number(), any_output()),
      any_mismatch(),
      kind_of<verdict::PaddingTouched>(count, gen::container<std::vector<std::string>>(any_text())),
      any_bias(), any_broken_relation(),
      kind_of<verdict::NotEquivalent>(any_text(), any_element(), any_number(), any_number(), count),
      kind_of<verdict::Fault>(any_text(), any_text()), kind_of<verdict::Crash>(any_text()),
      kind_of<verdict::Timeout>(any_number()), kind_of<verdict::Unsupported>(any_text()),
      kind_of<verdict::NotExecuted>(any_text()));
}

rc::Gen<CaseRecord> any_record() {
  return gen::exec([] {
    CaseRecord record;
    record.index = *gen::inRange<std::uint64_t>(0, 1ull << 62);
    record.line = print(draw_case(*gen::arbitrary<std::uint32_t>(), 7, {}).value());
    record.backend = *any_text();
    record.device = *any_text();
    record.repro_options = *any_text();
    record.verdict = *any_verdict();
    record.device_ms = std::abs(*gen::arbitrary<double>());
    record.reference_ms = std::abs(*gen::arbitrary<double>());
    record.labels = *gen::container<std::vector<std::string>>(any_text());
    record.shrink_steps = *gen::inRange(0, 300);
    return record;
  });
}

}  // namespace flashdiff::test
