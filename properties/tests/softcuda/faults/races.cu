// Races in shared memory, each with a correct twin. `PAIR name: grid G, block B` says how both are launched,
// `FAULT kind` on which line the detector has to point, `OTHER` where the race's other side stands.

#define KERNEL extern "C" __global__ void

// PAIR missing_barrier: grid 2, block 64
KERNEL missing_barrier_wrong(const float* in, float* out, int n) {
  __shared__ float tile[64];
  tile[threadIdx.x] = in[threadIdx.x];                          // OTHER
  out[blockIdx.x * 64 + threadIdx.x] = tile[63 - threadIdx.x];  // FAULT shared_race
}
KERNEL missing_barrier_right(const float* in, float* out, int n) {
  __shared__ float tile[64];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[blockIdx.x * 64 + threadIdx.x] = tile[63 - threadIdx.x];
}

// The loop's second barrier: who is fast overwrites what who is slow still reads.
// PAIR missing_second_barrier: grid 1, block 128
KERNEL missing_second_barrier_wrong(const float* in, float* out, int n) {
  __shared__ float tile[128];
  float sum = 0;
  for (int k = 0; k < 4; ++k) {
    tile[threadIdx.x] = in[k * 128 + threadIdx.x];  // FAULT shared_race
    __syncthreads();
    sum += tile[(threadIdx.x + 64) % 128];  // OTHER
  }
  out[threadIdx.x] = sum;
}
KERNEL missing_second_barrier_right(const float* in, float* out, int n) {
  __shared__ float tile[128];
  float sum = 0;
  for (int k = 0; k < 4; ++k) {
    tile[threadIdx.x] = in[k * 128 + threadIdx.x];
    __syncthreads();
    sum += tile[(threadIdx.x + 64) % 128];
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}

// Two warps store different values to one place; storing the same value harms nobody.
// PAIR two_writers: grid 1, block 64
KERNEL two_writers_wrong(const float* in, float* out, int n) {
  __shared__ int last;
  if (threadIdx.x % 32 == 0) last = threadIdx.x;  // FAULT shared_race OTHER
  __syncthreads();
  out[threadIdx.x] = last;
}
KERNEL two_writers_right(const float* in, float* out, int n) {
  __shared__ int any;
  if (threadIdx.x == 0) any = 0;
  __syncthreads();
  if (in[threadIdx.x] > 3.0f) any = 1;
  __syncthreads();
  out[threadIdx.x] = any;
}

// PAIR missing_syncwarp: grid 1, block 32
KERNEL missing_syncwarp_wrong(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];       // OTHER
  out[threadIdx.x] = tile[threadIdx.x ^ 1];  // FAULT shared_race
}
KERNEL missing_syncwarp_right(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncwarp();
  out[threadIdx.x] = tile[threadIdx.x ^ 1];
}

// Each half of the warp meets for itself, and then reads what the other half has written.
// PAIR half_syncwarp: grid 1, block 32
KERNEL half_syncwarp_wrong(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];  // OTHER
  __syncwarp(threadIdx.x < 16 ? 0xffffu : 0xffff0000u);
  out[threadIdx.x] = tile[31 - threadIdx.x];  // FAULT shared_race
}
KERNEL half_syncwarp_right(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncwarp(threadIdx.x < 16 ? 0xffffu : 0xffff0000u);
  out[threadIdx.x] = tile[threadIdx.x ^ 15];
}

// PAIR count_without_atomic: grid 1, block 64
KERNEL count_without_atomic_wrong(const float* in, float* out, int n) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (in[threadIdx.x] > 1.0f) {
    count += 1;  // FAULT shared_race OTHER
  }
  __syncthreads();
  out[threadIdx.x] = count;
}
KERNEL count_without_atomic_right(const float* in, float* out, int n) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (in[threadIdx.x] > 1.0f) atomicAdd(&count, 1);
  __syncthreads();
  out[threadIdx.x] = count;
}

// Atomics do not race with each other, but a plain read does with them.
// PAIR read_of_atomic: grid 1, block 96
KERNEL read_of_atomic_wrong(const float* in, float* out, int n) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  atomicAdd(&count, 1);      // OTHER
  out[threadIdx.x] = count;  // FAULT shared_race
}
KERNEL read_of_atomic_right(const float* in, float* out, int n) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  atomicAdd(&count, 1);
  __syncthreads();
  out[threadIdx.x] = count;
}

// Two pairs of warps, each with a barrier of its own: one pair reads what the other one has written.
// PAIR named_barriers: grid 1, block 128
KERNEL named_barriers_wrong(const float* in, float* out, int n) {
  __shared__ float tile[128];
  tile[threadIdx.x] = in[threadIdx.x];  // OTHER
  asm volatile("bar.sync %0, 64;" ::"r"(threadIdx.x / 64 + 1) : "memory");
  out[threadIdx.x] = tile[threadIdx.x ^ 96];  // FAULT shared_race
}
KERNEL named_barriers_right(const float* in, float* out, int n) {
  __shared__ float tile[128];
  tile[threadIdx.x] = in[threadIdx.x];
  asm volatile("bar.sync %0, 64;" ::"r"(threadIdx.x / 64 + 1) : "memory");
  out[threadIdx.x] = tile[threadIdx.x ^ 32];
}

