#include "harness/oracle/where_patterns.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace flashdiff::detail {
namespace {

const SequenceLengths& lengths_of(const Problem& problem, int sequence) {
  return problem.sequences[static_cast<std::size_t>(sequence)];
}

/// Where rows (or keys, or new tokens) lie in their sequence.
void add_ends(std::vector<Pattern<RowAt>>& patterns, const std::string& row,
              const std::function<int(const RowAt&)>& length) {
  const auto add = [&patterns](std::string words, std::function<bool(const RowAt&)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  add("the first " + row, [](const RowAt& at) { return at.row == 0; });
  add("the last " + row, [=](const RowAt& at) { return at.row == length(at) - 1; });
  add(fmt::format("all {}s but the first", row), [](const RowAt& at) { return at.row > 0; });
  add(fmt::format("all {}s but the last", row), [=](const RowAt& at) { return at.row < length(at) - 1; });
}

/// And in its tiles.
void add_places(std::vector<Pattern<RowAt>>& patterns, const std::string& row, int tile,
                const std::function<int(const RowAt&)>& length) {
  add_ends(patterns, row, length);
  const auto add = [&patterns](std::string words, std::function<bool(const RowAt&)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  add(fmt::format("tail {}s, behind the last whole tile of {}", row, tile),
      [=](const RowAt& at) { return at.row >= length(at) / tile * tile; });
  add(fmt::format("{}s behind the first tile of {}", row, tile),
      [=](const RowAt& at) { return at.row >= tile; });
  for (int modulus : {2, 4, 8, 16, 32, tile})
    for (int residue = 0; residue < modulus; ++residue)
      add(fmt::format("{0}s with {0} % {1} = {2}", row, modulus, residue),
          [=](const RowAt& at) { return at.row % modulus == residue; });
}

/// Lengths of queries against keys; of an append, what the cache held before.
std::vector<Pattern<int>> length_patterns(const Problem& p) {
  const auto of = [&p](int s) { return lengths_of(p, s); };
  if (p.pass == Pass::append)
    return {{"tokens in the cache before", [=](int s) { return of(s).q_len < of(s).kv_len; }},
            {"no token in the cache before", [=](int s) { return of(s).q_len == of(s).kv_len; }}};
  return {{"q_len is not kv_len", [=](int s) { return of(s).q_len != of(s).kv_len; }},
          {"q_len is above kv_len", [=](int s) { return of(s).q_len > of(s).kv_len; }},
          {"q_len is below kv_len", [=](int s) { return of(s).q_len < of(s).kv_len; }}};
}

}  // namespace

std::vector<Pattern<int>> sequence_patterns(const Case& c, int kv_tile) {
  const Problem& p = c.problem;
  const auto of = [&p](int s) { return lengths_of(p, s); };
  const auto [shortest, longest] = std::minmax_element(
      p.sequences.begin(), p.sequences.end(),
      [](const SequenceLengths& a, const SequenceLengths& b) { return a.kv_len < b.kv_len; });
  const int least = shortest->kv_len, most = longest->kv_len;
  const Placement q = place(p, c.layout, TensorRole::q), k = place(p, c.layout, TensorRole::k);
  const bool append = p.pass == Pass::append;
  const int tile = append ? c.layout.page : kv_tile;  // 0: none

  std::vector<Pattern<int>> patterns{{"every sequence", [](int) { return true; }}};
  const auto add = [&patterns](std::string words, std::function<bool(int)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  if (c.layout.padding == Padding::left || c.layout.padding == Padding::both)
    add("with padding on its left", [q, k](int s) {
      const auto at = static_cast<std::size_t>(s);
      return q.first_row[at] > 0 || k.first_row[at] > (k.past.empty() ? 0 : k.past[at]);
    });
  if (tile > 0) {
    add(fmt::format("kv_len is no multiple of {}", tile), [=](int s) { return of(s).kv_len % tile != 0; });
    add(fmt::format("kv_len is above {}, so more than one {}", tile, append ? "page" : "kv tile"),
        [=](int s) { return of(s).kv_len > tile; });
  }
  add(fmt::format("kv_len is below the batch's longest, {}", most),
      [=](int s) { return of(s).kv_len < most; });
  for (Pattern<int>& pattern : length_patterns(p)) patterns.push_back(std::move(pattern));
  add("q_len is 1", [=](int s) { return of(s).q_len == 1; });
  add("no keys", [=](int s) { return of(s).kv_len == 0; });
  add("the longest kv_len", [=](int s) { return of(s).kv_len == most; });
  add("the shortest kv_len", [=](int s) { return of(s).kv_len == least; });
  add("all but the first", [](int s) { return s > 0; });
  add("behind an empty sequence", [=](int s) {
    for (int before = 0; before < s; ++before)
      if (of(before).q_len == 0 || of(before).kv_len == 0) return true;
    return false;
  });
  if (tile == 0) return patterns;
  std::vector<int> residues;
  for (const SequenceLengths& one : p.sequences) residues.push_back(one.kv_len % tile);
  std::sort(residues.begin(), residues.end());
  residues.erase(std::unique(residues.begin(), residues.end()), residues.end());
  for (int residue : residues)
    add(fmt::format("kv_len % {} is {}", tile, residue),
        [=](int s) { return of(s).kv_len % tile == residue; });
  return patterns;
}

std::vector<Pattern<int>> head_patterns(const Problem& problem) {
  const int group = problem.group();
  std::vector<Pattern<int>> patterns{{"all heads", [](int) { return true; }}};
  for (int kv_head = 0; kv_head < problem.h_kv && problem.h_kv > 1; ++kv_head)
    patterns.push_back(
        {fmt::format("the heads of kv-head {}", kv_head), [=](int head) { return head / group == kv_head; }});
  if (problem.h_kv > 1)
    patterns.push_back(
        {"the heads of every kv-head but the first", [=](int head) { return head / group > 0; }});
  for (int place = 0; place < group && group > 1 && problem.h_kv > 1; ++place)
    patterns.push_back({fmt::format("head {} of each group of {}", place, group),
                        [=](int head) { return head % group == place; }});
  patterns.push_back({"all heads but the first", [](int head) { return head > 0; }});
  patterns.push_back({fmt::format("heads whose number modulo h_kv={} is not their kv-head", problem.h_kv),
                      [problem, group](int head) { return head % problem.h_kv != head / group; }});
  return patterns;
}

std::vector<Pattern<int>> kv_head_patterns() {
  return {{"all kv-heads", [](int) { return true; }},
          {"all kv-heads but the first", [](int head) { return head > 0; }}};
}

std::vector<Pattern<RowAt>> row_patterns(const Problem& problem, int tile) {
  const auto keys = [&problem](const RowAt& at, MaskKind kind) {
    Mask mask = problem.mask;
    mask.kind = kind;
    return visible_keys(mask, lengths_of(problem, at.sequence), at.row);
  };
  const auto seen = [=, &problem](const RowAt& at) { return keys(at, problem.mask.kind); };
  const auto q_len = [&problem](const RowAt& at) { return lengths_of(problem, at.sequence).q_len; };
  const auto kv_len = [&problem](const RowAt& at) { return lengths_of(problem, at.sequence).kv_len; };

  std::vector<Pattern<RowAt>> patterns{{"all rows", [](const RowAt&) { return true; }}};
  const auto add = [&patterns](std::string words, std::function<bool(const RowAt&)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  if (problem.mask.kind != MaskKind::none) {
    add("rows that see no key", [=](const RowAt& at) { return seen(at).empty(); });
    add("rows that see any key", [=](const RowAt& at) { return !seen(at).empty(); });
    add("rows that see the last key",
        [=](const RowAt& at) { return !seen(at).empty() && seen(at).end == kv_len(at); });
    add("rows whose keys the mask ends before the last key",
        [=](const RowAt& at) { return !seen(at).empty() && seen(at).end < kv_len(at); });
    add("rows whose keys the mask begins behind the first key",
        [=](const RowAt& at) { return seen(at).begin > 0; });
    add(fmt::format("rows whose keys end within a kv tile of {}", tile),
        [=](const RowAt& at) { return !seen(at).empty() && seen(at).end % tile != 0; });
    add(fmt::format("rows whose keys begin within a kv tile of {}", tile),
        [=](const RowAt& at) { return !seen(at).empty() && seen(at).begin % tile != 0; });
    add("rows that see other keys top-left than bottom-right", [=](const RowAt& at) {
      return !(keys(at, MaskKind::causal_top_left) == keys(at, MaskKind::causal_bottom_right));
    });
  }
  add(fmt::format("rows that see keys beyond the first kv tile of {}", tile),
      [=](const RowAt& at) { return !seen(at).empty() && seen(at).end > tile; });
  add_places(patterns, "row", tile, q_len);
  return patterns;
}

std::vector<Pattern<RowAt>> key_patterns(const Problem& problem, int tile) {
  // The queries that see a key are an interval, too: keys of a row only move forward from row to row.
  auto seen_by = std::make_shared<std::vector<std::vector<KeyRange>>>();
  for (const SequenceLengths& lengths : problem.sequences) {
    std::vector<KeyRange>& of_key = seen_by->emplace_back(static_cast<std::size_t>(lengths.kv_len));
    for (int query = 0; query < lengths.q_len; ++query) {
      const KeyRange keys = visible_keys(problem.mask, lengths, query);
      for (int key = keys.begin; key < keys.end; ++key) {
        KeyRange& queries = of_key[static_cast<std::size_t>(key)];
        queries = {queries.empty() ? query : queries.begin, query + 1};
      }
    }
  }
  const auto queries = [seen_by](const RowAt& at) {
    return (*seen_by)[static_cast<std::size_t>(at.sequence)][static_cast<std::size_t>(at.row)];
  };
  const auto q_len = [&problem](const RowAt& at) { return lengths_of(problem, at.sequence).q_len; };
  const auto kv_len = [&problem](const RowAt& at) { return lengths_of(problem, at.sequence).kv_len; };

  std::vector<Pattern<RowAt>> patterns{{"all keys", [](const RowAt&) { return true; }}};
  const auto add = [&patterns](std::string words, std::function<bool(const RowAt&)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  if (problem.mask.kind != MaskKind::none) {
    add("keys that no query sees", [=](const RowAt& at) { return queries(at).empty(); });
    add("keys that any query sees", [=](const RowAt& at) { return !queries(at).empty(); });
    add("keys that the last query sees",
        [=](const RowAt& at) { return !queries(at).empty() && queries(at).end == q_len(at); });
    add("keys that the mask hides from the first queries",
        [=](const RowAt& at) { return queries(at).begin > 0; });
    add("keys that the mask hides from the last queries",
        [=](const RowAt& at) { return !queries(at).empty() && queries(at).end < q_len(at); });
    add(fmt::format("keys whose queries begin within a tile of {}", tile),
        [=](const RowAt& at) { return !queries(at).empty() && queries(at).begin % tile != 0; });
  }
  add_places(patterns, "key", tile, kv_len);
  return patterns;
}

std::vector<Pattern<RowAt>> token_patterns(const Case& c) {
  const Problem& problem = c.problem;
  const auto q_len = [&problem](const RowAt& at) { return lengths_of(problem, at.sequence).q_len; };
  const auto position = [&problem](const RowAt& at) {
    const auto [q_len, kv_len] = lengths_of(problem, at.sequence);
    return kv_len - q_len + at.row;
  };
  std::vector<Pattern<RowAt>> patterns{{"all new tokens", [](const RowAt&) { return true; }}};
  const auto add = [&patterns](std::string words, std::function<bool(const RowAt&)> holds) {
    patterns.push_back({std::move(words), std::move(holds)});
  };
  add("new tokens at positions above 0", [=](const RowAt& at) { return position(at) > 0; });
  if (const int page = c.layout.page; page > 0) {
    // Counted from the beginning of the sequence's first page.
    const auto row = [cache = place(problem, c.layout, TensorRole::k)](const RowAt& at, int token) {
      return cache.first_row[static_cast<std::size_t>(at.sequence)] + token;
    };
    add("new tokens behind their sequence's first page",
        [=](const RowAt& at) { return row(at, at.row) >= page; });
    add("new tokens in another page than the first new one",
        [=](const RowAt& at) { return row(at, at.row) / page != row(at, 0) / page; });
    add("new tokens in the first row of a page",
        [=](const RowAt& at) { return row(at, at.row) % page == 0; });
    add("new tokens in the last row of a page",
        [=](const RowAt& at) { return row(at, at.row) % page == page - 1; });
  }
  add_ends(patterns, "new token", q_len);
  for (int modulus : {2, 4, 8, 16, 32})
    for (int residue = 0; residue < modulus; ++residue)
      add(fmt::format("new tokens with position % {} = {}", modulus, residue),
          [=](const RowAt& at) { return position(at) % modulus == residue; });
  return patterns;
}

std::vector<Pattern<int>> column_patterns(int width) {
  std::vector<Pattern<int>> patterns{{"all columns", [](int) { return true; }}};
  for (int whole : {64, 32, 16, 8, 4, 2})
    if (width % whole != 0 && width > whole)
      patterns.push_back({fmt::format("tail columns, behind the last whole {}", whole),
                          [=](int column) { return column >= width / whole * whole; }});
  for (int first : {64, 32, 16})
    if (first < width)
      patterns.push_back(
          {fmt::format("columns from {} on", first), [=](int column) { return column >= first; }});
  patterns.push_back({"the last column", [=](int column) { return column == width - 1; }});
  patterns.push_back({"even columns", [](int column) { return column % 2 == 0; }});
  patterns.push_back({"odd columns", [](int column) { return column % 2 == 1; }});
  return patterns;
}

}  // namespace flashdiff::detail
