// A few threads that share the blocks of a phase; they spin briefly between phases, then sleep.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace convscope {

class Threads {
 public:
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return count_; }

  // work(item, thread) for every item below `items`, each once, in any order; returns when all are done.
  template <class Work>
  void share(long items, Work&& work) {
    auto call = [](void* context, long item, int thread) { (*static_cast<Work*>(context))(item, thread); };
    run(items, call, const_cast<void*>(static_cast<const void*>(&work)));
  }

 private:
  using Call = void (*)(void*, long, int);
  void run(long items, Call call, void* context);
  void take_items(int thread);
  void loop(int thread);

  int count_;
  std::vector<std::thread> threads_;
  std::atomic<long> generation_{0};
  std::atomic<long> next_{0};
  std::atomic<int> working_{0};
  std::atomic<bool> ending_{false};
  long items_ = 0;
  Call call_ = nullptr;
  void* context_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace convscope
