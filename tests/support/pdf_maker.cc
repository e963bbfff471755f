#include "tests/support/pdf_maker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quire {
namespace {

std::string Content(const MadePage& page) {
  std::string content =
      absl::StrFormat("%g %g %g rg 0 0 %g %g re f 0 0 0 rg\n", page.red / 255.0, page.green / 255.0,
                      page.blue / 255.0, page.width_pt, page.height_pt);
  const double side = page.width_pt / 20;
  for (int bit = 0; bit < 16; ++bit) {
    if (page.code >> bit & 1) {
      absl::StrAppendFormat(&content, "%g %g %g %g re f\n", (2 + bit) * side, page.height_pt / 2,
                            side * 0.8, side);
    }
  }
  if (!page.text.empty()) {
    absl::StrAppendFormat(&content, "BT /F1 24 Tf 20 %g Td (%s) Tj ET\n", page.height_pt / 2,
                          page.text);
  }
  content += page.extra;
  if (page.padding_bytes > 0) {  // a comment and its two ends
    absl::StrAppend(&content, "%", std::string(std::max(0, page.padding_bytes - 2), '.'), "\n");
  }
  return content;
}

}  // namespace

std::string MakePdf(const std::vector<MadePage>& pages) {
  std::string pdf = "%PDF-1.4\n";
  std::vector<size_t> offsets;
  const auto add = [&](const std::string& body) {
    offsets.push_back(pdf.size());
    absl::StrAppend(&pdf, offsets.size(), " 0 obj\n", body, "\nendobj\n");
  };
  std::string kids;
  for (size_t i = 0; i < pages.size(); ++i) absl::StrAppend(&kids, 3 + 2 * i, " 0 R ");
  add("<< /Type /Catalog /Pages 2 0 R >>");
  add(absl::StrCat("<< /Type /Pages /Count ", pages.size(), " /Kids [ ", kids, "] >>"));
  for (size_t i = 0; i < pages.size(); ++i) {
    const std::string content = Content(pages[i]);
    const char* fonts = pages[i].text.empty() ? ""
                                              : "/Font << /F1 << /Type /Font /Subtype /Type1 "
                                                "/BaseFont /Helvetica >> >> ";
    add(absl::StrFormat("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Rotate %d "
                        "/Resources << %s>> /Contents %d 0 R >>",
                        pages[i].width_pt, pages[i].height_pt, pages[i].rotate, fonts, 4 + 2 * i));
    add(absl::StrCat("<< /Length ", content.size(), " >>\nstream\n", content, "\nendstream"));
  }
  const size_t table = pdf.size();
  absl::StrAppend(&pdf, "xref\n0 ", offsets.size() + 1, "\n0000000000 65535 f \n");
  for (size_t offset : offsets) absl::StrAppendFormat(&pdf, "%010d 00000 n \n", offset);
  absl::StrAppend(&pdf, "trailer\n<< /Size ", offsets.size() + 1, " /Root 1 0 R >>\nstartxref\n",
                  table, "\n%%EOF\n");
  return pdf;
}

std::string MakePdf(int count) {
  std::vector<MadePage> pages(count);
  for (int i = 0; i < count; ++i) pages[i].code = i + 1;
  return MakePdf(pages);
}

}  // namespace quire
