#include "harness/softcuda/isa/system.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr std::size_t kLongestText =
    65536;  // of one string; CUDA's own buffer holds no more than 1 MiB in all

std::byte* frame_of(const Warp& w, int lane) {
  return w.local + static_cast<std::size_t>(lane) * w.local_bytes;
}
template <class T>
T from_frame(const Warp& w, int lane, u32 offset) {
  T value{};
  if (offset + sizeof(T) <= w.local_bytes) std::memcpy(&value, frame_of(w, lane) + offset, sizeof value);
  return value;
}

/// Bytes of a generic address that may be read: of global memory, or of the lane's own local memory.
const char* readable(const Warp& w, int lane, u64 address, std::size_t& bytes) {
  bytes = 0;
  if ((address & kWindowMask) == kLocalWindow) {
    const u64 offset = address - kLocalWindow;
    if (offset >= w.local_bytes) return nullptr;
    bytes = static_cast<std::size_t>(w.local_bytes - offset);
    return reinterpret_cast<const char*>(frame_of(w, lane)) + offset;
  }
  if ((address & kWindowMask) == kSharedWindow) {
    const u64 offset = address - kSharedWindow;
    if (offset >= w.shared_bytes) return nullptr;
    bytes = static_cast<std::size_t>(w.shared_bytes - offset);
    return reinterpret_cast<const char*>(w.shared) + offset;
  }
  const check::Interval holder = w.allocations->interval_at(address);
  if (address < holder.begin || address >= holder.end) return nullptr;
  bytes = static_cast<std::size_t>(holder.end - address);
  return check::at_host<const char>(address);
}

/// A zero-terminated string, or nothing where it is not in memory that may be read.
std::optional<std::string> text_at(const Warp& w, int lane, u64 address) {
  std::size_t bytes = 0;
  const char* from = readable(w, lane, address, bytes);
  if (from == nullptr) return std::nullopt;
  const std::size_t length = strnlen(from, std::min(bytes, kLongestText));
  if (length == bytes) return std::nullopt;
  return std::string(from, length);
}

/// The arguments, each aligned to its size, one after the other.
class Arguments {
 public:
  Arguments(const char* from, std::size_t bytes) : from_(from), bytes_(bytes) {}
  template <class T>
  std::optional<T> take() {
    at_ = (at_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    if (from_ == nullptr || at_ + sizeof(T) > bytes_) return std::nullopt;
    T value;
    std::memcpy(&value, from_ + at_, sizeof value);
    at_ += sizeof(T);
    return value;
  }

 private:
  const char* from_;
  std::size_t bytes_, at_ = 0;
};

template <class T>
void append(std::string& text, const std::string& conversion, T value) {
  char buffer[512];
  // The conversion was taken apart below: one argument of the type that it names.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int length = std::snprintf(buffer, sizeof buffer, conversion.c_str(), value);
#pragma GCC diagnostic pop
  if (length > 0) text.append(buffer, std::min(static_cast<std::size_t>(length), sizeof buffer - 1));
}

/// "%[flags][width][.precision][size]type", as the CUDA C++ Programming Guide has it; `count` of arguments
/// taken. Nothing where an argument cannot be read.
std::optional<std::string> formatted(const Warp& w, int lane, const std::string& format, Arguments arguments,
                                     int& count) {
  std::string text;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      text += format[at++];
      continue;
    }
    std::size_t end = format.find_first_not_of("#0+- 0123456789.", at + 1);
    std::string conversion = format.substr(at, end == std::string::npos ? end : end - at);
    bool wide = false;
    while (end != std::string::npos && end < format.size() && std::strchr("hljzt", format[end]) != nullptr) {
      wide = wide || format[end] == 'l' || format[end] == 'j' || format[end] == 'z' || format[end] == 't';
      ++end;
    }
    if (end == std::string::npos || end >= format.size() || conversion.size() > 32)
      return text + format.substr(at);
    const char type = format[end];
    at = end + 1;
    const auto put = [&](auto value, const char* size) {
      if (!value) return false;
      append(text, conversion + size + type, *value);
      ++count;
      return true;
    };
    bool good = true;
    if (type == '%')
      text += '%';
    else if (std::strchr("di", type) != nullptr)
      good = wide ? put(arguments.take<long long>(), "ll") : put(arguments.take<int>(), "");
    else if (std::strchr("uoxX", type) != nullptr)
      good = wide ? put(arguments.take<unsigned long long>(), "ll") : put(arguments.take<unsigned>(), "");
    else if (std::strchr("feEgGaA", type) != nullptr)
      good = put(arguments.take<double>(), "");
    else if (type == 'c')
      good = put(arguments.take<int>(), "");
    else if (type == 'p')
      good = put(arguments.take<void*>(), "");
    else if (type == 's') {
      const auto address = arguments.take<u64>();
      const auto string = address ? text_at(w, lane, *address) : std::nullopt;
      good = string.has_value();
      if (good) {
        append(text, conversion + "s", string->c_str());
        ++count;
      }
    } else {
      text += conversion + type;
    }
    if (!good) return std::nullopt;
  }
  return text;
}

/// The call's result, in the caller's local memory.
void give_back(Warp& w, const Op* op, int lane, u32 offset, int count) {
  if (offset + sizeof count > w.local_bytes) return;
  std::byte* to = frame_of(w, lane) + offset;
  std::memcpy(to, &count, sizeof count);
  if (w.watch == nullptr) return;
  Access access;
  access.at[lane] = check::address_of(to);
  const u32 active = w.active;
  w.active = 1u << lane;
  w.watch->touched(w, {op, Shape::scattered, &access, sizeof count, Use::write});
  w.active = active;
}

const Op* print(Warp& w, const Op* op) {
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const auto format_at = from_frame<u64>(w, lane, op->rows[0]);
    const auto format = text_at(w, lane, format_at);
    std::size_t bytes = 0;
    const char* from = readable(w, lane, from_frame<u64>(w, lane, op->rows[1]), bytes);
    int count = 0;
    const auto text = format ? formatted(w, lane, *format, {from, bytes}, count) : std::nullopt;
    if (!text)
      return w.fault({check::FaultKind::out_of_bounds, op, format_at, 1, lane, false, ptx::Space::generic});
    if (w.system != nullptr) w.system->print(*text);
    give_back(w, op, lane, op->rows[2], count);
  }
  return op + 1;
}

const Op* fail(Warp& w, const Op* op) {
  const int lane = std::countr_zero(w.active);
  const auto text = [&](int k) {
    return text_at(w, lane, from_frame<u64>(w, lane, op->rows[k])).value_or("?");
  };
  if (w.system != nullptr)
    w.system->assertion(
        text(1) + ":" + std::to_string(from_frame<u32>(w, lane, op->rows[2])) + ": " + text(3), text(0));
  return w.fault({check::FaultKind::assertion, op, 0, 0, lane, false, {}});
}

}  // namespace

Handlers device_printf() { return {&print, &print}; }
Handlers device_assert() { return {&fail, &fail}; }

}  // namespace softcuda::isa
