#include "tests/worker/text/tiny_tokenizer.h"

#include <string>

#include "worker/text/byte_alphabet.h"

namespace quire::worker {

nlohmann::json TinyTokenizer() {
  nlohmann::json json = nlohmann::json::parse(R"({
    "added_tokens": [{"id": 300, "content": "<image>", "special": true}],
    "normalizer": null,
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Digits", "individual_digits": true},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]},
    "model": {"type": "BPE",
              "vocab": {"Ġt": 256, "he": 257, "Ġthe": 258},
              "merges": ["Ġ t", "h e", "Ġt he"]}})");
  for (int byte = 0; byte < 256; ++byte) {
    json["model"]["vocab"][std::string(CharacterOfByte(static_cast<uint8_t>(byte)))] = byte;
  }
  return json;
}

}  // namespace quire::worker
