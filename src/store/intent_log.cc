// SPDX-License-Identifier: MIT
#include "store/intent_log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace yingda::store {
namespace {

constexpr uint64_t kMark = 0x31746e65746e4959;  // "YIntent1": its last byte is the format
constexpr uint64_t kMarkOfAll = 0x00746e65746e4959;
constexpr uint64_t kMarkMask = 0x00ffffffffffffff;
constexpr size_t kAlignment = 8;
constexpr size_t kShareOfBeginnings = 16;  // an answer is kept as reply, as text and as a turn, a question once
constexpr size_t kMostFileBytes = size_t{1} << 30;
// Where room that was given stays given: elsewhere a full disk, or the other side of a network, may take a page away.
constexpr std::array<uint32_t, 3> kSteady = {0xef53 /* ext4 */, 0x58465342 /* XFS */, 0x01021994 /* tmpfs */};

struct FileHead {
  uint64_t mark = 0;
  int64_t store_id = 0;
};
struct IntentHead {
  int64_t number = 0;
  uint32_t size = 0;
  uint32_t check = 0;
};

/// FNV-1a, eight bytes at a time. A process that ends leaves an intent whole or without its number; it is power cuts
/// that this is for.
uint32_t CheckOf(int64_t store_id, int64_t number, std::string_view bytes) {
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t hash = (0xcbf29ce484222325 ^ static_cast<uint64_t>(store_id)) * kPrime;
  hash = (hash ^ static_cast<uint64_t>(number)) * kPrime;
  hash = (hash ^ bytes.size()) * kPrime;
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29;
    bytes.remove_prefix(count);
  }
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

size_t Aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

base::Error Unusable(const std::string& path, const std::string& what) {
  return {base::ErrorCode::kUnavailable, "store: " + path + ": " + what};
}
/// Something may be left in it, which is never to be passed over.
base::Error Unreadable(const std::string& path, const char* what, int number) {
  return {base::ErrorCode::kInternal, "store: " + path + ": " + what + " (" + std::strerror(number) +
                                          "); it may hold what an earlier process has not written down yet"};
}
base::Error UnusableFor(const std::string& path, const char* what, int number) {
  return Unusable(path, what + (" (" + std::string(std::strerror(number)) + ")"));
}

/// The whole file, or of an endless one its beginning.
base::Result<std::string> ContentOf(const std::string& path, int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return Unreadable(path, "cannot be looked at", errno);
  std::string content(std::min(static_cast<size_t>(status.st_size), kMostFileBytes), '\0');
  size_t got = 0;
  while (got < content.size()) {
    const ssize_t count = ::pread(file, content.data() + got, content.size() - got, static_cast<off_t>(got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unreadable(path, "cannot be read", errno);
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  content.resize(got);
  return content;
}

}  // namespace

base::Result<std::unique_ptr<IntentLog>> IntentLog::Open(const std::string& path, size_t size) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    const int number = errno;
    struct stat status {};
    const bool is_there = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
    return (is_there ? Unreadable : UnusableFor)(path, "cannot be opened for writing", number);
  }
  std::unique_ptr<IntentLog> log(new IntentLog(path, file));
  if (auto read = log->ReadLeft(); !read) return read.error();
  if (auto mapped = log->Map(size); !mapped) {
    if (log->left_.empty()) return mapped.error();
    // Never to be passed over.
    return base::Error{base::ErrorCode::kInternal,
                       mapped.error().message + "; what an earlier process left in it must be taken over first"};
  }
  return log;
}

IntentLog::~IntentLog() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
  ::close(file_);
}

