#include "harness/lint/source.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace flashdiff::lint {
namespace {

class FileSource final : public Source {
 public:
  FileSource(std::FILE* file, std::string path) : file_(file, &std::fclose), path_(std::move(path)) {
    std::error_code failed;
    if (std::filesystem::is_regular_file(path_, failed)) left_ = std::filesystem::file_size(path_, failed);
  }
  Outcome<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t got = std::fread(out.data(), 1, out.size(), file_.get());
    if (std::ferror(file_.get()) != 0) return bad_input(path_ + ": cannot be read");
    if (left_) *left_ -= std::min<std::uint64_t>(*left_, got);
    return got;
  }
  std::optional<std::uint64_t> left() const override { return left_; }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::string path_;
  std::optional<std::uint64_t> left_;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  Outcome<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t got = std::min(out.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), got, out.begin());
    at_ += got;
    return got;
  }
  std::optional<std::uint64_t> left() const override { return bytes_.size() - at_; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Outcome<std::unique_ptr<Source>> open_file(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed))
    return bad_input(path + ": a folder, expected a file with an array");
  std::FILE* file = path == "-" ? fdopen(0, "rb") : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return bad_input(path + ": cannot be read, expected .npy, .npz, .safetensors or text");
  return std::make_unique<FileSource>(file, path);
}

std::unique_ptr<Source> from_memory(std::vector<std::byte> bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}

Outcome<std::vector<std::byte>> read_all(Source& source, std::size_t most, const std::string& name) {
  std::vector<std::byte> bytes;
  for (;;) {
    const std::size_t before = bytes.size(), step = std::max<std::size_t>(before, 1 << 16);
    bytes.resize(before + step);
    const auto got = source.read(std::span(bytes).subspan(before));
    if (!got) return tl::unexpected(got.error());
    bytes.resize(before + *got);
    if (bytes.size() > most)
      return bad_input(fmt::format("{}: more than {} MiB, expected an array in .npy, which is read piecewise",
                                   name, most >> 20));
    if (*got < step) return bytes;
  }
}

}  // namespace flashdiff::lint
