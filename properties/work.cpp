#include "properties/work.h"

#include <algorithm>

#include "properties/choices.h"
#include "properties/heads.h"

namespace flashdiff {
namespace {

double rounded_up(int value, int step) {
  const int tiles = (value + step - 1) / step;
  return static_cast<double>(tiles) * step;
}

double work_of(const SequenceLengths& lengths) {
  return rounded_up(lengths.q_len, 32) * rounded_up(lengths.kv_len, 64);
}

// Each takes one thing away, and does nothing where that is at its least.

void drop_a_sequence(Problem& p) {
  if (p.batch() > 1) p.sequences.pop_back();
}
void drop_a_kv_head(Problem& p) {
  const int group = p.group();
  p.h_kv = std::max(1, p.h_kv - 1);
  p.h_q = group * p.h_kv;
}
void narrow_the_group(Problem& p) {
  const int group = p.group();
  p.h_q = p.h_kv * (group > 3 ? 3 : std::max(1, group - 1));
}
void narrow_the_heads(Problem& p) {
  for (int most : {192, 128, 96, 64, 40, 24}) {
    if (std::max(p.d_qk, p.d_v) <= most) continue;
    p.d_qk = narrower(p.d_qk, most);
    p.d_v = narrower(p.d_v, most);
    return;
  }
}
/// Down to the next tile edge below, and then to a few rows, so that what is left still reaches an edge.
void shorten_the_longest(Problem& p) {
  const auto longest = std::max_element(p.sequences.begin(), p.sequences.end(),
                                        [](auto a, auto b) { return work_of(a) < work_of(b); });
  for (int most : {129, 65, 9})
    if (longest->q_len > most) {
      if (longest->q_len == longest->kv_len) longest->kv_len = most;
      longest->q_len = most;
      return;
    }
  longest->kv_len = std::min(longest->kv_len, 65);
}

}  // namespace

double work_of(const Problem& problem) {
  double products = 0;
  for (const SequenceLengths& lengths : problem.sequences) products += work_of(lengths);
  return products * problem.h_q * 2 * rounded_up(std::max(problem.d_qk, problem.d_v), 32);
}

rc::Gen<double> any_work() {
  return rc::gen::withSize([](int size) {
    return rc::gen::map(
        rc::gen::weightedElement<double>({{3, 2e6}, {6, 4e6}, {5, 8e6}, {1, 3.2e7}}),
        [size](double work) { return work * std::min(size, rc::kNominalSize) / rc::kNominalSize; });
  });
}

rc::Gen<Problem> within_work(Problem problem, double work) {
  return rc::gen::exec([problem = std::move(problem), work] {
    // The least that these can leave, 9 queries over 65 keys of 1 head and width 24, is below any `work`.
    using Take = void (*)(Problem&);
    Problem p = problem;
    while (work_of(p) > work) {
      const Take take = *rc::gen::element<Take>(drop_a_sequence, drop_a_kv_head, narrow_the_group,
                                                narrow_the_heads, shorten_the_longest);
      take(p);
    }
    return p;
  });
}

}  // namespace flashdiff
