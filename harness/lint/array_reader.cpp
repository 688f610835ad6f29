#include "harness/lint/array_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/numbers.h"

namespace flashdiff::lint {
namespace {

template <class T>
T swapped_bytes(T value) {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

template <class T>
void decode(const std::byte* from, bool swapped, std::span<double> out) {
  for (double& value : out) {
    T element;
    std::memcpy(&element, from, sizeof(T));
    from += sizeof(T);
    value = static_cast<double>(swapped ? swapped_bytes(element) : element);
  }
}

void decode_small(DType dtype, const std::byte* from, bool swapped, std::span<double> out) {
  for (double& value : out) {
    std::array<std::byte, 2> bytes{from[0], from[1]};
    if (swapped) std::swap(bytes[0], bytes[1]);
    from += 2;
    float wide = 0;
    load_elements(dtype, bytes.data(), {&wide, 1});
    value = wide;
  }
}

void decode(const Element& element, const std::byte* from, std::span<double> out) {
  const bool swap = element.swapped;
  switch (element.kind) {
    case ElementKind::brain: return decode_small(DType::bf16, from, swap, out);
    case ElementKind::real:
      if (element.bytes == 2) return decode_small(DType::f16, from, swap, out);
      return element.bytes == 4 ? decode<float>(from, swap, out) : decode<double>(from, swap, out);
    case ElementKind::whole:
      switch (element.bytes) {
        case 1: return decode<std::int8_t>(from, swap, out);
        case 2: return decode<std::int16_t>(from, swap, out);
        case 4: return decode<std::int32_t>(from, swap, out);
        default: return decode<std::int64_t>(from, swap, out);
      }
    case ElementKind::boolean:
    case ElementKind::unsigned_whole:
      switch (element.bytes) {
        case 1: return decode<std::uint8_t>(from, swap, out);
        case 2: return decode<std::uint16_t>(from, swap, out);
        case 4: return decode<std::uint32_t>(from, swap, out);
        default: return decode<std::uint64_t>(from, swap, out);
      }
  }
}

}  // namespace

std::int64_t elements_of(std::span<const std::int64_t> shape) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  std::int64_t total = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || dimension > most || (dimension > 0 && total > most / dimension)) return -1;
    total *= dimension;
  }
  return total;
}

ArrayReader::ArrayReader(std::string name, std::vector<std::int64_t> shape, Element element,
                         std::unique_ptr<Source> source)
    : name_(std::move(name)), shape_(std::move(shape)), element_(element), source_(std::move(source)) {}

ArrayReader::ArrayReader(std::string name, std::vector<std::int64_t> shape, std::vector<double> values)
    : name_(std::move(name)), shape_(std::move(shape)), values_(std::move(values)) {}

std::int64_t ArrayReader::elements() const { return elements_of(shape_); }

Outcome<void> ArrayReader::read(std::span<double> out) {
  if (!source_) {
    std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
    return {};
  }
  constexpr std::size_t piece = 1 << 16;
  for (std::size_t begin = 0; begin < out.size(); begin += piece) {
    const auto some = out.subspan(begin, std::min(piece, out.size() - begin));
    bytes_.resize(some.size() * static_cast<std::size_t>(element_.bytes));
    const auto got = source_->read(bytes_);
    if (!got) return tl::unexpected(got.error());
    if (*got < bytes_.size())
      return bad_input(fmt::format("{}: ends early, expected {} bytes for its shape [{}]", name_,
                                   elements() * element_.bytes, fmt::join(shape_, ", ")));
    decode(element_, bytes_.data(), some);
  }
  return {};
}

Outcome<std::vector<double>> ArrayReader::all(std::int64_t most) {
  const std::int64_t count = elements();
  if (count > most)
    return bad_input(
        fmt::format("{}: shape [{}], expected at most {} elements", name_, fmt::join(shape_, ", "), most));
  // Grown with what is read: what the header promises need not be there.
  std::vector<double> values;
  for (std::size_t left = static_cast<std::size_t>(count); left > 0;) {
    const std::size_t before = values.size(), step = std::min<std::size_t>(left, 1 << 20);
    values.resize(before + step);
    if (auto ok = read(std::span(values).subspan(before)); !ok) return tl::unexpected(ok.error());
    left -= step;
  }
  return values;
}

}  // namespace flashdiff::lint
