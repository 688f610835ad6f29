#include "harness/softcuda/check/shared_races.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace softcuda::check {
namespace {

using Word = std::uint32_t;

constexpr Word kLaneBits = 0x3f;
Word lane_of(Word who) { return who & kLaneBits; }
Word step_of(Word who) { return who >> 13; }
bool is_strong(Word who) { return (who >> 11 & 1u) != 0; }
bool writes(Mode mode) { return mode != Mode::read && mode != Mode::strong_read; }

/// Lane of each cell of a run in which every lane has 1, 2 or 4 cells.
struct LaneOfCell {
  std::array<std::array<Word, 128>, 5> of{};
  constexpr LaneOfCell() {
    for (const Word each : {1u, 2u, 4u}) {
      for (Word cell = 0; cell < 128; ++cell) of[each][cell] = cell / each;
    }
  }
};
constexpr LaneOfCell kLanes;

/// Cells that one vector of the processor holds: of wider ones compilers make code that goes through memory.
#ifdef __AVX512F__
constexpr std::size_t kWide = 16;
#else
constexpr std::size_t kWide = 8;
#endif

/// Some cells' words at a time.
template <int kCells>
using Words __attribute__((vector_size(kCells * sizeof(Word)))) = Word;
template <int kCells>
Words<kCells> load_from(const Word* from) {
  Words<kCells> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <int kCells>
Words<kCells> load(const std::vector<Word>& from, std::size_t first) {
  return load_from<kCells>(from.data() + first);
}
template <int kCells>
void store(std::vector<Word>& to, std::size_t first, Words<kCells> v) {
  std::memcpy(to.data() + first, &v, sizeof v);
}
template <int kCells>
bool any(Words<kCells> v) {
  if constexpr (kCells == 1) return v[0] != 0;
  std::array<std::uint64_t, (kCells + 1) / 2> pairs;
  std::memcpy(pairs.data(), &v, sizeof v);
  std::uint64_t all = 0;
  for (const std::uint64_t pair : pairs) all |= pair;
  return all != 0;
}

}  // namespace

void SharedRaces::Cells::assign(std::size_t count, std::uint32_t bytes_each) {
  for (auto* field : {&written, &writer, &write_number, &read, &readers, &reader, &read_number})
    field->assign(count, 0);
  many.clear();
  grain = bytes_each;
  shift = static_cast<unsigned>(std::countr_zero(bytes_each));
}

void SharedRaces::Cells::take(const Cells& from, std::uint32_t offset, std::uint32_t bytes) {
  const std::uint32_t by = from.grain / grain;
  const std::size_t first = offset / grain,
                    last = std::min<std::size_t>((offset + bytes) / grain, written.size());
  const auto spread = [&](std::vector<Word>& to, const std::vector<Word>& source) {
    for (std::size_t cell = first; cell < last; ++cell) to[cell] = source[cell / by];
  };
  spread(written, from.written);
  spread(writer, from.writer);
  spread(write_number, from.write_number);
  spread(read, from.read);
  spread(readers, from.readers);
  spread(reader, from.reader);
  spread(read_number, from.read_number);
  for (const auto& [cell, moments] : from.many) {
    for (std::size_t k = 0; k < by; ++k) {
      if (cell * by + k >= first && cell * by + k < last) many[cell * by + k] = moments;
    }
  }
}

std::uint64_t SharedRaces::Cells::shadow_bytes() const {
  constexpr std::uint64_t kNode = 2 * sizeof(void*);  // of a hash table: its link and its bucket
  return (written.capacity() + writer.capacity() + write_number.capacity() + read.capacity() +
          readers.capacity() + reader.capacity() + read_number.capacity()) *
             sizeof(Word) +
         many.size() * (sizeof(decltype(many)::value_type) + kNode);
}
std::uint64_t SharedRaces::shadow_bytes() const {
  return coarse_.shadow_bytes() + fine_.shadow_bytes() + is_fine_.size() +
         (pages_.written.capacity() + pages_.pending.capacity() + pages_.read.capacity()) * sizeof(Word);
}

void SharedRaces::start(std::uint32_t bytes, Clocks& clocks, Races& races) {
  clocks_ = &clocks;
  races_ = &races;
  bytes_ = (bytes + kRegion - 1) / kRegion * kRegion;
  is_fine_.resize(bytes_ / kRegion);  // what a block before has refined stays so: it is the kernel's way
  pages_.assign(bytes_ / kPage);
  log_.clear();
  coarse_.assign(bytes_ / kCoarse, kCoarse);
  if (fine_regions_ != 0) fine_.assign(bytes_ / fine_.grain, fine_.grain);
}

/// Finer cells everywhere but where they are coarse.
void SharedRaces::refine(std::uint32_t bytes) {
  Cells finer;
  finer.assign(bytes_ / bytes, bytes);
  if (!fine_.written.empty()) finer.take(fine_, 0, bytes_);
  fine_ = std::move(finer);
}

SharedRaces::Cells& SharedRaces::cells_for(std::uint32_t offset, std::uint32_t bytes, std::uint32_t each) {
  if (fine_regions_ == 0 && each % kCoarse == 0) [[likely]]
    return coarse_;
  if (each < fine_.grain) refine(each);
  bool coarse = each % kCoarse == 0;
  for (std::uint32_t region = offset / kRegion; region <= (offset + bytes - 1) / kRegion; ++region)
    coarse = coarse && is_fine_[region] == 0;
  if (coarse) return coarse_;
  for (std::uint32_t region = offset / kRegion; region <= (offset + bytes - 1) / kRegion; ++region) {
    if (is_fine_[region] != 0) continue;
    if (fine_.written.size() != bytes_ / fine_.grain) fine_.assign(bytes_ / fine_.grain, fine_.grain);
    is_fine_[region] = 1;
    ++fine_regions_;
    fine_.take(coarse_, region * kRegion, kRegion);
  }
  return fine_;
}

void SharedRaces::race(const Cells& cells, const Access& access, std::size_t cell, Who me, Who other,
                       std::uint32_t other_warp, Word number, bool wrote, bool copy) {
  const Word lane = other_warp == warp_of(other) ? lane_of(other) : kSeveral;
  races_->add({{other_warp, lane, number, wrote, copy},
               {access.warp, lane_of(me), access.number, writes(access.mode), access.mode == Mode::copy},
               cell * cells.grain,
               cells.grain});
}

void SharedRaces::after_write(const Cells& cells, const Access& access, std::size_t cell, Who me) {
  const Word moment = cells.written[cell];
  const Who other = cells.writer[cell];
  const Word number = cells.write_number[cell];
  if (moment == kPending) return race(cells, access, cell, me, other, warp_of(other), number, true, true);
  if (is_strong(me) && is_strong(other)) return;
  if ((other & kManyWarps) != 0) {
    if (clocks_->floor(access.warp) >= moment) return;
  } else if (warp_of(other) == access.warp) {
    if (clocks_->lane_ordered(access.warp, lane_of(other), step_of(other), lane_of(me))) return;
  } else if (clocks_->seen(access.warp, warp_of(other)) >= moment) {
    return;
  }
  if (writes(access.mode) && access.values != nullptr) {
    const bool at_once =
        warp_of(other) == access.warp && number == access.number && step_of(other) == step_of(me);
    if (access.values->same(lane_of(me), at_once ? lane_of(other) : kSeveral)) return;
  }
  race(cells, access, cell, me, other, warp_of(other), number, true, false);
}

void SharedRaces::after_reads(Cells& cells, const Access& access, std::size_t cell, Who me) {
  const Word moment = cells.read[cell];
  const Who last = cells.reader[cell];
  const Word number = cells.read_number[cell];
  if (is_strong(me) && is_strong(last)) return;
  for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
    const Word when = moment == kMany                           ? cells.many[cell][warp]
                      : (cells.readers[cell] >> warp & 1u) != 0 ? moment
                                                                : 0;
    if (when != 0 && warp != access.warp && clocks_->seen(access.warp, warp) < when)
      return race(cells, access, cell, me, last, warp, number, false, false);
  }
  if (warp_of(last) != access.warp || (cells.readers[cell] >> access.warp & 1u) == 0) return;
  if (!clocks_->lane_ordered(access.warp, lane_of(last), step_of(last), lane_of(me)))
    race(cells, access, cell, me, last, access.warp, number, false, false);
}

