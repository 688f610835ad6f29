#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff {

/// Where an element is, in logical terms: rows of O, LSE and dQ are queries of a query head, rows of dK and
/// dV keys of a K/V head; rows of an append's turned Q, K and V are new tokens. LSE has column 0.
struct ElementAt {
  TensorRole tensor = TensorRole::o;
  int sequence = 0, head = 0, row = 0, column = 0;
  bool operator==(const ElementAt&) const = default;
};

/// What a row of an output is: "row" (of a query), "key", "new token".
[[nodiscard]] const char* row_word(TensorRole output);
/// "head", or "kv-head".
[[nodiscard]] const char* head_word(TensorRole output);
/// "sequence 2, head 1, row 30, column 7", with these words; no column of LSE.
[[nodiscard]] std::string place_of(const ElementAt& at);

/// How much of the budget was used: max over elements of |got - want| / budget. Above 1 (or NaN) is wrong.
struct TensorUse {
  TensorRole tensor = TensorRole::o;
  double use = 0;
};
/// Of each output of the pass, in the order of outputs_of().
struct BudgetUse {
  std::vector<TensorUse> outputs;
  [[nodiscard]] double of(TensorRole output) const;  ///< 0 where the pass has no such output
  [[nodiscard]] double worst() const;                ///< the largest; NaN is larger than all
};

/// The worst violation, not the largest difference.
struct WorstElement {
  ElementAt at;
  double got = 0, want = 0, budget = 0;
  [[nodiscard]] double use() const;  ///< of the budget; NaN where `got` is, infinity where it is not wanted
};

/// Budget use over (row, column) of the worst (sequence, head) of one output, reduced by max to at most
/// 64 x 64 cells (draw its logarithm). One column wide where only LSE is wrong.
struct ErrorMap {
  TensorRole tensor = TensorRole::o;
  int sequence = 0, head = 0;
  int rows = 0, columns = 0;            ///< logical extent
  int cell_rows = 1, cell_columns = 1;  ///< logical rows and columns a cell covers
  std::vector<float> use;               ///< row-major cells, budget use (not its logarithm); NaN stays NaN
};

namespace verdict {
struct Pass {
  BudgetUse use;
};
/// Right, but the budget is so wide that a dropped key of average weight could hide. `effect` is the smallest
/// weight (0 to 1) that a dropped key must have had to be seen; 1: nothing would have been seen. Of a
/// gradient, the share that a dropped pair of query and key must have had in what a row adds up. Of an append
/// 1: a position that is one off would not have been seen.
struct PassWeak {
  BudgetUse use;
  double effect = 0;
  TensorRole tensor = TensorRole::o;  ///< where that is so
};
struct Mismatch {
  BudgetUse use;
  WorstElement worst;
  std::int64_t wrong = 0, total = 0;  ///< elements outside their budget, elements compared
  std::string words;                  ///< where the wrong elements sit, in one sentence
  ErrorMap map;
};
struct PaddingTouched {
  std::int64_t count = 0;
  std::vector<std::string> where;
};
/// How small errors are added up, where a worst-case budget cannot see them: `gain`, the regression of what
/// was got on what was wanted, less 1; `mean`, the signed mean of the errors; `row_sum`, the same of the sums
/// of rows.
enum class BiasTest : std::uint8_t { gain, mean, row_sum };
/// No element is outside of its budget, but all together they lean to one side, further than rounding as
/// declared adds up to.
struct Bias {
  BudgetUse use;
  TensorRole tensor = TensorRole::o;
  BiasTest test = BiasTest::gain;
  int head = -1;         ///< -1: all heads of the tensor together
  double effect = 0;     ///< what the test measures: of a gain, 0.01 is 1 % too much
  double deviation = 0;  ///< its standard deviation in a correct kernel, as modelled
  double chance = 0;     ///< that a correct kernel shows as much, all tests of the case counted
  std::string words;     ///< what it looks like, in one sentence; may be empty
};
/// Two answers that should be to one another as a relation says, and are not: DESIGN, The oracle, rule 5.
struct BrokenRelation {
  std::string relation;  ///< its name, as `flashdiff properties` lists it: "ones-in-v"
  std::string says;      ///< its statement: "V = 1 gives O = 1"
  ElementAt at;          ///< the worst violation
  double got = 0, want = 0, budget = 0;
  std::int64_t wrong = 0, total = 0;  ///< elements outside of what both budgets allow, elements compared
};
/// Layouts (or reruns) that should agree bit for bit and do not.
struct NotEquivalent {
  std::string against;
  ElementAt at;
  double one = 0, other = 0;
  std::int64_t differing = 0;
};
struct Fault {
  std::string what;
  std::string report;
};  ///< memory, synchronisation or limit fault of the device
struct Crash {
  std::string how;
};  ///< the worker died, or a process that a backend answers from: signal or exit code
struct Timeout {
  double seconds = 0;
};
struct Unsupported {
  std::string why;
};
struct NotExecuted {
  std::string why;
};
}  // namespace verdict

/// A closed type: each alternative carries what is needed to explain it.
using Verdict = std::variant<verdict::Pass, verdict::PassWeak, verdict::Mismatch, verdict::PaddingTouched,
                             verdict::Bias, verdict::BrokenRelation, verdict::NotEquivalent, verdict::Fault,
                             verdict::Crash, verdict::Timeout, verdict::Unsupported, verdict::NotExecuted>;

/// The kernel is wrong: mismatch, padding touched, bias, broken relation, not equivalent, fault, crash,
/// timeout.
[[nodiscard]] bool is_failure(const Verdict&);
/// Stable name for stores, JUnit and exit codes: "pass", "pass-weak", "mismatch", "padding-touched",
/// "bias", "broken-relation", "not-equivalent", "fault", "crash", "timeout", "unsupported", "not-executed".
[[nodiscard]] const char* name_of(const Verdict&);
[[nodiscard]] const char* name_of(verdict::BiasTest test);
/// One sentence, shared by terminal, JUnit and HTML.
[[nodiscard]] std::string explain(const Verdict&);
/// "O shows only keys of weight 0.2 and more": what a weak pass would have seen.
[[nodiscard]] std::string sight_of(const verdict::PassWeak&);

}  // namespace flashdiff
