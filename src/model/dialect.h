// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yingda::model {

/// Whose manner of speaking an OpenAI-compatible endpoint has: what it calls things, how it is told not to think.
/// kPlain: nothing but what every one of them takes. kLocal: vLLM, SGLang, llama.cpp, LM Studio.
enum class Dialect {
  kPlain,
  kOpenAi,
  kAzure,
  kDeepSeek,
  kQwen,
  kMoonshot,
  kZhipu,
  kArk,
  kSiliconFlow,
  kOpenRouter,
  kOllama,
  kLocal
};
/// As operators write it: "deepseek".
const char* ToString(Dialect dialect);
std::span<const Dialect> AllDialects();

/// By the address; what is unknown is kLocal in private networks, else kPlain.
Dialect DetectDialect(std::string_view base_url);

/// Where chat completions are asked for: what an operator writes as base URL is anything from a bare host to the full
/// address.
std::string CompletionsUrl(std::string_view base_url);
/// Where the names of the models are listed.
std::string ModelsUrl(std::string_view base_url);
/// Has it a scheme that we speak, and a host?
bool IsBaseUrl(std::string_view base_url);

}  // namespace yingda::model