void SharedRaces::slow_read(Cells& cells, const Common& c, std::size_t cell, Who me) {
  const Access& access = c.access;
  const Word now = c.now, bit = c.bit;
  if (cells.written[cell] > c.floor) after_write(cells, access, cell, me);
  Word& moment = cells.read[cell];
  if (moment != now && moment > c.floor) {
    // Earlier reads that come before this one need not be kept: whoever is ordered behind this one is ordered
    // behind them. Others are. Reads by other lanes of this warp, since its lanes have met, count as its own.
    const Who last = cells.reader[cell];
    if (((last ^ me) & ~(kLaneBits | kStrong)) == 0 && last != me) me = (me & ~kLaneBits) | kSeveral;
    Clocks::Seen moments{};
    if (moment == kMany) {
      moments = cells.many[cell];
    } else {
      for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
        if ((cells.readers[cell] >> warp & 1u) != 0) moments[warp] = moment;
      }
    }
    Word left = 0;
    for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
      if (warp == access.warp || clocks_->seen(access.warp, warp) >= moments[warp]) moments[warp] = 0;
      left |= static_cast<Word>(moments[warp] != 0) << warp;
    }
    if (left != 0) {
      moments[access.warp] = now;
      cells.many[cell] = moments;
      moment = kMany;
      cells.readers[cell] = left | bit;
      cells.reader[cell] = me;
      cells.read_number[cell] = access.number;
      return;
    }
    cells.many.erase(cell);
    moment = 0;
  }
  const bool again = moment == now;
  const Who last = cells.reader[cell];
  if (again && (last & ~kLaneBits) == (me & ~kLaneBits) && last != me) me = (me & ~kLaneBits) | kSeveral;
  if (again && !is_strong(last)) me &= ~kStrong;
  cells.readers[cell] = (again ? cells.readers[cell] : 0) | bit;
  cells.reader[cell] = me;
  cells.read_number[cell] = access.number;
  moment = now;
}

