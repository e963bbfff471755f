#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

// A ban on repeated runs of tokens.
struct NgramRule {
  int size = 0, window = 0;
};

// What registry.json knows of a model.
struct RegistryEntry {
  std::string key;      // "deepseek-ocr"
  std::string same_as;  // for "default-cuda": the key whose facts these are
  std::string about;
  std::string repository;  // "deepseek-ai/DeepSeek-OCR"; empty: ships with Quire
  std::string revision;    // "main"
  std::string family;      // "v1", "v2"
  std::string backend;     // "libtorch"
  std::string layout;      // "official", "mlx-8bit"
  std::string default_mode;
  std::map<std::string, std::string> dtype;  // by device kind: "cuda", "mps", "cpu"
  std::string
      attention;  // what its makers run it with: "flash_attention_2", "eager"; empty: not told
  std::map<std::string, int> token_caps;       // most tokens for a page, by device kind
  std::map<std::string, NgramRule> ngram_ban;  // for "image" and "pdf"; empty: none
  std::vector<int> ngram_exempt_ids;
  int64_t tensors = 0;  // 0: not known, here and below
  int64_t parameters = 0;
  int64_t coded_parameters = 0;  // of them, those that are stored in 8 bits
  // Keys and values of one page at the whole context; those of the official models where not told.
  int64_t cache_elements = 0;
  int64_t weight_bytes = 0;  // of the safetensors
};

// Every key, in the order of registry.json, default-... last.
std::vector<RegistryEntry> ReadRegistry();
std::optional<RegistryEntry> FindRegistryEntry(std::string_view key);
// All keys, for messages: "deepseek-ocr, deepseek-ocr-2, ..."
std::string RegistryKeys();

}  // namespace quire
