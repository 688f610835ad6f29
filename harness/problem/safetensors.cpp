#include "harness/problem/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/problem/case_words.h"

namespace flashdiff::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors holds little-endian numbers");

using nlohmann::json;

constexpr std::uint64_t kLongestHeader = 100'000'000;  ///< the format's own limit
constexpr std::int64_t kLargestDimension = std::int64_t{1} << 31;

std::optional<std::int64_t> bytes_of_element(std::string_view dtype) {
  constexpr std::array<std::pair<std::string_view, int>, 13> sizes{{{"BOOL", 1},
                                                                    {"U8", 1},
                                                                    {"I8", 1},
                                                                    {"F8_E4M3", 1},
                                                                    {"F8_E5M2", 1},
                                                                    {"U16", 2},
                                                                    {"I16", 2},
                                                                    {"F16", 2},
                                                                    {"BF16", 2},
                                                                    {"I32", 4},
                                                                    {"F32", 4},
                                                                    {"I64", 8},
                                                                    {"F64", 8}}};
  for (const auto& [name, size] : sizes)
    if (name == dtype) return size;
  return std::nullopt;
}

/// The shape's bytes; nothing where a dimension or the product is beyond any file.
std::optional<std::int64_t> bytes_of_shape(const std::vector<std::int64_t>& shape, std::int64_t element) {
  std::int64_t total = element;
  for (std::int64_t dimension : shape) {
    if (dimension < 0 || dimension > kLargestDimension) return std::nullopt;
    if (dimension != 0 && total > (std::int64_t{1} << 62) / dimension) return std::nullopt;
    total *= dimension;
  }
  return total;
}

/// A JSON array of whole numbers >= 0.
std::optional<std::vector<std::int64_t>> numbers_in(const json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const json& one : *found) {
    if (!one.is_number_unsigned()) return std::nullopt;
    const auto value = one.get<std::uint64_t>();
    if (value > static_cast<std::uint64_t>(std::int64_t{1} << 62)) return std::nullopt;
    numbers.push_back(static_cast<std::int64_t>(value));
  }
  return numbers;
}

Outcome<StoredTensor> read_entry(const json& entry, const std::string& where,
                                 std::span<const std::byte> data) {
  if (!entry.is_object()) return bad_input(where + ": expected an object with dtype, shape and data_offsets");
  const auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string())
    return bad_input(where + ": expected a dtype such as \"F16\"");
  StoredTensor tensor;
  tensor.dtype = dtype->get<std::string>();
  const auto element = bytes_of_element(tensor.dtype);
  if (!element)
    return bad_input(fmt::format("{}: dtype '{}', expected one such as F16", where, shown(tensor.dtype)));

  const auto shape = numbers_in(entry, "shape");
  if (!shape) return bad_input(where + ": expected a shape of whole numbers");
  tensor.shape = *shape;
  const auto needed = bytes_of_shape(tensor.shape, *element);
  if (!needed) return bad_input(where + ": the shape is larger than any file");

  const auto offsets = numbers_in(entry, "data_offsets");
  if (!offsets || offsets->size() != 2) return bad_input(where + ": expected two data_offsets");
  const auto [begin, end] = std::pair{(*offsets)[0], (*offsets)[1]};
  const auto there = static_cast<std::int64_t>(data.size());
  if (begin > end || end > there)
    return bad_input(fmt::format(
        "{}: data_offsets {} to {}, expected a range within the {} bytes of data that the file has", where,
        begin, end, there));
  if (end - begin != *needed)
    return bad_input(fmt::format("{}: data_offsets give {} bytes, expected {} from its shape and dtype",
                                 where, end - begin, *needed));
  tensor.bytes = data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  return tensor;
}

/// Every byte of data belongs to exactly one tensor.
Outcome<void> check_coverage(const SafeTensors& read, std::span<const std::byte> data,
                             const std::string& file) {
  std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> ranges;
  for (const auto& [name, tensor] : read.tensors) {
    const std::ptrdiff_t begin = tensor.bytes.data() - data.data();
    ranges.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(tensor.bytes.size()));
  }
  std::sort(ranges.begin(), ranges.end());
  std::ptrdiff_t end = 0;
  for (const auto& [begin, next] : ranges) {
    if (begin < end)
      return bad_input(fmt::format("{}: two tensors overlap at byte {} of the data", file, begin));
    if (begin > end)
      return bad_input(fmt::format("{}: bytes {} to {} of the data belong to no tensor", file, end, begin));
    end = next;
  }
  if (end != static_cast<std::ptrdiff_t>(data.size()))
    return bad_input(fmt::format("{}: {} bytes behind the last tensor, expected none", file,
                                 static_cast<std::ptrdiff_t>(data.size()) - end));
  return {};
}

Outcome<void> read_metadata(const json& entry, const std::string& file, SafeTensors& read) {
  if (!entry.is_object()) return bad_input(file + ": __metadata__ is no object, expected texts by name");
  for (const auto& [key, text] : entry.items()) {
    if (!text.is_string()) return bad_input(file + ": __metadata__ holds something other than texts");
    read.metadata.emplace(key, text.get<std::string>());
  }
  return {};
}

}  // namespace

Outcome<SafeTensors> read_safetensors(std::span<const std::byte> bytes, const std::string& file) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof(length))
    return bad_input(fmt::format("{}: {} bytes, expected a safetensors file (8 bytes of header length first)",
                                 file, bytes.size()));
  std::memcpy(&length, bytes.data(), sizeof(length));
  const std::span<const std::byte> rest = bytes.subspan(sizeof(length));
  if (length > kLongestHeader || length > rest.size())
    return bad_input(
        fmt::format("{}: says its header has {} bytes, expected at most the {} that follow (truncated, or "
                    "no safetensors file)",
                    file, length, rest.size()));
  const auto* text = reinterpret_cast<const char*>(rest.data());
  const json header = json::parse(text, text + length, nullptr, false);
  if (!header.is_object())
    return bad_input(file + ": the header is no JSON object, expected a safetensors file");

  const std::span<const std::byte> data = rest.subspan(static_cast<std::size_t>(length));
  SafeTensors read;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (auto ok = read_metadata(entry, file, read); !ok) return tl::unexpected(ok.error());
      continue;
    }
    auto tensor = read_entry(entry, fmt::format("{}: tensor '{}'", file, shown(name)), data);
    if (!tensor) return tl::unexpected(tensor.error());
    read.tensors.emplace(name, std::move(*tensor));
  }
  if (auto ok = check_coverage(read, data, file); !ok) return tl::unexpected(ok.error());
  return read;
}

}  // namespace flashdiff::detail