void SharedRaces::slow_write(Cells& cells, const Access& access, std::size_t cell, Who me) {
  const Word floor = clocks_->floor(access.warp);
  if (cells.written[cell] > floor) {
    after_write(cells, access, cell, me);
    // Atomics one after the other: who comes next races with all of them, or with none.
    const Who other = cells.writer[cell];
    if (is_strong(me) && is_strong(other) && cells.written[cell] != kPending) {
      if (warp_of(other) != access.warp || (other & kManyWarps) != 0)
        me |= kManyWarps;
      else if (lane_of(other) != lane_of(me))
        me = (me & ~kLaneBits) | kSeveral;
    }
  }
  if (cells.read[cell] > floor) {
    after_reads(cells, access, cell, me);
    if (cells.read[cell] == kMany) cells.many.erase(cell);
  }
  cells.read[cell] = 0;
  cells.readers[cell] = 0;
  if (cells.written[cell] == kPending) pages_.pending[cell * cells.grain / kPage] -= cells.grain;
  cells.written[cell] = access.mode == Mode::copy ? kPending : clocks_->now();
  cells.writer[cell] = me;
  cells.write_number[cell] = access.number;
}

SharedRaces::Common SharedRaces::common(const Access& access) const {
  const bool strong = access.mode != Mode::read && access.mode != Mode::write && access.mode != Mode::copy;
  const Word now = clocks_->now();
  return {access,
          clocks_->floor(access.warp),
          now,
          1u << access.warp,
          who(access) | (strong ? kStrong : 0),
          writes(access.mode),
          strong,
          access.mode == Mode::copy ? kPending : now};
}

/// Nobody has written these cells since the last barrier, and nobody has read them but in this interval: the
/// usual case. lanes[k]: whose cell k is.
template <int kCells>
[[gnu::always_inline]] inline bool SharedRaces::fast_read(Cells& cells, const Common& c, std::size_t first,
                                                          const Word* lanes) {
  using V = Words<kCells>;
  const V written = load<kCells>(cells.written, first), read = load<kCells>(cells.read, first);
  const V again = static_cast<V>(read == c.now);
  if (any<kCells>(static_cast<V>(written > c.floor) | (static_cast<V>(read > c.floor) & ~again)))
    return false;
  const V me = load_from<kCells>(lanes) | c.whole;
  const V last = load<kCells>(cells.reader, first);
  // Read by the same lane in this interval before, or by several lanes of the warp: there is nothing new to
  // note.
  const V other = static_cast<V>(last != me) & static_cast<V>(last != (c.whole | kSeveral));
  if (!any<kCells>(~again | other)) return true;
  const V several = again & static_cast<V>(((last ^ me) & ~kLaneBits) == 0) & static_cast<V>(last != me);
  store<kCells>(cells.reader, first, (me & ~(several & kLaneBits)) | (several & kSeveral));
  store<kCells>(cells.readers, first, (load<kCells>(cells.readers, first) & again) | c.bit);
  store<kCells>(cells.read, first, V{} + c.now);
  store<kCells>(cells.read_number, first, V{} + c.access.number);
  return true;
}
template <int kCells>
bool SharedRaces::fast_write(Cells& cells, const Common& c, std::size_t first, const Word* lanes) {
  using V = Words<kCells>;
  const V written = load<kCells>(cells.written, first), read = load<kCells>(cells.read, first);
  if (any<kCells>(static_cast<V>(written > c.floor) | static_cast<V>(read > c.floor))) return false;
  store<kCells>(cells.written, first, V{} + c.moment);
  store<kCells>(cells.writer, first, load_from<kCells>(lanes) | c.whole);
  store<kCells>(cells.write_number, first, V{} + c.access.number);
  store<kCells>(cells.read, first, V{});
  return true;
}
template <int kCells>
void SharedRaces::some(Cells& cells, const Common& c, std::size_t first, const Word* lanes) {
  const bool done = c.writes   ? fast_write<kCells>(cells, c, first, lanes)
                    : c.strong ? false
                               : fast_read<kCells>(cells, c, first, lanes);
  if (done) [[likely]]
    return;
  for (std::size_t k = 0; k < kCells; ++k) {
    if (c.writes)
      slow_write(cells, c.access, first + k, c.whole | lanes[k]);
    else
      slow_read(cells, c, first + k, c.whole | lanes[k]);
  }
}

