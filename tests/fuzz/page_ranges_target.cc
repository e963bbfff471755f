// page_ranges as clients write them: read or refused, and what was read keeps its promises.

#include <algorithm>
#include <cstdint>
#include <string>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "server/page_ranges.h"

namespace {

constexpr int kPages = 3000;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using quire::server::PageRanges;
  // Protobuf lets no broken UTF-8 through.
  if (std::any_of(data, data + size, [](uint8_t byte) { return byte >= 0x80; })) return 0;
  const auto parsed = PageRanges::Parse(std::string(reinterpret_cast<const char*>(data), size));
  if (!parsed.ok()) {
    QUIRE_CHECK(quire::ReasonOf(parsed.status()) == "INVALID_PAGE_RANGES");
    return 0;
  }
  const auto within = parsed->Within(kPages);
  if (!within.ok()) {
    QUIRE_CHECK(quire::ReasonOf(within.status()) == "PAGE_OUT_OF_RANGE");
    return 0;
  }
  int pages = 1;
  int last = within->first();
  QUIRE_CHECK(last >= 1);
  for (auto next = within->After(last); next.has_value(); next = within->After(last)) {
    QUIRE_CHECK(*next > last && *next <= kPages);
    last = *next;
    ++pages;
  }
  QUIRE_CHECK(pages == within->pages());
  return 0;
}
