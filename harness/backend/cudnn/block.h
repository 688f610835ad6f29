#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "harness/outcome/outcome.h"

namespace flashdiff::cudnn {

/// Bytes that two processes share: tensors are too large for a line of JSON. Memory without a file, gone with
/// the last of the two.
class Block {
 public:
  /// Errors (harness): what the system refused.
  [[nodiscard]] static Outcome<Block> make(std::size_t bytes);
  /// That of another process, by the words of its where().
  [[nodiscard]] static Outcome<Block> open(const std::string& where, std::size_t bytes);
  Block(Block&& other) noexcept;
  Block& operator=(Block&&) = delete;
  ~Block();

  [[nodiscard]] std::span<std::byte> bytes() const { return {at_, bytes_}; }
  /// A path under which another process of the same user opens it, as long as this object lives.
  [[nodiscard]] std::string where() const;

 private:
  Block(int file, std::byte* at, std::size_t bytes) : file_(file), at_(at), bytes_(bytes) {}
  static Outcome<Block> mapped(int file, std::size_t bytes);
  int file_ = -1;
  std::byte* at_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace flashdiff::cudnn
