// Zeroed memory on a cache line's boundary.
#pragma once
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace convscope {
namespace LANES_ISA {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(long count) : data_((T*)std::aligned_alloc(64, (count * sizeof(T) + 127) / 64 * 64)) {
    if (!data_) throw std::bad_alloc();
    std::memset((void*)data_, 0, count * sizeof(T));
  }
  Buffer(Buffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() { std::free((void*)data_); }
  operator T*() const { return data_; }

 private:
  T* data_ = nullptr;
};

}  // namespace LANES_ISA
}  // namespace convscope
