// SPDX-License-Identifier: MIT
#include "net/http_target.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace yingda::net {
namespace {

HttpClientRequest To(std::string url) {
  HttpClientRequest request;
  request.url = std::move(url);
  return request;
}

TEST(HttpTargetTest, NamesHostAndPortAndTellsNumbersFromNames) {
  struct Case {
    const char* url;
    const char* host;
    const char* port;
    bool numeric;
  };
  const Case cases[] = {
      {"https://api.example.com/v1/chat?x=1", "api.example.com", "443", false},
      {"http://api.example.com", "api.example.com", "80", false},
      {"http://gpu:8000/v1", "gpu", "8000", false},
      {"http://127.0.0.1:9/", "127.0.0.1", "9", true},
      {"http://[::1]:9/", "[::1]", "9", true},
  };
  HttpTargets targets;
  for (int round = 0; round < 2; ++round) {
    for (const Case& c : cases) {
      const auto target = targets.Check(To(c.url));
      ASSERT_TRUE(target.has_value()) << c.url;
      EXPECT_EQ(target->host, c.host);
      EXPECT_EQ(target->port, c.port) << c.url;
      EXPECT_EQ(target->numeric, c.numeric) << c.url;
    }
  }
}

TEST(HttpTargetTest, WhatIsRememberedIsTheAddressNotTheRequest) {
  HttpTargets targets;
  HttpClientRequest request = To("http://api.example.com/");
  EXPECT_TRUE(targets.Check(request).has_value());
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_FALSE(targets.Check(request).has_value());
  request.headers.clear();
  request.method = "GET / HTTP/1.1\r\n";
  EXPECT_FALSE(targets.Check(request).has_value());
  for (const std::string& url :
       {std::string(), std::string("ftp://api.example.com/"), std::string("http://api.example.com/\n"),
        std::string("http://api.example.com/\0", 24)}) {
    for (int round = 0; round < 2; ++round) EXPECT_FALSE(targets.Check(To(url)).has_value()) << url;
  }
}

TEST(HttpTargetTest, RememberedAddressesAreToldApartHoweverManyThereAre) {
  std::mt19937 random(2);
  HttpTargets targets;
  for (int round = 0; round < 5'000; ++round) {
    const std::string host = "h" + std::to_string(random() % 12) + ".example";
    const std::string port = std::to_string(1 + random() % 2);
    const size_t length = random() % 10 == 0 ? 2'000 : random() % 2;
    const auto target = targets.Check(To("http://" + host + ":" + port + "/" + std::string(length, 'a')));
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->host, host);
    EXPECT_EQ(target->port, port);
  }
}

}  // namespace
}  // namespace yingda::net
