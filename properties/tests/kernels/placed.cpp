#include "properties/tests/kernels/placed.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "harness/problem/numbers.h"
#include "properties/tests/kernels/on_softcuda.h"

namespace flashdiff::test {
namespace {

using driver::DeviceBuffer;

template <class Value>
Value or_throw(Outcome<Value> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().what + "\n" + outcome.error().detail);
  return std::move(*outcome);
}
void or_throw(const Outcome<void>& outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().what + "\n" + outcome.error().detail);
}

/// In the order of TensorRole.
using At = kernels::Addresses;
constexpr std::array kAddresses{&At::q,  &At::k,  &At::v,     &At::o,     &At::lse,   &At::d_o, &At::dq,
                                &At::dk, &At::dv, &At::k_new, &At::v_new, &At::q_rot, &At::rope};

std::size_t row_bytes(const LaidOutTensor& tensor) {
  return static_cast<std::size_t>(tensor.place.width) * bytes_of(tensor.dtype);
}
std::int64_t offset(const LaidOutTensor& tensor, int sequence, int row, int head) {
  return tensor.place.address(sequence, row, head) * static_cast<std::int64_t>(bytes_of(tensor.dtype));
}

/// visit(sequence, row, head), in the order of Answer::bytes_of_rows.
template <class Visit>
void for_each_row(const Placement& place, Visit visit) {
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int head = 0; head < place.heads; ++head)
      for (int row = 0; row < place.rows[static_cast<std::size_t>(s)]; ++row) visit(s, row, head);
}

}  // namespace

Placed& Placed::of(const std::string& kernel) {
  static std::map<std::string, std::unique_ptr<Placed>> opened;
  std::unique_ptr<Placed>& one = opened[kernel];
  if (!one) one.reset(new Placed(kernel_named(kernel)));
  return *one;
}

Placed::Placed(const kernels::Kernel& kernel)
    : kernel_(kernel),
      context_(or_throw(driver::Context::open(or_throw(driver::Driver::load(DeviceChoice::soft))))),
      module_(or_throw(driver::Module::load(context_.driver(), kernel.image, std::string(kernel.name)))) {}

DeviceBuffer Placed::allocate(std::size_t bytes) const {
  return or_throw(DeviceBuffer::allocate(context_.driver(), bytes));
}

void Placed::write_rows(const LaidOutTensor& from, const LaidOutTensor& there, CUdeviceptr at) const {
  const driver::Driver& driver = context_.driver();
  for_each_row(from.place, [&](int s, int row, int head) {
    const CUdeviceptr to = at + static_cast<CUdeviceptr>(offset(there, s, row, head));
    or_throw(
        driver.check(driver.api().cuMemcpyHtoD(to, from.body() + offset(from, s, row, head), row_bytes(from)),
                     "cuMemcpyHtoD"));
  });
}

void Placed::read_rows(const LaidOutTensor& there, CUdeviceptr at, std::vector<std::byte>& bytes) const {
  const driver::Driver& driver = context_.driver();
  std::vector<std::byte> read(row_bytes(there));
  for_each_row(there.place, [&](int s, int row, int head) {
    const CUdeviceptr from = at + static_cast<CUdeviceptr>(offset(there, s, row, head));
    or_throw(driver.check(driver.api().cuMemcpyDtoH(read.data(), from, read.size()), "cuMemcpyDtoH"));
    bytes.insert(bytes.end(), read.begin(), read.end());
  });
}

std::vector<std::byte> Placed::answer(const LaidOut& sent, const LaidOut& there, const TensorsAt& at) {
  const Pass pass = sent.question.problem.pass;
  kernels::Addresses addresses;
  for (const auto& [role, address] : at) addresses.*kAddresses.at(static_cast<std::size_t>(role)) = address;
  for (const TensorRole role : inputs_of(pass)) write_rows(sent.of(role), there.of(role), at.at(role));

  const kernels::Needs needs = kernel_.plan.needs(there);
  DeviceBuffer metadata = allocate(needs.metadata.size());
  or_throw(metadata.upload(needs.metadata));
  const DeviceBuffer workspace = allocate(needs.workspace_bytes);
  addresses.metadata = metadata.address();
  addresses.workspace = workspace.address();
  for (const kernels::Launch& one : kernel_.plan.plan(there, addresses)) {
    driver::LaunchShape shape;
    std::copy(std::begin(one.grid), std::end(one.grid), shape.grid);
    std::copy(std::begin(one.block), std::end(one.block), shape.block);
    shape.shared_bytes = one.shared_bytes;
    or_throw(driver::launch_and_wait(context_.driver(), or_throw(module_.function(one.entry)), shape,
                                     one.parameters));
    or_throw(context_.driver().findings());
  }

  std::vector<std::byte> bytes;
  for (const TensorRole role : outputs_of(pass)) read_rows(there.of(role), at.at(role), bytes);
  return bytes;
}

}  // namespace flashdiff::test