void SharedRaces::run(Cells& cells, const Common& c, std::size_t first, std::size_t count,
                      const Word* lanes) {
  std::size_t k = 0;
  for (; k + kWide <= count; k += kWide) some<kWide>(cells, c, first + k, lanes + k);
  for (; k + 4 <= count; k += 4) some<4>(cells, c, first + k, lanes + k);
  for (; k < count; ++k) some<1>(cells, c, first + k, lanes + k);
}

void SharedRaces::look_at_one(const Common& c, std::uint32_t lane, std::uint32_t offset,
                              std::uint32_t bytes) {
  std::array<Word, 16> lanes{};
  lanes.fill(lane);
  Cells& cells = cells_for(offset, bytes, bytes);
  run(cells, c, offset >> cells.shift, bytes >> cells.shift, lanes.data());
}

void SharedRaces::access(const Access& access, std::uint32_t lane, std::uint32_t offset,
                         std::uint32_t bytes) {
  if (!log_.empty() && log_moment_ != clocks_->now()) leave_interval();
  if (access.mode == Mode::read && note_one(access, lane, offset, bytes)) return;
  catch_up(offset, offset + bytes);
  const Common c = common(access);
  if (c.writes) mark_written(access, offset, bytes);
  look_at_one(c, lane, offset, bytes);
}

/// Lanes that read the same place, as those of a row or of a column of threads do, are one read by several.
void SharedRaces::read_each(Cells& cells, const Common& c, std::uint32_t lanes, const std::uint64_t* offsets,
                            std::uint64_t base, std::uint32_t bytes) {
  constexpr std::uint32_t kHalf = kWarpLanes / 2;
  Word like_before = 0, like_other_half = 0;
  if (lanes == 0xffffffffu) {
    for (std::uint32_t lane = 1; lane < kWarpLanes; ++lane)
      like_before |= static_cast<Word>(offsets[lane] == offsets[lane - 1]) << lane;
    for (std::uint32_t lane = 0; lane < kHalf; ++lane)
      like_other_half |= static_cast<Word>(offsets[lane] == offsets[lane + kHalf]) << lane;
  }
  const Word several = like_before >> 1 | like_before | like_other_half;
  const std::size_t count = bytes >> cells.shift;
  Word told = 0;  // lane by lane, where questions had to be asked
  for (Word rest = lanes & ~like_before & ~(like_other_half << kHalf); rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<Word>(std::countr_zero(rest));
    if ((told >> lane & 1u) != 0) continue;
    const std::size_t first = static_cast<std::uint32_t>(offsets[lane] - base) >> cells.shift;
    const Word whose = (several >> lane & 1u) != 0 ? kSeveral : lane;
    bool known = false;
    if (count == 1) {
      known = fast_read<1>(cells, c, first, &whose);
    } else if (count == 4) {
      const std::array<Word, 4> mine{whose, whose, whose, whose};
      known = fast_read<4>(cells, c, first, mine.data());
    }
    if (known) [[likely]]
      continue;
    for (Word same = lanes; same != 0; same &= same - 1) {
      const auto other = static_cast<Word>(std::countr_zero(same));
      if (offsets[other] != offsets[lane]) continue;
      told |= 1u << other;
      for (std::size_t cell = first; cell < first + count; ++cell) slow_read(cells, c, cell, c.whole | other);
    }
  }
}

