// SPDX-License-Identifier: MIT
#include "net/request_parser.h"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace yingda::net {
namespace {

constexpr int kBadRequest = 400;

/// The request line and an empty line, as a connection that cpp-httplib can read; what it answers is dropped but for
/// the status.
class LineStream final : public httplib::Stream {
 public:
  explicit LineStream(std::string_view line) : line_(line) {}

  int status() const { return status_; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  // The library reads lines byte by byte; this must stay small.
  ssize_t read(char* to, size_t size) override {
    if (line_.empty()) {
      line_ = end_;
      end_ = {};
    }
    const size_t count = std::min(size, line_.size());
    std::memcpy(to, line_.data(), count);
    line_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, size_t size) override {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    const std::string_view answer(from, size);
    if (status_ == 0 && answer.starts_with(kVersion)) {
      std::from_chars(from + kVersion.size(), from + size, status_);
    }
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int& port) const override { port = 0; }
  void get_local_ip_and_port(std::string&, int& port) const override { port = 0; }
  socket_t socket() const override { return 0; }

 private:
  std::string_view line_;
  std::string_view end_ = "\r\n";
  int status_ = 0;
};

}  // namespace

class RequestParser::Library final : public httplib::Server {
 public:
  Library() {
    // Handled before routing: the library's own routes are regular expressions, and it would wait for a body.
    set_pre_routing_handler([](const httplib::Request&, httplib::Response&) { return HandlerResponse::Handled; });
  }

  ParsedTarget Parse(std::string_view request_line) {
    ParsedTarget parsed;
    bool taken = false;
    struct Target {
      ParsedTarget& parsed;
      bool& taken;
    } target{parsed, taken};
    LineStream stream(request_line);
    bool connection_closed = false;
    // "Close the connection": its answer is dropped anyway, and this one is formatted without a string stream.
    process_request(stream, true, connection_closed, [&target](httplib::Request& request) {
      target.parsed.method.swap(request.method);
      target.parsed.path.swap(request.path);
      target.parsed.parameters.swap(request.params);
      target.taken = true;
    });
    if (!taken) parsed.rejection = stream.status() >= kBadRequest ? stream.status() : kBadRequest;
    return parsed;
  }
};

RequestParser::RequestParser() : library_(std::make_unique<Library>()) {}
RequestParser::~RequestParser() = default;

ParsedTarget RequestParser::Parse(std::string_view head) const {
  return library_->Parse(head.substr(0, head.find('\n') + 1));
}

}  // namespace yingda::net
