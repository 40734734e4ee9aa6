#include "threads.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

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

// How often this process is a fork of another. A child has the memory of its parent, but none of the threads.
int forks() {
  static int count = 0;
#if defined(__unix__) || defined(__APPLE__)
  static const int known = pthread_atfork(nullptr, nullptr, [] { count++; });
  (void)known;
#endif
  return count;
}

}  // namespace

struct Threads::Workers {
  std::vector<std::thread> threads;
  std::atomic<long> generation{0};
  std::atomic<long> next{0};
  std::atomic<int> working{0};
  std::atomic<bool> ending{false};
  long items = 0;
  Call call = nullptr;
  void* context = nullptr;
  std::mutex mutex;
  std::condition_variable wake;

  explicit Workers(int count) {
    for (int thread = 1; thread < count; thread++) threads.emplace_back([this, thread] { loop(thread); });
  }

  ~Workers() {
    ending = true;
    begin();
    for (auto& thread : threads) thread.join();
  }

  void begin() {
    {
      std::lock_guard<std::mutex> guard(mutex);
      generation.fetch_add(1, std::memory_order_release);
    }
    wake.notify_all();
  }

  void take_items(int thread) {
    for (;;) {
      long item = next.fetch_add(1, std::memory_order_relaxed);
      if (item >= items) return;
      call(context, item, thread);
    }
  }

  void loop(int thread) {
    long seen = 0;
    for (;;) {
      for (int spin = 0; spin < SPINS && generation.load(std::memory_order_acquire) == seen; spin++) pause();
      if (generation.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
      }
      seen++;
      if (ending) return;
      take_items(thread);
      working.fetch_sub(1, std::memory_order_release);
    }
  }
};

Threads::Threads(int count) : count_(count), forks_(forks()), workers_(new Workers(count)) {}

Threads::~Threads() {
  if (forks_ == forks()) delete workers_;
}

void Threads::run(long items, Call call, void* context) {
  if (count_ == 1 || items <= 1) {
    for (long item = 0; item < items; item++) call(context, item, 0);
    return;
  }
  if (forks_ != forks()) {
    workers_ = new Workers(count_);  // the parent's are left as they are: they cannot be joined here
    forks_ = forks();
  }
  Workers& w = *workers_;
  w.items = items;
  w.call = call;
  w.context = context;
  w.next.store(0, std::memory_order_relaxed);
  w.working.store(count_ - 1, std::memory_order_relaxed);
  w.begin();
  w.take_items(0);
  for (int spin = 0; w.working.load(std::memory_order_acquire) > 0; spin++) {
    if (spin < SPINS) pause();
    else std::this_thread::yield();
  }
}

}  // namespace convscope
