// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::model {

/// A picture in memory, as a model takes it. Counts against PictureFetcher::Options::max_held_bytes while it lives, so
/// whoever asks about it keeps it until the answer is there.
class Picture {
 public:
  Picture(std::string data_url, std::shared_ptr<size_t> held);
  ~Picture();
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  /// data:image/…;base64,… Never to be stored or logged.
  const std::string& data_url() const { return data_url_; }

 private:
  const std::string data_url_;
  const std::shared_ptr<size_t> held_;
};

/// One download under way. Dropping the last pointer cancels it; then `done` is not called any more.
class PictureFetch {
 public:
  virtual ~PictureFetch() = default;
};

/// Downloads the pictures that followers send (PicUrl) for models that look at them.
/// Only from WeChat's own hosts, so that no message can make this server call somebody else: the addresses are
/// WeChat's, but whoever knows an account's token can write messages.
/// Thread-safety: on the loop; construct anywhere. Destroy it on the loop or after loop.Stop(), after
/// its fetches. Lifetime: client, loop and metrics must outlive it.
class PictureFetcher {
 public:
  struct Options {
    /// A name stands for itself and all names below it, on the default port of http or https; "host:port" for just
    /// that.
    std::vector<std::string> hosts = {"qpic.cn", "qlogo.cn"};
    base::Duration timeout = std::chrono::seconds(3);  // from Fetch to the last byte
    size_t max_bytes = size_t{4} * 1024 * 1024;        // of one picture
    size_t max_in_flight = 64;                         // downloads; more are refused at once
    /// Of all pictures that are held at a time, as they go to the model (4/3 of their size); the requests have copies.
    size_t max_held_bytes = size_t{128} * 1024 * 1024;
  };
  /// Longer addresses are none of WeChat's, whose have a few hundred bytes.
  static constexpr size_t kMaxUrlBytes = 2048;

  using Done = std::function<void(base::Result<std::shared_ptr<const Picture>>)>;

  PictureFetcher(Options options, net::HttpClient& client, net::EventLoop& loop, base::Metrics& metrics);
  ~PictureFetcher();

  /// Calls `done` once, by the earlier of `deadline` and the timeout, never from within Fetch. Redirects are not
  /// followed. Errors, none of which names the address: kInvalidArgument (not an address of WeChat's), kUnavailable (no
  /// connection, or our own limits), kDeadlineExceeded, kTooLarge, kUpstream (any status but 200, cut off), kCorrupt
  /// (not a JPEG, PNG, GIF or WebP).
  std::shared_ptr<PictureFetch> Fetch(const std::string& url, base::TimePoint deadline, Done done);

  size_t InFlight() const { return in_flight_; }
  size_t HeldBytes() const { return *held_; }

 private:
  class Download;

  base::Result<std::shared_ptr<const Picture>> MakePicture(int status, std::string_view bytes) const;
  void Count(const base::Result<std::shared_ptr<const Picture>>& result) const;

  const Options options_;
  net::HttpClient& client_;
  net::EventLoop& loop_;
  base::Metrics& metrics_;
  size_t in_flight_ = 0;
  const std::shared_ptr<size_t> held_ = std::make_shared<size_t>(0);
};

/// Whether `url` is http or https, without user name, on one of `hosts` (as in Options); pure.
bool IsOnHosts(std::string_view url, const std::vector<std::string>& hosts);

/// image/jpeg, image/png, image/gif or image/webp by the first bytes; empty: something else.
std::string_view PictureType(std::string_view bytes);

}  // namespace yingda::model
