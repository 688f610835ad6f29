#include "reference/row_blocks.h"

#include <algorithm>

namespace flashdiff::detail {

std::vector<RowBlock> row_blocks(int q_len, int group, int rows) {
  std::vector<RowBlock> blocks;
  if (q_len == 0) return blocks;
  if (q_len <= rows) {
    const int heads_at_once = rows / q_len;
    for (int head = 0; head < group; head += heads_at_once)
      blocks.push_back({head * q_len, std::min(heads_at_once, group - head) * q_len});
    return blocks;
  }
  const int slices = (q_len + rows - 1) / rows;
  for (int head = 0; head < group; ++head)
    for (int slice = 0; slice < slices; ++slice) {
      const auto edge = [&](int s) {
        return head * q_len + static_cast<int>(std::int64_t{q_len} * s / slices);
      };
      blocks.push_back({edge(slice), edge(slice + 1) - edge(slice)});
    }
  return blocks;
}

BlockKeys keys_of(RowBlock block, const Mask& mask, SequenceLengths lengths) {
  BlockKeys keys;
  keys.of_row.reserve(static_cast<std::size_t>(block.count));
  for (int r = block.first; r < block.first + block.count; ++r) {
    const KeyRange range = visible_keys(mask, lengths, r % lengths.q_len);
    keys.of_row.push_back(range);
    if (range.empty()) continue;
    if (keys.all.empty()) keys.all = range;
    keys.all = {std::min(keys.all.begin, range.begin), std::max(keys.all.end, range.end)};
  }
  return keys;
}

bool every_query_sees(const Problem& problem) {
  for (const SequenceLengths& lengths : problem.sequences)
    for (int query = 0; query < lengths.q_len; ++query)
      if (visible_keys(problem.mask, lengths, query).empty()) return false;
  return true;
}

// What queries see begins and ends no earlier from one to the next.
bool every_key_is_seen(const Problem& problem) {
  for (const SequenceLengths& lengths : problem.sequences) {
    int seen = 0;
    for (int query = 0; query < lengths.q_len; ++query) {
      const KeyRange keys = visible_keys(problem.mask, lengths, query);
      if (keys.empty()) continue;
      if (keys.begin > seen) return false;
      seen = std::max(seen, keys.end);
    }
    if (seen < lengths.kv_len) return false;
  }
  return true;
}

}  // namespace flashdiff::detail
