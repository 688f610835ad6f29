// Values that were never written, and what they decide about. `scratch` is device memory that nobody has
// written. See races.cu for the markers.
#define KERNEL extern "C" __global__ void

// PAIR shared_gap: grid 1, block 64
KERNEL shared_gap_wrong(const float* in, float* out, int n, float* scratch) {
  __shared__ float tile[65];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x + 1];  // FAULT unwritten_value
}
KERNEL shared_gap_right(const float* in, float* out, int n, float* scratch) {
  __shared__ float tile[65];
  tile[threadIdx.x] = in[threadIdx.x];
  if (threadIdx.x == 0) tile[64] = 0;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x + 1];
}

// PAIR fresh_memory: grid 1, block 32
KERNEL fresh_memory_wrong(const float* in, float* out, int n, float* scratch) {
  out[threadIdx.x] = scratch[threadIdx.x] + in[threadIdx.x];  // FAULT unwritten_value
}
KERNEL fresh_memory_right(const float* in, float* out, int n, float* scratch) {
  scratch[threadIdx.x] = 1;
  out[threadIdx.x] = scratch[threadIdx.x] + in[threadIdx.x];
}

// What is read and then left out decides nothing: a padded tile, masked.
// PAIR masked_tail: grid 1, block 32
KERNEL masked_tail_wrong(const float* in, float* out, int n, float* scratch) {
  if (threadIdx.x < 20) scratch[threadIdx.x] = in[threadIdx.x];
  const float x = scratch[threadIdx.x];
  out[threadIdx.x] = threadIdx.x < 21 ? x : 0;  // FAULT unwritten_value
}
KERNEL masked_tail_right(const float* in, float* out, int n, float* scratch) {
  if (threadIdx.x < 20) scratch[threadIdx.x] = in[threadIdx.x];
  const float x = scratch[threadIdx.x];
  out[threadIdx.x] = threadIdx.x < 20 ? x : 0;
}

// PAIR local_element: grid 1, block 32
KERNEL local_element_wrong(const float* in, float* out, int n, float* scratch) {
  float row[16];
  for (int k = 0; k < 15; ++k) row[(k * 7 + n) % 16] = in[k];
  out[threadIdx.x] = row[(threadIdx.x + n) % 16];  // FAULT unwritten_value
}
KERNEL local_element_right(const float* in, float* out, int n, float* scratch) {
  float row[16];
  for (int k = 0; k < 16; ++k) row[(k * 7 + n) % 16] = in[k];
  out[threadIdx.x] = row[(threadIdx.x + n) % 16];
}

// PAIR decides_a_branch: grid 1, block 32
KERNEL decides_a_branch_wrong(const float* in, float* out, int n, float* scratch) {
  if (scratch[threadIdx.x] > 0) {  // FAULT unwritten_value
    for (int k = 0; k < 8; ++k) out[threadIdx.x] += in[k];
  }
}
KERNEL decides_a_branch_right(const float* in, float* out, int n, float* scratch) {
  if (in[threadIdx.x] > 0) {
    for (int k = 0; k < 8; ++k) out[threadIdx.x] += in[k];
  }
}

// PAIR is_an_address: grid 1, block 32
KERNEL is_an_address_wrong(const float* in, float* out, int n, float* scratch) {
  const int at = reinterpret_cast<const int*>(scratch)[threadIdx.x] & 31;
  out[threadIdx.x] = in[at];  // FAULT unwritten_value
}
KERNEL is_an_address_right(const float* in, float* out, int n, float* scratch) {
  reinterpret_cast<int*>(scratch)[threadIdx.x] = 31 - threadIdx.x;
  const int at = reinterpret_cast<const int*>(scratch)[threadIdx.x] & 31;
  out[threadIdx.x] = in[at];
}

// PAIR atomic_on_fresh: grid 1, block 32
KERNEL atomic_on_fresh_wrong(const float* in, float* out, int n, float* scratch) {
  atomicAdd(scratch, in[threadIdx.x]);  // FAULT unwritten_value
}
KERNEL atomic_on_fresh_right(const float* in, float* out, int n, float* scratch) {
  if (threadIdx.x == 0) *scratch = 0;
  __syncthreads();
  atomicAdd(scratch, in[threadIdx.x]);
}

// One half of a packed pair is written, and only that half is used.
// PAIR half_of_a_pair: grid 1, block 32
KERNEL half_of_a_pair_wrong(const float* in, float* out, int n, float* scratch) {
  auto* halves = reinterpret_cast<unsigned short*>(scratch);
  halves[2 * threadIdx.x] = threadIdx.x;
  const unsigned pair = reinterpret_cast<const unsigned*>(scratch)[threadIdx.x];
  out[threadIdx.x] = pair >> 16;  // FAULT unwritten_value
}
KERNEL half_of_a_pair_right(const float* in, float* out, int n, float* scratch) {
  auto* halves = reinterpret_cast<unsigned short*>(scratch);
  halves[2 * threadIdx.x] = threadIdx.x;
  const unsigned pair = reinterpret_cast<const unsigned*>(scratch)[threadIdx.x];
  out[threadIdx.x] = pair & 0xffffu;
}

// A lane's bad value reaches others by a shuffle.
// PAIR shuffled: grid 1, block 32
KERNEL shuffled_wrong(const float* in, float* out, int n, float* scratch) {
  if (threadIdx.x != 5) scratch[threadIdx.x] = in[threadIdx.x];
  const float x = __shfl_xor_sync(0xffffffffu, scratch[threadIdx.x], 1);
  if (threadIdx.x == 4) out[0] = x;  // FAULT unwritten_value
}
KERNEL shuffled_right(const float* in, float* out, int n, float* scratch) {
  if (threadIdx.x != 5) scratch[threadIdx.x] = in[threadIdx.x];
  const float x = __shfl_xor_sync(0xffffffffu, scratch[threadIdx.x], 1);
  if (threadIdx.x != 4) out[threadIdx.x] = x;
}