base::Result<void> IntentLog::ReadLeft() {
  YINGDA_TRY(const std::string content, ContentOf(path_, file_));
  FileHead head;
  if (content.size() >= sizeof head) std::memcpy(&head, content.data(), sizeof head);
  if (head.mark != kMark && (head.mark & kMarkMask) == kMarkOfAll) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "store: " + path_ +
                           ": written by another version of yingda; start and stop that one once, so that it empties "
                           "the file, or move the file away and lose the last moment before that one was killed"};
  }
  if (head.mark != kMark) return {};  // new, or filled in half
  for (size_t at = sizeof head; at + sizeof(IntentHead) <= content.size();) {
    IntentHead intent;
    std::memcpy(&intent, content.data() + at, sizeof intent);
    at += sizeof intent;
    if (intent.number <= 0 || intent.size > kMostBytes || at + intent.size > content.size()) break;
    // Behind the last one lie those of an earlier round, with lower numbers.
    if (!left_.empty() && intent.number != left_.back().number + 1) break;
    const std::string_view bytes(content.data() + at, intent.size);
    if (CheckOf(head.store_id, intent.number, bytes) != intent.check) break;
    left_.push_back({intent.number, std::string(bytes)});
    at += Aligned(intent.size);
  }
  store_id_ = head.store_id;
  return {};
}

base::Result<void> IntentLog::Map(size_t size) {
  struct stat status {};
  struct statfs system {};
  if (::fstat(file_, &status) != 0 || ::fstatfs(file_, &system) != 0) {
    return UnusableFor(path_, "cannot be looked at", errno);
  }
  const auto type = static_cast<uint32_t>(system.f_type);
  if (std::find(kSteady.begin(), kSteady.end(), type) == kSteady.end()) {
    return Unusable(path_, "its file system may take back room that it gave");
  }
  size_ = std::clamp(std::max(size, static_cast<size_t>(status.st_size)), 2 * kMostBytes, kMostFileBytes);
  // A page without room on the disk would end the process when it is written.
  const int refused = ::posix_fallocate(file_, 0, static_cast<off_t>(size_));
  if (refused != 0) return UnusableFor(path_, "there is no room for it", refused);
  void* const mapped = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file_, 0);
  if (mapped == MAP_FAILED) return UnusableFor(path_, "cannot be mapped", errno);
  bytes_ = static_cast<char*>(mapped);
  end_ = sizeof(FileHead);
  highest_ = size_;
  return {};
}

void IntentLog::Begin(int64_t store_id, int64_t applied) {
  left_.clear();
  store_id_ = store_id;
  appended_ = applied;
  applied_ = applied;
  begun_ = true;
  Wipe();
  const FileHead head{kMark, store_id};
  std::memcpy(bytes_, &head, sizeof head);
}

int64_t IntentLog::Append(std::string_view bytes, bool begins) {
  const int64_t last = appended_.load(std::memory_order_relaxed);
  if (applied_.load(std::memory_order_acquire) == last) {
    if (wipe_due_) Wipe();
    end_ = sizeof(FileHead);
  }
  const size_t taken = sizeof(IntentHead) + Aligned(bytes.size());
  const size_t room = begins ? size_ / kShareOfBeginnings : size_;
  if (!begun_ || bytes.size() > kMostBytes || end_ + taken > room) return 0;
  char* const at = bytes_ + end_;
  const IntentHead head{last + 1, static_cast<uint32_t>(bytes.size()), CheckOf(store_id_, last + 1, bytes)};
  std::memcpy(at + sizeof head, bytes.data(), bytes.size());
  std::memcpy(at + sizeof head.number, &head.size, sizeof head - sizeof head.number);
  // The number comes last: a process that is killed before leaves none.
  std::atomic_ref<int64_t>(*reinterpret_cast<int64_t*>(at)).store(head.number, std::memory_order_release);
  end_ += taken;
  highest_ = std::max(highest_, end_);
  appended_.store(head.number, std::memory_order_release);
  return head.number;
}

void IntentLog::Wipe() {
  if (!begun_) return;
  wipe_due_ = Pending();
  if (wipe_due_) return;
  // From the first one on, so that a process killed in between leaves nothing that looks like an intent.
  std::memset(bytes_ + sizeof(FileHead), 0, highest_ - sizeof(FileHead));
  end_ = sizeof(FileHead);
  highest_ = end_;
}

}  // namespace yingda::store
