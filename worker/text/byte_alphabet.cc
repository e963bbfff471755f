#include "worker/text/byte_alphabet.h"

#include <array>
#include <unordered_map>

namespace quire::worker {
namespace {

struct Alphabet {
  std::array<std::string, 256> characters;
  std::unordered_map<std::string_view, uint8_t> bytes;  // by character; views of the strings above

  Alphabet() {
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      const int code = printable ? byte : next++;
      std::string& character = characters[byte];
      if (code >= 0x80) character += static_cast<char>(0xC0 | code >> 6);  // all are below U+0800
      character += static_cast<char>(code >= 0x80 ? 0x80 | (code & 0x3F) : code);
      bytes.emplace(character, static_cast<uint8_t>(byte));
    }
  }
};

const Alphabet& TheAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

}  // namespace

std::string_view CharacterOfByte(uint8_t byte) { return TheAlphabet().characters[byte]; }

std::optional<std::string> BytesOfToken(std::string_view token) {
  const Alphabet& alphabet = TheAlphabet();
  std::string bytes;
  while (!token.empty()) {
    const size_t length = static_cast<uint8_t>(token[0]) < 0x80 ? 1 : 2;
    const auto found = alphabet.bytes.find(token.substr(0, length));
    if (found == alphabet.bytes.end()) return std::nullopt;
    bytes += static_cast<char>(found->second);
    token.remove_prefix(length);
  }
  return bytes;
}

}  // namespace quire::worker
