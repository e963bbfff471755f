#include "worker/render/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/worker/render/drawn_page.h"

namespace quire::render {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace api = quire::v1;
using std::string_literals::operator""s;

// A BMP's file header and the size of the header that follows.
std::string BmpStart(char header_bytes) {
  return "BM" + std::string(12, '\1') + header_bytes + "\0\0\0\0"s;
}

struct Sniffed {
  std::string name;
  std::string bytes;
  api::DocumentFormat format;
};
void PrintTo(const Sniffed& sniffed, std::ostream* out) { *out << sniffed.name; }

class ReadFormat : public testing::TestWithParam<Sniffed> {};

TEST_P(ReadFormat, IsTold) {
  const SniffedFormat sniffed = SniffFormat(BytesOf(GetParam().bytes));
  EXPECT_EQ(FormatName(sniffed.format), FormatName(GetParam().format));
  EXPECT_THAT(sniffed.refused, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Formats, ReadFormat,
    testing::Values(
        Sniffed{"Pdf", "%PDF-1.7\n", api::DOCUMENT_FORMAT_PDF},
        Sniffed{"PdfAfterJunk", std::string(1000, '\1') + "%PDF-1.4\n", api::DOCUMENT_FORMAT_PDF},
        Sniffed{"PdfAfterText", "HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n", api::DOCUMENT_FORMAT_PDF},
        Sniffed{"Png", "\x89PNG\r\n\x1a\n\0\0"s, api::DOCUMENT_FORMAT_PNG},
        Sniffed{"PngThatSpeaksOfPdf", "\x89PNG\r\n\x1a\n\0\0\0\x09tEXt%PDF-1.4"s,
                api::DOCUMENT_FORMAT_PNG},
        Sniffed{"Jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"s, api::DOCUMENT_FORMAT_JPEG},
        Sniffed{"Webp", "RIFF\x10\0\0\0WEBPVP8 "s, api::DOCUMENT_FORMAT_WEBP},
        Sniffed{"TiffLittle", "II*\0\x08\0\0\0"s, api::DOCUMENT_FORMAT_TIFF},
        Sniffed{"TiffBig", "MM\0*\0\0\0\x08"s, api::DOCUMENT_FORMAT_TIFF},
        Sniffed{"BigTiffLittle", "II+\0\x08\0\0\0"s, api::DOCUMENT_FORMAT_TIFF},
        Sniffed{"BigTiffBig", "MM\0+\0\x08\0\0"s, api::DOCUMENT_FORMAT_TIFF},
        Sniffed{"BmpOfOs2", BmpStart(12), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpOfWindows", BmpStart(40), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpWithMasks", BmpStart(52), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpWithFourMasks", BmpStart(56), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpOfLaterOs2", BmpStart(64), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpVersion4", BmpStart(108), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"BmpVersion5", BmpStart(124), api::DOCUMENT_FORMAT_BMP},
        Sniffed{"Mp4",
                "\0\0\0\x18"
                "ftypisom"s,
                api::DOCUMENT_FORMAT_VIDEO},
        Sniffed{"Matroska", "\x1a\x45\xdf\xa3", api::DOCUMENT_FORMAT_VIDEO},
        Sniffed{"Avi", "RIFF\x10\0\0\0AVI LIST"s, api::DOCUMENT_FORMAT_VIDEO}),
    [](const auto& info) { return info.param.name; });

struct Refused {
  std::string name;
  std::string bytes;
  std::string word;
  std::string hint;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class RefusedFormat : public testing::TestWithParam<Refused> {};

TEST_P(RefusedFormat, IsNamedWithWhatToDo) {
  const SniffedFormat sniffed = SniffFormat(BytesOf(GetParam().bytes));
  EXPECT_EQ(sniffed.format, api::DOCUMENT_FORMAT_UNSPECIFIED);
  EXPECT_EQ(sniffed.refused, GetParam().word);
  EXPECT_THAT(sniffed.hint, HasSubstr(GetParam().hint));
}

// Parts of a string that begin with a hexadecimal digit stand apart from the escape before them.
INSTANTIATE_TEST_SUITE_P(
    Formats, RefusedFormat,
    testing::Values(
        Refused{"Avif",
                "\0\0\0\x1c"
                "ftypavif"s,
                "AVIF", "PNG"},
        Refused{"AvifSequence",
                "\0\0\0\x1c"
                "ftypavis"s,
                "AVIF", "PNG"},
        Refused{"Heic",
                "\0\0\0\x18"
                "ftypheic"s,
                "HEIC", "PNG"},
        Refused{"HeicSequence",
                "\0\0\0\x18"
                "ftyphevc"s,
                "HEIC", "PNG"},
        Refused{"Heif",
                "\0\0\0\x18"
                "ftypmif1"s,
                "HEIF", "PNG"},
        Refused{"HeifSequence",
                "\0\0\0\x18"
                "ftypmsf1"s,
                "HEIF", "PNG"},
        Refused{"Jpeg2000", "\0\0\0\x0cjP  \r\n\x87\n"s, "JPEG 2000", "PNG"},
        Refused{"Jpeg2000Stream", "\xff\x4f\xff\x51", "JPEG 2000", "PNG"},
        Refused{"JpegXl", "\0\0\0\x0cJXL \r\n\x87\n"s, "JPEG XL", "PNG"},
        Refused{"JpegXlStream", "\xff\x0a", "JPEG XL", "PNG"},
        Refused{"Gif", "GIF89a", "GIF", "PNG"},
        Refused{"Photoshop", "8BPS\0\1"s, "Photoshop", "PNG"},
        Refused{"DjVu", "AT&TFORM", "DjVu", "PDF"},
        Refused{"PostScript", "%!PS-Adobe-3.0\n", "PostScript", "ps2pdf"},
        Refused{"OldOffice", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document",
                "PDF"},
        Refused{"Rtf", "{\\rtf1\\ansi", "RTF", "PDF"},
        Refused{"Gzip", "\x1f\x8b\x08", "gzip", "unpack"},
        Refused{"SevenZip", "7z\xbc\xaf\x27\x1c", "7-Zip", "unpack"},
        Refused{"Rar", "Rar!\x1a\x07", "RAR", "unpack"},
        Refused{"Docx", "PK\3\4\0\0[Content_Types].xml\0word/document.xml"s, "DOCX", "PDF"},
        Refused{"Xlsx", "PK\3\4\0\0[Content_Types].xml\0xl/workbook.xml"s, "XLSX", "PDF"},
        Refused{"Pptx", "PK\3\4\0\0[Content_Types].xml\0ppt/presentation.xml"s, "PPTX", "PDF"},
        Refused{"OtherOffice", "PK\3\4\0\0[Content_Types].xml\0"s, "an Office document", "PDF"},
        Refused{"OpenDocument", "PK\3\4mimetypeapplication/vnd.oasis.opendocument.text",
                "OpenDocument", "PDF"},
        Refused{"Epub", "PK\3\4mimetypeapplication/epub+zip", "EPUB", "PDF"},
        Refused{"Zip", "PK\3\4\0\0a.txt"s, "ZIP", "unpack"},
        Refused{"Svg", "<?xml version='1.0'?>\n<SVG xmlns=''>", "SVG", "PNG"},
        Refused{"Html", "\n <!DOCTYPE html><p>", "HTML", "PDF"},
        Refused{"HtmlWithoutType", "<html lang='en'>", "HTML", "PDF"},
        Refused{"Xml", "<?xml version='1.0'?><a/>", "XML", "PDF"},
        Refused{"Text", "Dear Sir or Madam,\r\n\tgood day", "plain text", "as it is"},
        Refused{"Whitespace", " \n\t\n", "plain text", "as it is"}),
    [](const auto& info) { return info.param.name; });

class UnknownFormat : public testing::TestWithParam<Sniffed> {};

TEST_P(UnknownFormat, IsNeitherReadNorNamed) {
  const SniffedFormat sniffed = SniffFormat(BytesOf(GetParam().bytes));
  EXPECT_EQ(sniffed.format, GetParam().format);
  EXPECT_THAT(sniffed.refused, IsEmpty());
}

constexpr api::DocumentFormat kNone = api::DOCUMENT_FORMAT_UNSPECIFIED;
INSTANTIATE_TEST_SUITE_P(
    Bytes, UnknownFormat,
    testing::Values(Sniffed{"Nothing", "", kNone}, Sniffed{"Zero", "\0"s, kNone},
                    Sniffed{"Few", "\1\2\3", kNone}, Sniffed{"JpegsStart", "\xff\xd8\0"s, kNone},
                    Sniffed{"RiffsStart", "RIFF\1", kNone},
                    Sniffed{"OtherRiff", "RIFF\x10\0\0\0WAVE"s, kNone},
                    Sniffed{"WebpWithoutRiff", "\1\2\3\4\5\6\7\1WEBPVP8 ", kNone},
                    Sniffed{"BmpsStart", "BM\xff\xff\1\2", kNone},
                    Sniffed{"BmpOfUnknownHeader", BmpStart(41), kNone},
                    Sniffed{"PdfTooFarBehind", std::string(1020, '\1') + "%PDF-1.4", kNone}),
    [](const auto& info) { return info.param.name; });

TEST(OpenDocument, NamesAFormatThatItDoesNotRead) {
  EXPECT_THAT(TestDocument("GIF89a").status(),
              IsError(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_FORMAT",
                      "this is GIF, which Quire does not read: convert it to PNG or JPEG"));
}

TEST(OpenDocument, SaysWhatItReadsWhenTheBytesAreUnknown) {
  EXPECT_THAT(TestDocument("\1\2\3").status(),
              IsError(absl::StatusCode::kInvalidArgument, "UNKNOWN_FORMAT",
                      "these 3 bytes are no document that Quire knows; it reads PDF, PNG, JPEG, "
                      "WebP, BMP, TIFF and videos"));
}

}  // namespace
}  // namespace quire::render
