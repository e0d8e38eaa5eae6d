// SPDX-License-Identifier: MIT
#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace yingda::base {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, SameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  Counter& one = metrics.Counter("requests_total", "Requests", {{"way", "a"}});
  Counter& same = metrics.Counter("requests_total", "Requests", {{"way", "a"}});
  Counter& other = metrics.Counter("requests_total", "Requests", {{"way", "b"}});
  EXPECT_EQ(&one, &same);
  EXPECT_NE(&one, &other);
  one.Add();
  same.Add(2);
  EXPECT_EQ(one.Value(), 3);
  EXPECT_EQ(other.Value(), 0);
}

TEST(MetricsTest, TextIsWhatPrometheusReads) {
  Metrics metrics;
  metrics.Counter("requests_total", "How many", {{"way", "a"}}).Add(2);
  metrics.Gauge("open", "Now open").Set(7);
  metrics.Gauge("open", "Now open").Add(-3);
  Histogram& seconds = metrics.Histogram("seconds", "How long", {0.1, 1});
  for (const double value : {0.05, 0.5, 5.0}) seconds.Observe(value);
  const std::string text = metrics.Text();
  for (const char* line :
       {"# HELP requests_total How many\n", "# TYPE requests_total counter\n", "requests_total{way=\"a\"} 2\n",
        "# TYPE open gauge\n", "open 4\n", "# TYPE seconds histogram\n", "seconds_count 3\n",
        "seconds_bucket{le=\"0.1\"} 1\n", "seconds_bucket{le=\"1\"} 2\n", "seconds_bucket{le=\"+Inf\"} 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsTest, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.Counter("files_total", "Files", {{"name", "a\"b\\c\nd"}}).Add();
  EXPECT_THAT(metrics.Text(), HasSubstr("files_total{name=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(MetricsTest, RegistriesAreSeparate) {
  Metrics one, other;
  one.Counter("requests_total", "Requests").Add();
  EXPECT_EQ(other.Counter("requests_total", "Requests").Value(), 0);
}

TEST(MetricsTest, ThreadsMayMakeCountAndReadAtOnce) {
  Metrics metrics;
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&metrics] {
        for (int round = 0; round < kRounds; ++round) {
          metrics.Counter("requests_total", "Requests", {{"way", round % 2 == 0 ? "a" : "b"}}).Add();
          metrics.Histogram("seconds", "How long", {1, 2}).Observe(round % 3);
          if (round % 100 == 0) {
            EXPECT_THAT(metrics.Text(), HasSubstr("requests_total"));
          }
        }
      });
    }
  }
  EXPECT_EQ(metrics.Counter("requests_total", "Requests", {{"way", "a"}}).Value(), kThreads * kRounds / 2);
  EXPECT_THAT(metrics.Text(), HasSubstr("seconds_count " + std::to_string(kThreads * kRounds) + "\n"));
}

}  // namespace
}  // namespace yingda::base
