#include "harness/softcuda/check/global_races.h"

#include <algorithm>
#include <bit>
#include <new>

#include <sys/mman.h>

namespace softcuda::check {

GlobalRaces::GlobalRaces(std::uint64_t begin, std::uint64_t bytes)
    : begin_(begin), bytes_(bytes), mapped_(static_cast<std::size_t>((bytes / 8 + 2) * sizeof(Cell))) {
  void* at =
      ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  cells_ = static_cast<Cell*>(at);
}
GlobalRaces::~GlobalRaces() { ::munmap(cells_, mapped_); }

std::uint64_t GlobalRaces::shadow_bytes(std::uint64_t bytes) const {
  constexpr std::uint64_t kNode = 2 * sizeof(void*);  // of a hash table: its link and its bucket
  return (bytes + 7) / 8 * sizeof(Cell) + split_.size() * (sizeof(decltype(split_)::value_type) + kNode) +
         blocks_.size() * (sizeof(decltype(blocks_)::value_type) + kNode) +
         block_of_.capacity() * sizeof block_of_[0];
}

void GlobalRaces::start_launch(Races& races) {
  races_ = &races;
  blocks_.clear();
  current_block_ = nullptr;
  places_.clear();
  split_.clear();
  block_of_.clear();
  if (last_era_ > kSplit / 2) {  // the numbers run out: forget all there is
    ::madvise(cells_, mapped_, MADV_DONTNEED);
    last_era_ = 0;
  }
  several_ = first_era_ = next_era(kBlocks);
  released_since_ = false;
}

GlobalRaces::Era GlobalRaces::next_era(std::uint32_t block) {
  block_of_.push_back(block);
  return ++last_era_;
}
GlobalRaces::Era GlobalRaces::several() {
  if (released_since_) several_ = next_era(kBlocks);
  released_since_ = false;
  return several_;
}
void GlobalRaces::start_block(std::uint32_t block) { block_at(block).era = next_era(block); }

GlobalRaces::Cell& GlobalRaces::cell_at(std::uint64_t address) const {
  return cells_[(address - begin_) / 8];
}

bool GlobalRaces::ordered(const Block& me, std::uint32_t block, const Side& before) const {
  const std::uint32_t other = block_of_[before.era - first_era_];
  if (other == block) return true;
  // By several blocks: who they were is not kept. If all of them come before, then the last of them has
  // released behind it and this block has acquired that.
  if (other == kBlocks) return me.acquired >= before.era;
  const auto known = me.knows.eras.find(other);
  return known != me.knows.eras.end() && known->second >= before.era;
}

/// Whether another block has touched other bytes of the cell than this access does.
bool GlobalRaces::must_split(const Cell& cell, std::uint32_t block, const Side& now) const {
  for (const Side* side : {&cell.write, &cell.read}) {
    if (!is_current(side->era) || (side->bytes == now.bytes)) continue;
    if (block_of_[side->era - first_era_] != block) return true;
  }
  return false;
}

void GlobalRaces::touch(const Access& access, std::uint32_t lane, Cell& cell, const Side& now,
                        std::uint64_t address) {
  const std::uint32_t block = access.block;
  Block& me = block_at(block);
  const bool writes = access.mode != Mode::read && access.mode != Mode::strong_read;
  const auto found = [&](const Side& before, bool wrote) {
    const std::uint32_t other = block_of_[before.era - first_era_];
    const bool several = other == kBlocks;
    races_->add({{several ? kSeveral : other, several ? kSeveral : 0, before.number, wrote, false},
                 {block, lane, access.number, writes, false},
                 address,
                 static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(now.bytes)))});
  };
  const bool wrote = is_current(cell.write.era) && (cell.write.bytes & now.bytes) != 0;
  if (wrote && !(cell.write.strong != 0 && now.strong != 0) && !ordered(me, block, cell.write) &&
      !(writes && access.values != nullptr && access.values->same(lane, kSeveral)))
    found(cell.write, true);
  if (!writes) {
    Side& read = cell.read;
    // Reads that come before this one need not be kept: who comes behind this one comes behind them.
    const bool own = is_current(read.era) && block_of_[read.era - first_era_] == block;
    const bool known = is_current(read.era) && (own || !ordered(me, block, read));
    const bool mine = !known || own;
    const std::uint32_t bytes = known ? read.bytes | now.bytes : now.bytes;
    const std::uint32_t strong = known ? read.strong & now.strong : now.strong;
    read = now;
    read.bytes = bytes & 0xff;
    read.strong = strong & 1;
    if (!mine) me.shared = read.era = several();
    return;
  }
  if (is_current(cell.read.era) && (cell.read.bytes & now.bytes) != 0 &&
      !(cell.read.strong != 0 && now.strong != 0)) {
    if (!ordered(me, block, cell.read)) found(cell.read, false);
  }
  const Side before = cell.write;
  const bool known = is_current(before.era);
  const bool same_block = known && block_of_[before.era - first_era_] == block;
  cell.write = now;
  if (same_block) cell.write.bytes = (before.bytes | now.bytes) & 0xff;
  if (same_block) cell.write.strong = before.strong & now.strong;
  // Atomics one after the other: who comes next races with all of them, or with none.
  const bool strong = known && before.strong != 0 && now.strong != 0;
  if (strong && !same_block && !ordered(me, block, before)) me.shared = cell.write.era = several();
  cell.read.bytes = cell.read.bytes & ~now.bytes & 0xff;
  if (cell.read.bytes == 0) cell.read = {};
}

