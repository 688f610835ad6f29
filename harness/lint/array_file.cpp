#include "harness/lint/array_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/npy.h"
#include "harness/lint/text_array.h"
#include "harness/problem/case_words.h"
#include "harness/problem/safetensors.h"

namespace flashdiff::lint {
namespace {

constexpr std::size_t most_text = std::size_t{1} << 28;
constexpr std::size_t most_safetensors = std::size_t{1} << 32;

std::string ending_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending;
}

/// What a file that should be text is, where its first bytes tell.
const char* known_format(std::string_view start) {
  if (start.starts_with("\x93NUMPY")) return "a NumPy array: name it .npy";
  if (start.starts_with("PK\x03\x04"))
    return "a zip archive: name it .npz where numpy.savez wrote it (torch.save does not)";
  if (start.starts_with("\x80")) return "a Python pickle: write it with numpy.save, as .npy";
  if (start.find('\0') != std::string_view::npos) return "no text: expected rows of 0 and 1";
  return nullptr;
}

std::optional<Element> element_of(const std::string& dtype) {
  constexpr std::array<std::pair<const char*, Element>, 12> known{{{"BOOL", {ElementKind::boolean, 1}},
                                                                   {"U8", {ElementKind::unsigned_whole, 1}},
                                                                   {"I8", {ElementKind::whole, 1}},
                                                                   {"U16", {ElementKind::unsigned_whole, 2}},
                                                                   {"I16", {ElementKind::whole, 2}},
                                                                   {"U32", {ElementKind::unsigned_whole, 4}},
                                                                   {"I32", {ElementKind::whole, 4}},
                                                                   {"I64", {ElementKind::whole, 8}},
                                                                   {"F16", {ElementKind::real, 2}},
                                                                   {"BF16", {ElementKind::brain, 2}},
                                                                   {"F32", {ElementKind::real, 4}},
                                                                   {"F64", {ElementKind::real, 8}}}};
  for (const auto& [name, element] : known)
    if (name == dtype) return element;
  return std::nullopt;
}

Outcome<ArrayReader> read_text(const std::string& path) {
  auto source = open_file(path);
  if (!source) return tl::unexpected(source.error());
  const auto bytes = read_all(**source, most_text, path);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (const char* what = known_format(text.substr(0, 4096)))
    return bad_input(fmt::format("{}: is {}", path, what));
  return read_text_array(text, path == "-" ? "stdin" : path);
}

}  // namespace

Outcome<void> ArrayFile::open_archive() {
  auto archive = Archive::open(path_);
  if (!archive) return tl::unexpected(archive.error());
  archive_ = *archive;
  for (std::string name : archive_->members()) {
    if (!name.ends_with(".npy")) continue;
    name.resize(name.size() - 4);
    names_.push_back(name);
  }
  if (names_.empty())
    return bad_input(path_ + ": no .npy member, expected an archive as numpy.savez writes it");
  return {};
}

Outcome<void> ArrayFile::open_safetensors() {
  auto source = open_file(path_);
  if (!source) return tl::unexpected(source.error());
  const auto bytes = read_all(**source, most_safetensors, path_);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto read = flashdiff::detail::read_safetensors(*bytes, path_);
  if (!read) return tl::unexpected(read.error());
  for (const auto& [name, tensor] : read->tensors) {
    const auto element = element_of(tensor.dtype);
    if (!element) continue;
    names_.push_back(name);
    tensors_.emplace(name, Tensor{tensor.shape, *element, {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  return {};
}

Outcome<ArrayFile> ArrayFile::open(const std::string& path) {
  ArrayFile file(path);
  std::error_code failed;
  if (path != "-" && std::filesystem::is_directory(path, failed))
    return bad_input(path + ": a folder, expected a file with an array");
  if (path != "-" && !std::filesystem::exists(path, failed))
    return bad_input(path + ": no such file, expected .npy, .npz, .safetensors or text");
  const std::string ending = ending_of(path);
  Outcome<void> opened;
  if (ending == ".npz") opened = file.open_archive();
  if (ending == ".safetensors") opened = file.open_safetensors();
  if (!opened) return tl::unexpected(opened.error());
  std::sort(file.names_.begin(), file.names_.end());
  return file;
}

bool ArrayFile::has(const std::string& name) const {
  return std::binary_search(names_.begin(), names_.end(), name);
}

Outcome<ArrayReader> ArrayFile::array(const std::string& name) const {
  const std::string ending = ending_of(path_);
  if (ending == ".npy") {
    auto source = open_file(path_);
    if (!source) return tl::unexpected(source.error());
    return read_npy(std::move(*source), path_);
  }
  if (!archive_ && ending != ".safetensors") return read_text(path_);
  if (!has(name))
    return bad_input(fmt::format("{}: no array '{}', it has: {}", path_, flashdiff::detail::shown(name),
                                 flashdiff::detail::shown(fmt::format("{}", fmt::join(names_, ", ")))));
  const std::string full = path_ + ":" + name;
  if (archive_) {
    auto source = archive_->member(name + ".npy");
    if (!source) return tl::unexpected(source.error());
    return read_npy(std::move(*source), full);
  }
  const Tensor& tensor = tensors_.at(name);
  return ArrayReader(full, tensor.shape, tensor.element, from_memory(tensor.bytes));
}

}  // namespace flashdiff::lint
