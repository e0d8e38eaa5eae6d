// SPDX-License-Identifier: MIT
// cpp-httplib is a compiled library whose class layouts depend on compile definitions. With other definitions than it
// was built with, everything compiles, links, and reads the wrong bytes.
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstring>

namespace yingda::net {
namespace {

class MemoryStream final : public httplib::Stream {
 public:
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t count = std::min(size, bytes_.size());
    std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char*, size_t size) override { return static_cast<ssize_t>(size); }
  void get_remote_ip_and_port(std::string&, int& port) const override { port = 4711; }
  void get_local_ip_and_port(std::string&, int& port) const override { port = 80; }
  socket_t socket() const override { return 0; }

 private:
  std::string_view bytes_ = "GET /path?a=b HTTP/1.1\r\n\r\n";
};

class OpenServer final : public httplib::Server {
 public:
  using httplib::Server::payload_max_length_;
  using httplib::Server::process_request;
};

TEST(HttplibLayoutTest, LibraryAndHeaderAgreeOnRequests) {
  OpenServer server;
  server.set_pre_routing_handler([](const auto&, auto&) { return httplib::Server::HandlerResponse::Handled; });
  MemoryStream stream;
  bool closed = false;
  bool called = false;
  server.process_request(stream, true, closed, [&](httplib::Request& request) {
    called = true;
    EXPECT_EQ(request.path, "/path");
    EXPECT_EQ(request.remote_port, 4711);
    // Members that lie behind the conditional one.
    EXPECT_EQ(request.redirect_count_, static_cast<size_t>(CPPHTTPLIB_REDIRECT_MAX_COUNT));
    EXPECT_EQ(request.authorization_count_, 0U);
  });
  EXPECT_TRUE(called);
}

TEST(HttplibLayoutTest, LibraryAndHeaderAgreeOnServers) {
  OpenServer server;
  server.set_payload_max_length(123'456);  // compiled in the library
  EXPECT_EQ(server.payload_max_length_, 123'456U);
}

}  // namespace
}  // namespace yingda::net
