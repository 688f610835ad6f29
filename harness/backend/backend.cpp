#include "harness/backend/backend.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

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

}  // namespace

LogicalTensor<float>& Answer::of(TensorRole output) { return this->*member_of(output); }
const LogicalTensor<float>& Answer::of(TensorRole output) const { return this->*member_of(output); }

Outcome<Answer> Backend::run(const LaidOut& sent) {
  constexpr int kDescribed = 8;
  if (sent.question.after != After::nothing)
    return unsupported(fmt::format("{}: after={}: workspaces that are used again are not there yet", name(),
                                   name_of(sent.question.after)));
  LaidOut io = sent;
  if (Outcome<void> done = do_run(io); !done) return tl::unexpected<Error>(std::move(done.error()));
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

}  // namespace flashdiff
