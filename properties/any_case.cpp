#include "properties/any_case.h"

#include <algorithm>

#include "properties/appends.h"
#include "properties/choices.h"
#include "properties/heads.h"
#include "properties/layouts.h"
#include "properties/lengths.h"
#include "properties/masks.h"
#include "properties/values.h"
#include "properties/work.h"

namespace flashdiff {

namespace {

constexpr int kDraws = 8;

bool is_of(const Problem& problem, const std::vector<Phase>& phases) {
  return phases.empty() || std::find(phases.begin(), phases.end(), phase_of(problem)) != phases.end();
}

/// Lengths and heads of as much work as was drawn. What is taken away may change the phase, so several tries.
rc::Gen<Problem> any_shape(const CaseOptions& options, double work) {
  return rc::gen::exec([options, work] {
    Problem p;
    for (int tries = 0; tries < kDraws; ++tries) {
      p.sequences = *any_lengths(options);
      const Heads heads = *any_heads(options);
      p.h_q = heads.h_q;
      p.h_kv = heads.h_kv;
      const HeadDims dims = *any_head_dims(options);
      p.d_qk = dims.d_qk;
      p.d_v = dims.d_v;
      p = *within_work(std::move(p), work);
      if (is_of(p, options.phases)) break;
    }
    return p;
  });
}

/// Whether it is one of a crowd of sequences that a kernel which decodes has: rarely, since it takes ten
/// times as long as others.
bool may_crowd(const CaseOptions& options) {
  const auto& pages = options.pages;
  return options.most_queries > 0 && options.may_have(Extra::page) &&
         (pages.empty() || std::find(pages.begin(), pages.end(), 16) != pages.end());
}
/// Its work is bounded by its own numbers.
void make_crowd(Case& c) {
  Problem& p = c.problem;
  p.h_q = p.h_kv = *rc::gen::element(4, 8);
  p.d_qk = p.d_qk > 16 ? *rc::gen::element(8, 16) : p.d_qk;
  p.d_v = std::min(p.d_v, 16);
  p.sequences = *crowd(p.h_kv);
  c.layout.page = 16;
}

/// Of the features that `options` allow, all of them.
rc::Gen<Case> case_of(const CaseOptions& options) {
  return rc::gen::exec([options] {
    Case c;
    const double work = *any_work();
    Problem& p = c.problem = *any_shape(options, work);
    c.layout = *any_layout(options);
    c.layout.page = *any_page(p, options);
    if (may_crowd(options) && *chance(1, 6)) make_crowd(c);
    p.mask = *any_mask(options.masks);
    if (options.may_have(Extra::scale)) p.scale = *any_scale();
    p.dtype = *any_dtype(options.dtypes);
    p.data = *any_data(options.data);
    p.seed = static_cast<std::uint64_t>(*whole(0, 1 << 16));
    c.poison = *any_poison();
    if (options.may_have(Extra::softcap)) p.softcap = *any_softcap();
    if (options.may_have(Extra::alibi)) p.alibi = *any_alibi();
    if (options.may_have(Extra::sink)) p.sink = *any_sink();
    c.after = *any_after(options);
    p.pass = options.pass;
    if (options.pass == Pass::backward && options.pages.empty()) c.layout.page = 0;
    if (options.pass == Pass::append) p = *any_append(p);
    return c;
  });
}

}  // namespace

rc::Gen<Case> any_case(const CaseOptions& options) { return rc::gen::mapcat(any_part_of(options), case_of); }

Axis pass_axis() {
  return axis_of_names<Pass>("pass", [](const Case& c) { return c.problem.pass; });
}

}  // namespace flashdiff
