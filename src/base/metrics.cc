// SPDX-License-Identifier: MIT
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace yingda::base {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }
  double Value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  void Add(double amount) override { gauge_.Increment(amount); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

}  // namespace

struct Metrics::Implementation {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::mutex mutex;
  // prometheus-cpp hands out one object per name and labels; so do we, by its address.
  std::map<const void*, std::unique_ptr<base::Counter>> counters;
  std::map<const void*, std::unique_ptr<base::Gauge>> gauges;
  std::map<const void*, std::unique_ptr<base::Histogram>> histograms;

  template <typename Wrapper, typename Wrapped, typename Map>
  auto& Keep(Wrapped& wrapped, Map& kept) {
    std::lock_guard lock(mutex);
    auto& slot = kept[&wrapped];
    if (!slot) slot = std::make_unique<Wrapper>(wrapped);
    return *slot;
  }
};

Metrics::Metrics() : implementation_(std::make_unique<Implementation>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::Counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(implementation_->registry);
  return implementation_->Keep<PrometheusCounter>(family.Add(labels), implementation_->counters);
}

Gauge& Metrics::Gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(implementation_->registry);
  return implementation_->Keep<PrometheusGauge>(family.Add(labels), implementation_->gauges);
}

Histogram& Metrics::Histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& bucket_bounds, const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(implementation_->registry);
  return implementation_->Keep<PrometheusHistogram>(family.Add(labels, bucket_bounds), implementation_->histograms);
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer{}.Serialize(implementation_->registry.Collect());
}

}  // namespace yingda::base
