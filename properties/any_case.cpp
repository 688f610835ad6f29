#include "properties/any_case.h"

#include "properties/appends.h"
#include "properties/choices.h"
#include "properties/heads.h"
#include "properties/layouts.h"
#include "properties/lengths.h"
#include "properties/masks.h"
#include "properties/values.h"
#include "properties/work.h"

namespace flashdiff {

rc::Gen<Case> any_case(const CaseOptions& options) {
  return rc::gen::exec([options] {
    Problem p;
    p.sequences = *(options.most_queries > 0 ? decoding_lengths(options.most_queries) : any_lengths());
    const Heads heads = *any_heads();
    p.h_q = heads.h_q;
    p.h_kv = heads.h_kv;
    const HeadDims dims = *any_head_dims(options.largest_head_dim);
    p.d_qk = dims.d_qk;
    p.d_v = dims.d_v;
    p.mask = *any_mask(options.masks);
    p.scale = *any_scale();
    p.dtype = *any_dtype(options.dtypes);
    p.data = *any_data(options.data);
    p.seed = static_cast<std::uint64_t>(*rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 1 << 16)));
    Case c;
    const double work = *any_work();
    c.problem = *within_work(std::move(p), work);
    c.layout = *any_layout(options.paddings);
    c.layout.page = *any_page(c.problem, options.pages);
    c.poison = *any_poison();
    // Last: each draw has a stream of its own, so what is drawn before stays as it was before these came.
    c.problem.softcap = *any_softcap();
    c.problem.alibi = *any_alibi();
    c.problem.sink = *any_sink();
    c.problem.pass = options.pass;
    if (options.pass == Pass::backward && options.pages.empty()) c.layout.page = 0;
    if (options.pass == Pass::append) c.problem = *any_append(c.problem);
    return c;
  });
}

Axis pass_axis() {
  return axis_of_names<Pass>("pass", [](const Case& c) { return c.problem.pass; });
}

}  // namespace flashdiff