/// Reads by each of `lanes` at its own place.
void SharedRaces::look_at_each(const Common& c, std::uint32_t lanes, const std::uint64_t* offsets,
                               std::uint64_t base, std::uint32_t bytes) {
  // All kilobytes alike, as they nearly always are: the cells need not be looked for lane by lane.
  const bool whole = bytes % kCoarse == 0;
  Cells* all = fine_regions_ == is_fine_.size() && bytes >= fine_.grain ? &fine_
               : fine_regions_ == 0 && whole                            ? &coarse_
                                                                        : nullptr;
  if (all != nullptr && !c.strong) return read_each(*all, c, lanes, offsets, base, bytes);
  std::array<Word, 16> mine;
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<Word>(std::countr_zero(rest));
    const auto offset = static_cast<std::uint32_t>(offsets[lane] - base);
    Cells& cells = all != nullptr ? *all : cells_for(offset, bytes, bytes);
    const std::size_t first = offset >> cells.shift, count = bytes >> cells.shift;
    if (count == 1) {
      some<1>(cells, c, first, &lane);
    } else if (count == 4) {
      std::fill_n(mine.data(), 4, lane);
      some<4>(cells, c, first, mine.data());
    } else {
      mine.fill(lane);
      run(cells, c, first, count, mine.data());
    }
  }
}

void SharedRaces::access_each(const Access& access, const Scatter& scatter, const std::uint64_t* places,
                              std::uint64_t base) {
  if (!log_.empty() && log_moment_ != clocks_->now()) leave_interval();
  if (access.mode == Mode::read && note_each(access, scatter, places, base)) return;
  const Common c = common(access);
  const std::uint32_t bytes = scatter.bytes();
  scatter.for_each_run([&](std::uint32_t lane, std::uint32_t count) {
    const auto offset = static_cast<std::uint32_t>(places[lane] - base);
    catch_up(offset, offset + count * bytes);
    if (c.writes) mark_written(access, offset, count * bytes);
  });
  if (!c.writes) return look_at_each(c, scatter.lanes(), places, base, bytes);
  scatter.for_each_run([&](std::uint32_t lane, std::uint32_t count) {
    look_at_run(c, lane, count, static_cast<std::uint32_t>(places[lane] - base), bytes);
  });
}

/// Whether lane by lane, `bytes` bytes each of `whole` from `offset` on would find their cells in several
/// arrays.
bool SharedRaces::is_mixed(std::uint32_t offset, std::uint32_t whole, std::uint32_t bytes) const {
  const std::uint32_t first = offset / kRegion, last = (offset + whole - 1) / kRegion;
  for (std::uint32_t region = first + 1; region <= last; ++region) {
    if (is_fine_[region] != is_fine_[first]) return bytes % kCoarse == 0;
  }
  return false;
}

void SharedRaces::look_at_run(const Common& c, std::uint32_t lane, std::uint32_t count, std::uint32_t offset,
                              std::uint32_t bytes) {
  const bool mixed = is_mixed(offset, bytes * count, bytes);
  Cells& cells = cells_for(offset, mixed ? bytes : bytes * count, bytes);
  const std::uint32_t each = bytes >> cells.shift;
  if (!mixed && (each == 1 || each == 2 || each == 4))
    return run(cells, c, offset >> cells.shift, std::size_t{count} * each,
               kLanes.of[each].data() + std::size_t{lane} * each);
  for (std::uint32_t k = 0; k < count; ++k) look_at_one(c, lane + k, offset + k * bytes, bytes);
}

void SharedRaces::access_all(const Access& access, std::uint32_t offset, std::uint32_t bytes) {
  if (!log_.empty() && log_moment_ != clocks_->now()) leave_interval();
  if (access.mode == Mode::read && note_run(access, offset, bytes)) return;
  catch_up(offset, offset + kWarpLanes * bytes);
  const Common c = common(access);
  if (c.writes) mark_written(access, offset, kWarpLanes * bytes);
  look_at_run(c, 0, kWarpLanes, offset, bytes);
}

void SharedRaces::landed(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, std::uint32_t offset,
                         std::uint32_t bytes) {
  Cells& cells = cells_for(offset, bytes, bytes);
  for (std::size_t cell = offset >> cells.shift; cell < (offset + bytes) / cells.grain; ++cell) {
    const Who writer = cells.writer[cell];
    if (cells.written[cell] != kPending || warp_of(writer) != warp || lane_of(writer) != lane ||
        cells.write_number[cell] != number)
      continue;
    const std::size_t page = cell * cells.grain / kPage;
    pages_.pending[page] -= cells.grain;
    cells.written[cell] = pages_.written[page] = clocks_->now();
    cells.writer[cell] = clocks_->step(warp) << 13 | warp << 6 | lane;
  }
}

}  // namespace softcuda::check
