#pragma once

#include <cstdint>

namespace whitney::bench {

/// What this machine can do at most, measured by the plainest loops there are: the figures that a kernel is
/// held against. Best of several runs.

/// More bytes than a cache could hold of them: one and a half of the last level, 400 MB at least.
int64_t bytes_beyond_caches();
/// Bytes per second that `threads` threads read of arrays far beyond the caches.
double read_bandwidth(int threads);
/// Bytes per second (read and written, each counted once) of copying such arrays past the caches.
double copy_bandwidth(int threads);
/// Bytes per second that one thread reads of an array of `size_bytes`, again and again.
double cached_read_bandwidth(int64_t size_bytes);
/// Loads per second of one thread that follows `num_chains` chains of pointers in turns, each through all of
/// its share of the cache lines of `size_bytes`, in a random order: with one chain each load waits for the
/// one before; with many the processor's queue of misses is full.
double chased_loads(int64_t size_bytes, int num_chains);
/// Floating-point operations per second of one thread on registers alone, at the SIMD level in use; a fused
/// multiply-add counts as two.
double peak_flops();

}  // namespace whitney::bench
