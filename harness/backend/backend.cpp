#include "harness/backend/backend.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "harness/problem/call_before.h"
#include "harness/problem/data.h"
#include "harness/problem/numbers.h"

namespace flashdiff {
namespace {

/// The bits of a tensor's logical rows in logical order ([sequence][head][row][column]), whatever the layout.
void append_rows(const LaidOutTensor& tensor, std::vector<std::byte>& bytes) {
  const Placement& place = tensor.place;
  const std::size_t size = bytes_of(tensor.dtype);
  const std::size_t row_bytes = static_cast<std::size_t>(place.width) * size;
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int h = 0; h < place.heads; ++h)
      for (int r = 0; r < place.rows[static_cast<std::size_t>(s)]; ++r) {
        const std::byte* row = tensor.body() + static_cast<std::size_t>(place.address(s, r, h)) * size;
        bytes.insert(bytes.end(), row, row + row_bytes);
      }
}

void add(TouchedReport& all, TouchedReport one, std::size_t limit) {
  all.count += one.count;
  for (Touched& touched : one.first)
    if (all.first.size() < limit) all.first.push_back(std::move(touched));
}

LogicalTensor<float> Answer::*member_of(TensorRole output) {
  switch (output) {
    case TensorRole::o: return &Answer::o;
    case TensorRole::lse: return &Answer::lse;
    case TensorRole::dq: return &Answer::dq;
    case TensorRole::dk: return &Answer::dk;
    case TensorRole::dv: return &Answer::dv;
    case TensorRole::q_rot: return &Answer::q_rot;
    case TensorRole::k: return &Answer::k;
    case TensorRole::v: return &Answer::v;
    case TensorRole::q:
    case TensorRole::d_o:
    case TensorRole::k_new:
    case TensorRole::v_new:
    case TensorRole::rope: break;
  }
  throw std::invalid_argument("a tensor that is no output of any pass");
}

/// A case in memory whose answer nobody judges: what a backward pass is handed of a forward one is plausible
/// only, O = 0 and the LSE of as many equal scores as there are keys.
Outcome<LaidOut> laid_out(const Case& c) {
  Outcome<LogicalData> data = make_data(c.problem);
  if (!data) return tl::unexpected<Error>(std::move(data.error()));
  if (c.problem.pass == Pass::backward) {
    std::vector<int> queries;
    for (const SequenceLengths& one : c.problem.sequences) queries.push_back(one.q_len);
    data->o = LogicalTensor<float>(queries, c.problem.h_q, c.problem.d_v);
    data->lse = LogicalTensor<float>(queries, c.problem.h_q, 1);
    for (int s = 0; s < c.problem.batch(); ++s)
      std::fill_n(data->lse.matrix(s, 0), data->lse.rows(s) * c.problem.h_q,
                  std::log(static_cast<float>(c.problem.sequences[static_cast<std::size_t>(s)].kv_len)));
  }
  return lay_out(c, *data);
}

}  // namespace

LogicalTensor<float>& Answer::of(TensorRole output) { return this->*member_of(output); }
const LogicalTensor<float>& Answer::of(TensorRole output) const { return this->*member_of(output); }

Outcome<Answer> Backend::run(const LaidOut& sent) {
  constexpr int kDescribed = 8;
  LaidOut io = sent;
  if (Outcome<void> done = sent.question.after == After::nothing ? do_run(io) : run_after_another(io); !done)
    return tl::unexpected<Error>(std::move(done.error()));
  Answer answer;
  const Pass pass = sent.question.problem.pass;
  for (const auto roles : {outputs_of(pass), inputs_of(pass)})
    for (TensorRole role : roles)
      add(answer.touched, find_touched(sent.of(role), io.of(role), kDescribed), kDescribed);
  for (TensorRole role : outputs_of(pass)) {
    answer.of(role) = gather(io.of(role));
    append_rows(io.of(role), answer.bytes_of_rows);
  }
  return answer;
}

Outcome<void> Backend::run_after_another(LaidOut& io) {
  const Case before = call_before(io.question);
  const auto cannot = [&](const std::string& why) {
    return unsupported(fmt::format("the call before, '{}': {}", print(before), why));
  };
  if (const auto valid = validated(before); !valid) return cannot(valid.error().what);
  if (const Support support = supports(before); !support.yes) return cannot(support.why_not);
  Outcome<LaidOut> first = io.question.after == After::itself ? Outcome<LaidOut>(io) : laid_out(before);
  if (!first) return tl::unexpected<Error>(std::move(first.error()));
  first->question = before;
  return do_run_twice(*first, io);
}

Outcome<void> Backend::do_run_twice(LaidOut& first, LaidOut& second) {
  if (Outcome<void> done = do_run(first); !done) return of_the_call_before(first, std::move(done.error()));
  return do_run(second);
}

tl::unexpected<Error> Backend::of_the_call_before(const LaidOut& first, Error error) {
  error.what = fmt::format("in the call before, '{}': {}", print(first.question), error.what);
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace flashdiff
