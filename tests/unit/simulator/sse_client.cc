// SPDX-License-Identifier: MIT
#include "unit/simulator/sse_client.h"

#include <curl/curl.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace yingda::simulator {
namespace {

constexpr long kLongestRealSeconds = 60;

struct Transfer {
  SseAnswer answer;
  const base::Clock& clock;
  size_t parsed = 0;
};

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.answer.body;
  body.append(data, size * count);
  for (size_t end = body.find('\n', transfer.parsed); end != std::string::npos;
       end = body.find('\n', transfer.parsed)) {
    const std::string line = body.substr(transfer.parsed, end - transfer.parsed);
    transfer.parsed = end + 1;
    if (line.starts_with("data: ")) transfer.answer.events.push_back({line.substr(6), transfer.clock.Now()});
    if (line.starts_with(":")) transfer.answer.comments.push_back(transfer.clock.Now());
  }
  return size * count;
}

}  // namespace

std::string SseAnswer::Text() const {
  std::string text;
  for (const SseEvent& event : events) {
    const auto json = nlohmann::json::parse(event.data, nullptr, false);
    if (!json.is_object() || !json.contains("choices") || json["choices"].empty()) continue;
    const auto& delta = json["choices"][0]["delta"];
    if (delta.contains("content") && delta["content"].is_string()) text += delta["content"].get<std::string>();
  }
  return text;
}

std::future<SseAnswer> Fetch(std::string url, std::string body, const base::Clock& clock, std::string api_key,
                             std::string* retry_after) {
  return std::async(std::launch::async,
                    [url = std::move(url), body = std::move(body), &clock, api_key = std::move(api_key), retry_after] {
                      const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
                      curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
                      headers = curl_slist_append(headers, ("Authorization: Bearer " + api_key).c_str());
                      const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owned(headers, curl_slist_free_all);
                      Transfer transfer{{}, clock};
                      curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
                      curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
                      curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, kLongestRealSeconds);
                      curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
                      curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers);
                      curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &OnBody);
                      curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
                      if (!body.empty()) curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.c_str());
                      transfer.answer.curl_code = curl_easy_perform(easy.get());
                      curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &transfer.answer.status);
                      const char* type = nullptr;
                      curl_easy_getinfo(easy.get(), CURLINFO_CONTENT_TYPE, &type);
                      if (type != nullptr) transfer.answer.content_type = type;
                      curl_header* header = nullptr;
                      if (retry_after != nullptr &&
                          curl_easy_header(easy.get(), "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
                        *retry_after = header->value;
                      }
                      return std::move(transfer.answer);
                    });
}

}  // namespace yingda::simulator
