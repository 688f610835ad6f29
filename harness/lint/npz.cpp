#include "harness/lint/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include "harness/problem/case_words.h"

namespace flashdiff::lint {
namespace {

constexpr zip_int64_t most_members = 4096;

class MemberSource final : public Source {
 public:
  MemberSource(std::shared_ptr<Archive> archive, zip_file_t* file, std::string name, std::uint64_t bytes)
      : archive_(std::move(archive)), file_(file), name_(std::move(name)), left_(bytes) {}
  ~MemberSource() override { zip_fclose(file_); }
  Outcome<std::size_t> read(std::span<std::byte> out) override {
    const zip_int64_t got = zip_fread(file_, out.data(), out.size());
    if (got < 0)
      return bad_input(
          fmt::format("{}: cannot be unpacked: {}", name_, zip_error_strerror(zip_file_get_error(file_))));
    left_ -= std::min(left_, static_cast<std::uint64_t>(got));
    return static_cast<std::size_t>(got);
  }
  std::optional<std::uint64_t> left() const override { return left_; }

 private:
  std::shared_ptr<Archive> archive_;
  zip_file_t* file_;
  std::string name_;
  std::uint64_t left_;
};

class ZipArchive final : public Archive, public std::enable_shared_from_this<ZipArchive> {
 public:
  ZipArchive(zip_t* zip, std::string path) : zip_(zip), path_(std::move(path)) {
    const zip_int64_t count = std::min(most_members, zip_get_num_entries(zip_, 0));
    for (zip_int64_t i = 0; i < count; ++i)
      if (const char* name = zip_get_name(zip_, static_cast<zip_uint64_t>(i), 0)) members_.emplace_back(name);
  }
  ~ZipArchive() override { zip_discard(zip_); }
  const std::vector<std::string>& members() const override { return members_; }
  Outcome<std::unique_ptr<Source>> member(const std::string& name) override {
    zip_stat_t facts;
    zip_file_t* file = zip_fopen(zip_, name.c_str(), 0);
    if (file == nullptr || zip_stat(zip_, name.c_str(), 0, &facts) != 0 ||
        (facts.valid & ZIP_STAT_SIZE) == 0) {
      const std::string why = zip_strerror(zip_);
      if (file != nullptr) zip_fclose(file);
      return bad_input(
          fmt::format("{}:{}: cannot be unpacked: {}", path_, flashdiff::detail::shown(name), why));
    }
    return std::make_unique<MemberSource>(shared_from_this(), file, path_ + ":" + name, facts.size);
  }

 private:
  zip_t* zip_;
  std::string path_;
  std::vector<std::string> members_;
};

}  // namespace

Outcome<std::shared_ptr<Archive>> Archive::open(const std::string& path) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (zip != nullptr) return std::make_shared<ZipArchive>(zip, path);
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  return bad_input(fmt::format("{}: {}, expected an .npz file (a zip archive of .npy files)", path, why));
}

}  // namespace flashdiff::lint
