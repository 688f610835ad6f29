#include "harness/softcuda/exec/order.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace softcuda::exec {
namespace {

/// Strongly connected components of the blocks for which inside[b] == level, by Tarjan's algorithm without
/// recursion: a component number for each. One of it serves all levels, since arrays of all blocks for each
/// loop would be quadratic: a level's numbers are good until its blocks are looked for again at another.
class Components {
 public:
  Components(const Graph& graph, const std::vector<int>& inside)
      : graph_(graph),
        inside_(inside),
        number_(graph.size(), 0),
        low_(graph.size(), 0),
        of_(graph.size(), -1) {}

  /// How many there are of `blocks`, which are those inside `level`.
  int find(const std::vector<int>& blocks, int level) {
    level_ = level;
    visited_ = count_ = 0;
    for (const int block : blocks) {
      number_[at(block)] = 0;
      of_[at(block)] = -1;
    }
    for (const int block : blocks) {
      if (number_[at(block)] == 0) walk(block);
    }
    return count_;
  }
  [[nodiscard]] int of(int block) const { return of_[at(block)]; }

 private:
  static std::size_t at(int block) { return static_cast<std::size_t>(block); }
  struct Visit {
    int block;
    std::size_t next;
  };
  void enter(int block) {
    number_[at(block)] = low_[at(block)] = ++visited_;
    open_.push_back(block);
    path_.push_back({block, 0});
  }
  void walk(int start) {
    enter(start);
    while (!path_.empty()) {
      Visit& top = path_.back();
      const int block = top.block;
      if (top.next < graph_[at(block)].size()) {
        const int to = graph_[at(block)][top.next++];
        if (inside_[at(to)] != level_) continue;
        if (number_[at(to)] == 0)
          enter(to);
        else if (of_[at(to)] < 0)
          low_[at(block)] = std::min(low_[at(block)], number_[at(to)]);
        continue;
      }
      path_.pop_back();
      if (!path_.empty())
        low_[at(path_.back().block)] = std::min(low_[at(path_.back().block)], low_[at(block)]);
      if (low_[at(block)] != number_[at(block)]) continue;
      for (int last = -1; last != block;) {
        last = open_.back();
        open_.pop_back();
        of_[at(last)] = count_;
      }
      ++count_;
    }
  }

  const Graph& graph_;
  const std::vector<int>& inside_;
  int level_ = 0;
  std::vector<int> number_, low_, of_, open_;
  std::vector<Visit> path_;
  int visited_ = 0, count_ = 0;
};

class Ranker {
 public:
  explicit Ranker(const Graph& graph)
      : graph_(graph), inside_(graph.size(), 0), components_(graph, inside_) {}

  /// Appends `blocks` (all at `level`) in order. `head`: of a loop that has been put out already, or -1.
  void arrange(std::vector<int> blocks, int level) {
    std::ranges::sort(blocks);
    const auto count = static_cast<std::size_t>(components_.find(blocks, level));
    std::vector<std::vector<int>> members(count);
    for (const int block : blocks) members[static_cast<std::size_t>(components_.of(block))].push_back(block);

    // Kahn's algorithm, the component that comes first in the program first.
    std::vector<int> waits(count, 0);
    const auto each_edge = [&](std::size_t c, const auto& tell) {
      for (const int block : members[c]) {
        for (const int to : graph_[static_cast<std::size_t>(block)]) {
          if (inside_[static_cast<std::size_t>(to)] == level && components_.of(to) != static_cast<int>(c))
            tell(static_cast<std::size_t>(components_.of(to)), to);
        }
      }
    };
    std::vector<int> entered(count,
                             -1);  // the member that an edge from outside reaches, first in the program
    for (std::size_t c = 0; c < count; ++c) {
      each_edge(c, [&](std::size_t other, int to) {
        ++waits[other];
        if (entered[other] < 0 || to < entered[other]) entered[other] = to;
      });
    }
    using Ready = std::pair<int, std::size_t>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    for (std::size_t c = 0; c < count; ++c) {
      if (waits[c] == 0) ready.emplace(members[c].front(), c);
    }
    while (!ready.empty()) {
      const std::size_t c = ready.top().second;
      ready.pop();
      each_edge(c, [&](std::size_t other, int) {
        if (--waits[other] == 0) ready.emplace(members[other].front(), other);
      });
      put(members[c], entered[c]);
    }
  }

  std::vector<int> order;

 private:
  void put(const std::vector<int>& members, int entered) {
    const int head = entered >= 0 ? entered : members.front();
    order.push_back(head);
    if (members.size() == 1) return;
    const int level = ++levels_;
    std::vector<int> rest;
    for (const int block : members) {
      inside_[static_cast<std::size_t>(block)] = block == head ? -1 : level;
      if (block != head) rest.push_back(block);
    }
    // Nesting as deep as this has never been seen; the order is still a valid one, only not the best.
    if (++depth_ > 200)
      order.insert(order.end(), rest.begin(), rest.end());
    else
      arrange(std::move(rest), level);
    --depth_;
  }

  const Graph& graph_;
  std::vector<int> inside_;  ///< per block, the innermost loop being arranged; -1 for a head already put
  Components components_;
  int levels_ = 0, depth_ = 0;
};

}  // namespace

std::vector<int> rank_order(const Graph& graph) {
  std::vector<char> seen(graph.size(), 0);
  std::vector<int> reached{0};
  seen[0] = 1;
  for (std::size_t k = 0; k < reached.size(); ++k) {
    for (const int to : graph[static_cast<std::size_t>(reached[k])]) {
      if (seen[static_cast<std::size_t>(to)] != 0) continue;
      seen[static_cast<std::size_t>(to)] = 1;
      reached.push_back(to);
    }
  }
  Ranker ranker(graph);
  // Unreached blocks are outside of every level.
  std::vector<int> blocks = reached;
  ranker.arrange(std::move(blocks), 0);
  return std::move(ranker.order);
}

}  // namespace softcuda::exec
