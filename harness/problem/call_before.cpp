#include "harness/problem/call_before.h"

#include <algorithm>
#include <stdexcept>

#include "harness/problem/random_bits.h"

namespace flashdiff {
namespace {

constexpr int kFewQueries = 16;  // a decode kernel takes no more
constexpr int kMoreQueries = 64, kMoreKeys = 128;

}  // namespace

Case call_before(const Case& c) {
  if (c.after == After::nothing) throw std::invalid_argument("a case before which nothing was asked");
  Case before = c;
  before.after = After::nothing;
  if (c.after == After::itself) return before;
  Problem& p = before.problem;
  std::reverse(p.sequences.begin(), p.sequences.end());
  for (SequenceLengths& one : p.sequences) {
    if (one.q_len > kFewQueries) one.q_len += kMoreQueries;
    one.kv_len += kMoreKeys;
  }
  p.data = p.pass == Pass::forward ? DataFamily::huge : DataFamily::normal;
  p.data_file.clear();
  p.data_rows.clear();
  p.scale.reset();
  p.seed = detail::folded(p.seed, 0x6265666f7265u);
  return before;
}

}  // namespace flashdiff
