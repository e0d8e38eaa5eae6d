// SPDX-License-Identifier: MIT
#include "store/reader.h"

namespace yingda::store {

Reader::Reader(std::shared_ptr<SharedConnection> connection, size_t queue_limit)
    : connection_(std::move(connection)), queue_limit_(queue_limit) {
  thread_ = std::thread([this] { Run(); });
}

Reader::~Reader() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Reader::Enqueue(Read read) {
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_limit_) return false;
    queue_.push_back(std::move(read));
  }
  wake_.notify_one();
  return true;
}

void Reader::Run() {
  for (;;) {
    Read read;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty() || closing_; });
      if (queue_.empty()) return;
      read = std::move(queue_.front());
      queue_.pop_front();
    }
    std::lock_guard lock(connection_->mutex);
    read(*connection_->connection);
  }
}

}  // namespace yingda::store
