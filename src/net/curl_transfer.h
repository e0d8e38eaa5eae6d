// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "net/host_resolver.h"
#include "net/http_client.h"
#include "net/http_target.h"

namespace yingda::net {

/// One request and its answer as libcurl sees them: an easy handle, set up, and callbacks that collect what comes.
/// Lifetime: must stay where it is and alive while curl has its handle.
class CurlTransfer {
 public:
  struct Settings {
    bool http2 = false;
    std::string ca_file;
    std::string user_agent;
  };
  /// Called from within curl, so they must not call curl.
  struct Notices {
    std::function<void()> connecting;  // a connection is opened: the first, or curl's own second try
    /// Curl wants another one although the request must not go out twice: the call is over.
    std::function<void(base::Error)> refused;
    std::function<void()> connected;
    std::function<void()> news;  // head or body came
  };

  CurlTransfer(HttpClientRequest request, Notices notices);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// `addresses` are used instead of a look-up. Null when there is no memory.
  CURL* Prepare(const Settings& settings, const HttpTarget& target, const HostResolver::Addresses& addresses);
  /// Frees the handle, which curl must not have any more.
  void Close() { easy_.reset(); }
  CURL* easy() const { return easy_.get(); }

  const HttpClientRequest& request() const { return request_; }
  /// True once: the head is whole and has not been taken.
  bool TakeHead();
  const HttpClientHead& head() const { return head_; }
  /// The body that came since the last time.
  std::string TakeBody();
  /// What curl's verdict means.
  base::Result<void> ResultOf(CURLcode code) const;
  /// What it means that there is no connection in time.
  base::Error NotConnected() const;

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, ListDeleter>;

  static void Append(List& list, const std::string& line);
  void PrepareMethod();
  void AddHeadLine(std::string_view line);

  static curl_socket_t OnConnecting(void* transfer, curlsocktype purpose, curl_sockaddr* address);
  static int OnConnected(void* transfer, char* address, char* local, int port, int local_port);
  static size_t OnHeadLine(char* data, size_t size, size_t count, void* transfer);
  static size_t OnBody(char* data, size_t size, size_t count, void* transfer);

  const HttpClientRequest request_;
  const Notices notices_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  List headers_;
  List addresses_;
  HttpClientHead head_;
  bool head_complete_ = false;
  bool head_taken_ = false;
  size_t head_bytes_ = 0;
  size_t body_bytes_ = 0;
  bool given_ = false;  // a connection has it: it may have arrived
  std::string body_;
  bool too_large_ = false;
  std::array<char, CURL_ERROR_SIZE> message_{};
};

}  // namespace yingda::net
