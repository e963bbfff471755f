// nano in float32 writes, token by token, what the reference reader writes: alone, in a batch, and
// with its prompt prefilled in chunks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/engine/nano_pages.h"

namespace quire::worker {
namespace {

void ExpectGolden(const absl::StatusOr<PageOutput>& output, const GoldenPage& page) {
  ASSERT_TRUE(output.ok()) << page.name << ": " << output.status();
  EXPECT_EQ(output->vision_tokens, page.vision_rows) << page.name;
  EXPECT_EQ(output->output_ids, page.output_ids) << page.name;
}

TEST(GoldenIds, AreWrittenByEachPageAlone) {
  const std::unique_ptr<PageReader> reader = OpenNano();
  for (const GoldenPage& page : GoldenPages()) {
    PageWatch watch;
    reader->Read(RequestFor(page), watch.Callbacks());
    ExpectGolden(watch.Wait(), page);
  }
}

TEST(GoldenIds, AreWrittenInABatch) {
  std::vector<GoldenPage> pages = GoldenPages();
  pages.resize(4);  // a batch of eight, with two of each
  for (int i = 0; i < 4; ++i) pages.push_back(pages[i]);
  const std::unique_ptr<PageReader> reader = OpenNano();

  const auto outputs = ReadTogether(*reader, pages);

  for (size_t i = 0; i < pages.size(); ++i) ExpectGolden(outputs[i], pages[i]);
}

TEST(GoldenIds, AreWrittenAfterPrefillInChunks) {
  const std::unique_ptr<PageReader> reader = OpenNano({.prefill_rows = 37});
  const std::vector<GoldenPage> pages = {GoldenPageNamed("screen.png"),
                                         GoldenPageNamed("single_wide.png")};

  const auto outputs = ReadTogether(*reader, pages);

  for (size_t i = 0; i < pages.size(); ++i) ExpectGolden(outputs[i], pages[i]);
}

}  // namespace
}  // namespace quire::worker
