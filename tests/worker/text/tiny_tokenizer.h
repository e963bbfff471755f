#pragma once

#include <nlohmann/json.hpp>

namespace quire::worker {

// A small tokenizer.json: ids 0..255 are the bytes, then " t", "he", " the" and "<image>" (300),
// with merges as "a b". It splits off single digits.
nlohmann::json TinyTokenizer();

}  // namespace quire::worker
