#pragma once
#include <algorithm>
#include <cmath>

#include <rapidcheck.h>

#include "harness/problem/case.h"
#include "harness/problem/data.h"
#include "harness/problem/laid_out.h"
#include "harness/problem/names.h"

namespace flashdiff::testing {

template <class Enum>
rc::Gen<Enum> any_of() {
  const auto& all = all_of<Enum>;
  return rc::gen::elementOf(std::vector<Enum>(all.begin(), all.end()));
}

inline rc::Gen<Mask> any_mask() {
  return rc::gen::exec([] {
    Mask mask;
    mask.kind = *any_of<MaskKind>();
    if (mask.kind != MaskKind::window) return mask;
    mask.left = *rc::gen::inRange(-1, 20);
    mask.right = *rc::gen::inRange(-1, 20);
    return mask;
  });
}

inline rc::Gen<Layout> any_layout() {
  return rc::gen::exec([] {
    Layout layout;
    layout.padding = *any_of<Padding>();
    layout.order = *any_of<Order>();
    layout.view = *rc::gen::arbitrary<bool>();
    layout.pad = *rc::gen::inRange(0, 4);
    layout.page = *rc::gen::weightedElement<int>({{2, 0}, {2, 16}, {1, 48}});
    return layout;
  });
}

/// A problem with these lengths and heads that appends: at most as many new tokens as there are keys, no
/// scores, and mostly a rotary embedding.
inline rc::Gen<Problem> any_append(const Problem& like) {
  return rc::gen::exec([like] {
    Problem p = like;
    p.pass = Pass::append;
    for (SequenceLengths& one : p.sequences) one.kv_len = std::max(one.kv_len, one.q_len);
    p.mask = {};
    p.scale.reset();
    p.softcap.reset();
    p.alibi = false;
    p.sink.reset();
    if (p.d_qk < 2 || *rc::gen::inRange(0, 4) == 0) return p;
    Rope& rope = p.rope.emplace();
    rope.form = *any_of<RopeForm>();
    if (*rc::gen::arbitrary<bool>()) rope.dim = 2 * *rc::gen::inRange(1, p.d_qk / 2 + 1);
    if (*rc::gen::arbitrary<bool>()) rope.base = *rc::gen::element(1.0f, 500000.0f, 1234.5f);
    return p;
  });
}

/// Any valid problem of a made family, small: the point here is the room's own functions, not what breaks
/// kernels.
inline rc::Gen<Problem> any_problem() {
  return rc::gen::exec([] {
    Problem p;
    const int batch = *rc::gen::inRange(1, 5);
    for (int s = 0; s < batch; ++s)
      p.sequences.push_back({*rc::gen::inRange(0, 12), *rc::gen::element(*rc::gen::inRange(0, 12), 40)});
    p.h_kv = *rc::gen::inRange(1, 4);
    p.h_q = p.h_kv * *rc::gen::inRange(1, 4);
    p.d_qk = *rc::gen::inRange(1, 20);
    p.d_v = *rc::gen::inRange(1, 20);
    p.mask = *any_mask();
    if (*rc::gen::arbitrary<bool>()) p.scale = static_cast<float>(*rc::gen::inRange(64, 1 << 30)) * 0x1p-25f;
    if (*rc::gen::arbitrary<bool>())
      p.softcap = static_cast<float>(*rc::gen::inRange(1 << 20, 1 << 30)) * 0x1p-20f;
    p.alibi = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) p.sink = Sink{};
    if (p.sink && *rc::gen::arbitrary<bool>())
      p.sink->logit = static_cast<float>(*rc::gen::inRange(-(1 << 20), 1 << 20)) * 0x1p-10f;
    p.dtype = *any_of<DType>();
    p.data = *rc::gen::suchThat(any_of<DataFamily>(), [](DataFamily f) { return f != DataFamily::file; });
    p.seed = *rc::gen::arbitrary<std::uint64_t>();
    p.pass = *any_of<Pass>();
    if (p.pass == Pass::append) return *any_append(p);
    return p;
  });
}

inline rc::Gen<Case> any_case() {
  return rc::gen::exec([] {
    Case c;
    c.problem = *any_problem();
    c.layout = *any_layout();
    c.poison = *any_of<Poison>();
    c.after = *any_of<After>();
    if (c.layout.padding != Padding::packed && c.layout.page == 0 && c.problem.pass != Pass::append)
      c.layout.hole = *rc::gen::element(0, 0, 1, 5);
    return c;
  });
}

constexpr TensorRole every_role[] = {TensorRole::q,   TensorRole::k,     TensorRole::v,     TensorRole::o,
                                     TensorRole::lse, TensorRole::d_o,   TensorRole::dq,    TensorRole::dk,
                                     TensorRole::dv,  TensorRole::k_new, TensorRole::v_new, TensorRole::q_rot,
                                     TensorRole::rope};

/// make_data's, with stand-ins for the results of the forward pass where the problem is handed them: this
/// room lays them out and does not care what they are.
inline LogicalData any_data(const Problem& problem) {
  LogicalData data = make_data(problem).value();
  if (problem.pass != Pass::backward) return data;
  data.o = data.d_o;
  std::reverse(data.o.values().begin(), data.o.values().end());
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  data.lse = LogicalTensor<float>(rows, problem.h_q, 1);
  for (std::size_t i = 0; i < data.lse.values().size(); ++i)
    data.lse.values()[i] = i % 5 == 0 ? -INFINITY : static_cast<float>(i);
  return data;
}
inline LaidOut laid_out(const Case& c) { return lay_out(c, any_data(c.problem)); }

}  // namespace flashdiff::testing

namespace flashdiff {
/// How RapidCheck shows a counterexample (found by its argument's namespace).
inline void showValue(const Case& c, std::ostream& os) { os << print(c); }
}  // namespace flashdiff
