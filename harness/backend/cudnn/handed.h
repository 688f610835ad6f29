#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "harness/backend/cudnn/graph.h"
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"

/// A laid-out case as cuDNN is handed it, and what came back as what the harness judges. No CUDA: bytes.
namespace flashdiff::cudnn {

/// One tensor of a call.
struct Handed {
  std::string name;  ///< of slots.h
  std::vector<std::byte>
      bytes;              ///< of the device buffer: a tensor of the case with its guard bands, or metadata
  std::size_t first = 0;  ///< byte at which its first element is: what the call is given the address of
};

/// What one way needs beyond what its graph says, in words; empty: nothing. Offsets are 32 bits, a sequence
/// begins with its first page, and a bias in 16 bits would round ALiBi.
[[nodiscard]] std::string why_not_handed(const Case& c, Way way);

/// All tensors of the case's graph. By `bias` padding of Q, K, V, O and dO is zeroed, since that way reads
/// it; by `compaction` they are copies. Everything else is as it lies, poison and guard bands included.
[[nodiscard]] std::vector<Handed> handed_over(const LaidOut& sent, Handing handing);

/// Whether an output's rows of padding are written, within the rectangle that a graph describes: then they
/// are not held to be untouched. cuDNN's padding mask says which keys count, and promises nothing of O's rows
/// behind a length; a bias knows no lengths at all.
[[nodiscard]] bool writes_padding_rows(Way way);

/// Into `io`, which is as it was sent: every byte of `back` that is other than in `sent`, but for rows of
/// padding where they may be written; LSE out of the stats, where there are any. `back` has the tensors of
/// `sent` in their order.
void take_back(const std::vector<Handed>& sent, const std::vector<Handed>& back, Handing handing,
               LaidOut& io);

}  // namespace flashdiff::cudnn
