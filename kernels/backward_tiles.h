#pragma once
/// Tile shapes of the backward kernels, one a head dim and pass: what the entries are compiled for and what
/// plans launch.
namespace flashdiff::kernels {

/// A block owns rows of one side (keys: dK and dV; queries: dQ) and goes through tiles of the other side.
struct BackwardTiles {
  int dim;     ///< columns of a tile; smaller head dims are filled up with zeros
  int rows;    ///< rows that a warp owns, of 4 warps
  int others;  ///< rows of a tile of the other side; two such tiles are in shared memory
  bool apart;  ///< keys: dK and dV are made by blocks of their own, each scores anew

  static constexpr int threads = 128;
  static constexpr int stages = 2;
  [[nodiscard]] constexpr int owned() const { return 4 * rows; }
};

/// What a block makes of its tiles.
struct BackwardJob {
  bool owns_keys;  ///< else queries
  bool first;      ///< dK (keys), dQ (queries): dS times the other side's Q or K
  bool second;     ///< dV: P^T times dO
  bool adds_dq;    ///< keys: adds dS K to dQ's sum in the workspace

  /// Bytes of shared memory: the owned K and V (Q and dO), the stages, dS on its way to dQ.
  [[nodiscard]] constexpr int owned_bytes(const BackwardTiles& t) const { return t.owned() * t.dim * 2; }
  [[nodiscard]] constexpr int stage_bytes(const BackwardTiles& t) const {
    return t.others * (2 * t.dim * 2 + (owns_keys ? 8 : 0));  // LSE and D beside Q and dO
  }
  [[nodiscard]] constexpr int shared_bytes(const BackwardTiles& t) const {
    return (first ? 2 : 1) * owned_bytes(t) + BackwardTiles::stages * stage_bytes(t) +
           (adds_dq ? t.owned() * t.others * 2 : 0);
  }
};
inline constexpr BackwardJob kKeysJob{true, true, true, false}, kKeysAndDqJob{true, true, true, true};
inline constexpr BackwardJob kDkJob{true, true, false, false}, kDkAndDqJob{true, true, false, true};
inline constexpr BackwardJob kDvJob{true, false, true, false}, kDqJob{false, true, false, false};

/// Registers decide: an accumulator takes rows * dim / 32 of them a thread, and keys have two; S and dP take
/// rows * others / 32 each. Shared memory stays below 99 KiB, which every GPU since 2020 has.
inline constexpr BackwardTiles kKeyTiles[] = {{32, 32, 32, false},  {64, 16, 64, false}, {96, 16, 32, false},
                                              {128, 16, 32, false}, {192, 16, 16, true}, {256, 16, 16, true}};
inline constexpr BackwardTiles kQueryTiles[] = {{32, 32, 64, false},  {64, 32, 32, false},
                                                {96, 32, 32, false},  {128, 16, 32, false},
                                                {192, 16, 32, false}, {256, 16, 16, false}};

/// Of entries with score modifiers: two shapes, since each costs a compiler's time. Head dims up to 64 take
/// that of 128, and twice the work.
inline constexpr BackwardTiles kModifiedKeyTiles[] = {kKeyTiles[3], kKeyTiles[5]};
inline constexpr BackwardTiles kModifiedQueryTiles[] = {kQueryTiles[3], kQueryTiles[5]};

/// Rows of the workspace that a sequence's queries (keys) take are a multiple of this: whole tiles of either
/// side, for whoever goes through them.
inline constexpr int kWorkspaceRows = 64;

}  // namespace flashdiff::kernels
