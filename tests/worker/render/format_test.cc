#include "worker/render/format.h"

#include <gtest/gtest.h>

#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

namespace api = quire::v1;

SniffedFormat Sniff(std::string_view bytes) {
  return SniffFormat({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(SniffFormat, KnowsWhatIsRead) {
  EXPECT_EQ(Sniff("%PDF-1.4\n").format, api::DOCUMENT_FORMAT_PDF);
  EXPECT_EQ(Sniff("junk before it\r\n%PDF-1.4\n").format, api::DOCUMENT_FORMAT_PDF);
  EXPECT_EQ(Sniff(QuarteredImage(".png")).format, api::DOCUMENT_FORMAT_PNG);
  EXPECT_EQ(Sniff(QuarteredImage(".jpg")).format, api::DOCUMENT_FORMAT_JPEG);
  EXPECT_EQ(Sniff(QuarteredImage(".webp")).format, api::DOCUMENT_FORMAT_WEBP);
  EXPECT_EQ(Sniff(QuarteredImage(".bmp")).format, api::DOCUMENT_FORMAT_BMP);
  EXPECT_EQ(Sniff(MakeTiff({{}})).format, api::DOCUMENT_FORMAT_TIFF);
}

TEST(SniffFormat, NamesWhatIsKnownButNotRead) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {std::string_view("\0\0\0\x18" "ftypheic", 12), "HEIC"},
      {std::string_view("\0\0\0\x18" "ftypavif", 12), "AVIF"},
      {std::string_view("\0\0\0\x0cjP  \r\n\x87\n", 12), "JPEG 2000"},
      {"GIF89a", "GIF"},
      {"PK\x03\x04.....word/document.xml", "DOCX"},
      {"PK\x03\x04.....xl/workbook.xml", "XLSX"},
      {"PK\x03\x04.....data.bin", "ZIP"},
      {"%!PS-Adobe-3.0", "PostScript"},
      {"<!DOCTYPE html><p>", "HTML"},
      {"<?xml version=\"1.0\"?><svg>", "SVG"},
      {"{\\rtf1", "RTF"},
      {"just words", "plain text"},
  };
  for (const auto& [bytes, name] : kCases) {
    const SniffedFormat sniffed = Sniff(bytes);
    EXPECT_EQ(sniffed.format, api::DOCUMENT_FORMAT_UNSPECIFIED) << name;
    EXPECT_EQ(sniffed.refused, name);
    EXPECT_FALSE(sniffed.hint.empty()) << name;
  }
}

TEST(SniffFormat, SaysNothingOfOtherBytes) {
  for (const std::string_view bytes : {std::string_view(), std::string_view("\x01\x02\x03", 3),
                                       std::string_view("BM\xff\xff\x01\x02", 6)}) {
    EXPECT_EQ(Sniff(bytes).format, api::DOCUMENT_FORMAT_UNSPECIFIED);
    EXPECT_TRUE(Sniff(bytes).refused.empty());
  }
}

}  // namespace
}  // namespace quire::render