// A producer arrives and goes on; the consumer waits. Without the way back the producer overwrites too early.
// PAIR producer_consumer: grid 1, block 64
KERNEL producer_consumer_wrong(const float* in, float* out, int n) {
  __shared__ float slot[32];
  const int lane = threadIdx.x % 32;
  if (threadIdx.x < 32) {
    for (int k = 0; k < 3; ++k) {
      slot[lane] = in[32 * k + lane];  // FAULT shared_race OTHER
      asm volatile("bar.arrive 1, 64;" ::: "memory");
    }
  } else {
    for (int k = 0; k < 3; ++k) {
      asm volatile("bar.sync 1, 64;" ::: "memory");
      out[32 * k + lane] = slot[lane];  // FAULT shared_race OTHER
    }
  }
}
KERNEL producer_consumer_right(const float* in, float* out, int n) {
  __shared__ float slot[32];
  const int lane = threadIdx.x % 32;
  if (threadIdx.x < 32) {
    for (int k = 0; k < 3; ++k) {
      if (k > 0) asm volatile("bar.sync 2, 64;" ::: "memory");
      slot[lane] = in[32 * k + lane];
      asm volatile("bar.arrive 1, 64;" ::: "memory");
    }
  } else {
    for (int k = 0; k < 3; ++k) {
      asm volatile("bar.sync 1, 64;" ::: "memory");
      out[32 * k + lane] = slot[lane];
      if (k < 2) asm volatile("bar.arrive 2, 64;" ::: "memory");
    }
  }
}

// A flag says that data are there. volatile makes the flag's own accesses sound, a fence makes it carry the
// data. PAIR flag_without_fence: grid 1, block 64
KERNEL flag_without_fence_wrong(const float* in, float* out, int n) {
  __shared__ float data;
  __shared__ volatile int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    data = in[0];  // OTHER
    flag = 1;
  }
  if (threadIdx.x == 32) {
    while (flag == 0) {
    }
    out[0] = data;  // FAULT shared_race
  }
}
KERNEL flag_without_fence_right(const float* in, float* out, int n) {
  __shared__ float data;
  __shared__ volatile int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    data = in[0];
    __threadfence_block();
    flag = 1;
  }
  if (threadIdx.x == 32) {
    while (flag == 0) {
    }
    __threadfence_block();
    out[0] = data;
  }
}

// Races are looked for byte by byte: neighbours do not meet.
// PAIR neighbouring_bytes: grid 1, block 64
KERNEL neighbouring_bytes_wrong(const float* in, float* out, int n) {
  __shared__ unsigned char bytes[128];
  reinterpret_cast<unsigned short*>(bytes)[threadIdx.x % 32] = threadIdx.x;  // FAULT shared_race OTHER
  __syncthreads();
  out[threadIdx.x] = bytes[threadIdx.x];
}
KERNEL neighbouring_bytes_right(const float* in, float* out, int n) {
  __shared__ unsigned char bytes[128];
  bytes[2 * (threadIdx.x % 32) + threadIdx.x / 32] = threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = bytes[threadIdx.x];
}

// A transaction of an mbarrier: who does not wait for it reads too early.
// PAIR mbarrier_without_wait: grid 1, block 64
KERNEL mbarrier_without_wait_wrong(const float* in, float* out, int n) {
  __shared__ float tile[64];
  __shared__ alignas(8) unsigned long long bar;
  const unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(&bar));
  if (threadIdx.x == 0) asm volatile("mbarrier.init.shared.b64 [%0], 64;" ::"r"(at) : "memory");
  __syncthreads();
  tile[threadIdx.x] = in[threadIdx.x];  // OTHER
  asm volatile("{ .reg .b64 token; mbarrier.arrive.shared.b64 token, [%0]; }" ::"r"(at) : "memory");
  out[threadIdx.x] = tile[63 - threadIdx.x];  // FAULT shared_race
}
KERNEL mbarrier_without_wait_right(const float* in, float* out, int n) {
  __shared__ float tile[64];
  __shared__ alignas(8) unsigned long long bar;
  const unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(&bar));
  if (threadIdx.x == 0) asm volatile("mbarrier.init.shared.b64 [%0], 64;" ::"r"(at) : "memory");
  __syncthreads();
  tile[threadIdx.x] = in[threadIdx.x];
  unsigned long long token;
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(token) : "r"(at) : "memory");
  int done = 0;
  while (done == 0) {
    asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.s32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(at), "l"(token)
                 : "memory");
  }
  out[threadIdx.x] = tile[63 - threadIdx.x];
}
