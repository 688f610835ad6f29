#pragma once
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "harness/run/record.h"

namespace flashdiff::detail {

/// A case that somebody holds on to, because a report tells it.
struct Seen {
  CaseRecord record;
  std::size_t order = 0;  ///< of execution
  std::size_t index = 0;  ///< into Report::cases; set by Held::records()
};
using Kept = std::shared_ptr<Seen>;

/// Of a store's cases those that somebody still holds: a million pass by, some thousand stay. Outlives what
/// it has handed out.
class Held {
 public:
  [[nodiscard]] Kept take(CaseRecord record) {
    Kept kept(new Seen{std::move(record), taken_++, 0}, [this](Seen* seen) {
      held_.erase(seen->order);
      delete seen;
    });
    held_.emplace(kept->order, kept.get());
    return kept;
  }
  /// Moves all of them out, in the order of execution, and tells each its index.
  [[nodiscard]] std::vector<CaseRecord> records() {
    std::vector<CaseRecord> all;
    all.reserve(held_.size());
    for (const auto& [order, seen] : held_) {
      seen->index = all.size();
      all.push_back(std::move(seen->record));
    }
    return all;
  }

 private:
  std::map<std::size_t, Seen*> held_;
  std::size_t taken_ = 0;
};

/// The first `most` by a key, the smallest first; of equal ones those that came first.
template <class Key, class Less = std::less<Key>>
class Foremost {
 public:
  explicit Foremost(std::size_t most, Less less = {}) : most_(most), all_(After{less}) {}

  /// What has to leave for it: itself where it is not among the first, nothing while there is room.
  Kept add(Key key, const Kept& kept) {
    const bool full = all_.size() == most_;
    // Those that pass by are in order, so one that is equal to the last comes behind it.
    if (full && !all_.key_comp().less(key, std::prev(all_.end())->key)) return kept;
    all_.insert(Entry{std::move(key), kept->order, kept});
    if (!full) return {};
    const auto last = std::prev(all_.end());
    Kept leaving = last->kept;
    all_.erase(last);
    return leaving;
  }

  struct Entry {
    Key key;
    std::size_t order;
    Kept kept;
  };
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

 private:
  struct After {
    Less less;
    bool operator()(const Entry& a, const Entry& b) const {
      if (less(a.key, b.key)) return true;
      return !less(b.key, a.key) && a.order < b.order;
    }
  };
  std::size_t most_;
  std::set<Entry, After> all_;
};

}  // namespace flashdiff::detail
