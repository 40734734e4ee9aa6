// A few threads that share the blocks of a phase; they spin briefly between phases, then sleep.
#pragma once

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
  struct Workers;
  void run(long items, Call call, void* context);

  int count_;
  int forks_;         // of the process, when the workers began
  Workers* workers_;
};

}  // namespace convscope
