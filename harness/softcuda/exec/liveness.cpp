#include "harness/softcuda/exec/liveness.h"

#include <algorithm>

namespace softcuda::exec {
namespace {

/// Beyond so many steps (a second; 10,000 lines take a hundredth of them) the rows left keep a place of
/// their own for the whole kernel, which is right for any row.
constexpr std::size_t kMostSteps = 50'000'000;

/// The blocks that read a row before they write it, and those that write it for certain.
struct RowBlocks {
  std::vector<std::size_t> reading, killing;
};

/// Backwards through each block.
std::vector<RowBlocks> row_blocks(int rows, const std::vector<Draft>& drafts,
                                  const std::vector<DraftBlock>& blocks) {
  std::vector<RowBlocks> all(static_cast<std::size_t>(rows));
  constexpr std::size_t kNone = ~std::size_t{0};
  std::vector<std::size_t> live_in(all.size(), kNone);  // the block in which the row is live, as far as seen
  std::vector<int> touched;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    touched.clear();
    const auto reads = [&](int row) {
      live_in[static_cast<std::size_t>(row)] = b;
      touched.push_back(row);
    };
    for (std::size_t k = blocks[b].last; k-- > blocks[b].first;) {
      const Draft& draft = drafts[k];
      for (const RowUse& use : draft.rows) {
        if (!use.written || draft.conditional) continue;
        live_in[static_cast<std::size_t>(use.row)] = kNone;
        std::vector<std::size_t>& killing = all[static_cast<std::size_t>(use.row)].killing;
        if (killing.empty() || killing.back() != b) killing.push_back(b);
      }
      for (const RowUse& use : draft.rows) {
        if (!use.written) reads(use.row);
      }
      for (const int row : draft.holds) reads(row);
    }
    for (const int row : touched) {
      if (live_in[static_cast<std::size_t>(row)] != b) continue;
      live_in[static_cast<std::size_t>(row)] = kNone;  // once
      all[static_cast<std::size_t>(row)].reading.push_back(b);
    }
  }
  return all;
}

}  // namespace

Lives lives_of(int rows, const std::vector<Draft>& drafts, const std::vector<DraftBlock>& blocks) {
  std::vector<std::vector<std::size_t>> before(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (const int to : blocks[b].successors) before[static_cast<std::size_t>(to)].push_back(b);
  }
  Lives all;
  all.of.resize(static_cast<std::size_t>(rows));
  const auto extend = [&](int row, std::size_t place) {
    Life& life = all.of[static_cast<std::size_t>(row)];
    const auto at = static_cast<long>(place);
    life = life.empty() ? Life{at, at} : Life{std::min(life.first, at), std::max(life.last, at)};
  };
  for (std::size_t k = 0; k < drafts.size(); ++k) {
    for (const RowUse& use : drafts[k].rows) extend(use.row, 2 * k + (use.written ? 1 : 0));
    for (const int row : drafts[k].holds) extend(row, 2 * k + 1);
  }

  // Each row from where it is read, backwards to where it is written.
  const std::vector<RowBlocks> where = row_blocks(rows, drafts, blocks);
  std::vector<int> in(blocks.size(), -1), out(blocks.size(), -1), killed(blocks.size(), -1);
  std::vector<std::size_t> work;
  std::size_t steps = 0;
  for (int row = 0; row < rows; ++row) {
    if (steps > kMostSteps) {
      if (all.of[static_cast<std::size_t>(row)].empty()) continue;
      all.of[static_cast<std::size_t>(row)] = {0, 2 * static_cast<long>(drafts.size())};
      all.at_entry.push_back(row);
      continue;
    }
    const auto live_in = [&](std::size_t block) {
      if (in[block] == row) return;
      in[block] = row;
      if (blocks[block].first != blocks[block].last) extend(row, 2 * blocks[block].first);
      work.push_back(block);
    };
    for (const std::size_t block : where[static_cast<std::size_t>(row)].killing) killed[block] = row;
    for (const std::size_t block : where[static_cast<std::size_t>(row)].reading) live_in(block);
    while (!work.empty()) {
      const std::size_t block = work.back();
      work.pop_back();
      for (const std::size_t from : before[block]) {
        ++steps;
        if (out[from] == row) continue;
        out[from] = row;
        if (blocks[from].first != blocks[from].last) extend(row, 2 * blocks[from].last - 1);
        if (killed[from] != row) live_in(from);
      }
    }
    if (!blocks.empty() && in[0] == row) all.at_entry.push_back(row);
  }
  return all;
}

}  // namespace softcuda::exec
