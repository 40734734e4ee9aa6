#include "threads.h"

namespace convscope {

namespace {

constexpr int SPINS = 4000;  // tens of microseconds: longer than between two phases, shorter than a nap

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Threads::Threads(int count) : count_(count) {
  for (int thread = 1; thread < count_; thread++) threads_.emplace_back([this, thread] { loop(thread); });
}

Threads::~Threads() {
  {
    std::lock_guard<std::mutex> guard(mutex_);
    ending_ = true;
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Threads::run(long items, Call call, void* context) {
  if (count_ == 1 || items <= 1) {
    for (long item = 0; item < items; item++) call(context, item, 0);
    return;
  }
  items_ = items;
  call_ = call;
  context_ = context;
  next_.store(0, std::memory_order_relaxed);
  working_.store(count_ - 1, std::memory_order_relaxed);
  {
    std::lock_guard<std::mutex> guard(mutex_);
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  take_items(0);
  for (int spin = 0; working_.load(std::memory_order_acquire) > 0; spin++) {
    if (spin < SPINS) pause();
    else std::this_thread::yield();
  }
}

void Threads::take_items(int thread) {
  for (;;) {
    long item = next_.fetch_add(1, std::memory_order_relaxed);
    if (item >= items_) return;
    call_(context_, item, thread);
  }
}

void Threads::loop(int thread) {
  long seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPINS && generation_.load(std::memory_order_acquire) == seen; spin++) pause();
    if (generation_.load(std::memory_order_acquire) == seen) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
    }
    seen++;
    if (ending_) return;
    take_items(thread);
    working_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace convscope
