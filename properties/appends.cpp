#include "properties/appends.h"

#include <algorithm>

#include "properties/choices.h"

namespace flashdiff {
namespace {

rc::Gen<Rope> any_rope(int d_qk) {
  return rc::gen::exec([d_qk] {
    Rope rope;
    rope.form = *one_of<RopeForm>({});
    const int whole = d_qk / 2 * 2;
    // A part is what partial rotary embeddings turn, a quarter or half of the head, or anything.
    switch (*rc::gen::weightedElement<int>({{5, 0}, {1, 1}, {1, 2}, {1, 3}})) {
      case 1: rope.dim = std::max(2, d_qk / 4 / 2 * 2); break;
      case 2: rope.dim = std::max(2, d_qk / 2 / 2 * 2); break;
      case 3: rope.dim = 2 * *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, whole / 2 + 1)); break;
      default: break;
    }
    rope.base = *rc::gen::weightedElement<float>({{5, Rope::usual_base}, {2, 500000.0f}, {1, 1.0f}});
    return rope;
  });
}

}  // namespace

rc::Gen<Problem> any_append(Problem problem) {
  return rc::gen::exec([problem = std::move(problem)] {
    Problem p = problem;
    p.pass = Pass::append;
    p.mask = {};
    p.scale.reset();
    p.softcap.reset();
    p.alibi = false;
    p.sink.reset();
    if (p.d_qk > 1 && *rc::gen::weightedElement<bool>({{5, true}, {1, false}})) p.rope = *any_rope(p.d_qk);
    fit_append(p);
    return p;
  });
}

void fit_append(Problem& problem) {
  if (problem.pass != Pass::append) return;
  for (SequenceLengths& one : problem.sequences) one.kv_len = std::max(one.kv_len, one.q_len);
  if (problem.d_qk < 2) problem.rope.reset();
  if (problem.rope && problem.rope->dim)
    problem.rope->dim = std::min(*problem.rope->dim, problem.d_qk / 2 * 2);
}

std::vector<Axis> append_axes() {
  using Names = std::vector<std::string>;
  return {{"rope",
           {"none", "half", "interleaved"},
           [](const Case& c) { return Names{c.problem.rope ? name_of(c.problem.rope->form) : "none"}; }},
          {"turned", {"nothing", "part", "all"}, [](const Case& c) {
             if (!c.problem.rope) return Names{"nothing"};
             return Names{c.problem.rope_dim() == c.problem.d_qk ? "all" : "part"};
           }}};
}

}  // namespace flashdiff
