#include "harness/backend/cudnn/block.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

namespace flashdiff::cudnn {
namespace {

tl::unexpected<Error> refused(const char* call) {
  return harness_error(fmt::format("{}: {}", call, std::strerror(errno)));
}

}  // namespace

Outcome<Block> Block::mapped(int file, std::size_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at != MAP_FAILED) return Block(file, static_cast<std::byte*>(at), bytes);
  const auto failed = refused("mmap");
  close(file);
  return failed;
}

Outcome<Block> Block::make(std::size_t bytes) {
  const int file = memfd_create("flashdiff", MFD_CLOEXEC);
  if (file < 0) return refused("memfd_create");
  if (ftruncate(file, static_cast<off_t>(bytes)) == 0) return mapped(file, bytes);
  const auto failed = refused("ftruncate");
  close(file);
  return failed;
}

Outcome<Block> Block::open(const std::string& where, std::size_t bytes) {
  const int file = ::open(where.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return refused(where.c_str());
  return mapped(file, bytes);
}

Block::Block(Block&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      at_(std::exchange(other.at_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Block::~Block() {
  if (at_ != nullptr) munmap(at_, bytes_);
  if (file_ >= 0) close(file_);
}

std::string Block::where() const { return fmt::format("/proc/{}/fd/{}", getpid(), file_); }

}  // namespace flashdiff::cudnn
