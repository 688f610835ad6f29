#include "harness/problem/activations.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/case_words.h"
#include "harness/problem/limits.h"
#include "harness/problem/numbers.h"
#include "harness/problem/safetensors.h"

namespace flashdiff {
namespace {

using detail::SafeTensors;
using detail::StoredTensor;

Outcome<const StoredTensor*> tensor_named(const SafeTensors& file, const char* name, std::size_t dimensions,
                                          const std::string& path) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end())
    return bad_input(fmt::format("{}: no tensor '{}', expected q, k, v and attention_mask", path, name));
  if (found->second.shape.size() != dimensions)
    return bad_input(fmt::format("{}: tensor '{}' has shape [{}], expected {} dimensions", path, name,
                                 fmt::join(found->second.shape, ", "), dimensions));
  return &found->second;
}

Outcome<DType> dtype_of(const StoredTensor& tensor, const std::string& path) {
  if (tensor.dtype == "F16") return DType::f16;
  if (tensor.dtype == "BF16") return DType::bf16;
  if (tensor.dtype == "F32") return DType::f32;
  return bad_input(fmt::format("{}: q is {}, expected F16, BF16 or F32", path, tensor.dtype));
}

Outcome<void> expect_shape(const StoredTensor& tensor, const char* name, const char* dtype,
                           const std::vector<std::int64_t>& shape, const std::string& path) {
  if (tensor.dtype == dtype && tensor.shape == shape) return {};
  return bad_input(fmt::format("{}: tensor '{}' is {} [{}], expected {} [{}]", path, name, tensor.dtype,
                               fmt::join(tensor.shape, ", "), dtype, fmt::join(shape, ", ")));
}

/// Valid rows of each text; the mask must be ones, then zeros.
Outcome<std::vector<int>> lengths_of(const StoredTensor& mask, const std::string& path) {
  const auto texts = mask.shape[0];
  const auto columns = mask.shape[1];
  std::vector<int> lengths;
  for (std::int64_t text = 0; text < texts; ++text) {
    int length = 0;
    for (std::int64_t column = 0; column < columns; ++column) {
      std::int32_t value = 0;
      std::memcpy(&value, mask.bytes.data() + (text * columns + column) * 4, sizeof(value));
      const bool right_padded = value == 0 || (value == 1 && length == column);
      if (!right_padded)
        return bad_input(
            fmt::format("{}: attention_mask is {} at text {}, column {}, expected ones, then zeros (right "
                        "padding)",
                        path, value, text, column));
      length += value;
    }
    lengths.push_back(length);
  }
  return lengths;
}

/// The valid rows of a [batch, seq, heads, d] tensor by logical row.
LogicalTensor<float> valid_rows(const StoredTensor& tensor, DType dtype, const std::vector<int>& lengths) {
  const auto rows = tensor.shape[1];
  const auto heads = static_cast<int>(tensor.shape[2]);
  const auto width = static_cast<int>(tensor.shape[3]);
  LogicalTensor<float> values(lengths, heads, width);
  for (int text = 0; text < values.sequences(); ++text)
    for (int row = 0; row < values.rows(text); ++row)
      for (int head = 0; head < heads; ++head) {
        const std::int64_t element = ((text * rows + row) * heads + head) * width;
        load_elements(dtype, tensor.bytes.data() + static_cast<std::size_t>(element) * bytes_of(dtype),
                      {values.row(text, head, row), static_cast<std::size_t>(width)});
      }
  return values;
}

Outcome<void> expect_finite(const LogicalTensor<float>& values, const char* name, const std::string& path) {
  for (float value : values.values())
    if (!std::isfinite(value))
      return bad_input(
          fmt::format("{}: tensor '{}' holds {} in a valid row, expected finite numbers", path, name, value));
  return {};
}

Outcome<float> scale_of(const SafeTensors& file, int d_qk, const std::string& path) {
  const auto found = file.metadata.find("scale");
  if (found == file.metadata.end()) return static_cast<float>(1.0 / std::sqrt(static_cast<double>(d_qk)));
  float scale = 0;
  if (detail::read_number(std::string_view(found->second), scale) && scale >= limits::smallest_scale &&
      scale <= limits::largest_scale)
    return scale;
  return bad_input(fmt::format("{}: metadata says scale '{}', expected a number from {} to {}", path,
                               detail::shown(found->second), limits::smallest_scale, limits::largest_scale));
}

