#pragma once
/// Tile shapes of flash_forward, one a head dim: what the kernel is compiled for and what its plan launches.
namespace flashdiff::kernels {

struct ForwardTiles {
  int d_qk, d_v;  ///< columns of a tile; smaller head dims are filled up with zeros
  int warps;      ///< of a block
  int rows;       ///< queries of a warp: 32 where registers allow, so that a K or V fragment is used twice
  int keys;       ///< of a kv tile
  int stages;     ///< kv tiles in shared memory: K and V take turns
  bool q_in_registers;  ///< else Q's fragments are read from shared memory for each kv tile

  [[nodiscard]] constexpr int queries() const { return warps * rows; }
  [[nodiscard]] constexpr int threads() const { return 32 * warps; }
  [[nodiscard]] constexpr int slot_bytes() const { return keys * 2 * (d_qk > d_v ? d_qk : d_v); }
  [[nodiscard]] constexpr int query_bytes() const { return queries() * 2 * (d_qk > d_v ? d_qk : d_v); }
  [[nodiscard]] constexpr int shared_bytes() const { return query_bytes() + stages * slot_bytes(); }
};

/// Registers decide: O takes rows * d_v / 32 of them a thread, S rows * keys / 32. Shared memory stays below
/// 100 KiB, which every GPU since 2020 has.
inline constexpr ForwardTiles kForwardTiles[] = {
    {32, 32, 4, 32, 64, 4, true},    {64, 64, 4, 32, 96, 4, false},   {96, 96, 4, 32, 64, 3, false},
    {128, 128, 4, 32, 64, 3, false}, {192, 192, 8, 16, 64, 2, false}, {256, 256, 4, 16, 64, 2, false},
};

/// Of entries for rows at any address, which are copied by a loop: with 32 rows a warp at d 128 it spills.
inline constexpr ForwardTiles kAnyTiles[] = {
    kForwardTiles[1], {128, 128, 4, 16, 64, 3, false}, kForwardTiles[5]};

/// Of entries with score modifiers. At d 64, 96 keys spill for sm_90.
inline constexpr ForwardTiles kModifiedTiles[] = {
    {64, 64, 4, 32, 64, 4, false}, kForwardTiles[3], kForwardTiles[5]};
/// Of entries with both.
inline constexpr ForwardTiles kAnyModifiedTiles[] = {kForwardTiles[5]};

}  // namespace flashdiff::kernels
