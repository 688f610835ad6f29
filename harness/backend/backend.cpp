#include "harness/backend/backend.h"

#include <algorithm>
#include <cstring>

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

}  // namespace

Outcome<Answer> Backend::run(const LaidOut& sent) {
  constexpr int kDescribed = 8;
  LaidOut io = sent;
  if (Outcome<void> done = do_run(io); !done) return tl::unexpected<Error>(std::move(done.error()));
  Answer answer;
  for (const auto tensor : {&LaidOut::o, &LaidOut::lse, &LaidOut::q, &LaidOut::k, &LaidOut::v})
    add(answer.touched, find_touched(sent.*tensor, io.*tensor, kDescribed), kDescribed);
  answer.o = gather(io.o);
  answer.lse = gather(io.lse);
  append_rows(io.o, answer.o_bytes_of_rows);
  append_rows(io.lse, answer.o_bytes_of_rows);
  return answer;
}

}  // namespace flashdiff