/// Byte by byte, from now on.
void GlobalRaces::split_touch(const Access& access, std::uint32_t lane, Cell& cell, const Side& now,
                              std::uint64_t address) {
  const auto [at, fresh] = split_.try_emplace(&cell);
  auto& parts = at->second;
  if (fresh) {
    for (unsigned k = 0; k < 8; ++k) {
      parts[k] = cell;
      for (Side* side : {&parts[k].write, &parts[k].read}) {
        if ((side->bytes >> k & 1u) == 0) *side = {};
        side->bytes = 1;
      }
    }
    cell = {};
    cell.write.era = kSplit;
  }
  for (unsigned k = 0; k < 8; ++k) {
    if ((now.bytes >> k & 1u) == 0) continue;
    Side one = now;
    one.bytes = 1;
    touch(access, lane, parts[k], one, address / 8 * 8 + k);
  }
}

/// Whether all of these cells have been read whole by this block alone, or all by several, and written by
/// nobody: the usual case of reads, which tell nothing new then.
bool GlobalRaces::read_before(const Cell* first, std::size_t count, Era mine) const {
  using Quad = Era __attribute__((vector_size(sizeof(Cell))));
  const auto words = [](const Cell& cell) { return std::bit_cast<Quad>(cell); };
  Side read;
  read.bytes = 0xff;
  read.era = mine;
  const Quad own = words({{}, read});
  read.era = several_;
  const Quad shared = words({{}, read});
  Side compared = read;  // all but the number
  compared.era = ~Era{0};
  compared.strong = 1;
  const Quad mask = words({{}, compared});
  Quad not_own{}, not_shared{}, latest{};
  for (std::size_t k = 0; k < count; ++k) {
    const Quad cell = words(first[k]);
    not_own |= (cell ^ own) & mask;
    not_shared |= (cell ^ shared) & mask;
    latest = cell > latest ? cell : latest;
  }
  const auto none = [](Quad v) { return (v[2] | v[3]) == 0; };
  return !is_current(latest[0]) && (none(not_own) || (none(not_shared) && !released_since_));
}

