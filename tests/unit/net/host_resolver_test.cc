// SPDX-License-Identifier: MIT
#include "net/host_resolver.h"

#include <gtest/gtest.h>

#include <atomic>

#include "support/gate.h"
#include "support/manual_clock.h"

namespace yingda::net {
namespace {

using testing::Gate;
using testing::ManualClock;
using testing::RunOn;
using Addresses = HostResolver::Addresses;

struct ResolverFixture {
  ManualClock clock;
  EventLoop loop{clock};
};

TEST(HostResolverTest, ManyWaitersShareOneLookup) {
  ResolverFixture f;
  Gate release, answered;
  std::atomic<int> lookups = 0;
  HostResolver resolver(
      {},
      [&](const std::string&) -> base::Result<Addresses> {
        ++lookups;
        release.Wait();
        return Addresses{"10.0.0.1"};
      },
      f.loop);
  RunOn(f.loop, [&] {
    for (uint64_t ticket = 1; ticket <= 50; ++ticket) {
      resolver.Resolve("a.example", ticket, [&](const base::Result<Addresses>& found) {
        if (found && *found == Addresses{"10.0.0.1"}) answered.Open();
      });
    }
    resolver.Drop("a.example", 50);
  });
  release.Open();
  EXPECT_TRUE(answered.Wait(49));
  RunOn(f.loop, [] {});
  EXPECT_EQ(answered.Count(), 49);
  EXPECT_EQ(lookups, 1);
  f.loop.Stop();
}

TEST(HostResolverTest, GivesTheOldAnswerWhileItAsksAnew) {
  ResolverFixture f;
  // Shared, since the look-up may still be under way when the test ends.
  const auto asked = std::make_shared<Gate>();
  const auto hold = std::make_shared<Gate>();
  HostResolver resolver(
      {},
      [=](const std::string&) -> base::Result<Addresses> {
        asked->Open();
        const int lookup = asked->Count();
        if (lookup == 2) hold->Wait();
        return Addresses{"10.0.0." + std::to_string(lookup)};
      },
      f.loop);
  Gate answered;
  RunOn(f.loop, [&] { resolver.Resolve("a.example", 1, [&](const auto&) { answered.Open(); }); });
  ASSERT_TRUE(answered.Wait());
  f.clock.Advance(std::chrono::seconds(61));

  std::string at_once;
  RunOn(f.loop, [&] { resolver.Resolve("a.example", 2, [&](const auto& found) { at_once = found->front(); }); });
  EXPECT_EQ(at_once, "10.0.0.1");
  EXPECT_TRUE(asked->Wait(2));
  hold->Open();
  f.loop.Stop();
}

TEST(HostResolverTest, AFailureIsToldAndNotRemembered) {
  ResolverFixture f;
  Gate answered;
  std::atomic<int> lookups = 0;
  HostResolver resolver(
      {},
      [&](const std::string&) -> base::Result<Addresses> {
        if (++lookups == 1) return base::Error{base::ErrorCode::kUnavailable, "no such host"};
        return Addresses{"::1"};
      },
      f.loop);
  std::vector<bool> outcomes;
  const auto ask = [&](uint64_t ticket) {
    RunOn(f.loop, [&, ticket] {
      resolver.Resolve("a.example", ticket, [&](const auto& found) {
        outcomes.push_back(found.has_value());
        answered.Open();
      });
    });
  };
  ask(1);
  ASSERT_TRUE(answered.Wait(1));
  ask(2);
  ASSERT_TRUE(answered.Wait(2));
  EXPECT_EQ(outcomes, (std::vector<bool>{false, true}));
  f.loop.Stop();
}

TEST(HostResolverTest, ForgetsTheOldestHostWhenFull) {
  ResolverFixture f;
  Gate answered;
  HostResolver::Options options;
  options.max_hosts = 2;
  std::atomic<int> lookups = 0;
  HostResolver resolver(
      options,
      [&](const std::string&) -> base::Result<Addresses> {
        ++lookups;
        return Addresses{"10.0.0.1"};
      },
      f.loop);
  int expected = 0;
  for (const char* host : {"a", "b", "c", "b", "a"}) {
    RunOn(f.loop, [&] { resolver.Resolve(host, 1, [&](const auto&) { answered.Open(); }); });
    ASSERT_TRUE(answered.Wait(++expected));
    f.clock.Advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(lookups, 4);  // only b was still known
  f.loop.Stop();
}

TEST(HostResolverTest, ALookupThatHangsDoesNotHoldTheDestructor) {
  const auto release = std::make_shared<Gate>();
  const auto asked = std::make_shared<Gate>();
  const auto ended = std::make_shared<Gate>();
  bool called = false;
  {
    ResolverFixture f;
    HostResolver resolver(
        {},
        [=](const std::string&) -> base::Result<Addresses> {
          asked->Open();
          release->Wait();
          ended->Open();
          return Addresses{"10.0.0.1"};
        },
        f.loop);
    RunOn(f.loop, [&] { resolver.Resolve("a.example", 1, [&](const auto&) { called = true; }); });
    ASSERT_TRUE(asked->Wait());
    f.loop.Stop();
  }
  release->Open();
  EXPECT_TRUE(ended->Wait());
  EXPECT_FALSE(called);
}

TEST(HostResolverTest, FindsThisMachine) {
  ResolverFixture f;
  HostResolver resolver({}, {}, f.loop);
  Gate answered;
  Addresses found;
  RunOn(f.loop, [&] {
    resolver.Resolve("localhost", 1, [&](const base::Result<Addresses>& result) {
      if (result) found = *result;
      answered.Open();
    });
  });
  ASSERT_TRUE(answered.Wait());
  EXPECT_FALSE(found.empty());
  f.loop.Stop();
}

}  // namespace
}  // namespace yingda::net