Outcome<void> check_dimensions(const std::vector<std::int64_t>& q, const std::vector<std::int64_t>& k,
                               const std::vector<std::int64_t>& v, const std::string& path) {
  const auto within = [](std::int64_t value, std::int64_t most) { return value >= 1 && value <= most; };
  if (!within(q[0], limits::batch) || !within(q[1], limits::length) || !within(q[2], limits::heads) ||
      !within(q[3], limits::head_dim) || !within(k[2], limits::heads) || !within(v[3], limits::head_dim))
    return bad_input(
        fmt::format("{}: q is [{}], v is [{}], expected [batch, seq, heads, d] of 1 to {}, {}, {}, {}", path,
                    fmt::join(q, ", "), fmt::join(v, ", "), limits::batch, limits::length, limits::heads,
                    limits::head_dim));
  if (q[2] % k[2] != 0)
    return bad_input(fmt::format("{}: k has {} heads, expected a divisor of the {} of q", path, k[2], q[2]));
  return {};
}

Outcome<std::vector<std::byte>> bytes_of_file(const std::string& path) {
  constexpr const char* expected = "expected a readable safetensors file";
  std::error_code problem;
  const bool regular = std::filesystem::is_regular_file(path, problem);  // a pipe or /dev/zero has no end
  if (!regular)
    return bad_input(fmt::format("{}: {}, {}", detail::shown(path),
                                 problem ? problem.message() : "not a regular file", expected));
  const std::uintmax_t size = std::filesystem::file_size(path, problem);
  if (problem || size > static_cast<std::uintmax_t>(limits::tensor_bytes))
    return bad_input(fmt::format("{}: size not known or above {} bytes, {}", detail::shown(path),
                                 limits::tensor_bytes, expected));
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!stream)
    return bad_input(fmt::format("{}: {}, {}", detail::shown(path), std::strerror(errno), expected));
  return bytes;
}

}  // namespace

Outcome<Activations> read_activations(std::span<const std::byte> bytes, const std::string& name) {
  const auto file = detail::read_safetensors(bytes, name);
  if (!file) return tl::unexpected(file.error());
  const StoredTensor* found[4] = {};
  constexpr const char* names[4] = {"q", "k", "v", "attention_mask"};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto tensor = tensor_named(*file, names[i], i < 3 ? 4 : 2, name);
    if (!tensor) return tl::unexpected(tensor.error());
    found[i] = *tensor;
  }
  const auto& [q, k, v, mask] = found;

  const auto dtype = dtype_of(*q, name);
  if (!dtype) return tl::unexpected(dtype.error());
  if (auto ok = check_dimensions(q->shape, k->shape, v->shape, name); !ok) return tl::unexpected(ok.error());
  const auto batch = q->shape[0], rows = q->shape[1], kv_heads = k->shape[2], d_v = v->shape[3];
  const std::string type = q->dtype;
  if (auto ok = expect_shape(*k, "k", type.c_str(), {batch, rows, kv_heads, q->shape[3]}, name); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = expect_shape(*v, "v", type.c_str(), {batch, rows, kv_heads, d_v}, name); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = expect_shape(*mask, "attention_mask", "I32", {batch, rows}, name); !ok)
    return tl::unexpected(ok.error());

  auto lengths = lengths_of(*mask, name);
  if (!lengths) return tl::unexpected(lengths.error());
  Activations read;
  read.lengths = std::move(*lengths);
  read.h_q = static_cast<int>(q->shape[2]);
  read.h_kv = static_cast<int>(kv_heads);
  read.d_qk = static_cast<int>(q->shape[3]);
  read.d_v = static_cast<int>(d_v);
  read.dtype = *dtype;
  const auto scale = scale_of(*file, read.d_qk, name);
  if (!scale) return tl::unexpected(scale.error());
  read.scale = *scale;
  read.data = {valid_rows(*q, *dtype, read.lengths), valid_rows(*k, *dtype, read.lengths),
               valid_rows(*v, *dtype, read.lengths)};
  for (const auto& [tensor, which] : {std::pair{&read.data.q, "q"}, {&read.data.k, "k"}, {&read.data.v, "v"}})
    if (auto ok = expect_finite(*tensor, which, name); !ok) return tl::unexpected(ok.error());

  if (const auto output = file->tensors.find("o_f32"); output != file->tensors.end()) {
    const std::vector<std::int64_t> shape{batch, rows, q->shape[2], d_v};
    if (auto ok = expect_shape(output->second, "o_f32", "F32", shape, name); !ok)
      return tl::unexpected(ok.error());
    read.model_output = valid_rows(output->second, DType::f32, read.lengths);
  }
  return read;
}

Outcome<const Activations*> load_activations(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const Activations>> cache;  // nodes stay where they are
  const std::lock_guard lock(mutex);
  if (const auto known = cache.find(path); known != cache.end()) return known->second.get();
  const auto bytes = bytes_of_file(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto read = read_activations(*bytes, detail::shown(path));
  if (!read) return tl::unexpected(read.error());
  const auto at = cache.emplace(path, std::make_unique<const Activations>(std::move(*read))).first;
  return at->second.get();
}

}  // namespace flashdiff
