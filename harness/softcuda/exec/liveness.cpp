#include "harness/softcuda/exec/liveness.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace softcuda::exec {
namespace {

/// A set of rows.
class Set {
 public:
  explicit Set(int rows) : words_(static_cast<std::size_t>(rows + 63) / 64, 0) {}
  void insert(int row) { words_[at(row)] |= bit(row); }
  void erase(int row) { words_[at(row)] &= ~bit(row); }
  /// *this |= (other - without); whether that changed anything.
  bool join(const Set& other, const Set& without) {
    std::uint64_t news = 0;
    for (std::size_t w = 0; w < words_.size(); ++w) {
      const std::uint64_t add = other.words_[w] & ~without.words_[w] & ~words_[w];
      words_[w] |= add;
      news |= add;
    }
    return news != 0;
  }
  template <class F>
  void each(F f) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        f(static_cast<int>(w * 64) + std::countr_zero(rest));
    }
  }

 private:
  static std::size_t at(int row) { return static_cast<std::size_t>(row) / 64; }
  static std::uint64_t bit(int row) { return std::uint64_t{1} << (row % 64); }
  std::vector<std::uint64_t> words_;
};

/// Backwards over a draft: what is written for certain is not live before it, what is read is.
void step_back(const Draft& draft, Set& live, Set* killed) {
  for (const RowUse& use : draft.rows) {
    if (!use.written || draft.conditional) continue;
    live.erase(use.row);
    if (killed != nullptr) killed->insert(use.row);
  }
  for (const RowUse& use : draft.rows) {
    if (!use.written) live.insert(use.row);
  }
  for (const int row : draft.holds) live.insert(row);
}

}  // namespace

Lives lives_of(int rows, const std::vector<Draft>& drafts, const std::vector<DraftBlock>& blocks) {
  const Set none(rows);
  std::vector<Set> in(blocks.size(), none), out(blocks.size(), none), killed(blocks.size(), none);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::size_t k = blocks[b].last; k-- > blocks[b].first;) step_back(drafts[k], in[b], &killed[b]);
  }
  std::vector<std::vector<std::size_t>> before(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (const int to : blocks[b].successors) before[static_cast<std::size_t>(to)].push_back(b);
  }
  std::vector<std::size_t> work;
  for (std::size_t b = 0; b < blocks.size(); ++b) work.push_back(b);
  std::vector<char> waiting(blocks.size(), 1);
  while (!work.empty()) {
    const std::size_t b = work.back();
    work.pop_back();
    waiting[b] = 0;
    for (const std::size_t from : before[b]) {
      if (!out[from].join(in[b], none) || !in[from].join(out[from], killed[from]) || waiting[from] != 0)
        continue;
      waiting[from] = 1;
      work.push_back(from);
    }
  }

  Lives all;
  all.of.resize(static_cast<std::size_t>(rows));
  if (!blocks.empty()) in[0].each([&](int row) { all.at_entry.push_back(row); });
  std::vector<Life>& lives = all.of;
  const auto extend = [&](int row, std::size_t place) {
    Life& life = lives[static_cast<std::size_t>(row)];
    const auto at = static_cast<long>(place);
    life = life.empty() ? Life{at, at} : Life{std::min(life.first, at), std::max(life.last, at)};
  };
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (blocks[b].first == blocks[b].last) continue;  // not reached
    in[b].each([&](int row) { extend(row, 2 * blocks[b].first); });
    out[b].each([&](int row) { extend(row, 2 * blocks[b].last - 1); });
    for (std::size_t k = blocks[b].first; k < blocks[b].last; ++k) {
      for (const RowUse& use : drafts[k].rows) extend(use.row, 2 * k + (use.written ? 1 : 0));
      for (const int row : drafts[k].holds) extend(row, 2 * k + 1);
    }
  }
  return all;
}

}  // namespace softcuda::exec
