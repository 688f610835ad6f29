#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace flashdiff::testing {

/// The bytes of a safetensors file with this header and these data.
inline std::vector<std::byte> safetensors_bytes(const std::string& header,
                                                const std::vector<std::byte>& data) {
  const std::uint64_t length = header.size();
  std::vector<std::byte> bytes(sizeof(length) + header.size() + data.size());
  std::memcpy(bytes.data(), &length, sizeof(length));
  std::memcpy(bytes.data() + sizeof(length), header.data(), header.size());
  if (!data.empty()) std::memcpy(bytes.data() + sizeof(length) + header.size(), data.data(), data.size());
  return bytes;
}

/// A capture of two texts (2 and 1 of 2 rows), 2 query heads, 1 key/value head, d 2 and dv 1, in f32; values
/// count up. Tests spoil its header.
struct SmallCapture {
  nlohmann::ordered_json header;
  std::vector<std::byte> data;

  SmallCapture() {
    header["__metadata__"] = {{"scale", "0.5"}};
    add("q", "F32", {2, 2, 2, 2}, counting(16));
    add("k", "F32", {2, 2, 1, 2}, counting(8));
    add("v", "F32", {2, 2, 1, 1}, counting(4));
    add("attention_mask", "I32", {2, 2}, std::vector<std::int32_t>{1, 1, 1, 0});
  }

  template <class T>
  void add(const std::string& name, const std::string& dtype, const std::vector<int>& shape,
           const std::vector<T>& values) {
    const std::size_t begin = data.size();
    data.resize(begin + values.size() * sizeof(T));
    std::memcpy(data.data() + begin, values.data(), values.size() * sizeof(T));
    header[name] = {{"dtype", dtype}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  }
  static std::vector<float> counting(int count) {
    std::vector<float> values;
    for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
    return values;
  }
  [[nodiscard]] std::vector<std::byte> bytes() const { return safetensors_bytes(header.dump(), data); }
};

}  // namespace flashdiff::testing
