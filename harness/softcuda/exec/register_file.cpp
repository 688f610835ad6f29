#include "harness/softcuda/exec/register_file.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "harness/softcuda/isa/warp.h"

namespace softcuda::exec {
namespace {

constexpr int kWidths[] = {1, 16, 32, 64};

std::uint32_t row_bytes(int bits) {
  return bits == 1 ? 4 : static_cast<std::uint32_t>(bits / 8 * isa::kLanes);
}
std::uint32_t aligned(std::uint32_t offset) { return (offset + 63) / 64 * 64; }
bool is_shared(RowKind kind) { return kind == RowKind::reg || kind == RowKind::scratch; }

/// A place for each of `rows` (all of one width): the number of places, and which one in `place`.
int scan(std::vector<int> rows, const std::vector<Life>& lives, std::vector<int>& place) {
  const auto life = [&](int row) { return lives[static_cast<std::size_t>(row)]; };
  std::ranges::sort(rows, [&](int a, int b) {
    return life(a).first != life(b).first ? life(a).first < life(b).first : a < b;
  });
  using Ending = std::pair<long, int>;  // last place of a life, and what it holds
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> ending;
  std::priority_queue<int, std::vector<int>, std::greater<>> idle;
  int count = 0;
  for (const int row : rows) {
    while (!ending.empty() && ending.top().first < life(row).first) {
      idle.push(ending.top().second);
      ending.pop();
    }
    int& mine = place[static_cast<std::size_t>(row)];
    if (idle.empty()) {
      mine = count++;
    } else {
      mine = idle.top();
      idle.pop();
    }
    ending.emplace(life(row).last, mine);
  }
  return count;
}

}  // namespace

RegisterFile place_rows(const Rows& rows, const std::vector<Draft>& drafts,
                        const std::vector<DraftBlock>& blocks) {
  const Lives all = lives_of(rows.count(), drafts, blocks);
  const std::vector<Life>& lives = all.of;
  RegisterFile file;
  file.offset.resize(static_cast<std::size_t>(rows.count()));
  std::vector<int> place(static_cast<std::size_t>(rows.count()), 0);
  std::uint32_t top = sizeof(isa::Warp);
  file.registers_begin = top;
  for (const int bits : kWidths) {
    std::vector<int> shared;
    for (int row = 0; row < rows.count(); ++row) {
      if (rows[row].bits == bits && is_shared(rows[row].kind) &&
          !lives[static_cast<std::size_t>(row)].empty())
        shared.push_back(row);
    }
    const int count = scan(shared, lives, place);
    for (const int row : shared) {
      file.offset[static_cast<std::size_t>(row)] =
          top + static_cast<std::uint32_t>(place[static_cast<std::size_t>(row)]) * row_bytes(bits);
    }
    const std::uint32_t first = top;
    top = aligned(top + static_cast<std::uint32_t>(count) * row_bytes(bits));
    if (bits == 1) file.predicates.emplace_back(first, top);
    if (bits > 1) file.registers += static_cast<std::uint32_t>(count * (bits == 64 ? 2 : 1));
  }
  file.registers_end = top;
  for (const int row : all.at_entry) {
    if (is_shared(rows[row].kind))
      file.unwritten_at_entry.emplace_back(file.offset[static_cast<std::size_t>(row)], rows[row].bits);
  }
  for (const int bits : kWidths) {
    const std::uint32_t first = top;
    for (int row = 0; row < rows.count(); ++row) {
      if (rows[row].bits != bits || is_shared(rows[row].kind)) continue;
      file.offset[static_cast<std::size_t>(row)] = top;
      top += row_bytes(bits);
    }
    top = aligned(top);
    if (bits == 1) file.predicates.emplace_back(first, top);
  }
  file.spare = top;
  top += 4 * row_bytes(32);
  file.bytes = aligned(top + row_bytes(1));
  file.predicates.emplace_back(top, file.bytes);
  return file;
}

}  // namespace softcuda::exec
