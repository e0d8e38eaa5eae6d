// SPDX-License-Identifier: MIT
#include "net/http_metrics.h"

namespace yingda::net {
namespace {

base::Counter& Rejected(base::Metrics& metrics, const std::string& listener, const char* reason) {
  return metrics.Counter("yingda_http_rejected_total", "Connections and requests refused before a handler saw them.",
                         {{"listener", listener}, {"reason", reason}});
}

}  // namespace

HttpMetrics::HttpMetrics(base::Metrics& metrics, std::string listener)
    : connections(metrics.Gauge("yingda_http_connections", "Open client connections.", {{"listener", listener}})),
      parked(metrics.Gauge("yingda_http_parked", "Requests that wait for their answer.", {{"listener", listener}})),
      rejected_connections(Rejected(metrics, listener, "connections")),
      rejected_descriptors(Rejected(metrics, listener, "descriptors")),
      rejected_malformed(Rejected(metrics, listener, "malformed")),
      rejected_too_large(Rejected(metrics, listener, "too_large")),
      rejected_slow(Rejected(metrics, listener, "slow")),
      metrics_(metrics),
      listener_(std::move(listener)) {}

base::Counter& HttpMetrics::RequestCounter(int status) {
  base::Counter& counter = metrics_.Counter("yingda_http_requests_total", "HTTP responses sent, by status code.",
                                            {{"listener", listener_}, {"code", std::to_string(status)}});
  requests_[static_cast<size_t>(status)].store(&counter, std::memory_order_release);
  return counter;
}

}  // namespace yingda::net