void GlobalRaces::access(const Access& access, std::uint32_t lane, std::uint64_t address,
                         std::uint32_t bytes) {
  const bool writes = access.mode != Mode::read && access.mode != Mode::strong_read;
  const bool strong = access.mode != Mode::read && access.mode != Mode::write && access.mode != Mode::copy;
  Side now;
  now.era = block_at(access.block).era;
  if (access.mode == Mode::read && (address | bytes) % 8 == 0 &&
      read_before(&cell_at(address), bytes / 8, now.era))
    return;
  now.number = std::min<std::uint32_t>(access.number, (1u << 23) - 1);
  now.strong = strong ? 1 : 0;
  for (std::uint64_t at = address; at < address + bytes;) {
    const std::uint64_t end = std::min(address + bytes, (at / 8 + 1) * 8);
    now.bytes = (((1u << (end - at)) - 1) << at % 8) & 0xff;
    Cell& cell = cell_at(at);
    // What most accesses meet needs no questions: memory that nobody, or only this block, has written, and
    // that this block, or several ones, have read.
    const bool untouched = !is_current(cell.write.era), unread = !is_current(cell.read.era);
    bool known = false;
    if (!strong && !writes && untouched) {
      known = (cell.read.era == now.era || (cell.read.era == several_ && !released_since_)) &&
              (now.bytes & ~cell.read.bytes) == 0 && cell.read.strong == 0;
      if (!known && unread) {
        cell.read = now;
        known = true;
      }
    } else if (!strong && writes && unread &&
               (untouched || (cell.write.era == now.era && cell.write.strong == 0))) {
      const std::uint32_t before = untouched ? 0 : cell.write.bytes;
      cell.write = now;
      cell.write.bytes = (before | now.bytes) & 0xff;
      known = true;
    }
    if (!known) {
      const bool is_split = cell.write.era == kSplit && split_.contains(&cell);
      if (cell.write.era == kSplit && !is_split) cell = {};  // of an earlier launch
      const std::uint32_t whose =
          access.lane_bytes != 0 ? static_cast<std::uint32_t>((at - address) / access.lane_bytes) : lane;
      if (is_split || must_split(cell, access.block, now))
        split_touch(access, whose, cell, now, at);
      else
        touch(access, whose, cell, now, at);
    }
    at = end;
  }
}

void GlobalRaces::join(Knowledge& into, const Knowledge& more) {
  for (const auto& [block, era] : more.eras) {
    Era& known = into.eras[block];
    known = std::max(known, era);
  }
  into.latest = std::max(into.latest, more.latest);
}

/// What several blocks have done is ordered by time alone (`ordered`), so that what this block itself has
/// done among them must not look later than what it learns now.
void GlobalRaces::acquire(Block& me, const Knowledge& more) {
  join(me.knows, more);
  me.acquired = std::max({me.acquired, more.latest, me.shared});
}

void GlobalRaces::fence(std::uint32_t block, bool release, bool acquire) {
  Block& me = block_at(block);
  if (acquire && !me.acquirable.eras.empty()) {
    this->acquire(me, me.acquirable);
    me.acquirable = {};
  }
  if (!release) return;
  me.released = me.knows;
  me.released.eras[block] = me.era;
  me.released.latest = me.era = next_era(block);
  me.releases = true;
  released_since_ = true;
}

void GlobalRaces::strong_write(std::uint32_t block, std::uint64_t address, bool releases) {
  Block& me = block_at(block);
  if (releases) fence(block, true, false);
  if (!me.releases) return;
  Place& place = places_[address];
  join(place.knowledge, me.released);
  ++place.version;
}

void GlobalRaces::strong_read(std::uint32_t block, std::uint64_t address, bool acquires) {
  const auto found = places_.find(address);
  if (found == places_.end()) return;
  const Place& place = found->second;
  Block& me = block_at(block);
  if (!acquires) return join(me.acquirable, place.knowledge);
  if (me.read_place == address && me.read_version == place.version) return;
  me.read_place = address;
  me.read_version = place.version;
  acquire(me, place.knowledge);
}

}  // namespace softcuda::check
