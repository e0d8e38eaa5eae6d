// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace yingda::base {

/// Handles stay valid as long as the registry; keep them, do not look a metric up for each event (a look-up locks a
/// map). Thread-safety: all members. Cost: tens of nanoseconds.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount = 1) = 0;
  virtual double Value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double amount) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

using Labels = std::map<std::string, std::string>;

/// Prometheus metrics of this process. Asking twice for the same name and labels gives the same metric.
/// Limits: label values come from small fixed sets, never from followers.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  base::Counter& Counter(const std::string& name, const std::string& help, const Labels& labels = {});
  base::Gauge& Gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  base::Histogram& Histogram(const std::string& name, const std::string& help, const std::vector<double>& bucket_bounds,
                             const Labels& labels = {});

  /// Everything in the Prometheus text format.
  std::string Text() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace yingda::base
